"""What prefect.yaml lists is registered once, and what ops change in the UI stays."""

import pytest
import yaml

from deployments.lanes import register

NAMES = ("lead-capture", "message-delivery", "lead-scoring", "follow-up-scheduling", "housekeeping")


@pytest.fixture
def registered(prefect):
    """Everything in prefect.yaml, registered; gone again at the end, because other tests share the server."""
    register.register()
    yield prefect
    for name in NAMES:
        prefect.delete(f"/deployments/{deployment(prefect, name)['id']}").raise_for_status()


def deployment(prefect, name):
    return prefect.get(f"/deployments/name/{name}/{name}").json()


def test_a_second_registration_changes_nothing(registered):
    assert register.register() == register.Registered((), (), NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_deployment_can_be_started_with_a_period_and_dry(registered, name):
    found = deployment(registered, name)
    assert set(found["parameter_openapi_schema"]["properties"]) == {"since", "until", "dry_run"}
    assert found["description"]


def test_a_pause_and_an_added_schedule_survive_a_changed_entry(registered, monkeypatch):
    before = deployment(registered, "lead-scoring")
    registered.post(f"/deployments/{before['id']}/pause_deployment").raise_for_status()
    added = [{"active": True, "schedule": {"interval": 900}}]
    registered.post(f"/deployments/{before['id']}/schedules", json=added).raise_for_status()
    entry = {
        "name": "lead-scoring",
        "entrypoint": "flows.lead_scoring.lead_scoring",
        "description": "Said in other words.",
        "tags": ["lane:sweeps"],
        "work_pool": {"name": "crm", "work_queue_name": "sweeps"},
    }
    monkeypatch.setattr(yaml, "safe_load", lambda _: {"deployments": [entry]})
    assert register.register().updated == ("lead-scoring",)
    after = deployment(registered, "lead-scoring")
    assert after["description"] == "Said in other words."
    assert after["paused"]
    assert len(after["schedules"]) == 2
