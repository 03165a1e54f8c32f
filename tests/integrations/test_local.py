"""The local providers: files that are written once, whole, and stay."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

import pytest

from integrations.errors import Rejected, Unavailable
from integrations.outbox import Outbox
from integrations.providers.local_calendar import LocalCalendar
from integrations.providers.local_email import LocalEmail
from integrations.settings import IntegrationSettings
from tests.integrations.samples import make_email, make_invite

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
    assert LocalEmail(settings).lookup("m-1") is None


def test_a_look_up_cannot_leave_the_outbox(settings: IntegrationSettings) -> None:
    with pytest.raises(Rejected):
        LocalEmail(settings).lookup("../credentials")


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


def test_a_cancelled_meeting_is_named_so_in_the_subject(settings: IntegrationSettings) -> None:
    LocalCalendar(settings).send(make_invite(message_id="i-1", method="CANCEL", summary="Call"))
    assert read(settings.outbox / "i-1.eml")["Subject"] == "Cancelled: Call"


def test_an_invitation_killed_between_its_files_is_finished_by_the_next_attempt(
    settings: IntegrationSettings,
) -> None:
    LocalCalendar(settings, clock=lambda: MONDAY).send(make_invite(message_id="i-1"))
    (settings.outbox / "i-1.eml").unlink()
    later = LocalCalendar(settings, clock=lambda: MONDAY + timedelta(hours=1))
    assert later.lookup("i-1") is None
    later.send(make_invite(message_id="i-1"))
    assert later.lookup("i-1") is not None
    assert "DTSTAMP:20260302T083000Z" in (settings.outbox / "i-1.ics").read_text(encoding="utf-8")
    assert "DTSTAMP:20260302T083000Z" in calendar_part(read(settings.outbox / "i-1.eml")).get_content()


@pytest.mark.parametrize("zone", ["", "Berlin", "../etc/passwd", "Europe/Berlin\n"])
def test_a_zone_nobody_knows_leaves_no_file(settings: IntegrationSettings, zone: str) -> None:
    with pytest.raises(Rejected):
        LocalCalendar(settings).send(make_invite(zone=zone))
    assert files_in(settings) == []
