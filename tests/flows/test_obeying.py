"""Runs inside an intake obey ops: cancelled, paused, started by hand, started again. On a real server."""

import threading
from contextvars import copy_context
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

import pytest
from prefect.client.orchestration import get_client

from crm_db import clock
from deployments.lanes import intake, register, sweeps
from deployments.lanes.entries import entry_of
from deployments.lanes.in_process import Runner
from tasks import alive, stopping
from tests.flows import slow as slow_flow

PATIENCE_SECONDS = 60.0
ENTRY = entry_of(
    {
        "name": "slow",
        "entrypoint": "tests.flows.slow.slow",
        "description": "For tests.",
        "tags": ["lane:sweeps"],
        "work_pool": {"name": "crm", "work_queue_name": "sweeps"},
    }
)


@pytest.fixture
def seen():
    with slow_flow.watching() as seen:
        yield seen


@pytest.fixture
def deployed(prefect, seen, tmp_path, monkeypatch):
    """The slow flow, registered; its deployment's id."""
    monkeypatch.setenv("CRM_HOME", str(tmp_path))
    register.register([ENTRY])
    known = prefect.get("/deployments/name/slow/slow").json()
    yield known["id"]
    prefect.delete(f"/deployments/{known['id']}").raise_for_status()
    prefect.delete("/variables/name/crm-registered-slow").raise_for_status()


@pytest.fixture
def runner(prefect):
    with get_client(sync_client=True) as client:
        yield Runner(client, "sweeps", "new1")


def in_background(work, *args, **kwargs):
    """Run in a thread that has this one's settings; its result is in the list once it has ended."""
    results: list[object] = []
    job = partial(copy_context().run, lambda: results.append(work(*args, **kwargs)))
    thread = threading.Thread(target=job)
    thread.start()
    return thread, results


def runs_of(prefect, deployment_id):
    wanted = {"flow_runs": {"deployment_id": {"any_": [deployment_id]}}, "sort": "EXPECTED_START_TIME_ASC"}
    return prefect.post("/flow_runs/filter", json=wanted).json()


def set_state(prefect, run_id, kind, name):
    """As the buttons of the UI do it."""
    body = {"state": {"type": kind, "name": name, "message": "from the UI"}, "force": False}
    prefect.post(f"/flow_runs/{run_id}/set_state", json=body).raise_for_status()


def started_by_hand(prefect, deployment_id, **parameters):
    answer = prefect.post(f"/deployments/{deployment_id}/create_flow_run", json={"parameters": parameters})
    return answer.raise_for_status().json()


def test_cancelling_a_run_in_the_ui_ends_it_as_cancelled(prefect, deployed, runner, seen):
    thread, why = in_background(runner.run_now, slow_flow.slow, deployed)
    assert seen.working.wait(PATIENCE_SECONDS)
    (run,) = runs_of(prefect, deployed)
    set_state(prefect, run["id"], "CANCELLING", "Cancelling")
    thread.join(PATIENCE_SECONDS)
    assert why == ["cancelled"]
    assert seen.asked == [True]
    assert runs_of(prefect, deployed)[0]["state_type"] == "CANCELLED"
    assert not stopping.asked()


def test_a_pause_ends_the_intakes_run_of_that_flow_and_it_is_no_failure(prefect, deployed, runner, seen):
    thread, why = in_background(runner.run_now, slow_flow.slow, deployed)
    assert seen.working.wait(PATIENCE_SECONDS)
    prefect.post(f"/deployments/{deployed}/pause_deployment").raise_for_status()
    thread.join(PATIENCE_SECONDS)
    assert (why, seen.asked) == (["paused"], [True])
    assert runs_of(prefect, deployed)[0]["state_type"] == "COMPLETED"


