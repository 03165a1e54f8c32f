"""What stands in calendars follows the facts: holds for calls, lost leads, other owners; and steps that lacked an address."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from crm_db import session
from crm_db.actions import calendar_entries, outgoing, preparation, revivals
from crm_db.rules.outcomes import Refused
from tasks.followup import mend_follow_ups
from tasks.tally import Window
from tests.conftest import Database, Org
from tests.crm_db.ledgers import change, deliver, give_to, make_lead, mend, rows, said
from tests.crm_db.test_capture import NOW

TOMORROW = NOW + timedelta(days=1)
LEAD, ADA, BO = "maria@example.com", "ada@acme.example", "bo@acme.example"
WEEKEND = NOW - timedelta(days=1)  # a Sunday: calls wait for Monday, 9:00
MONDAY_NINE = NOW - timedelta(hours=1)


@pytest.fixture
def meeting(as_flow: Database, org: Org, reps: list[UUID]) -> UUID:
    """A meeting of Maria and Ada tomorrow; both have it in their calendars."""
    lead_id = make_lead(org)
    give_to(lead_id, reps[0])
    message = write(org, lead_id, "invite", starts_at=TOMORROW)
    assert said(deliver()) == [("REQUEST", 0, [LEAD, ADA])]
    return message


@pytest.fixture
def call(as_flow: Database, org: Org, reps: list[UUID]) -> Any:
    """The first call to Maria, planned on a Sunday for Monday morning, with its hold in Ada's calendar."""
    make_lead(org, automation=True, now=WEEKEND)
    deliver(WEEKEND)
    plan(WEEKEND)
    deliver(WEEKEND)
    (task,) = rows("select * from crm_messages where channel = 'task'")
    return task


def write(org: Org, lead_id: UUID, channel: str, **told: Any) -> UUID:
    values: dict[str, Any] = {"subject": "Your question", "text": "Hello", "key": "k"} | told
    with session.unit_of_work(org.identity) as work:
        return outgoing.write(work, org.identity, lead_id=lead_id, channel=channel, now=NOW, **values)


def plan(now: Any) -> None:
    from crm_db.actions import enrolments

    with session.unit_of_work() as work:
        enrolments.plan(work, limit=50, now=now)


def entries() -> list[Any]:
    """Every version of every calendar entry, in the order of planning."""
    return rows("select * from crm_messages where channel = 'invite' order by id")


# Meetings


@pytest.mark.parametrize(
    "fact",
    ["status = 'lost'", "status = 'unqualified'", "deleted_at = now()"],
    ids=["lost", "unqualified", "gone"],
)
def test_a_meeting_with_a_lead_who_is_none_any_more_is_taken_back_once(meeting, fact):
    change(f"update crm_leads set {fact}")
    assert mend() == calendar_entries.Mended(cancelled=1)
    assert mend() == mend() == calendar_entries.Mended()
    assert said(deliver()) == [("CANCEL", 1, [LEAD, ADA])]
    assert mend() == calendar_entries.Mended()


@pytest.mark.parametrize("status", ["contacted", "qualified", "converted"])
def test_a_meeting_with_a_lead_who_goes_on_stays(meeting, status):
    change("update crm_leads set status = :status", status=status)
    assert mend() == calendar_entries.Mended()


def test_a_meeting_that_is_over_is_left_alone(meeting):
    change("update crm_leads set status = 'lost'")
    assert mend(TOMORROW + timedelta(hours=1)) == calendar_entries.Mended()


def test_a_meeting_goes_with_its_lead_to_another_owner(meeting, reps):
    give_to(entries()[0]["lead_id"], reps[1])
    assert mend() == calendar_entries.Mended(updated=1)
    assert mend() == calendar_entries.Mended()
    attempts = deliver()
    assert sorted(said(attempts)) == [("CANCEL", 1, [ADA]), ("REQUEST", 1, [LEAD, BO])]
    assert {one.entry.uid for one in attempts if one.entry} == {str(meeting)}
    assert {one.entry.method: one.entry.whole for one in attempts if one.entry} == {
        "CANCEL": False,
        "REQUEST": True,
    }
    assert mend() == calendar_entries.Mended()


