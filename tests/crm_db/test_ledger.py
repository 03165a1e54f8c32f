"""The ledger: planned once, claimed under a lease, attempted at most once at a time, recorded behind a fence."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from crm_db import session
from crm_db.actions import attempts, enrolments, messages
from crm_db.actions.attempts import OpenAttempt
from crm_db.queries import backlog
from crm_db.rules.outcomes import Ambiguous, NotSent, Refused, Sent
from tasks import delivery
from tests.crm_db.test_capture import NOW, capture, post, prepare, rows

LEASE = timedelta(seconds=60)
OVER = timedelta(seconds=-1)
LOCAL = attempts.Carrier("local", LEASE)
URL = "http://127.0.0.1/api/crm/leads/{id}"


@pytest.fixture
def lead(as_flow, org, source, reps) -> Any:
    """A prepared lead with a welcome e-mail and a note to its owner waiting."""
    post(as_flow, org, source.id, {"email": "maria@example.com", "first_name": "Maria", "last_name": "Berg"})
    capture()
    prepare()
    return rows("select * from crm_leads")[0]


def claim(lease: timedelta = LEASE, *, now=NOW) -> messages.Claim:
    with session.unit_of_work() as work:
        return messages.claim(work, limit=10, lease=lease, now=now)


def looked_at(ref: messages.Ref, claimed: messages.Claim, *, now=NOW) -> OpenAttempt | None:
    with session.unit_of_work() as work:
        return attempts.open_attempt(work, ref, claimed.token, carrier=LOCAL, lead_url=URL, now=now)


def opened(ref: messages.Ref, claimed: messages.Claim, *, now=NOW) -> OpenAttempt:
    attempt = looked_at(ref, claimed, now=now)
    assert attempt is not None
    return attempt


def recorded(attempt: OpenAttempt | attempts.Doubt, outcome, *, now=NOW) -> str | None:
    with session.unit_of_work() as work:
        return attempts.record(work, attempt, outcome, now=now, jitter=0.5)


def test_the_first_answer_to_the_lead_goes_before_word_to_the_owner(lead):
    claimed = claim()
    first, second = (opened(ref, claimed) for ref in claimed.messages)
    assert (first.to.email, second.to.email) == ("maria@example.com", "ada@acme.example")
    assert first.rendered.subject == "Thank you for getting in touch, Maria"
    assert "Maria Berg" in second.rendered.subject
    assert "{{" not in first.rendered.text + second.rendered.text
    assert str(lead["id"]) in second.rendered.text
    assert "Next action: call, Mon 23 Nov 10:00 (Europe/London)" in second.rendered.text


def test_a_sent_message_is_on_the_timeline_and_counts_as_contact(lead):
    claimed = claim()
    attempt = opened(claimed.messages[0], claimed)
    assert recorded(attempt, Sent("local", "x.eml")) == "sent"
    (after,) = rows("select status, last_contact, rescore_at from crm_leads")
    assert (after["status"], after["last_contact"], after["rescore_at"]) == ("contacted", NOW, NOW)
    assert [row["kind"] for row in rows("select kind from crm_activities order by id")] == [
        "submission",
        "email",
    ]


def test_a_claimed_message_is_not_claimed_again_until_its_lease_is_over(lead):
    assert len(claim().messages) == 2
    assert claim().messages == ()


def test_a_worker_that_was_replaced_neither_opens_nor_records(lead):
    stale = claim(LEASE)
    attempt = opened(stale.messages[0], stale)
    with session.unit_of_work() as work:
        work.connection().exec_driver_sql("update crm_messages set lease_until = now() - interval '1 second'")
    with session.unit_of_work() as work:
        (doubt,) = attempts.take_doubtful(work, limit=10, lease=LEASE, now=NOW)
    claim()
    assert looked_at(stale.messages[1], stale) is None
    assert recorded(attempt, Sent("local", "late")) is None
    assert recorded(doubt, NotSent("interrupted")) == "scheduled"


@pytest.mark.parametrize(
    ("outcome", "status"),
    [(NotSent("refused-connection"), "scheduled"), (Refused("550"), "failed"), (Ambiguous("cut"), "unknown")],
)
def test_an_outcome_decides_what_becomes_of_the_message(lead, outcome, status):
    claimed = claim()
    assert recorded(opened(claimed.messages[0], claimed), outcome) == status
    (message,) = rows("select status, reason, attempts, due_at from crm_messages where recipient = 'lead'")
    assert (message["status"], message["reason"], message["attempts"]) == (status, outcome.code, 1)
    assert (message["due_at"] > NOW) is (status == "scheduled")


def test_a_message_that_could_not_be_sent_for_a_day_fails(lead):
    claimed = claim()
    assert recorded(opened(claimed.messages[0], claimed), NotSent("refused-connection")) == "scheduled"
    later = NOW + timedelta(days=2)
    claimed = claim(now=later)
    assert (
        recorded(opened(claimed.messages[0], claimed, now=later), NotSent("refused"), now=later) == "failed"
    )


def test_an_address_on_the_do_not_contact_list_gets_nothing(lead):
    with session.unit_of_work() as work:
        work.connection().exec_driver_sql(
            "insert into crm_suppressions (org_id, channel, address, reason)"
            " select org_id, 'email', email, 'asked' from crm_leads"
        )
    claimed = claim()
    assert looked_at(claimed.messages[0], claimed) is None
    (message,) = rows("select status, reason from crm_messages where recipient = 'lead'")
    assert (message["status"], message["reason"]) == ("cancelled", "do not contact")


def test_a_message_that_kills_its_worker_five_times_is_set_aside(lead):
    assert len(claim(OVER).messages) == 2
    for _ in range(2 * (messages.MOST_CLAIMS - 1)):
        assert len(claim(OVER).messages) == 1
    assert claim().messages == ()
    assert {row["reason"][:6] for row in rows("select reason from crm_messages")} == {"poison"}


def test_the_next_step_is_planned_only_when_the_step_before_is_settled(lead):
    def plan() -> int:
        with session.unit_of_work() as work:
            return enrolments.plan(work, limit=10, now=NOW).planned

    assert plan() == 0
    claimed = claim()
    recorded(opened(claimed.messages[0], claimed), Sent("local", "x"))
    assert plan() == 1
    steps = rows("select channel, due_at from crm_messages where enrolment_id is not null order by key")
    assert [(row["channel"], row["due_at"]) for row in steps] == [("email", NOW), ("task", NOW)]


def test_a_step_outside_business_hours_waits_and_says_why(as_flow, org, source, reps):
    friday_evening = NOW - timedelta(days=3) + timedelta(hours=9)
    post(as_flow, org, source.id, {"email": "maria@example.com"})
    capture(friday_evening)
    prepare(friday_evening)
    claimed = claim(now=friday_evening)
    attempt = opened(claimed.messages[0], claimed, now=friday_evening)
    recorded(attempt, Sent("local", "x"), now=friday_evening)
    with session.unit_of_work() as work:
        enrolments.plan(work, limit=10, now=friday_evening)
    (call,) = rows("select due_at, due_reasons from crm_messages where channel = 'task'")
    assert call["due_at"] == NOW - timedelta(hours=1)
    assert "business hours" in call["due_reasons"][0]["words"]


def test_the_same_key_is_planned_once(lead):
    before = rows("select count(*) as n from crm_messages")[0]["n"]
    with session.unit_of_work() as work:
        again = dict(rows("select * from crm_messages where recipient = 'user'")[0])
        kept = (
            "org_id",
            "key",
            "channel",
            "recipient",
            "purpose",
            "lead_id",
            "user_id",
            "template",
            "due_at",
        )
        messages.schedule(work, [{name: again[name] for name in kept}])
    assert rows("select count(*) as n from crm_messages")[0]["n"] == before


def test_messages_that_died_with_their_worker_are_tried_one_by_one(lead):
    assert len(claim(OVER).messages) == 2
    assert [len(claim().messages) for _ in range(3)] == [1, 1, 0]


def test_a_worker_whose_lease_ran_out_opens_nothing_even_when_nobody_replaced_it(lead):
    late = claim(OVER)
    assert [looked_at(ref, late) for ref in late.messages] == [None, None]
    assert rows("select 1 from crm_message_attempts") == []


# --- In doubt --------------------------------------------------------------------------------------

SETTLE = timedelta(minutes=15)
IN_DOUBT = Ambiguous("cut", look_after=SETTLE)


def in_doubt(outcome: Ambiguous = IN_DOUBT) -> OpenAttempt:
    """The answer to the lead, handed over without an answer."""
    claimed = claim()
    attempt = opened(claimed.messages[0], claimed)
    assert recorded(attempt, outcome) == "unknown"
    with session.unit_of_work() as work:
        messages.release(work, claimed.token)
    return attempt


def doubts(*, now=NOW, lease: timedelta = LEASE) -> list[attempts.Doubt]:
    with session.unit_of_work() as work:
        return attempts.take_doubtful(work, limit=10, lease=lease, now=now)


def answer_to_the_lead() -> Any:
    (message,) = rows("select * from crm_messages where recipient = 'lead'")
    return message


def delivery_waits() -> bool:
    with session.unit_of_work() as work:
        return backlog.delivery_waits(work)


def test_a_doubt_is_looked_into_when_its_settle_time_is_over_and_not_before(lead):
    attempt = in_doubt()
    assert answer_to_the_lead()["check_at"] == NOW + SETTLE
    assert doubts(now=NOW + SETTLE - timedelta(seconds=1)) == []
    (doubt,) = doubts(now=NOW + SETTLE)
    assert (doubt.message_id, doubt.number, doubt.code) == (attempt.message_id, 1, "cut")
    assert (doubt.address, doubt.text) == ("maria@example.com", attempt.rendered.text)
    assert (doubt.started_at, doubt.looks, doubt.vanished) == (NOW, 0, False)


def test_a_doubt_that_is_looked_into_is_not_looked_into_by_others(lead):
    in_doubt()
    assert len(doubts(now=NOW + SETTLE)) == 1
    assert doubts(now=NOW + SETTLE) == []


def test_a_doubt_is_settled_by_what_its_carrier_knows(lead):
    in_doubt()
    (doubt,) = doubts(now=NOW + SETTLE)
    assert recorded(doubt, Sent("sendgrid", "mLZq"), now=NOW + SETTLE) == "sent"
    message = answer_to_the_lead()
    assert (message["status"], message["provider"], message["provider_id"]) == ("sent", "sendgrid", "mLZq")
    assert (message["check_at"], message["checks"], message["reason"]) == (None, 0, None)
    (attempt,) = rows("select outcome, code from crm_message_attempts")
    assert (attempt["outcome"], attempt["code"]) == ("sent", None)
    assert len(rows("select 1 from crm_activities where kind = 'email'")) == 1


def test_a_look_that_found_nothing_is_counted_and_the_reason_stays(lead):
    in_doubt()
    (doubt,) = doubts(now=NOW + SETTLE)
    again = Ambiguous("cut", look_after=2 * SETTLE, looks=1)
    assert recorded(doubt, again, now=NOW + SETTLE) == "unknown"
    message = answer_to_the_lead()
    assert (message["check_at"], message["checks"], message["reason"]) == (NOW + 3 * SETTLE, 1, "cut")
    (doubt,) = doubts(now=NOW + 3 * SETTLE)
    assert (doubt.looks, doubt.code) == (1, "cut")


def test_what_was_surely_not_sent_is_scheduled_again_under_the_same_id(lead):
    attempt = in_doubt()
    later = NOW + 7 * SETTLE
    (doubt,) = doubts(now=later)
    assert recorded(doubt, NotSent("not-found"), now=later) == "scheduled"
    message = answer_to_the_lead()
    assert (message["id"], message["check_at"], message["checks"]) == (attempt.message_id, None, 0)
    claimed = claim(now=message["due_at"])
    again = next(ref for ref in claimed.messages if ref.message_id == attempt.message_id)
    assert opened(again, claimed, now=message["due_at"]).number == 2


def test_a_doubt_that_nobody_can_settle_waits_for_a_person(lead):
    in_doubt(Ambiguous("cut"))
    assert doubts(now=NOW + timedelta(days=30)) == []
    assert (answer_to_the_lead()["status"], answer_to_the_lead()["check_at"]) == ("unknown", None)


def test_whoever_looked_for_too_long_and_was_replaced_changes_nothing(lead):
    in_doubt()
    (slow,) = doubts(now=NOW + SETTLE, lease=OVER)
    (quick,) = doubts(now=NOW + SETTLE)
    assert recorded(slow, NotSent("not-found")) is None
    assert recorded(quick, Sent("sendgrid", "mLZq")) == "sent"
    assert recorded(slow, NotSent("not-found")) is None


def test_the_worker_of_a_doubtful_attempt_that_comes_back_late_changes_nothing(lead):
    late = claim()
    attempt = opened(late.messages[0], late)
    with session.unit_of_work() as work:
        work.connection().exec_driver_sql("update crm_messages set lease_until = now() - interval '1 second'")
    (doubt,) = doubts()
    assert doubt.vanished
    assert recorded(doubt, Ambiguous("interrupted", look_after=SETTLE)) == "unknown"
    assert recorded(attempt, Sent("sendgrid", "late")) is None
    assert recorded(attempt, NotSent("refused")) is None
    assert answer_to_the_lead()["status"] == "unknown"


def test_a_message_that_kills_its_worker_is_poison_even_when_each_death_is_looked_into(lead):
    ref, now = None, NOW
    for death in range(messages.MOST_CLAIMS):
        claimed = claim(now=now)
        ref = ref or claimed.messages[0]
        opened(ref, claimed, now=now)
        with session.unit_of_work() as work:
            work.connection().exec_driver_sql(
                "update crm_messages set lease_until = now() - interval '1 second'"
            )
        (doubt,) = doubts(now=now)
        assert recorded(doubt, Ambiguous("interrupted", look_after=SETTLE), now=now) == "unknown"
        (doubt,) = doubts(now=now + SETTLE)
        status = recorded(doubt, NotSent("not-found"), now=now + SETTLE)
        assert status == ("failed" if death == messages.MOST_CLAIMS - 1 else "scheduled")
        now = max(answer_to_the_lead()["due_at"], now + SETTLE)
    assert answer_to_the_lead()["reason"].startswith("poison")


def test_delivery_has_something_to_do_when_a_doubt_is_to_be_looked_into(lead):
    in_doubt()
    with session.unit_of_work() as work:
        work.connection().exec_driver_sql(
            "update crm_messages set status = 'cancelled' where recipient = 'user'"
        )
    assert not delivery_waits()
    with session.unit_of_work() as work:
        work.connection().exec_driver_sql("update crm_messages set check_at = now()")
    assert delivery_waits()


def test_what_was_claimed_and_not_begun_is_kept_for_longer_while_nobody_else_could_have_it(lead):
    claimed = claim()
    for lease, still_ours in ((timedelta(hours=1), True), (timedelta(seconds=-1), True), (LEASE, False)):
        with session.unit_of_work() as work:
            messages.renew(work, claimed.token, lease=lease)
        held = rows("select lease_until > now() as held from crm_messages where status = 'claimed'")
        assert {row["held"] for row in held} == {still_ours and lease > timedelta(0)}


def test_a_known_outcome_outlasts_a_database_that_is_away_for_a_moment(lead, monkeypatch):
    claimed = claim()
    attempt, away = opened(claimed.messages[0], claimed), [True, True]
    written = delivery._record_once

    def record_once(*arguments):
        if away and away.pop():
            raise OperationalError("commit", {}, ConnectionError())
        return written(*arguments)

    monkeypatch.setattr(delivery, "_record_once", record_once)
    monkeypatch.setattr(delivery, "RECORD_PAUSES", (0, 0))
    assert delivery._record(attempt, Sent("local", "a file")) == "sent"
