"""Invitations where e-mail leaves by a server: they leave with it, and are what it says they are."""

from __future__ import annotations

from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import icalendar
import pytest
from pydantic import SecretStr

from integrations import registry
from integrations.errors import Ambiguous, Rejected
from integrations.ports import Address
from integrations.providers.email_calendar import over
from integrations.settings import IntegrationSettings
from integrations.testing import RecordingSender
from tests.integrations.mail_servers import MailServer
from tests.integrations.samples import make_invite, trace_of

LEAD, OWNER = Address("Jo", "jo@example.org"), Address("Ada", "ada@example.com")


def settings_for(port: int, home: Path, **changes: Any) -> IntegrationSettings:
    return IntegrationSettings(home=home, smtp_url=SecretStr(f"smtp://127.0.0.1:{port}"), **changes)


def test_where_a_mail_server_is_set_an_invitation_goes_there_to_lead_and_owner(tmp_path: Path) -> None:
    server = MailServer()
    with server.running() as port:
        sender = registry.invite_sender(settings_for(port, tmp_path))
        receipt = sender.send(make_invite(message_id="i-1", attendees=(LEAD, OWNER), sequence=2))
    assert (sender.name, receipt.provider) == ("smtp", "smtp")
    assert not (tmp_path / "outbox").exists()
    (envelope,) = server.envelopes
    assert envelope.rcpt_tos == ["jo@example.org", "ada@example.com"]
    mail = BytesParser(EmailMessage, policy=policy.default).parsebytes(server.contents[0])
    part = next(part for part in mail.walk() if part.get_content_type() == "text/calendar")
    event = icalendar.Calendar.from_ical(part.get_content())
    assert part.get_param("method") == str(event["METHOD"]) == "REQUEST"
    meeting: Any
    (meeting,) = event.walk("VEVENT")
    assert int(meeting["SEQUENCE"]) == 2
    assert [str(one) for one in meeting["ATTENDEE"]] == ["mailto:jo@example.org", "mailto:ada@example.com"]


def test_when_one_of_them_is_refused_nobody_gets_it(tmp_path: Path) -> None:
    server = MailServer(to_recipient="550 nobody")
    with server.running() as port, pytest.raises(Rejected):
        registry.invite_sender(settings_for(port, tmp_path)).send(make_invite(attendees=(LEAD, OWNER)))
    assert server.contents == []


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({}, "local"),
        ({"provider_email": "smtp", "smtp_url": SecretStr("smtp://127.0.0.1:1")}, "smtp"),
        ({"provider_calendar": "local", "smtp_url": SecretStr("smtp://127.0.0.1:1")}, "local"),
        ({"provider_calendar": "email"}, "local"),
    ],
    ids=["nothing set", "a server", "a server, and files asked for", "e-mail asked for"],
)
def test_invitations_take_the_way_of_email_unless_told_otherwise(
    tmp_path: Path, changes: dict[str, Any], name: str
) -> None:
    assert registry.invite_sender(IntegrationSettings(home=tmp_path, **changes)).name == name


def test_what_becomes_of_the_email_becomes_of_the_invitation() -> None:
    carrier = RecordingSender()
    calendar, invite = over(carrier), make_invite(message_id="i-1")
    assert (calendar.name, calendar.has_lookup) == (carrier.name, carrier.has_lookup)
    assert calendar.lookup(trace_of(invite)) is None
    carrier.fail_next(Ambiguous("recording", "cut", "told to"), after_accepting=True)
    with pytest.raises(Ambiguous):
        calendar.send(invite)
    assert calendar.lookup(trace_of(invite)) is not None
    assert carrier.times_accepted("i-1") == 1
