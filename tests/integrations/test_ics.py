"""Invitations as RFC 5545 wants them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations import ics
from integrations.errors import Rejected, UnsafeText
from integrations.ports import Address, Invite
from tests.integrations.samples import LINE_BREAKERS, make_invite

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
        "ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE"
        ';CN="Jürgen Müller":mailto:juergen@example.org',
        "STATUS:CONFIRMED",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]


def test_a_cancellation_says_so_twice() -> None:
    lines = lines_of(make_invite(method="CANCEL", sequence=2))
    assert {"METHOD:CANCEL", "SEQUENCE:2", "STATUS:CANCELLED"} <= set(lines)


def test_times_of_any_zone_are_written_in_utc() -> None:
    starts = datetime(2026, 3, 2, 23, 45, tzinfo=timezone(timedelta(hours=-5, minutes=-30)))
    assert "DTSTART:20260303T051500Z" in lines_of(
        make_invite(starts=starts, ends=starts + timedelta(hours=1))
    )


def test_a_name_with_quotes_stays_inside_its_quotes() -> None:
    lines = lines_of(make_invite(attendee=Address('Jo "J" ^:;, Doe', "jo@example.org")))
    assert next(line for line in lines if line.startswith("ATTENDEE")).endswith(
        ";CN=\"Jo ^'J^' ^^:;, Doe\":mailto:jo@example.org"
    )


def test_a_person_without_a_name_is_an_address() -> None:
    assert "ORGANIZER:mailto:crm@example.com" in lines_of(
        make_invite(organizer=Address("", "crm@example.com"))
    )


@pytest.mark.parametrize("text", LINE_BREAKERS)
@pytest.mark.parametrize("place", ["uid", "summary", "attendee", "organizer"])
def test_text_that_breaks_a_line_is_refused(place: str, text: str) -> None:
    value = Address(text, "jo@example.org") if place in {"attendee", "organizer"} else text
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
