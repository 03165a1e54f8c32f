"""From a provider's outcome to the ledger's, and what is made of a provider's answer about a message in doubt."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from crm_db import clock
from crm_db.actions.attempts import Doubt, OpenAttempt, Subject
from crm_db.queries.people import Person
from crm_db.rules.outcomes import Ambiguous, NotSent, Outcome, Refused, Sent
from crm_db.rules.rendering import Rendered
from integrations import errors
from integrations.ports import Call, Receipt, Sms, Trace
from integrations.testing import RecordingPhoneLine, RecordingSender
from tasks import senders
from tests.integrations.mail_servers import closed_port

MESSAGE = UUID("01890000-0000-7000-8000-000000000003")
TOKEN = UUID("01890000-0000-4000-8000-000000000009")
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
SETTLE = timedelta(seconds=900)
PHONE = "+442079460018"


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[pytest.MonkeyPatch]:
    """Settings of this test's own; the local providers are in force."""
    monkeypatch.setenv("CRM_HOME", str(tmp_path))
    senders.forget()
    yield monkeypatch
    monkeypatch.undo()
    senders.forget()


@pytest.fixture
def line(settings: pytest.MonkeyPatch) -> RecordingPhoneLine:
    """A phone line in memory."""
    line = RecordingPhoneLine()
    settings.setattr(senders, "_phone_line", lambda: line)
    return line


@pytest.fixture
def mail(settings: pytest.MonkeyPatch) -> RecordingSender:
    """A carrier of e-mail in memory."""
    mail = RecordingSender()
    settings.setattr(senders, "_email_sender", lambda: mail)
    return mail


def make_attempt(channel: str, **changes: Any) -> OpenAttempt:
    """An open attempt; say only what the test cares about."""
    values: dict[str, Any] = {
        "org_id": TOKEN,
        "message_id": MESSAGE,
        "number": 1,
        "lease_token": TOKEN,
        "good_for": timedelta(hours=1),
        "channel": channel,
        "rendered": Rendered("Call Maria", "Score: 80\n\nHello", "<p>Hello</p>"),
        "spoken": "Hello",
        "address": PHONE if channel in ("sms", "call") else "maria@example.com",
        "to": Person("Maria Berg", "maria@example.com", PHONE),
        "reply_to": Person("Ada", "ada@acme.example"),
        "entry": None,
        "subject_of": Subject(None, NOW, {}),
        "first_tried": None,
    }
    return OpenAttempt(**(values | changes))


def make_doubt(**changes: Any) -> Doubt:
    """A doubt about an e-mail of the carrier in memory; say only what the test cares about."""
    values: dict[str, Any] = {
        "org_id": TOKEN,
        "message_id": MESSAGE,
        "number": 1,
        "lease_token": TOKEN,
        "channel": "email",
        "provider": "recording",
        "claims": 0,
        "vanished": False,
        "code": "cut",
        "address": "maria@example.com",
        "text": "Hello",
        "started_at": NOW,
    }
    return Doubt(**(values | changes))


def test_a_text_goes_to_the_number_with_the_text_alone(line: RecordingPhoneLine) -> None:
    assert senders.send(make_attempt("sms"), clock.seconds()) == Sent("recording", f"recorded-{MESSAGE}")
    assert line.accepted == [Sms(str(MESSAGE), PHONE, "Score: 80\n\nHello")]


def test_a_call_brings_the_sheet_for_the_rep_and_the_words_for_the_lead(line: RecordingPhoneLine) -> None:
    senders.send(make_attempt("call"), clock.seconds())
    (call,) = line.accepted
    assert isinstance(call, Call)
    assert (call.to, call.name, call.rep.email) == (PHONE, "Maria Berg", "ada@acme.example")
    assert (call.summary, call.text, call.spoken) == ("Call Maria", "Score: 80\n\nHello", "Hello")


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (errors.RateLimited("p", "http-429", "", retry_after=7), NotSent("http-429", timedelta(seconds=7))),
        (errors.Unavailable("p", "http-connecterror", ""), NotSent("http-connecterror")),
        (errors.Rejected("p", "http-400", ""), Refused("http-400")),
        (errors.Ambiguous("p", "http-500", ""), Ambiguous("http-500", look_after=SETTLE)),
    ],
)
@pytest.mark.parametrize("channel", ["sms", "call"])
def test_every_leaf_of_the_error_tree_is_an_outcome(
    line: RecordingPhoneLine, channel: str, error: errors.SendError, outcome: Outcome
) -> None:
    line.fail_next(error)
    assert senders.send(make_attempt(channel), clock.seconds()) == outcome


def test_a_worker_that_slept_too_long_hands_over_nothing(line: RecordingPhoneLine) -> None:
    assert senders.send(make_attempt("sms"), clock.seconds() - 3_601) == NotSent("late")
    assert line.asked == 0


