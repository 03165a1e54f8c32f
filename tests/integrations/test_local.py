"""The local providers: files that are written once, whole, and stay."""

from __future__ import annotations

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import pytest

from integrations.errors import Rejected, Unavailable
from integrations.outbox import Outbox
from integrations.ports import Address
from integrations.providers.local_calendar import LocalCalendar
from integrations.providers.local_email import LocalEmail
from integrations.providers.local_phone import LocalPhone
from integrations.settings import IntegrationSettings
from tests.integrations.samples import SENDER, make_call, make_email, make_invite, make_sms, trace_of

MONDAY = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> IntegrationSettings:
    return IntegrationSettings(home=tmp_path / "home")


def files_in(settings: IntegrationSettings) -> list[str]:
    """Every name in the outbox, hidden ones too."""
    return sorted(path.name for path in settings.outbox.iterdir()) if settings.outbox.exists() else []


def read(path: Path) -> EmailMessage:
    return BytesParser(EmailMessage, policy=policy.default).parsebytes(path.read_bytes())


def calendar_part(mail: EmailMessage) -> EmailMessage:
    """The invitation inside an e-mail."""
    part = next(part for part in mail.walk() if part.get_content_type() == "text/calendar")
    assert isinstance(part, EmailMessage)
    return part


def test_a_message_is_one_file_named_after_it(settings: IntegrationSettings) -> None:
    receipt = LocalEmail(settings).send(make_email(message_id="m-1"))
    assert files_in(settings) == [receipt.provider_id] == ["m-1.eml"]
    assert read(settings.outbox / "m-1.eml")["Subject"] == "Grüße aus dem CRM"


def test_a_sent_message_is_never_written_over(settings: IntegrationSettings) -> None:
    sender = LocalEmail(settings)
    first = sender.send(make_email(message_id="m-1"))
    written = (settings.outbox / "m-1.eml").read_bytes()
    assert sender.send(make_email(message_id="m-1", subject="Another")) == first
    assert (settings.outbox / "m-1.eml").read_bytes() == written


def test_many_writers_of_one_message_leave_one_whole_file(settings: IntegrationSettings) -> None:
    outbox = Outbox(settings.outbox, "local")
    contents = [bytes([65 + writer]) * 200_000 for writer in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda content: outbox.keep("m-1.eml", content), contents))
    assert files_in(settings) == ["m-1.eml"]
    assert outbox.read("m-1.eml") in contents


def test_the_outbox_is_private(settings: IntegrationSettings) -> None:
    LocalEmail(settings).send(make_email(message_id="m-1"))
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (settings.outbox, settings.outbox / "m-1.eml")]
    assert modes == [0o700, 0o600]


def test_an_outbox_that_cannot_be_made_is_surely_not_sent(settings: IntegrationSettings) -> None:
    settings.home.write_text("a file where the folder should be")
    with pytest.raises(Unavailable) as caught:
        LocalEmail(settings).send(make_email())
    assert caught.value.code.startswith("os-")


def test_a_name_taken_by_a_folder_is_no_evidence(settings: IntegrationSettings) -> None:
    (settings.outbox / "m-1.eml").mkdir(parents=True)
    assert LocalEmail(settings).lookup(trace_of(make_email(message_id="m-1"))) is None


def test_a_look_up_cannot_leave_the_outbox(settings: IntegrationSettings) -> None:
    with pytest.raises(Rejected):
        LocalEmail(settings).lookup(trace_of(make_email(message_id="../credentials")))


def test_an_invitation_is_a_calendar_file_and_the_mail_that_carries_it(settings: IntegrationSettings) -> None:
    receipt = LocalCalendar(settings).send(make_invite(message_id="i-1"))
    assert files_in(settings) == ["i-1.eml", "i-1.ics"]
    assert receipt.provider_id == "i-1.ics"
    mail = read(settings.outbox / "i-1.eml")
    part = calendar_part(mail)
    calendar = (settings.outbox / "i-1.ics").read_text(encoding="utf-8")
    assert part.get_content().splitlines() == calendar.splitlines()
    assert (part.get_param("method"), mail["To"].addresses[0].addr_spec) == ("REQUEST", "juergen@example.org")


def test_the_mail_tells_the_time_where_the_attendee_is(settings: IntegrationSettings) -> None:
    LocalCalendar(settings).send(make_invite(message_id="i-1", zone="America/New_York"))
    body = read(settings.outbox / "i-1.eml").get_body(("plain",))
    assert body is not None
    assert "Monday, 2026-03-02, 04:00 to 04:30 (America/New_York)" in body.get_content()


def test_the_subject_says_what_a_version_does(settings: IntegrationSettings) -> None:
    subjects: dict[str, dict[str, Any]] = {
        "Call": {},
        "Updated: Call": {"sequence": 1},
        "Cancelled: Call": {"sequence": 1, "method": "CANCEL"},
        "No longer yours: Call": {"sequence": 1, "method": "CANCEL", "whole": False},
    }
    for number, (words, change) in enumerate(subjects.items()):
        LocalCalendar(settings).send(make_invite(message_id=f"i-{number}", summary="Call", **change))
        assert read(settings.outbox / f"i-{number}.eml")["Subject"] == words


