"""When the steps of a sequence happen, and who must not be disturbed by them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from crm_db import session
from crm_db.actions import enrolments
from crm_db.rules.local_time import later
from crm_db.rules.outcomes import NotSent
from tests.conftest import Database, Org
from tests.crm_db.ledgers import change, deliver, entry_of, make_lead, rows
from tests.crm_db.test_capture import NOW

SYDNEY = ZoneInfo("Australia/Sydney")


@pytest.fixture(autouse=True)
def at_work(as_flow: Database, org: Org, reps: object) -> Iterator[None]:
    """Flows act, and three reps of London take leads."""
    yield


def plan(now: datetime) -> None:
    with session.unit_of_work() as work:
        enrolments.plan(work, limit=100, now=now)


def live(org: Org, now: datetime, **fields: object) -> None:
    """A lead in the default sequence whose welcome is sent and whose call is planned."""
    make_lead(org, now=now, automation=True, **fields)
    deliver(now)
    plan(now)


def test_a_colleague_does_not_ring_in_the_contacts_night(org):
    live(org, NOW, phone="+61282345678", timezone="Australia/Sydney")
    (task,) = rows("select due_at, due_reasons from crm_messages where channel = 'task'")
    assert 8 <= task["due_at"].astimezone(SYDNEY).hour < 21
    assert 9 <= task["due_at"].astimezone(ZoneInfo("Europe/London")).hour < 17
    assert "quiet_hours" in {reason["code"] for reason in task["due_reasons"]}


@pytest.mark.parametrize(("channel", "address"), [("phone", "+442079460018"), ("all", "maria@example.com")])
def test_nobody_is_asked_to_ring_whom_nobody_may_ring(org, channel, address):
    live(org, NOW)
    change(
        "insert into crm_suppressions (org_id, channel, address, reason) values (:org, :channel, :address, 'asked')",
        org=org.org_id, channel=channel, address=address,
    )  # fmt: skip
    deliver(NOW + timedelta(days=1))
    (task,) = rows("select status, reason from crm_messages where channel = 'task'")
    assert (task["status"], task["reason"]) == ("cancelled", "do not contact")


def test_who_has_left_is_told_nothing(org, as_flow):
    make_lead(org, automation=True)
    with session.bound_to(as_flow.owner_url), session.unit_of_work() as work:
        work.execute(text("update crm_users set active = false where takes_leads"))
    (sent,) = deliver()
    assert sent.reply_to is None
    (notice,) = rows("select status, reason from crm_messages where purpose = 'owner-notice'")
    assert (notice["status"], notice["reason"]) == ("cancelled", "the person has left")


def test_another_try_keeps_to_the_hours_of_its_step(org):
    live(org, NOW)
    deliver(NOW)
    friday = datetime(2026, 11, 27, 16, 59, tzinfo=UTC)
    plan(friday)
    change("update crm_messages set due_at = :at where template = 'check-in'", at=friday)
    deliver(friday, NotSent("busy"))
    deliver(friday + timedelta(minutes=2))
    (step,) = rows("select status, due_at, reason from crm_messages where template = 'check-in'")
    assert (step["status"], step["due_at"]) == ("scheduled", datetime(2026, 11, 30, 9, 0, tzinfo=UTC))
    assert step["reason"] == "put off: outside its hours"


def test_steps_that_an_outage_made_late_do_not_come_in_a_burst(org):
    live(org, NOW)
    back = NOW + timedelta(days=9)
    deliver(back)  # the call
    plan(back)
    deliver(back + timedelta(days=1, hours=1))
    plan(back + timedelta(days=1, hours=1))
    late = rows("select template, due_at from crm_messages where purpose = 'sequence' order by due_at")
    moments = {row["template"]: row["due_at"] for row in late}
    assert moments["check-in"] - back >= timedelta(days=1)
    assert moments["meeting"] - moments["check-in"] >= timedelta(hours=16)


def test_days_are_counted_on_the_contacts_wall():
    berlin = ZoneInfo("Europe/Berlin")
    start = datetime(2026, 10, 23, 9, 30, tzinfo=berlin)
    assert (
        later(start, timedelta(days=3), berlin).astimezone(berlin).isoformat() == "2026-10-26T09:30:00+01:00"
    )
    assert later(start, timedelta(days=3, hours=2), berlin).astimezone(berlin).hour == 11


def test_two_invitations_do_not_propose_one_time_with_one_colleague(org, reps):
    for number in range(4):
        lead = make_lead(org, email=f"p{number}@example.com", phone=f"+44207946001{number}")
        change("update crm_leads set owner_id = :owner where id = :lead", owner=reps[0], lead=lead)
        change(
            "insert into crm_messages (org_id, key, channel, recipient, purpose, lead_id, template, due_at)"
            " values (:org, :key, 'invite', 'lead', 'sequence', :lead, 'meeting', :now)",
            org=org.org_id, key=f"test:{number}", lead=lead, now=NOW,
        )  # fmt: skip
    starts = [entry_of(attempt).slot.starts for attempt in deliver()]
    assert len(starts) == len(set(starts)) == 4
    assert max(starts) - min(starts) < timedelta(days=1)