def test_what_its_carrier_knows_was_sent(mail: RecordingSender, settings: pytest.MonkeyPatch) -> None:
    settings.setattr(mail, "lookup", lambda trace: Receipt("recording", "42"))
    assert senders.evidence(make_doubt()) == Sent("recording", "42")
    assert senders.evidence(make_doubt(vanished=True)) == Sent("recording", "42")


def test_the_carrier_is_told_what_it_needs_to_look(
    line: RecordingPhoneLine, settings: pytest.MonkeyPatch
) -> None:
    asked: list[Trace] = []
    settings.setattr(line, "lookup", asked.append)
    senders.evidence(make_doubt(channel="sms", address=PHONE))
    assert asked == [Trace(str(MESSAGE), "sms", PHONE, "Hello", NOW)]


@pytest.mark.parametrize(
    ("looks", "outcome"),
    [
        (0, Ambiguous("cut", look_after=2 * SETTLE, looks=1)),
        (1, Ambiguous("cut", look_after=4 * SETTLE, looks=2)),
        (2, NotSent("not-found")),
    ],
)
def test_only_the_third_look_that_finds_nothing_proves_it(
    mail: RecordingSender, looks: int, outcome: Outcome
) -> None:
    assert senders.evidence(make_doubt(looks=looks)) == outcome


def test_right_after_a_crash_nothing_found_proves_nothing(mail: RecordingSender) -> None:
    assert senders.evidence(make_doubt(vanished=True)) == Ambiguous("cut", look_after=SETTLE)


def test_a_file_that_is_not_there_proves_it_at_once() -> None:
    assert senders.evidence(make_doubt(provider="local")) == NotSent("not-found")
    assert senders.evidence(make_doubt(provider="local", vanished=True)) == NotSent("not-found")


@pytest.mark.parametrize("looks", [0, 2])
def test_a_look_that_is_not_answered_does_not_count(
    mail: RecordingSender, settings: pytest.MonkeyPatch, looks: int
) -> None:
    def busy(_: Trace) -> Receipt | None:
        raise errors.RateLimited("recording", "http-429", "", retry_after=3600)

    settings.setattr(mail, "lookup", busy)
    outcome = senders.evidence(make_doubt(looks=looks))
    assert outcome == Ambiguous("cut", look_after=timedelta(hours=1), looks=looks)


def test_a_look_that_will_never_be_answered_leaves_it_to_a_person(
    mail: RecordingSender, settings: pytest.MonkeyPatch
) -> None:
    def forbidden(_: Trace) -> Receipt | None:
        raise errors.Rejected("recording", "http-403", "")

    settings.setattr(mail, "lookup", forbidden)
    assert senders.evidence(make_doubt(looks=1)) == Ambiguous("cut", looks=1)


def test_a_carrier_without_a_log_leaves_it_to_a_person(settings: pytest.MonkeyPatch) -> None:
    settings.setenv("CRM_SMTP_URL", f"smtp://127.0.0.1:{closed_port()}")
    senders.forget()
    assert senders.evidence(make_doubt(provider="smtp")) == Ambiguous("cut")
    assert senders.evidence(make_doubt(provider="smtp", vanished=True)) == Ambiguous("cut")


def test_a_carrier_that_is_not_in_force_any_more_is_still_asked(settings: pytest.MonkeyPatch) -> None:
    settings.setenv("CRM_SENDGRID_API_KEY", "SG.key")
    settings.setenv("CRM_SENDGRID_BASE_URL", f"http://127.0.0.1:{closed_port()}")
    senders.forget()
    doubt = make_doubt(provider="sendgrid")
    assert senders.evidence(doubt) == Ambiguous("cut", look_after=SETTLE)
    assert senders.evidence(make_doubt(provider="sendgrid", channel="invite")).look_after == SETTLE  # type: ignore[union-attr]


@pytest.mark.parametrize("channel", ["email", "invite", "sms", "call"])
def test_a_carrier_that_nobody_knows_any_more_leaves_it_to_a_person(channel: str) -> None:
    assert senders.evidence(make_doubt(channel=channel, provider="pigeon")) == Ambiguous("cut")


def test_a_lease_outlasts_the_slowest_conversation(settings: pytest.MonkeyPatch) -> None:
    settings.setenv("CRM_PROVIDER_EMAIL", "sendgrid")
    settings.setenv("CRM_SENDGRID_API_KEY", "SG.key")
    settings.setenv("CRM_HTTP_TIMEOUT", "40")
    settings.setenv("CRM_HTTP_CONNECT_TIMEOUT", "10")
    senders.forget()
    carrier = senders.carrier_of("email")
    assert (carrier.name, carrier.slowest) == ("sendgrid", timedelta(seconds=10 + 3 * 40))
    assert carrier.lease == carrier.slowest + senders.LOCAL_LEASE
    assert senders.carrier_of("sms").name == "local"
    assert senders.carrier_of("task").name == senders.INSIDE