def test_everybody_who_takes_part_gets_the_mail_from_the_organizer(settings: IntegrationSettings) -> None:
    ada = Address("Ada", "ada@example.com")
    LocalCalendar(settings).send(
        make_invite(message_id="i-1", attendees=(Address("", "jo@example.org"), ada), reply_to=ada)
    )
    mail = read(settings.outbox / "i-1.eml")
    told = {name: str(mail[name]) for name in ("From", "To", "Cc", "Reply-To")}
    assert told == {
        "From": f"{SENDER.name} <{SENDER.email}>",
        "To": "jo@example.org",
        "Cc": "Ada <ada@example.com>",
        "Reply-To": "Ada <ada@example.com>",
    }


def test_an_invitation_killed_between_its_files_is_finished_by_the_next_attempt(
    settings: IntegrationSettings,
) -> None:
    LocalCalendar(settings, clock=lambda: MONDAY).send(make_invite(message_id="i-1"))
    (settings.outbox / "i-1.eml").unlink()
    later = LocalCalendar(settings, clock=lambda: MONDAY + timedelta(hours=1))
    assert later.lookup(trace_of(make_invite(message_id="i-1"))) is None
    later.send(make_invite(message_id="i-1"))
    assert later.lookup(trace_of(make_invite(message_id="i-1"))) is not None
    assert "DTSTAMP:20260302T083000Z" in (settings.outbox / "i-1.ics").read_text(encoding="utf-8")
    assert "DTSTAMP:20260302T083000Z" in calendar_part(read(settings.outbox / "i-1.eml")).get_content()


@pytest.mark.parametrize("zone", ["", "Berlin", "../etc/passwd", "Europe/Berlin\n"])
def test_a_zone_nobody_knows_leaves_no_file(settings: IntegrationSettings, zone: str) -> None:
    with pytest.raises(Rejected):
        LocalCalendar(settings).send(make_invite(zone=zone))
    assert files_in(settings) == []


def test_a_text_message_is_a_log_entry_named_after_it(settings: IntegrationSettings) -> None:
    receipt = LocalPhone(settings, clock=lambda: MONDAY).text(make_sms(message_id="s-1", text="Grüße 🎉"))
    assert files_in(settings) == [receipt.provider_id] == ["s-1.sms.json"]
    assert json.loads((settings.outbox / "s-1.sms.json").read_text(encoding="utf-8")) == {
        "to": "+4930901820",
        "text": "Grüße 🎉",
        "alphabet": "UCS-2",
        "segments": 1,
        "when": "2026-03-02T08:30:00+00:00",
    }


def test_a_call_is_a_sheet_that_a_person_can_read(settings: IntegrationSettings) -> None:
    receipt = LocalPhone(settings, clock=lambda: MONDAY).call(make_call(message_id="c-1"))
    assert files_in(settings) == [receipt.provider_id] == ["c-1.call.txt"]
    assert (settings.outbox / "c-1.call.txt").read_text(encoding="utf-8").splitlines() == [
        "Call:    Jürgen Müller",
        "Number:  +4930901820",
        "About:   Call Jürgen Müller",
        "For:     Ada <ada@example.com>",
        "Written: 2026-03-02 08:30 UTC",
        "",
        "Score: 80",
        "",
        "Ask about the offer.",
    ]


def test_a_text_or_call_is_written_once_and_known_from_then_on(settings: IntegrationSettings) -> None:
    phone, sms, call = LocalPhone(settings), make_sms(message_id="s-1"), make_call(message_id="c-1")
    assert phone.lookup(trace_of(sms)) is phone.lookup(trace_of(call)) is None
    receipts = [phone.text(sms), phone.call(call)]
    written = {path.name: path.read_bytes() for path in settings.outbox.iterdir()}
    again = [
        phone.text(make_sms(message_id="s-1", text="Other")),
        phone.call(make_call(message_id="c-1", text="Other")),
    ]
    assert again == receipts == [phone.lookup(trace_of(sms)), phone.lookup(trace_of(call))]
    assert {path.name: path.read_bytes() for path in settings.outbox.iterdir()} == written


@pytest.mark.parametrize(
    "number", ["", "030 901820", "+0123456789", "+49abc", "+4930901820\n", "tel:+4930901820"]
)
def test_a_number_that_is_none_gets_nothing(settings: IntegrationSettings, number: str) -> None:
    phone = LocalPhone(settings)
    for attempt in (lambda: phone.text(make_sms(to=number)), lambda: phone.call(make_call(to=number))):
        with pytest.raises(Rejected):
            attempt()
    assert files_in(settings) == []


@pytest.mark.parametrize(
    "change",
    [{"name": "Jo\nNumber: +1"}, {"summary": "a\r\nb"}, {"text": "a\x1bb"}, {"rep": Address("Ada", "ada")}],
)
def test_a_sheet_cannot_be_forged(settings: IntegrationSettings, change: dict[str, Any]) -> None:
    with pytest.raises(Rejected):
        LocalPhone(settings).call(make_call(**change))
    assert files_in(settings) == []


@pytest.mark.parametrize("text", ["", " \n", "a\x00b"])
def test_a_text_that_says_nothing_or_the_unspeakable_is_refused(
    settings: IntegrationSettings, text: str
) -> None:
    with pytest.raises(Rejected):
        LocalPhone(settings).text(make_sms(text=text))
    assert files_in(settings) == []
