"""The flows as runs of a real Prefect server: what they do, and what they show."""

import threading
from contextvars import copy_context
from pathlib import Path

import pytest

from crm_db import clock, session
from crm_db.actions import leads, orgs
from flows.follow_up_scheduling import follow_up_scheduling
from flows.housekeeping import housekeeping
from flows.janitor import janitor
from flows.lead_capture import lead_capture
from flows.lead_scoring import lead_scoring
from flows.message_delivery import message_delivery
from tasks import senders
from tests.crm_db.test_capture import post, rows

FLOWS = [lead_capture, message_delivery, lead_scoring, follow_up_scheduling, housekeeping, janitor]
TABLES = (
    "crm_leads",
    "crm_messages",
    "crm_message_attempts",
    "crm_enrolments",
    "crm_activities",
    "crm_inbox",
    "crm_events",
)


@pytest.fixture
def outbox(tmp_path, monkeypatch):
    """E-mails go to files in this folder."""
    monkeypatch.setenv("CRM_HOME", str(tmp_path))
    senders.forget()
    yield tmp_path / "outbox"
    senders.forget()


def emails_in(outbox: Path) -> list[Path]:
    """The e-mails that left as files, without those that carry a calendar entry."""
    return [path for path in outbox.glob("*.eml") if not path.with_suffix(".ics").exists()]


def state() -> dict[str, list[object]]:
    """Every row of the tables that flows write."""
    return {table: rows(f"select t::text from {table} t order by 1") for table in TABLES}


def test_a_submission_goes_all_the_way_to_an_email_in_the_outbox(prefect, as_flow, org, source, reps, outbox):
    post(as_flow, org, source.id, {"email": "maria@example.com", "name": "Maria Berg"}, b"{not json")
    assert lead_capture() == {
        "submissions": 2, "new": 1, "merged": 0, "dead": 1, "scored": 1, "assigned": 1, "enrolled": 1, "planned": 1,
    }  # fmt: skip
    delivered = message_delivery()
    assert (delivered["sent"], delivered["planned"]) == (
        3,
        1,
    )  # welcome, word to the owner, alert of the dead letter
    assert len(emails_in(outbox)) == 3
    message_delivery()  # the hold for the call, and the call itself if this is an hour for it
    assert len(emails_in(outbox)) == 3


def test_scores_follow_the_facts(prefect, as_flow, org, source, outbox):
    post(as_flow, org, source.id, {"email": "maria@example.com"})
    lead_capture()
    message_delivery()
    assert lead_scoring()["changed"] == 1
    (lead,) = rows("select score from crm_leads")
    assert lead["score"] == 15
    history = rows("select previous, score from crm_score_history order by id")
    assert [(row["previous"], row["score"]) for row in history] == [(None, 10), (10, 15)]


def test_leads_that_an_interruption_left_behind_are_prepared_by_the_sweep(
    prefect, as_flow, org, source, reps
):
    with session.bound_to(as_flow.app_url), session.unit_of_work(org.identity) as work:
        leads.submit(
            work, org.identity, {"email": "maria@example.com"}, {}, automation=True, now=clock.utc_now()
        )
    assert lead_scoring()["assigned"] == 1
    assert rows("select automation from crm_leads")[0]["automation"] == "done"


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_a_dry_run_changes_no_row(prefect, as_flow, org, source, reps, outbox, flow):
    post(as_flow, org, source.id, {"email": "a@example.com"})
    lead_capture()
    post(as_flow, org, source.id, {"email": "b@example.com"}, key="later")
    before = state()
    assert sum(flow(dry_run=True).values()) >= 0
    assert state() == before


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_five_runs_at_once_do_what_one_does(prefect, as_flow, org, source, reps, outbox, flow):
    session.bind(as_flow.flow_url, pool_size=10)
    post(as_flow, org, source.id, *[{"email": f"p{n}@example.com"} for n in range(20)])
    if flow is not lead_capture:
        lead_capture()
    results: list[dict[str, int]] = []
    threads = [
        threading.Thread(target=copy_context().run, args=(lambda: results.append(flow()),)) for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert len(results) == 5
    lead_capture()
    message_delivery()
    assert len(rows("select 1 from crm_leads")) == 20
    assert len(rows("select 1 from crm_messages where status = 'sent' and channel = 'email'")) == 40
    assert len(emails_in(outbox)) == 40
    assert not rows("select key from crm_messages group by org_id, key having count(*) > 1")


def test_a_failing_task_shows_its_place_and_no_personal_data(prefect, as_flow, org, source, monkeypatch):
    canary = "canary-4711@example.com"
    post(as_flow, org, source.id, {"email": canary})

    def broken(*_: object, **__: object) -> None:
        raise ValueError(f"could not handle {canary}")

    monkeypatch.setattr("crm_db.actions.arrivals.keep", broken)
    final = lead_capture(return_state=True)
    assert final.is_failed()
    failed = {"flow_runs": {"state": {"type": {"any_": ["FAILED"]}}}, "limit": 20}
    runs = prefect.post("/flow_runs/filter", json=failed).text
    tasks = prefect.post("/task_runs/filter", json={"limit": 200}).text
    logs = prefect.post("/logs/filter", json={"limit": 200}).text
    assert "ValueError at" in runs
    assert canary not in runs + tasks + logs


def test_a_run_leaves_its_counts_as_an_artifact(prefect, as_flow, org, source):
    lead_capture()
    newest = prefect.post("/artifacts/filter", json={"limit": 1, "sort": "CREATED_DESC"}).json()[0]
    assert newest["type"] == "markdown"
    assert "lead-capture" in newest["data"]
    assert "| submissions | 0 |" in newest["data"]
    assert newest["key"] == "lead-capture"
    assert "/api/crm/leads)" in newest["data"]
    assert f"/runs/flow-run/{newest['flow_run_id']})" in newest["data"]


def test_a_dry_run_counts_what_the_run_after_it_does(prefect, as_flow, org, source, outbox):
    post(as_flow, org, source.id, *[{"email": f"p{n}@example.com"} for n in range(3)])
    lead_capture()
    with session.bound_to(as_flow.owner_url), session.unit_of_work() as work:
        team = orgs.add_team(work, org.org_id, "Late")
        orgs.add_rep(work, org.org_id, team, name="Late", email="late@acme.example")
    expected = lead_scoring(dry_run=True)
    assert (expected["reopened"], expected["scored"], expected["assigned"]) == (3, 3, 3)
    assert lead_scoring() == expected
