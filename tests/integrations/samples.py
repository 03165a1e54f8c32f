"""Messages for tests, and text that strangers would like to see in our headers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from integrations.ports import Address, Call, Email, Invite, Sms, Trace

SENDER = Address("Essentials CRM", "crm@example.com")
RECIPIENT = Address("Jürgen Müller", "juergen@example.org")
SINCE = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)

LINE_BREAKERS = (
    "=?utf-8?q?hi=0ABcc:_evil@x.test?=",  # CVE-2024-6923
    "=?utf-8?b?aGkKQmNjOiBldmlsQHgudGVzdA==?=",
    "fine =?utf-8?q?a=0D=0A?= fine",
    "=?utf-8?q?=3D=3Futf-8=3Fq=3Fhi=3D0ABcc=3A=5Fevil=40x=2Etest=3F=3D?=",  # encoded twice
    "hi\nBcc: evil@x.test",
    "hi\r\nBcc: evil@x.test",
    "hi\rBcc: evil@x.test",
    "hi\x00",
    "hi\x0bBcc: evil@x.test",
    "hi\x85Bcc: evil@x.test",
    "hi\u2028Bcc: evil@x.test",
    "hi\ud800",
)


def make_email(**changes: Any) -> Email:
    """An ordinary e-mail; say only what the test cares about."""
    values: dict[str, Any] = {
        "message_id": "01890000-0000-7000-8000-000000000001",
        "sender": SENDER,
        "to": RECIPIENT,
        "subject": "Grüße aus dem CRM",
        "text": "Hello Jürgen,\n.a line that starts with a dot\n",
        "html": "<p>Hello Jürgen</p>",
    }
    return Email(**(values | changes))


def make_invite(**changes: Any) -> Invite:
    """An ordinary invitation; say only what the test cares about."""
    values: dict[str, Any] = {
        "message_id": "01890000-0000-7000-8000-000000000002",
        "uid": "meeting-1@example.com",
        "sequence": 0,
        "method": "REQUEST",
        "starts": datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
        "ends": datetime(2026, 3, 2, 9, 30, tzinfo=UTC),
        "zone": "Europe/Berlin",
        "summary": "Call with Jürgen; first, short",
        "description": "Agenda:\n1. Hello\\Goodbye",
        "organizer": SENDER,
        "attendees": (RECIPIENT, SENDER),
    }
    return Invite(**(values | changes))


def make_sms(**changes: Any) -> Sms:
    """An ordinary text message; say only what the test cares about."""
    values: dict[str, Any] = {
        "message_id": "01890000-0000-7000-8000-000000000003",
        "to": "+4930901820",
        "text": "Hello Jürgen,\nwe called you.",
    }
    return Sms(**(values | changes))


def make_call(**changes: Any) -> Call:
    """An ordinary call; say only what the test cares about."""
    values: dict[str, Any] = {
        "message_id": "01890000-0000-7000-8000-000000000004",
        "to": "+4930901820",
        "name": "Jürgen Müller",
        "rep": Address("Ada", "ada@example.com"),
        "summary": "Call Jürgen Müller",
        "text": "Score: 80\n\nAsk about the offer.",
        "spoken": "Good morning. We have an offer for you & your <team>.",
    }
    return Call(**(values | changes))


def trace_of(message: Email | Invite | Sms | Call, **changes: Any) -> Trace:
    """What the ledger knows of an attempt at this message."""
    values: dict[str, Any] = {"message_id": message.message_id, "since": SINCE}
    match message:
        case Email():
            values |= {"channel": "email", "to": message.to.email, "text": message.text}
        case Invite():
            values |= {"channel": "invite", "to": message.attendees[0].email, "text": message.description}
        case Sms():
            values |= {"channel": "sms", "to": message.to, "text": message.text}
        case Call():
            values |= {"channel": "call", "to": message.to, "text": message.text}
    return Trace(**(values | changes))