def test_switching_off_its_only_schedule_pauses_a_flow_too(prefect, deployed, runner, seen):
    hourly = [{"active": True, "slug": "safety-net", "schedule": {"interval": 3600}}]
    (schedule,) = prefect.post(f"/deployments/{deployed}/schedules", json=hourly).json()
    thread, why = in_background(runner.run_now, slow_flow.slow, deployed)
    assert seen.working.wait(PATIENCE_SECONDS)
    prefect.patch(
        f"/deployments/{deployed}/schedules/{schedule['id']}", json={"active": False}
    ).raise_for_status()
    thread.join(PATIENCE_SECONDS)
    assert (why, seen.asked) == (["paused"], [True])


def test_a_request_to_the_process_ends_a_run_too(prefect, deployed, runner, seen, monkeypatch):
    monkeypatch.setattr(stopping, "_process", threading.Event())
    thread, why = in_background(runner.run_now, slow_flow.slow, deployed)
    assert seen.working.wait(PATIENCE_SECONDS)
    stopping.ask()
    thread.join(PATIENCE_SECONDS)
    assert (why, seen.asked) == ([""], [True])


def test_a_run_that_ends_by_itself_leaves_nothing_in_hand(prefect, deployed, runner, seen):
    run = started_by_hand(prefect, deployed, dry_run=True)
    sweeps._run_due(runner)
    assert UUID(run["id"]) not in alive.runs()  # other stacks of this machine may have some
    assert (
        next(one for one in runs_of(prefect, deployed) if one["id"] == run["id"])["state_type"] == "COMPLETED"
    )


def test_a_run_with_parameters_gets_them_as_moments(prefect, deployed, runner, seen):
    started_by_hand(prefect, deployed, since="2026-11-01T02:00:00+02:00", dry_run=True)
    started_by_hand(prefect, deployed, since="2026-11-01T00:00:00", dry_run=True)
    sweeps._run_due(runner)
    assert seen.since == [datetime(2026, 11, 1, tzinfo=UTC)] * 2


def test_a_parameter_of_another_type_is_refused_at_once(prefect, deployed):
    body = {"parameters": {"since": 5}}
    assert prefect.post(f"/deployments/{deployed}/create_flow_run", json=body).status_code in {409, 422}


def test_a_paused_flow_is_run_for_people_and_not_for_its_schedule(prefect, deployed, runner, seen):
    due = {"active": True, "schedule": {"interval": 3600, "anchor_date": "2026-01-01T00:00:00Z"}}
    prefect.post(f"/deployments/{deployed}/schedules", json=[due]).raise_for_status()
    scheduled = {
        "start_time": clock.utc_now().isoformat(),
        "end_time": (clock.utc_now() + timedelta(hours=3)).isoformat(),
    }
    prefect.post(f"/deployments/{deployed}/schedule", json=scheduled).raise_for_status()
    planned = [run for run in runs_of(prefect, deployed) if run["auto_scheduled"]]
    assert planned
    prefect.patch(f"/deployments/{deployed}", json={"paused": True}).raise_for_status()
    started_by_hand(prefect, deployed, dry_run=True)
    later = clock.utc_now() + timedelta(hours=4)
    for run in runner.scheduled(sweeps.POOL, sweeps.QUEUE, before=later):
        if str(run.deployment_id) == deployed:
            sweeps._run(runner, run)
    states = {run["auto_scheduled"]: run["state_type"] for run in runs_of(prefect, deployed)}
    assert states.get(False) == "COMPLETED"
    assert states.get(True, "CANCELLED") == "CANCELLED"
    assert len(seen.since) == 1


def test_a_run_started_again_from_the_ui_runs_again_as_the_new_process(prefect, deployed, seen, runner):
    with get_client(sync_client=True) as client:
        former = Runner(client, "capture", "old1")
        run = client.create_flow_run_from_deployment(deployed, parameters={"dry_run": True}, tags=former.tags)
    sweeps._run_due(runner)
    set_state(prefect, str(run.id), "SCHEDULED", "AwaitingRetry")
    sweeps._run_due(runner)
    (again,) = runs_of(prefect, deployed)
    assert (again["state_type"], again["run_count"]) == ("COMPLETED", 2)
    assert {"intake:sweeps", "instance:new1"} <= set(again["tags"])
    assert not {"intake:capture", "instance:old1"} & set(again["tags"])


