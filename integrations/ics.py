r"""Writes one version of an event as iCalendar (RFC 5545, by the rules of RFC 5546 and 6047): that event, and nothing else.

Times are written in UTC, which needs no VTIMEZONE and cannot be misread; the attendee's own zone stands in
the words of the e-mail. Text is escaped (`\\ \; \, \n`), lines end in CRLF and are folded at 75 octets.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from integrations import safe_text
from integrations.errors import Rejected
from integrations.ports import Address, Invite

FOLD_OCTETS = 75

_PRODUCT = "-//Essentials CRM//Invitations//EN"
_ASKED = ";CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE"
_ACCEPTED = ";CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED"
_ESCAPES = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})
_PARAMETER_ESCAPES = str.maketrans({"^": "^^", '"': "^'"})  # RFC 6868


def render(invite: Invite, *, stamped: datetime) -> bytes:
    """The calendar object; `stamped` is when this version of it was made.

    Raises `UnsafeText` for control characters, `Rejected` for an end before the start, a time without zone, nobody to
    invite or a sequence below zero.
    """
    if invite.starts.tzinfo is None or invite.ends.tzinfo is None:
        raise Rejected("ics", "naive-time", "an invitation's times need a time zone")
    if invite.ends <= invite.starts:
        raise Rejected("ics", "times", "an invitation ends after it starts")
    if not invite.attendees:
        raise Rejected("ics", "nobody", "an invitation needs somebody to invite")
    if invite.sequence < 0:
        raise Rejected("ics", "sequence", "versions of an event are counted from 0")
    return b"".join(fold(line) for line in _lines(invite, stamped))


def fold(line: str) -> bytes:
    """One content line as octets, broken into lines of at most 75 without splitting a character."""
    pieces, piece, room = [], b"", FOLD_OCTETS
    for char in line:
        octets = char.encode("utf-8")
        if len(piece) + len(octets) > room:
            pieces.append(piece)
            piece, room = b"", FOLD_OCTETS - 1
        piece += octets
    return b"\r\n ".join([*pieces, piece]) + b"\r\n"


def _lines(invite: Invite, stamped: datetime) -> Iterator[str]:
    yield from ("BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{_PRODUCT}", "CALSCALE:GREGORIAN")
    yield from (f"METHOD:{invite.method}", "BEGIN:VEVENT")
    yield f"UID:{_text(safe_text.line('uid', invite.uid))}"
    yield f"SEQUENCE:{invite.sequence}"
    yield f"DTSTAMP:{_utc(stamped)}"
    yield f"DTSTART:{_utc(invite.starts)}"
    yield f"DTEND:{_utc(invite.ends)}"
    yield f"SUMMARY:{_text(safe_text.line('summary', invite.summary))}"
    yield f"DESCRIPTION:{_text(safe_text.paragraphs('description', invite.description))}"
    yield f"ORGANIZER{_person('organizer', invite.organizer)}"
    yield from _attendees(invite)
    yield from _standing(invite)
    yield from ("TRANSP:OPAQUE", "END:VEVENT", "END:VCALENDAR")


def _attendees(invite: Invite) -> Iterator[str]:
    """The first is asked, the others take part already; a published event has none (RFC 5546, 3.2.1)."""
    if invite.method == "PUBLISH":
        return
    asked, *others = invite.attendees
    yield f"ATTENDEE{_ASKED}{_person('attendee', asked)}"
    for one in others:
        yield f"ATTENDEE{_ACCEPTED}{_person('attendee', one)}"


def _standing(invite: Invite) -> Iterator[str]:
    """The event's status; left out where only some attendees are released from it (RFC 5546, 3.2.5)."""
    if invite.method != "CANCEL":
        yield "STATUS:CONFIRMED"
    elif invite.whole:
        yield "STATUS:CANCELLED"


def _person(field: str, address: Address) -> str:
    safe = safe_text.mailbox(field, address)
    name = f';CN="{safe.name.translate(_PARAMETER_ESCAPES)}"' if safe.name else ""
    return f"{name}:mailto:{safe.email}"


def _text(value: str) -> str:
    return value.translate(_ESCAPES)


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