def test_a_meeting_without_an_owner_keeps_its_lead(meeting):
    give_to(entries()[0]["lead_id"], None)
    mend()
    assert sorted(said(deliver())) == [("CANCEL", 1, [ADA]), ("REQUEST", 1, [LEAD])]


def test_back_to_the_first_owner_before_anything_left_says_only_what_is_true(meeting, reps):
    lead_id = entries()[0]["lead_id"]
    give_to(lead_id, reps[1])
    mend()
    deliver()
    give_to(lead_id, reps[0])
    mend()
    assert sorted(said(deliver())) == [("CANCEL", 2, [BO]), ("REQUEST", 2, [LEAD, ADA])]


def test_an_update_that_nobody_takes_is_not_sent_again_and_again(meeting, reps):
    give_to(entries()[0]["lead_id"], reps[1])
    mend()
    deliver(outcome=Refused("550"))
    assert mend() == calendar_entries.Mended()


def test_a_cancellation_that_may_not_go_is_not_planned_again_and_again(meeting):
    change(
        "insert into crm_suppressions (org_id, channel, address, reason) select org_id, 'all', email, 'asked' from crm_leads"
    )
    change("update crm_leads set status = 'lost'")
    assert mend() == calendar_entries.Mended(cancelled=1)
    assert deliver() == []
    assert mend() == calendar_entries.Mended()


def test_a_dry_run_counts_and_changes_nothing(meeting):
    change("update crm_leads set status = 'lost'")
    before = entries()
    assert mend_follow_ups.fn(Window(dry_run=True))["cancelled"] == 1
    assert entries() == before
    assert mend_follow_ups.fn(Window())["cancelled"] == 1


# Holds


def test_a_call_blocks_the_owners_calendar_when_it_is_due(call):
    (hold,) = entries()
    assert (hold["key"], hold["status"]) == (f"hold:{call['id']}", "sent")
    assert hold["rendered"]["slot"]["starts"] == "2026-11-23T09:00:00+00:00"
    assert hold["rendered"]["slot"]["ends"] == "2026-11-23T09:15:00+00:00"
    assert hold["rendered"]["subject"] == "Call Maria Berg"
    assert "+442079460018" in hold["rendered"]["text"]
    assert "Time there: Mon 09:00 (Europe/London)" in hold["rendered"]["text"]


def test_a_hold_is_published_to_the_owner_alone(as_flow, org, reps):
    make_lead(org, automation=True, now=WEEKEND)
    deliver(WEEKEND)
    plan(WEEKEND)
    (attempt,) = deliver(WEEKEND)
    (task,) = rows("select id from crm_messages where channel = 'task'")
    assert said([attempt]) == [("PUBLISH", 0, [ADA])]
    assert attempt.entry is not None
    assert attempt.entry.uid == f"hold-{task['id']}"


def test_a_hold_is_made_once_and_settles_no_step_of_the_sequence(call):
    plan(WEEKEND)
    plan(WEEKEND)
    assert len(entries()) == 1
    assert entries()[0]["enrolment_id"] is None
    assert rows("select position, plan_at from crm_enrolments")[0]["plan_at"] is None


