"""Calendar entries as RFC 5545 and RFC 5546 want them, line by line and as an independent reader reads them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import icalendar
import pytest
from hypothesis import given
from hypothesis import settings as with_settings
from hypothesis import strategies as st

from integrations import ics
from integrations.errors import Rejected, UnsafeText
from integrations.ports import Address, Invite
from tests.integrations.samples import LINE_BREAKERS, RECIPIENT, SENDER, make_invite

STAMPED = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)


def lines_of(invite: Invite) -> list[str]:
    """The content lines, unfolded."""
    return ics.render(invite, stamped=STAMPED).decode().replace("\r\n ", "").split("\r\n")


def test_an_invitation_is_one_event_with_all_that_mail_programs_ask_for() -> None:
    assert lines_of(make_invite()) == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Essentials CRM//Invitations//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:REQUEST",
        "BEGIN:VEVENT",
        "UID:meeting-1@example.com",
        "SEQUENCE:0",
        "DTSTAMP:20260301T083000Z",
        "DTSTART:20260302T090000Z",
        "DTEND:20260302T093000Z",
        "SUMMARY:Call with Jürgen\\; first\\, short",
        "DESCRIPTION:Agenda:\\n1. Hello\\\\Goodbye",
        'ORGANIZER;CN="Essentials CRM":mailto:crm@example.com',
        "ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE"
        ';CN="Jürgen Müller":mailto:juergen@example.org',
        "ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED"
        ';CN="Essentials CRM":mailto:crm@example.com',
        "STATUS:CONFIRMED",
        "TRANSP:OPAQUE",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]


def test_a_cancellation_says_so_twice() -> None:
    lines = lines_of(make_invite(method="CANCEL", sequence=2))
    assert {"METHOD:CANCEL", "SEQUENCE:2", "STATUS:CANCELLED"} <= set(lines)


def test_who_alone_is_released_from_a_meeting_hears_no_status_of_it() -> None:
    lines = lines_of(make_invite(method="CANCEL", sequence=1, whole=False))
    assert "METHOD:CANCEL" in lines
    assert not [line for line in lines if line.startswith("STATUS")]


def test_a_published_event_has_nobody_to_answer_for_it() -> None:
    lines = lines_of(make_invite(method="PUBLISH"))
    assert {"METHOD:PUBLISH", "STATUS:CONFIRMED"} <= set(lines)
    assert not [line for line in lines if line.startswith("ATTENDEE")]
    assert [line for line in lines if line.startswith("ORGANIZER")]


@pytest.mark.parametrize(
    ("change", "code"),
    [({"attendees": ()}, "nobody"), ({"sequence": -1}, "sequence")],
    ids=["nobody", "sequence"],
)
def test_what_is_no_invitation_is_refused(change: dict[str, Any], code: str) -> None:
    with pytest.raises(Rejected) as caught:
        lines_of(make_invite(**change))
    assert caught.value.code == code


def test_times_of_any_zone_are_written_in_utc() -> None:
    starts = datetime(2026, 3, 2, 23, 45, tzinfo=timezone(timedelta(hours=-5, minutes=-30)))
    assert "DTSTART:20260303T051500Z" in lines_of(
        make_invite(starts=starts, ends=starts + timedelta(hours=1))
    )


def test_a_name_with_quotes_stays_inside_its_quotes() -> None:
    lines = lines_of(make_invite(attendees=(Address('Jo "J" ^:;, Doe', "jo@example.org"),)))
    assert next(line for line in lines if line.startswith("ATTENDEE")).endswith(
        ";CN=\"Jo ^'J^' ^^:;, Doe\":mailto:jo@example.org"
    )


def test_a_person_without_a_name_is_an_address() -> None:
    assert "ORGANIZER:mailto:crm@example.com" in lines_of(
        make_invite(organizer=Address("", "crm@example.com"))
    )


@pytest.mark.parametrize("text", LINE_BREAKERS)
@pytest.mark.parametrize("place", ["uid", "summary", "attendees", "organizer"])
def test_text_that_breaks_a_line_is_refused(place: str, text: str) -> None:
    person = Address(text, "jo@example.org")
    value = {"attendees": (SENDER, person), "organizer": person}.get(place, text)
    with pytest.raises(UnsafeText):
        lines_of(make_invite(**{place: value}))


@pytest.mark.parametrize("text", ["a\x00b", "a\x1bb", "a\x85b", "a\ud800"])
def test_a_description_may_break_lines_but_holds_no_other_control_character(text: str) -> None:
    with pytest.raises(UnsafeText):
        lines_of(make_invite(description=text))


@pytest.mark.parametrize("text", ["a\nATTENDEE:x", "a\r\nATTENDEE:x", "a\rATTENDEE:x"])
def test_a_line_break_in_a_description_starts_no_line_of_the_file(text: str) -> None:
    assert "DESCRIPTION:a\\nATTENDEE:x" in lines_of(make_invite(description=text))


@pytest.mark.parametrize(
    ("starts", "ends", "code"),
    [
        (STAMPED, STAMPED, "times"),
        (STAMPED, STAMPED - timedelta(minutes=1), "times"),
        (STAMPED.replace(tzinfo=None), STAMPED, "naive-time"),
        (STAMPED, STAMPED.replace(tzinfo=None), "naive-time"),
    ],
)
def test_impossible_times_are_refused(starts: datetime, ends: datetime, code: str) -> None:
    with pytest.raises(Rejected) as caught:
        lines_of(make_invite(starts=starts, ends=ends))
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("line", "folded"),
    [
        ("x" * 75, b"x" * 75 + b"\r\n"),
        ("x" * 76, b"x" * 75 + b"\r\n x\r\n"),
        ("x" * 150, b"x" * 75 + b"\r\n " + b"x" * 74 + b"\r\n x\r\n"),
        ("x" * 74 + "ü", b"x" * 74 + b"\r\n \xc3\xbc\r\n"),
        ("", b"\r\n"),
    ],
)
def test_a_line_is_folded_at_75_octets(line: str, folded: bytes) -> None:
    assert ics.fold(line) == folded


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=400))
def test_folding_never_splits_a_character_nor_exceeds_the_limit(line: str) -> None:
    pieces = ics.fold(line).removesuffix(b"\r\n").split(b"\r\n")
    assert all(len(piece) <= ics.FOLD_OCTETS for piece in pieces)
    assert "".join(piece.decode()[bool(index) :] for index, piece in enumerate(pieces)) == line


# As another program reads it

PRINTABLE = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=120)


def read(invite: Invite) -> tuple[Any, Any]:
    """The calendar and its one event."""
    calendar = icalendar.Calendar.from_ical(ics.render(invite, stamped=STAMPED))
    (event,) = calendar.walk("VEVENT")
    assert not calendar.errors and not event.errors
    return calendar, event


def versions() -> list[Invite]:
    """A life of one event: asked, moved, taken from one, cancelled."""
    later = {"starts": STAMPED + timedelta(days=3), "ends": STAMPED + timedelta(days=3, hours=1)}
    return [
        make_invite(),
        make_invite(sequence=1, **later),
        make_invite(sequence=2, method="CANCEL", attendees=(SENDER,), whole=False, **later),
        make_invite(sequence=3, method="CANCEL", **later),
    ]


def test_another_program_reads_the_same_event_through_all_its_versions() -> None:
    events = [read(invite) for invite in versions()]
    assert {str(event["UID"]) for _, event in events} == {"meeting-1@example.com"}
    assert [int(event["SEQUENCE"]) for _, event in events] == [0, 1, 2, 3]
    assert [str(calendar["METHOD"]) for calendar, _ in events] == ["REQUEST", "REQUEST", "CANCEL", "CANCEL"]
    assert [str(event.get("STATUS")) for _, event in events] == [
        "CONFIRMED",
        "CONFIRMED",
        "None",
        "CANCELLED",
    ]


@pytest.mark.parametrize("invite", versions())
def test_another_program_finds_all_that_the_method_asks_for(invite: Invite) -> None:
    calendar, event = read(invite)
    assert (str(calendar["VERSION"]), str(calendar["PRODID"])) == (
        "2.0",
        "-//Essentials CRM//Invitations//EN",
    )
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (invite.starts, invite.ends)
    assert event["DTSTAMP"].dt == STAMPED
    assert str(event["ORGANIZER"]) == f"mailto:{SENDER.email}"
    assert event["ORGANIZER"].params["CN"] == SENDER.name
    assert (str(event["SUMMARY"]), str(event["DESCRIPTION"])) == (invite.summary, invite.description)


def test_another_program_sees_the_lead_asked_and_the_owner_coming() -> None:
    _, event = read(make_invite())
    asked, coming = event["ATTENDEE"]
    assert (str(asked), asked.params["PARTSTAT"], asked.params["RSVP"]) == (
        f"mailto:{RECIPIENT.email}",
        "NEEDS-ACTION",
        "TRUE",
    )
    assert (str(coming), coming.params["PARTSTAT"]) == (f"mailto:{SENDER.email}", "ACCEPTED")
    assert "RSVP" not in coming.params


@with_settings(max_examples=300, deadline=None)
@given(summary=PRINTABLE, description=st.lists(PRINTABLE, max_size=4).map("\n".join), name=PRINTABLE)
def test_whatever_is_said_another_program_reads_it_as_it_was_said(
    summary: str, description: str, name: str
) -> None:
    invite = make_invite(
        summary=summary, description=description, attendees=(Address(name, "jo@example.org"),)
    )
    try:
        rendered = ics.render(invite, stamped=STAMPED)
    except UnsafeText:
        assert "=?" in summary + name
        return
    assert all(len(line) <= ics.FOLD_OCTETS for line in rendered.split(b"\r\n"))
    _, event = read(invite)
    assert (str(event["SUMMARY"]), str(event["DESCRIPTION"])) == (summary, description)
    assert str(event["ATTENDEE"]) == "mailto:jo@example.org"
    assert len(event.property_items()) == len(read(make_invite(attendees=(RECIPIENT,)))[1].property_items())
