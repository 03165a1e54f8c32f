"""The outbox as a person sees it: every kind of message, written by the providers themselves."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from deployments import outbox
from deployments.cli import app
from integrations.ports import Address
from integrations.providers.local_calendar import LocalCalendar
from integrations.providers.local_email import LocalEmail
from integrations.providers.local_phone import LocalPhone
from integrations.settings import IntegrationSettings
from tests.integrations.samples import make_call, make_email, make_invite, make_sms

ADA = Address("Ada", "ada@example.com")
JO = Address("Jo", "jo@example.org")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An outbox with one message of each kind."""
    settings = IntegrationSettings(home=tmp_path)
    LocalEmail(settings).send(make_email(message_id="e-1", subject="Welcome"))
    calendar, phone = LocalCalendar(settings), LocalPhone(settings)
    calendar.send(make_invite(message_id="i-1", attendees=(JO, ADA)))
    calendar.send(make_invite(message_id="i-2", attendees=(JO, ADA), method="CANCEL", sequence=1))
    calendar.send(make_invite(message_id="h-1", uid="hold-1", attendees=(ADA,), method="PUBLISH"))
    phone.text(make_sms(message_id="s-1"))
    phone.call(make_call(message_id="c-1"))
    (tmp_path / "outbox" / ".draft-x.eml").write_text("half")
    monkeypatch.setenv("CRM_HOME", str(tmp_path))
    return tmp_path


def crm(*arguments: str) -> str:
    answer = CliRunner().invoke(app, ["outbox", *arguments], catch_exceptions=False)
    assert answer.exit_code == 0, answer.output
    return answer.stdout


def listed(*options: str) -> dict[str, dict[str, Any]]:
    return {item["name"]: item for item in json.loads(crm("list", "--json", *options))}


def test_every_message_is_listed_once_with_its_kind(home: Path) -> None:
    kinds = {name: item["kind"] for name, item in listed().items()}
    assert kinds == {
        "e-1": "email",
        "i-1": "invite",
        "i-2": "invite",
        "h-1": "hold",
        "s-1": "sms",
        "c-1": "call",
    }


def test_each_says_to_whom_it_went_and_what_it_is_about(home: Path) -> None:
    told = {name: (item["to"], item["subject"]) for name, item in listed().items()}
    assert told["i-1"] == ("Jo <jo@example.org>, Ada <ada@example.com>", "Call with Jürgen; first, short")
    assert told["s-1"] == ("+4930901820", "Hello Jürgen, we called you.")
    assert told["c-1"] == ("Jürgen Müller +4930901820", "Call Jürgen Müller")


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (("--kind", "invite"), {"i-1", "i-2"}),
        (("--kind", "hold"), {"h-1"}),
        (("--to", "ADA@"), {"i-1", "i-2", "h-1"}),
        (("--to", "+4930"), {"s-1", "c-1"}),
        (("--kind", "sms", "--to", "nobody"), set()),
    ],
)
def test_the_list_can_be_narrowed(home: Path, options: tuple[str, ...], names: set[str]) -> None:
    assert set(listed(*options)) == names


def test_a_limit_counts_what_is_shown(home: Path) -> None:
    assert len(listed("--limit", "1", "--kind", "invite")) == 1


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("e-1", ["Subject: Welcome", "Hello Jürgen,"]),
        (
            "i-1",
            [
                "Event: asks to come (REQUEST, version 0)",
                "What: Call with Jürgen; first, short",
                "Starts: Mon 2026-03-02 09:00 to 09:30 UTC",
                "Attendee: Jo <jo@example.org> (asked)",
                "Attendee: Ada <ada@example.com> (takes part)",
                "[attachment invite.ics, application/ics]",
            ],
        ),
        (
            "i-2",
            ["Event: takes back (CANCEL, version 1)", "Subject: Cancelled: Call with Jürgen; first, short"],
        ),
        ("h-1", ["Event: blocks the calendar (PUBLISH, version 0)", "UID: hold-1"]),
        ("s-1", ["To: +4930901820", "Segments: 1", "Alphabet: GSM-7", "Hello Jürgen,", "we called you."]),
        ("c-1", ["Number:  +4930901820", "Ask about the offer."]),
    ],
)
def test_each_kind_is_shown_in_readable_words(home: Path, name: str, words: list[str]) -> None:
    shown = crm("show", name)
    for line in words:
        assert line in re.sub(r"\s*\n", "\n", shown).splitlines()


def test_an_entry_opens_as_a_calendar_file_and_the_rest_as_it_is(home: Path) -> None:
    names = {
        name: outbox.to_open(outbox.find_file(home, name)).name
        for name in ("i-1", "h-1", "e-1", "s-1", "c-1")
    }
    assert names == {
        "i-1": "i-1.ics",
        "h-1": "h-1.ics",
        "e-1": "e-1.eml",
        "s-1": "s-1.sms.json",
        "c-1": "c-1.call.txt",
    }


def test_the_time_is_read_from_the_calendar_itself(home: Path) -> None:
    from deployments.calendar_words import calendar_words

    words = calendar_words((home / "outbox" / "i-1.ics").read_text(encoding="utf-8"))
    assert (words.starts, words.sequence, words.uid) == (
        datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
        0,
        "meeting-1@example.com",
    )