def test_a_hold_moves_with_its_task_before_and_after_that_is_on_the_list(call, org):
    for sequence, when in ((1, TOMORROW), (2, TOMORROW + timedelta(hours=3))):
        with session.unit_of_work(org.identity) as work:
            assert outgoing.move(work, org.identity, call["id"], starts_at=when, now=WEEKEND) == call["id"]
        attempts = deliver(WEEKEND)
        assert said(attempts) == [("PUBLISH", sequence, [ADA])]
        assert attempts[0].entry is not None
        assert (attempts[0].entry.uid, attempts[0].entry.slot.starts) == (f"hold-{call['id']}", when)
        change("update crm_messages set due_at = :now where channel = 'task'", now=when)
    deliver(TOMORROW + timedelta(hours=3))
    later = TOMORROW + timedelta(days=1)
    with session.unit_of_work(org.identity) as work:
        outgoing.move(work, org.identity, call["id"], starts_at=later, now=TOMORROW + timedelta(hours=3))
    assert (
        rows("select due_at from crm_activities where message_id = :id", id=call["id"])[0]["due_at"] == later
    )
    assert said(deliver(TOMORROW + timedelta(hours=3))) == [("PUBLISH", 3, [ADA])]


def test_a_task_put_off_by_its_hours_moves_its_hold(call):
    change("update crm_messages set due_at = :at where channel = 'task'", at=TOMORROW)
    assert mend(WEEKEND) == calendar_entries.Mended(updated=1)
    assert said(deliver(WEEKEND)) == [("PUBLISH", 1, [ADA])]
    assert mend(WEEKEND) == calendar_entries.Mended()


def test_a_cancelled_task_frees_the_calendar(call, org):
    with session.unit_of_work(org.identity) as work:
        outgoing.cancel(work, org.identity, call["id"], now=WEEKEND)
    attempts = deliver(WEEKEND)
    assert said(attempts) == [("CANCEL", 1, [ADA])]
    assert attempts[0].entry is not None
    assert attempts[0].entry.uid == f"hold-{call['id']}"


def test_a_task_on_the_list_is_closed_when_it_is_cancelled(call, org):
    deliver(MONDAY_NINE)
    with session.unit_of_work(org.identity) as work:
        outgoing.cancel(work, org.identity, call["id"], now=MONDAY_NINE)
    (entry,) = rows("select done_at, outcome from crm_activities where message_id = :id", id=call["id"])
    assert (entry["done_at"], entry["outcome"]) == (MONDAY_NINE, "cancelled")
    assert said(deliver(MONDAY_NINE)) == [("CANCEL", 1, [ADA])]


def test_a_call_that_was_made_early_frees_the_calendar(call):
    deliver(MONDAY_NINE)
    change("update crm_activities set done_at = :at where message_id = :id", at=MONDAY_NINE, id=call["id"])
    assert mend(MONDAY_NINE) == calendar_entries.Mended(cancelled=1)
    assert said(deliver(MONDAY_NINE)) == [("CANCEL", 1, [ADA])]


def test_a_hold_goes_over_to_another_owner(call, reps):
    give_to(call["lead_id"], reps[1])
    assert mend(WEEKEND) == calendar_entries.Mended(updated=1)
    assert sorted(said(deliver(WEEKEND))) == [("CANCEL", 1, [ADA]), ("PUBLISH", 1, [BO])]
    assert mend(WEEKEND) == calendar_entries.Mended()


@pytest.mark.parametrize("status", ["lost", "unqualified", "converted"])
def test_a_closed_lead_needs_no_hold(call, status):
    change("update crm_leads set status = :status", status=status)
    assert mend(WEEKEND) == calendar_entries.Mended(cancelled=1)
    assert said(deliver(WEEKEND)) == [("CANCEL", 1, [ADA])]


def test_a_hold_that_was_not_sent_yet_is_never_sent_for_a_cancelled_task(as_flow, org, reps):
    make_lead(org, automation=True, now=WEEKEND)
    deliver(WEEKEND)
    plan(WEEKEND)
    (task,) = rows("select id from crm_messages where channel = 'task'")
    with session.unit_of_work(org.identity) as work:
        outgoing.cancel(work, org.identity, task["id"], now=WEEKEND)
    assert said(deliver(WEEKEND)) == []
    assert [(row["status"], row["reason"]) for row in entries()] == [("cancelled", "the task is over")]


