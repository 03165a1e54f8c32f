"""What prefect.yaml lists is registered, and what ops change in the UI stays, on a real server."""

import threading
from dataclasses import replace

import pytest

from deployments.lanes import overview, register
from deployments.lanes.entries import read_entries
from deployments.lanes.prefect_api import RECORD, PrefectApi, PrefectRefused
from tests.prefect_server import AUTH

NAMES = (
    "lead-capture",
    "message-delivery",
    "lead-scoring",
    "follow-up-scheduling",
    "housekeeping",
    "janitor",
)
SCORING = "lead-scoring"
OPS_SCHEDULE = {"active": True, "schedule": {"interval": 900}}


@pytest.fixture
def registered(prefect):
    """Everything in prefect.yaml, registered; gone again at the end, because other tests share the server."""
    register.register()
    yield prefect
    for name in NAMES:
        forget(prefect, name)


@pytest.fixture
def api(prefect_url):
    client = PrefectApi(prefect_url, AUTH)
    yield client
    client.close()


def deployment(prefect, name=SCORING):
    return prefect.get(f"/deployments/name/{name}/{name}").json()


def forget(prefect, name):
    """As after a drop of Prefect's database."""
    known = deployment(prefect, name)
    if "id" in known:
        prefect.delete(f"/deployments/{known['id']}").raise_for_status()
    prefect.delete(f"/variables/name/{RECORD}{name}")


def entry(name=SCORING):
    return next(one for one in read_entries() if one.name == name)


def upgraded(**fields):
    """The code's entry after an upgrade."""
    return replace(entry(), setup=replace(entry().setup, **fields))


def interval(seconds):
    return {
        "every-5-minutes": {**entry().setup.schedules["every-5-minutes"], "schedule": {"interval": seconds}}
    }


def test_a_second_registration_changes_nothing(registered):
    before = [deployment(registered, name) for name in NAMES]
    assert register.register() == register.Registered((), (), NAMES)
    assert [deployment(registered, name) for name in NAMES] == before


@pytest.mark.parametrize("name", NAMES)
def test_every_deployment_can_be_started_with_a_period_and_dry(registered, name):
    found = deployment(registered, name)
    form = found["parameter_openapi_schema"]["properties"]
    assert {key: field["title"] for key, field in form.items()} == {
        "since": "Since",
        "until": "Until",
        "dry_run": "Dry run",
    }
    assert all(field["description"] for field in form.values())
    assert form["since"]["anyOf"][0] == {"type": "string", "format": "date-time"}
    assert form["dry_run"]["type"] == "boolean"
    assert found["description"]
    assert [tag for tag in found["tags"] if tag.startswith("lane:")]
    assert (found["concurrency_options"] or {}).get("collision_strategy") != "CANCEL_NEW"


def test_what_ops_changed_survives_an_upgrade_and_what_they_did_not_follows_the_code(registered):
    known = deployment(registered)
    registered.post(f"/deployments/{known['id']}/pause_deployment").raise_for_status()
    registered.post(f"/deployments/{known['id']}/schedules", json=[OPS_SCHEDULE]).raise_for_status()
    ops = {"parameters": {"dry_run": True}, "tags": [*known["tags"], "mine"], "concurrency_limit": 2}
    registered.patch(f"/deployments/{known['id']}", json=ops).raise_for_status()
    new = upgraded(description="Said in other words.", schedules=interval(600.0))
    assert register.register([new]).updated == (SCORING,)
    after = deployment(registered)
    assert after["description"] == "Said in other words."
    assert after["paused"]
    assert after["parameters"] == {"dry_run": True}
    assert set(after["tags"]) == {"lane:sweeps", "mine"}
    assert after["global_concurrency_limit"]["limit"] == 2
    assert sorted((one["slug"] or "", one["schedule"]["interval"]) for one in after["schedules"]) == [
        ("", 900.0),
        ("every-5-minutes", 600.0),
    ]


def test_a_schedule_that_ops_deleted_changed_or_switched_off_stays_so(registered):
    for name, change in (
        ("deleted", None),
        ("changed", {"schedule": {"interval": 60}}),
        ("off", {"active": False}),
    ):
        known = deployment(registered)
        place = f"/deployments/{known['id']}/schedules/{known['schedules'][0]['id']}"
        answer = registered.delete(place) if change is None else registered.patch(place, json=change)
        answer.raise_for_status()
        before = [(one["schedule"]["interval"], one["active"]) for one in deployment(registered)["schedules"]]
        register.register([upgraded(description=f"After it was {name}.")])
        after = [(one["schedule"]["interval"], one["active"]) for one in deployment(registered)["schedules"]]
        assert after == before, name
        forget(registered, SCORING)
        register.register()