def test_runs_of_dead_processes_are_crashed_at_a_start_and_living_ones_are_not(
    prefect, deployed, runner, seen
):
    thread, _ = in_background(runner.run_now, slow_flow.slow, deployed)
    assert seen.working.wait(PATIENCE_SECONDS)
    with get_client(sync_client=True) as client:
        other = Runner(client, "sweeps", "old1")
        dead = client.create_flow_run_from_deployment(deployed, tags=other.tags)
        client.set_flow_run_state(dead.id, intake_running(), force=True)
        assert other.crash_leftovers() == 1
    states = {run["id"]: run["state_type"] for run in runs_of(prefect, deployed)}
    assert states.pop(str(dead.id)) == "CRASHED"
    assert list(states.values()) == ["RUNNING"]
    prefect.post(f"/deployments/{deployed}/pause_deployment").raise_for_status()
    thread.join(PATIENCE_SECONDS)


def intake_running():
    from prefect.states import Running

    return Running()


def test_an_intake_starts_no_run_of_a_paused_flow_and_starts_again_when_it_is_on(
    prefect, deployed, seen, monkeypatch
):
    monkeypatch.setattr(stopping, "_process", threading.Event())
    monkeypatch.setattr(intake, "LOOK_AT_DEPLOYMENT_SECONDS", 0.5)
    lane = intake.Lane("slow", slow_flow.slow, lambda _: True, 0.1, runs_sweeps=False)
    monkeypatch.setattr(intake, "_work_waits", lambda _: True)
    prefect.post(f"/deployments/{deployed}/pause_deployment").raise_for_status()
    thread, _ = in_background(intake._keep_running, lane, "new2")
    assert not seen.working.wait(4)
    prefect.post(f"/deployments/{deployed}/resume_deployment").raise_for_status()
    assert seen.working.wait(PATIENCE_SECONDS)
    prefect.post(f"/deployments/{deployed}/pause_deployment").raise_for_status()
    before = len(seen.since)
    stopping.ask()
    thread.join(PATIENCE_SECONDS)
    assert not thread.is_alive()
    assert len(seen.since) == before


def test_a_run_whose_deployment_is_gone_stands_in_nobodys_way(prefect, deployed, runner, seen):
    known = prefect.get(f"/deployments/{deployed}").json()
    other = {
        key: known[key] for key in ("flow_id", "entrypoint", "path", "work_pool_name", "work_queue_name")
    }
    gone = prefect.post("/deployments/", json={**other, "name": "gone"}).json()["id"]
    orphan = started_by_hand(prefect, gone)
    prefect.delete(f"/deployments/{gone}").raise_for_status()
    run = started_by_hand(prefect, deployed, dry_run=True)
    sweeps._run_due(runner)
    left = prefect.get(
        f"/flow_runs/{orphan['id']}"
    )  # a server that is quick has deleted it with its deployment
    assert left.status_code == 404 or left.json()["state"]["type"] == "CANCELLED"
    assert prefect.get(f"/flow_runs/{run['id']}").json()["state"]["type"] == "COMPLETED"


def test_a_run_whose_flow_cannot_be_loaded_is_ended_with_its_reason(prefect, deployed, runner, seen):
    known = prefect.get(f"/deployments/{deployed}").json()
    other = {key: known[key] for key in ("flow_id", "path", "work_pool_name", "work_queue_name")}
    moved = prefect.post(
        "/deployments/", json={**other, "name": "moved", "entrypoint": "flows.gone.gone"}
    ).json()["id"]
    broken = started_by_hand(prefect, moved)
    run = started_by_hand(prefect, deployed, dry_run=True)
    sweeps._run_due(runner)
    state = prefect.get(f"/flow_runs/{broken['id']}").json()["state"]
    assert (state["type"], "ModuleNotFoundError" in state["message"]) == ("CRASHED", True)
    assert prefect.get(f"/flow_runs/{run['id']}").json()["state"]["type"] == "COMPLETED"
    prefect.delete(f"/deployments/{moved}").raise_for_status()
