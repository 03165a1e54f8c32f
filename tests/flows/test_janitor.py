"""The janitor ends runs that nobody works on, and none that lives. On a real server."""

import json
import os
import subprocess
import sys
import time
from datetime import timedelta
from types import SimpleNamespace

import psutil
import pytest
from prefect.client.orchestration import get_client
from prefect.states import Cancelling, Pending, Running

from crm_db import clock
from deployments.local import probes
from flows.janitor import janitor
from tasks import alive
from tests.flows.test_obeying import deployed, runs_of, seen  # noqa: F401

pytestmark = pytest.mark.usefixtures("seen")
OLD = timedelta(minutes=6)
WORKER_LABELS = {"prefect.worker.name": alive.WORKER}


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CRM_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def make_run(prefect, deployed, home, monkeypatch):  # noqa: F811
    """Makes a run in a state that the janitor meets later, with tags and labels; returns its id."""

    def make(state, *, ago=timedelta(0), tags=(), labels=None):
        monkeypatch.setattr("tasks.janitor.clock", SimpleNamespace(utc_now=lambda: clock.utc_now() + ago))
        with get_client(sync_client=True) as client:
            run = client.create_flow_run_from_deployment(deployed, tags=list(tags))
            if state.is_cancelling():
                client.set_flow_run_state(run.id, Running(), force=True)
            client.set_flow_run_state(run.id, state, force=True)
        if labels:
            prefect.patch(f"/flow_runs/{run.id}/labels", json=labels).raise_for_status()
        return str(run.id)

    yield make
    for run in runs_of(prefect, deployed):
        prefect.delete(f"/flow_runs/{run['id']}")


def state_of(prefect, run_id):
    run = prefect.get(f"/flow_runs/{run_id}").json()
    return run["state_type"], run["state"]["message"]


@pytest.mark.parametrize(
    ("state", "ago", "tags", "labels", "becomes"),
    [
        (Pending, OLD, (), None, "CRASHED"),
        (Pending, OLD, ("intake:capture", "instance:dead"), None, "CRASHED"),
        (Pending, timedelta(minutes=4), (), None, "PENDING"),
        (Running, OLD, ("intake:capture", "instance:dead"), None, "CRASHED"),
        (Running, timedelta(0), ("intake:sweeps", "instance:dead"), None, "CRASHED"),
        (Running, timedelta(0), (), WORKER_LABELS, "CRASHED"),
        (Running, timedelta(days=2), (), None, "RUNNING"),
        (Running, timedelta(days=2), (), {"prefect.worker.name": "another-machine"}, "RUNNING"),
        (Cancelling, timedelta(0), ("intake:capture", "instance:dead"), None, "CANCELLED"),
        (Cancelling, timedelta(0), (), None, "CANCELLING"),
    ],
)
def test_a_run_without_a_process_is_ended_if_it_was_ours(
    prefect, make_run, state, ago, tags, labels, becomes
):
    run_id = make_run(state(), ago=ago, tags=tags, labels=labels)
    ended = sum(janitor().values())
    kind, message = state_of(prefect, run_id)
    assert kind == becomes
    assert ended == (0 if becomes == state().type.value else 1)
    assert bool(ended) == ("process" in (message or ""))


def test_a_dry_run_counts_and_ends_nothing(prefect, make_run):
    run_id = make_run(Pending(), ago=OLD)
    assert janitor(dry_run=True) == {"stuck_pending": 1, "dead_running": 0, "dead_cancelling": 0}
    assert state_of(prefect, run_id)[0] == "PENDING"


@pytest.mark.parametrize("state", [Pending, Running])
def test_a_run_that_an_intake_has_in_hand_is_left_alone_however_long_it_takes(prefect, make_run, state):
    run_id = make_run(state(), ago=timedelta(days=2), tags=("intake:capture", "instance:live"))
    with alive.in_hand("capture", run_id):
        assert sum(janitor().values()) == 0
    assert state_of(prefect, run_id)[0] == state().type.value
    assert sum(janitor().values()) == 1


def test_a_run_that_a_process_of_the_worker_carries_is_left_alone(prefect, make_run):
    run_id = make_run(Running(), ago=OLD, labels=WORKER_LABELS)
    with subprocess.Popen(
        [sys.executable, "-c", "input()"], env={**os.environ, alive.RUN_ID: run_id}, stdin=subprocess.PIPE
    ) as process:
        assert sum(janitor().values()) == 0
        process.terminate()
    assert sum(janitor().values()) == 1


def test_the_file_of_a_killed_intake_holds_no_run(prefect, make_run, home):
    run_id = make_run(Running(), tags=("intake:capture", "instance:dead"))
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        said = {"pid": process.pid, "began": psutil.Process(process.pid).create_time(), "runs": [run_id]}
        (home / "run").mkdir()
        (home / "run" / "runs-capture.json").write_text(json.dumps(said))
        assert sum(janitor().values()) == 0
        process.kill()
    assert sum(janitor().values()) == 1


def test_a_later_process_with_the_same_number_is_another(home):
    said = {"pid": os.getpid(), "began": time.monotonic(), "runs": ["00000000-0000-0000-0000-000000000001"]}
    (home / "run").mkdir()
    (home / "run" / "runs-capture.json").write_text(json.dumps(said))
    assert set(alive._in_intakes()) == set()


def test_a_broken_file_holds_no_run(home):
    (home / "run").mkdir()
    (home / "run" / "runs-capture.json").write_text("{")
    assert set(alive._in_intakes()) == set()


def test_the_worker_is_known_by_the_name_it_is_started_with():
    assert alive.WORKER == probes.WORKER