def test_nobody_is_asked_to_call_who_wants_no_calls(as_flow, org, reps):
    make_lead(org, automation=True, now=WEEKEND)
    change("""update crm_leads set consent = '{"phone": false}'""")
    deliver(WEEKEND)
    plan(WEEKEND)
    deliver(MONDAY_NINE)
    told = rows("select channel, status, reason from crm_messages where channel in ('task', 'invite')")
    assert {(row["channel"], row["status"], row["reason"]) for row in told} == {
        ("task", "cancelled", "no consent"),
        ("invite", "cancelled", "no consent"),
    }


# Steps that lacked an address


def revive(now: Any = NOW) -> int:
    with session.unit_of_work() as work:
        return revivals.revive(work, limit=50, now=now).count


@pytest.fixture
def nameless(as_flow: Database, org: Org, reps: list[UUID]) -> UUID:
    """A lead with a telephone number alone, whose welcome was given up for want of an address."""
    lead_id = make_lead(org, automation=True, email=None)
    deliver()
    assert welcome()["reason"] == "no address"
    return lead_id


def welcome() -> Any:
    (row,) = rows("select * from crm_messages where template = 'welcome'")
    return row


def test_a_welcome_that_lacked_an_address_goes_when_the_lead_says_it(nameless, org):
    plan(NOW)
    with session.unit_of_work(org.identity) as work:
        from crm_db.actions import leads

        person = {"phone": "+442079460018", "email": LEAD}
        assert leads.submit(work, org.identity, person, {}, automation=True, now=NOW).lead_id == nameless
    with session.unit_of_work() as work:
        preparation.prepare(work, limit=10, now=NOW)
    assert (welcome()["status"], welcome()["due_at"]) == ("scheduled", NOW)
    assert LEAD in [attempt.to.email for attempt in deliver()]
    assert welcome()["status"] == "sent"


def test_a_sweep_finds_an_address_that_came_another_way(nameless):
    assert revive() == 0
    change("update crm_leads set email = :email", email=LEAD)
    assert (revive(), revive()) == (1, 0)
    deliver()
    assert (welcome()["status"], revive()) == ("sent", 0)


def test_a_step_is_revived_once_in_its_life(nameless):
    change("update crm_leads set email = :email", email=LEAD)
    assert revive() == 1
    change("update crm_leads set email = null")
    deliver()
    assert welcome()["reason"] == "no address"
    change("update crm_leads set email = :email", email=LEAD)
    assert revive() == 0


def test_a_revived_step_does_not_hurry_the_one_that_is_under_way(nameless):
    plan(NOW)
    (before,) = rows("select position, plan_at from crm_enrolments")
    assert (before["position"], before["plan_at"]) == (2, None)
    change("update crm_messages set due_at = :later where channel = 'task'", later=TOMORROW)
    change("update crm_leads set email = :email", email=LEAD)
    revive()
    deliver()
    (after,) = rows("select position, plan_at from crm_enrolments")
    assert (after["position"], after["plan_at"]) == (2, None)


def test_a_revived_last_step_holds_back_the_next_until_it_is_settled(nameless):
    assert rows("select plan_at from crm_enrolments")[0]["plan_at"] == NOW
    change("update crm_leads set email = :email", email=LEAD)
    revive()
    assert rows("select plan_at from crm_enrolments")[0]["plan_at"] is None
    deliver()
    assert rows("select plan_at from crm_enrolments")[0]["plan_at"] == NOW


@pytest.mark.parametrize(
    "obstacle",
    [
        "update crm_enrolments set state = 'stopped'",
        "update crm_leads set deleted_at = now()",
        "update crm_messages set created_at = now() - interval '15 days'",
        "update crm_messages set reason = 'no consent'",
    ],
    ids=["stopped", "deleted", "old", "another reason"],
)
def test_what_would_be_out_of_place_is_not_revived(nameless, obstacle):
    change("update crm_leads set email = :email", email=LEAD)
    change(obstacle)
    with session.unit_of_work() as work:
        from crm_db import clock

        assert revivals.revive(work, limit=50, now=clock.utc_now()).count == 0
