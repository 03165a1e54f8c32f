"""Messages in somebody's own words, and second thoughts: cancelled and moved in the ledger or in calendars."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest

from crm_db import session
from crm_db.actions import outgoing
from crm_db.errors import BadValue, NotAllowed, RecordNotFound
from crm_db.rules.outcomes import Ambiguous, NotSent, Refused
from tests.conftest import Database, Org
from tests.crm_db.ledgers import (
    change,
    close,
    deliver,
    entry_of,
    give_to,
    make_lead,
    mend,
    open_due,
    rows,
    said,
)
from tests.crm_db.test_capture import NOW

TOMORROW = NOW + timedelta(days=1)
NAIVE = TOMORROW.replace(tzinfo=None)
LEAD, OWNER = "maria@example.com", "ada@acme.example"


@pytest.fixture
def lead(as_flow: Database, org: Org, reps: list[UUID]) -> UUID:
    lead_id = make_lead(org)
    give_to(lead_id, reps[0])
    return lead_id


def write(org: Org, lead_id: UUID, channel: str = "email", *, now: datetime = NOW, **told: Any) -> UUID:
    values: dict[str, Any] = {"subject": "Your question", "text": "Hello {{ first_name }}", "key": "k"} | told
    with session.unit_of_work(org.identity) as work:
        return outgoing.write(work, org.identity, lead_id=lead_id, channel=channel, now=now, **values)


def cancel(org: Org, message_id: UUID, *, now: datetime = NOW) -> UUID:
    with session.unit_of_work(org.identity) as work:
        return outgoing.cancel(work, org.identity, message_id, now=now)


def move(
    org: Org, message_id: UUID, to: datetime, minutes: int | None = None, *, now: datetime = NOW
) -> UUID:
    with session.unit_of_work(org.identity) as work:
        return outgoing.move(work, org.identity, message_id, starts_at=to, minutes=minutes, now=now)


def status(message_id: UUID) -> tuple[str, str | None]:
    (row,) = rows("select status, reason from crm_messages where id = :id", id=message_id)
    return row["status"], row["reason"]


# Writing


def test_a_message_says_what_its_author_wrote_to_the_letter(lead, org):
    message = write(org, lead)
    (attempt,) = deliver()
    assert (attempt.message_id, attempt.to.email) == (message, LEAD)
    assert attempt.rendered.subject == "Your question"
    assert attempt.rendered.text == "Hello {{ first_name }}"
    assert status(message) == ("sent", None)


def test_the_same_key_is_one_message(lead, org):
    assert (
        write(org, lead, key="a")
        == write(org, lead, key="a", text="something else")
        != write(org, lead, key="b")
    )
    assert len(deliver()) == 2


@pytest.mark.parametrize(
    ("channel", "kind"), [("email", "email"), ("sms", "sms"), ("call", "call"), ("invite", "meeting")]
)
def test_what_went_to_the_lead_is_on_the_timeline_as_what_it_was(lead, org, channel, kind):
    write(org, lead, channel)
    deliver()
    assert [row["kind"] for row in rows("select kind from crm_activities where message_id is not null")] == [
        kind
    ]


def test_a_task_is_for_the_owner_and_due_when_it_was_wanted(lead, org):
    message = write(org, lead, "task", due_at=TOMORROW)
    assert deliver() == []
    (attempt,) = deliver(TOMORROW)
    assert attempt.to.email == OWNER
    (entry,) = rows("select kind, due_at, done_at from crm_activities where message_id = :id", id=message)
    assert (entry["kind"], entry["due_at"], entry["done_at"]) == ("task", TOMORROW, None)


@pytest.mark.parametrize(
    ("channel", "wanted", "due"),
    [
        ("email", datetime(2026, 11, 23, 23, 0, tzinfo=UTC), datetime(2026, 11, 23, 23, 0, tzinfo=UTC)),
        ("sms", datetime(2026, 11, 23, 23, 0, tzinfo=UTC), datetime(2026, 11, 24, 8, 0, tzinfo=UTC)),
        ("call", datetime(2026, 11, 23, 23, 0, tzinfo=UTC), datetime(2026, 11, 24, 9, 0, tzinfo=UTC)),
        ("task", datetime(2026, 11, 23, 23, 0, tzinfo=UTC), datetime(2026, 11, 24, 9, 0, tzinfo=UTC)),
        ("sms", datetime(2026, 11, 23, 12, 0, tzinfo=UTC), datetime(2026, 11, 23, 12, 0, tzinfo=UTC)),
    ],
)
def test_nobody_is_disturbed_at_night(lead, org, channel, wanted, due):
    message = write(org, lead, channel, due_at=wanted)
    (row,) = rows("select due_at, due_reasons from crm_messages where id = :id", id=message)
    assert row["due_at"] == due
    assert bool(row["due_reasons"]) is (due != wanted)


def test_a_text_that_is_hardly_late_still_keeps_to_quiet_hours(lead, org):
    evening = datetime(2026, 11, 23, 20, 59, tzinfo=UTC)
    message = write(org, lead, "sms", due_at=evening)
    assert deliver(evening + timedelta(minutes=2)) == []
    (row,) = rows("select status, due_at from crm_messages where id = :id", id=message)
    assert (row["status"], row["due_at"]) == ("scheduled", datetime(2026, 11, 24, 8, 0, tzinfo=UTC))


@pytest.mark.parametrize(
    ("channel", "gone", "reason"),
    [
        ("email", "email", "no address"),
        ("invite", "email", "no address"),
        ("sms", "phone", "no telephone number"),
        ("call", "phone", "no telephone number"),
        ("sms", "email", None),
        ("email", "phone", None),
    ],
)
def test_each_channel_needs_its_own_address(lead, org, channel, gone, reason):
    change(f"update crm_leads set {gone} = null")
    message = write(org, lead, channel)
    deliver()
    assert status(message) == (("cancelled", reason) if reason else ("sent", None))


@pytest.mark.parametrize(
    ("channel", "suppressed", "address", "goes"),
    [
        ("sms", "sms", "+442079460018", False),
        ("sms", "sms", LEAD, True),
        ("sms", "all", LEAD, False),
        ("call", "phone", "+442079460018", False),
        ("call", "call", "+442079460018", False),
        ("call", "email", LEAD, True),
        ("invite", "email", LEAD, False),
        ("email", "all", "+442079460018", False),
        ("email", "sms", "+442079460018", True),
    ],
)
def test_who_must_not_be_contacted_is_not(lead, org, channel, suppressed, address, goes):
    change(
        "insert into crm_suppressions (org_id, channel, address, reason) select org_id, :channel, :address, 'asked'"
        " from crm_leads",
        channel=suppressed,
        address=address,
    )
    message = write(org, lead, channel)
    deliver()
    assert status(message) == (("sent", None) if goes else ("cancelled", "do not contact"))


@pytest.mark.parametrize(
    ("channel", "consent", "goes"),
    [("sms", "sms", False), ("call", "phone", False), ("invite", "email", False), ("email", "sms", True)],
)
def test_consent_is_asked_for_each_channel(lead, org, channel, consent, goes):
    change("update crm_leads set consent = jsonb_build_object(cast(:name as text), false)", name=consent)
    message = write(org, lead, channel)
    deliver()
    assert status(message) == (("sent", None) if goes else ("cancelled", "no consent"))


def test_a_call_comes_with_all_that_one_must_know(lead, org):
    change(
        "update crm_leads set company = 'Ovidius', score = 80, score_band = 'hot', timezone = 'America/New_York',"
        """ score_reasons = '[{"words": "a large deal"}]'"""
    )
    write(org, lead, "call", text="Ask about the pilot.", due_at=datetime(2026, 11, 23, 15, 0, tzinfo=UTC))
    (attempt,) = deliver(datetime(2026, 11, 23, 15, 0, tzinfo=UTC))
    assert attempt.reply_to is not None
    assert (attempt.to.phone, attempt.reply_to.email) == ("+442079460018", OWNER)
    for fact in (
        "Maria Berg",
        "+442079460018",
        "Mon 10:00 (America/New_York)",
        "Ovidius",
        "80 (hot)",
        "a large deal",
    ):
        assert fact in attempt.rendered.text
    assert attempt.rendered.text.endswith("What to say\n\nAsk about the pilot.")


@pytest.mark.parametrize(
    ("field", "told"),
    [
        ("channel", {"channel": "webhook"}),
        ("subject", {"subject": " "}),
        ("subject", {"subject": "x" * 201}),
        ("text", {"text": ""}),
        ("text", {"channel": "sms", "text": "x" * 1_601}),
        ("starts_at", {"starts_at": TOMORROW}),
        ("starts_at", {"channel": "invite", "starts_at": NOW}),
        ("starts_at", {"channel": "invite", "starts_at": NAIVE}),
        ("due_at", {"due_at": NAIVE}),
        ("minutes", {"channel": "invite", "minutes": 4}),
        ("minutes", {"channel": "invite", "minutes": 1_441}),
    ],
)
def test_what_cannot_be_taken_names_its_field_and_leaves_nothing(lead, org, field, told):
    with pytest.raises(BadValue) as caught:
        write(org, lead, **{"channel": "email", **told})
    assert caught.value.field == field
    assert rows("select 1 from crm_messages") == []


def test_a_lead_of_another_org_or_a_deleted_one_is_not_found(lead, org, make_org):
    other = make_org("Other")
    with pytest.raises(RecordNotFound):
        write(other, lead)
    change("update crm_leads set deleted_at = now()")
    with pytest.raises(RecordNotFound):
        write(org, lead)


def test_the_service_itself_writes_no_messages(lead):
    with session.unit_of_work() as work, pytest.raises(NotAllowed):
        outgoing.cancel(work, session.SERVICE, uuid4(), now=NOW)


def test_the_api_login_writes_moves_and_cancels(database, lead, org):
    with session.bound_to(database.app_url):
        message = write(org, lead, "invite", starts_at=TOMORROW)
    deliver()
    with session.bound_to(database.app_url):
        move(org, message, TOMORROW + timedelta(hours=1))
        gone = cancel(org, message)
        task = write(org, lead, "task", key="task")
        cancel(org, task)
    assert [one.message_id for one in deliver()] == [gone]


# Meetings


def test_lead_and_owner_take_part_in_a_meeting(lead, org):
    message = write(org, lead, "invite", starts_at=TOMORROW, minutes=45)
    (attempt,) = deliver()
    assert (entry_of(attempt).uid, entry_of(attempt).slot.starts) == (str(message), TOMORROW)
    assert entry_of(attempt).slot.ends - entry_of(attempt).slot.starts == timedelta(minutes=45)
    assert said([attempt]) == [("REQUEST", 0, [LEAD, OWNER])]


def test_a_time_once_proposed_is_proposed_again_by_a_retry(lead, org):
    write(org, lead, "invite")
    (first,) = deliver(outcome=NotSent("connection"))
    later = NOW + timedelta(hours=20)
    (second,) = deliver(later)
    assert first.entry is not None and second.entry is not None
    assert second.entry.slot == first.entry.slot
    (row,) = rows("select rendered from crm_messages")
    assert datetime.fromisoformat(row["rendered"]["slot"]["starts"]) == first.entry.slot.starts


def test_a_meeting_whose_time_has_passed_is_not_proposed(lead, org):
    message = write(org, lead, "invite", starts_at=TOMORROW)
    assert deliver(TOMORROW + timedelta(hours=1)) == []
    assert status(message) == ("cancelled", "its time has passed")


def test_a_meeting_that_was_sent_moves_by_a_later_version_of_the_same_event(lead, org):
    message = write(org, lead, "invite", starts_at=TOMORROW)
    deliver()
    version = move(org, message, TOMORROW + timedelta(hours=2), 60)
    assert version != message
    (attempt,) = deliver()
    assert (attempt.message_id, entry_of(attempt).uid) == (version, str(message))
    assert said([attempt]) == [("REQUEST", 1, [LEAD, OWNER])]
    assert entry_of(attempt).slot.starts == TOMORROW + timedelta(hours=2)
    assert entry_of(attempt).slot.ends == TOMORROW + timedelta(hours=3)
    assert attempt.rendered.subject == "Your question"


def test_moving_to_where_it_is_changes_nothing(lead, org):
    message = write(org, lead, "invite", starts_at=TOMORROW)
    deliver()
    there = TOMORROW + timedelta(hours=2)
    first = move(org, message, there)
    assert move(org, message, there) == move(org, first, there) == first
    assert len(deliver()) == 1
    assert move(org, message, there) == first


def test_a_second_move_overtakes_one_that_has_not_left(lead, org):
    message = write(org, lead, "invite", starts_at=TOMORROW)
    deliver()
    first = move(org, message, TOMORROW + timedelta(hours=1))
    second = move(org, message, TOMORROW + timedelta(hours=2))
    (attempt,) = deliver()
    assert (attempt.message_id, entry_of(attempt).sequence) == (second, 2)
    assert status(first)[0] == "cancelled"


def test_an_unsent_meeting_moves_without_a_version(lead, org):
    message = write(org, lead, "invite", starts_at=TOMORROW)
    assert move(org, message, TOMORROW + timedelta(hours=1)) == message
    (attempt,) = deliver()
    assert said([attempt]) == [("REQUEST", 0, [LEAD, OWNER])]
    assert entry_of(attempt).slot.starts == TOMORROW + timedelta(hours=1)


def test_a_sent_meeting_is_taken_back_from_both(lead, org):
    message = write(org, lead, "invite", starts_at=TOMORROW)
    deliver()
    gone = cancel(org, message)
    (attempt,) = deliver()
    assert (attempt.message_id, entry_of(attempt).uid, entry_of(attempt).whole) == (gone, str(message), True)
    assert said([attempt]) == [("CANCEL", 1, [LEAD, OWNER])]
    assert entry_of(attempt).slot.starts == TOMORROW
    assert cancel(org, message) == cancel(org, gone) == gone
    assert deliver() == []


def test_a_moved_meeting_is_cancelled_under_the_next_number_at_its_last_time(lead, org):
    message = write(org, lead, "invite", starts_at=TOMORROW)
    deliver()
    move(org, message, TOMORROW + timedelta(hours=1))
    deliver()
    cancel(org, message)
    (attempt,) = deliver()
    assert (entry_of(attempt).sequence, entry_of(attempt).slot.starts) == (2, TOMORROW + timedelta(hours=1))


def test_a_cancelled_meeting_cannot_be_moved(lead, org):
    message = write(org, lead, "invite", starts_at=TOMORROW)
    deliver()
    cancel(org, message)
    with pytest.raises(BadValue):
        move(org, message, TOMORROW + timedelta(hours=1))


def test_what_was_not_sent_is_cancelled_in_the_ledger_alone(lead, org):
    for channel in ("email", "sms", "call", "invite", "task"):
        message = write(org, lead, channel, key=channel, due_at=TOMORROW)
        assert cancel(org, message) == cancel(org, message) == message
        assert status(message) == ("cancelled", "cancelled by a person")
    assert deliver(TOMORROW) == []


@pytest.mark.parametrize("outcome", [None, Refused("550"), Ambiguous("cut")])
def test_an_email_that_left_or_may_have_left_cannot_be_taken_back(lead, org, outcome):
    message = write(org, lead)
    deliver(**({"outcome": outcome} if outcome else {}))
    with pytest.raises(BadValue):
        cancel(org, message)


def test_a_meeting_that_may_have_been_sent_is_taken_back(lead, org):
    message = write(org, lead, "invite", starts_at=TOMORROW)
    deliver(outcome=Ambiguous("cut"))
    cancel(org, message)
    assert said(deliver()) == [("CANCEL", 1, [LEAD, OWNER])]


def test_a_cancellation_goes_even_to_a_lead_who_is_lost_and_consents_no_more(lead, org):
    message = write(org, lead, "invite", starts_at=TOMORROW)
    deliver()
    cancel(org, message)
    change("""update crm_leads set status = 'lost', deleted_at = now(), consent = '{"email": false}'""")
    assert said(deliver()) == [("CANCEL", 1, [LEAD, OWNER])]


def test_another_org_cannot_touch_a_message(lead, org, make_org):
    message, other = write(org, lead, "invite", starts_at=TOMORROW), make_org("Other")
    for attempt in (lambda: cancel(other, message), lambda: move(other, message, TOMORROW)):
        with pytest.raises(RecordNotFound):
            attempt()
    with pytest.raises(RecordNotFound):
        cancel(org, uuid4())


def test_an_email_cannot_be_moved(lead, org):
    with pytest.raises(BadValue):
        move(org, write(org, lead), TOMORROW)


@pytest.mark.parametrize("to", [NOW, NAIVE])
def test_a_meeting_moves_only_to_a_time_to_come(lead, org, to):
    with pytest.raises(BadValue):
        move(org, write(org, lead, "invite"), to)


def test_a_cancelled_step_lets_its_sequence_go_on(as_flow, org, reps):
    make_lead(org, automation=True)
    (welcome,) = rows("select id from crm_messages where recipient = 'lead'")
    assert rows("select plan_at from crm_enrolments")[0]["plan_at"] is None
    cancel(org, welcome["id"])
    assert rows("select plan_at from crm_enrolments")[0]["plan_at"] == NOW


# Races


def test_a_meeting_cancelled_while_it_is_being_sent_is_taken_back_after_it(lead, org):
    message = write(org, lead, "invite", starts_at=TOMORROW)
    ((attempt, _),) = open_due(NOW)
    assert attempt is not None
    gone = cancel(org, message)
    assert deliver() == []
    assert status(gone)[0] == "scheduled"
    close(attempt)
    assert [one.message_id for one in deliver(NOW + timedelta(minutes=1))] == [gone]


def test_a_meeting_cancelled_while_its_sending_fails_never_leaves_at_all(lead, org):
    message = write(org, lead, "invite", starts_at=TOMORROW)
    ((attempt, _),) = open_due(NOW)
    assert attempt is not None
    gone = cancel(org, message)
    close(attempt, NotSent("connection"))
    assert deliver(NOW + timedelta(hours=1)) == []
    assert deliver(NOW + timedelta(hours=2)) == []
    assert status(message) == ("cancelled", "cancelled by a person")
    assert status(gone) == ("cancelled", "nothing was sent that it could take back")


def test_a_message_cancelled_after_its_claim_is_not_opened(lead, org):
    from crm_db.actions import attempts, messages
    from tests.crm_db.ledgers import CARRIER, LEASE, URL

    message = write(org, lead)
    with session.unit_of_work() as work:
        claim = messages.claim(work, limit=5, lease=LEASE, now=NOW)
    cancel(org, message)
    with session.unit_of_work() as work:
        ref = claim.messages[0]
        assert attempts.open_attempt(work, ref, claim.token, carrier=CARRIER, lead_url=URL, now=NOW) is None
    assert status(message) == ("cancelled", "cancelled by a person")


def test_two_moves_and_a_cancellation_at_once_leave_versions_in_one_order(as_flow, lead, org):
    session.bind(as_flow.flow_url, pool_size=12)
    message = write(org, lead, "invite", starts_at=TOMORROW)
    deliver()
    start, failures = threading.Barrier(9), []

    def run(work: Any) -> None:
        start.wait(60)
        try:
            work()
        except BadValue:
            pass
        except Exception as error:  # noqa: BLE001 - shown by the assertion below
            failures.append(error)

    jobs: list[Callable[[], object]] = [
        partial(move, org, message, TOMORROW + timedelta(hours=hour)) for hour in (1, 1, 2, 3)
    ]
    jobs += [partial(cancel, org, message)] * 2 + [mend, mend]
    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    start.wait(60)
    for thread in threads:
        thread.join(120)
    assert failures == []
    sent = said(deliver())
    assert [method for method, *_ in sent] == ["CANCEL"]
    numbers = [
        row["n"] for row in rows("select coalesce((config->>'sequence')::int, 0) as n from crm_messages")
    ]
    assert len(set(numbers)) == len(numbers)
    assert max(numbers) == sent[0][1]
    cancel(org, message)
    assert deliver() == []


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59-12:00", "2200-01-01T00:00:00+00:00"])
def test_a_moment_that_can_only_be_a_slip_is_refused(lead, org, moment):
    far = datetime.fromisoformat(moment)
    for channel, values in (
        ("email", {"due_at": far}),
        ("call", {"due_at": far}),
        ("invite", {"starts_at": far}),
    ):
        with pytest.raises(BadValue, match="years away"):
            write(org, lead, channel, **values)