def test_after_the_database_was_dropped_everything_is_as_in_the_code(registered, api):
    known = deployment(registered)
    place = f"/deployments/{known['id']}/schedules/{known['schedules'][0]['id']}"
    registered.delete(place).raise_for_status()
    forget(registered, SCORING)
    assert register.register().made == (SCORING,)
    assert overview.differences(api, SCORING) == {SCORING: []}


def test_an_installation_from_before_the_record_keeps_what_ops_did(registered):
    known = deployment(registered)
    registered.delete(f"/variables/name/{RECORD}{SCORING}").raise_for_status()
    registered.post(f"/deployments/{known['id']}/pause_deployment").raise_for_status()
    assert register.register([upgraded(description="New words.")]).updated == (SCORING,)
    assert (deployment(registered)["description"], deployment(registered)["paused"]) == ("New words.", True)


def test_a_default_parameter_that_the_flow_no_longer_takes_is_dropped(registered, api):
    known = deployment(registered)
    odd = {"parameters": {"dry_run": True, "gone": 1}, "enforce_parameter_schema": False}
    registered.patch(f"/deployments/{known['id']}", json=odd).raise_for_status()
    register.register([upgraded(description="New words.")])
    assert deployment(registered)["parameters"] == {"dry_run": True}


def test_two_registers_at_once_do_what_one_does(prefect, prefect_url):
    environment_of_threads: list[object] = []

    def run():
        try:
            environment_of_threads.append(register_in(prefect_url))
        except PrefectRefused as refused:
            environment_of_threads.append(refused)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    try:
        assert [one for one in environment_of_threads if isinstance(one, Exception)] == []
        for name in NAMES:
            slugs = [one["slug"] for one in deployment(prefect, name)["schedules"]]
            assert sorted(slugs) == sorted(entry(name).setup.schedules)
    finally:
        for name in NAMES:
            forget(prefect, name)


def register_in(prefect_url):
    from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings

    with temporary_settings({PREFECT_API_URL: prefect_url, PREFECT_API_AUTH_STRING: AUTH}):
        return register.register()


def test_reset_takes_back_what_ops_changed(registered, api):
    known = deployment(registered)
    registered.post(f"/deployments/{known['id']}/pause_deployment").raise_for_status()
    registered.post(f"/deployments/{known['id']}/schedules", json=[OPS_SCHEDULE]).raise_for_status()
    assert overview.paused_by_ops(api) == [SCORING]
    fields = [one.field for one in overview.differences(api, SCORING)[SCORING]]
    assert fields[0] == "paused"
    assert fields[1].startswith("schedules.#")
    overview.reset(api, SCORING)
    assert overview.differences(api) == {name: [] for name in NAMES}
    assert register.register().unchanged == NAMES


def test_the_list_says_who_paused_what_and_when_it_runs(registered, api):
    known = deployment(registered)
    registered.post(f"/deployments/{known['id']}/pause_deployment").raise_for_status()
    lines = {line.name: line for line in overview.every(api)}
    assert (lines[SCORING].state, lines[SCORING].schedule, lines[SCORING].lane) == (
        "paused by ops",
        "every 5 minutes",
        "sweeps",
    )
    assert (lines["lead-capture"].state, lines["lead-capture"].schedule) == (
        "on",
        "when there is work, every hour",
    )


def test_a_flow_whose_every_schedule_is_switched_off_is_paused_by_ops(registered, api):
    known = deployment(registered, "lead-capture")
    place = f"/deployments/{known['id']}/schedules/{known['schedules'][0]['id']}"
    registered.patch(place, json={"active": False}).raise_for_status()
    assert overview.paused_by_ops(api) == ["lead-capture"]


def test_a_flow_is_paused_and_resumed_by_name(registered, api):
    overview.pause(api, SCORING, paused=True)
    assert overview.paused_by_ops(api) == [SCORING]
    overview.pause(api, SCORING, paused=False)
    assert overview.paused_by_ops(api) == []
    with pytest.raises(overview.UnknownFlow, match="lead-scoring"):
        overview.pause(api, "no-such-flow", paused=True)
