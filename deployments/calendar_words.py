"""A calendar file in words: what it does, when, and who takes part."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

_DOES = {
    "REQUEST": "asks to come",
    "CANCEL": "takes back",
    "PUBLISH": "blocks the calendar",
}
_ANSWERS = {"NEEDS-ACTION": "asked", "ACCEPTED": "takes part"}
_NAME = re.compile(r'CN="?([^";:]*)"?')
_STATUS = re.compile(r"PARTSTAT=([A-Z-]+)")
_ESCAPED = re.compile(r"\\([\\;,nN])")


@dataclass(frozen=True)
class CalendarWords:
    """One version of an event. `people`: those who take part, with their answer."""

    method: str
    uid: str
    sequence: int
    starts: datetime
    ends: datetime
    summary: str
    organizer: str
    people: tuple[str, ...]

    def facts(self) -> tuple[tuple[str, str], ...]:
        """What a person wants to know, by name."""
        does = f"{_DOES.get(self.method, self.method)} ({self.method}, version {self.sequence})"
        when = f"{self.starts:%a %Y-%m-%d %H:%M} to {self.ends:%H:%M} UTC"
        people = tuple(("Attendee", person) for person in self.people)
        return (
            ("Event", does),
            ("What", self.summary),
            ("Starts", when),
            ("Organizer", self.organizer),
            *people,
            ("UID", self.uid),
        )


def calendar_words(content: str) -> CalendarWords:
    """The event in a calendar file with one event."""
    lines = [line for line in re.sub(r"\r?\n[ \t]", "", content).splitlines() if ":" in line]
    fields = [(*_head(line), line) for line in lines]
    values = {name: value for name, value, _ in fields}
    return CalendarWords(
        method=values.get("METHOD", "PUBLISH"),
        uid=_unescaped(values.get("UID", "")),
        sequence=int(values.get("SEQUENCE", "0")),
        starts=_moment(values["DTSTART"]),
        ends=_moment(values["DTEND"]),
        summary=_unescaped(values.get("SUMMARY", "")),
        organizer=next((_person(line) for name, _, line in fields if name == "ORGANIZER"), ""),
        people=tuple(_person(line) for name, _, line in fields if name == "ATTENDEE"),
    )


def _head(line: str) -> tuple[str, str]:
    """A line's name without parameters, and its value; a colon inside quotes belongs to a parameter."""
    head, _, value = re.sub(r'"[^"]*"', lambda quoted: quoted[0].replace(":", "\0"), line).partition(":")
    return head.split(";")[0].upper(), value.replace("\0", ":")


def _person(line: str) -> str:
    name, answer = _NAME.search(line), _STATUS.search(line)
    address = line.rpartition("mailto:")[2]
    words = f"{name[1]} <{address}>" if name and name[1] else address
    return f"{words} ({_ANSWERS.get(answer[1], answer[1].lower())})" if answer else words


def _unescaped(value: str) -> str:
    return _ESCAPED.sub(lambda match: "\n" if match[1] in "nN" else match[1], value)


def _moment(value: str) -> datetime:
    return datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
