"""What left as files because no provider is set: e-mails, invitations, holds, texts, call sheets, for a person to read."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any

from deployments.calendar_words import CalendarWords, calendar_words
from deployments.errors import DeploymentError

KINDS = ("email", "invite", "hold", "sms", "call")

_SUFFIXES = (".eml", ".sms.json", ".call.txt")
_HOLD = "hold-"


@dataclass(frozen=True)
class SentFile:
    """One message in CRM_HOME/outbox; `name` is the message's id. A text has its first words as its subject."""

    name: str
    kind: str
    sent_at: datetime
    to: str
    subject: str
    path: str


@dataclass(frozen=True)
class Shown:
    """A message in readable words: facts by name, its text, and what travels with it."""

    facts: tuple[tuple[str, str], ...]
    text: str
    attached: tuple[str, ...] = ()


def sent_files(home: Path, limit: int, *, kind: str | None = None, to: str | None = None) -> list[SentFile]:
    """The youngest messages, youngest first: of one kind, to whoever has `to` in the name or address."""
    dated = sorted(((path.stat().st_mtime, path) for path in _files(home)), reverse=True)
    found: list[SentFile] = []
    for moment, path in dated:
        file = _sent_file(path, moment)
        if kind in (None, file.kind) and (to or "").casefold() in file.to.casefold():
            found.append(file)
        if len(found) == limit:
            break
    return found


def find_file(home: Path, name: str) -> Path:
    """The file with this name or beginning; raises DeploymentError when that is not exactly one."""
    files = sorted(_files(home))
    found = [path for path in files if name in {_stem(path), path.name}]
    found = found or [path for path in files if path.name.startswith(name)]
    if len(found) != 1:
        what = "No message" if not found else "More than one message"
        raise DeploymentError(f"{what} in {_folder(home)} is named {name}; crm outbox list shows them.")
    return found[0]


def shown(path: Path) -> Shown:
    """The message as a person reads it, whatever its kind."""
    if path.name.endswith(".sms.json"):
        entry = _text_message(path)
        facts = ("to", "when", "segments", "alphabet")
        return Shown(tuple((name.capitalize(), str(entry[name])) for name in facts), str(entry["text"]))
    if path.name.endswith(".call.txt"):
        return Shown((), path.read_text(encoding="utf-8"))
    message = read_message(path)
    event = _event_of(message)
    headers = tuple((name, str(value)) for name, value in message.items())
    attached = tuple(
        f"{part.get_filename() or 'without a name'}, {part.get_content_type()}"
        for part in message.iter_attachments()
    )
    return Shown((*headers, *(event.facts() if event else ())), text_of(message), attached)


def to_open(path: Path) -> Path:
    """What a program of this machine can show best: an entry's calendar file, else the file itself."""
    calendar = path.with_suffix(".ics")
    return calendar if path.suffix == ".eml" and calendar.is_file() else path


def read_message(path: Path) -> EmailMessage:
    """The parsed e-mail."""
    with path.open("rb") as file:
        message = BytesParser(policy=policy.default).parse(file)
    assert isinstance(message, EmailMessage)
    return message


def text_of(message: EmailMessage) -> str:
    """Its readable text, plain before HTML; empty when there is none."""
    body = message.get_body(preferencelist=("plain", "html"))
    return str(body.get_content()) if body is not None else ""


def _folder(home: Path) -> Path:
    return home / "outbox"


def _files(home: Path) -> Iterator[Path]:
    """One file of each message, and no drafts; an entry's .ics belongs to its .eml."""
    for suffix in _SUFFIXES:
        yield from (path for path in _folder(home).glob(f"*{suffix}") if not path.name.startswith("."))


def _stem(path: Path) -> str:
    return next(path.name.removesuffix(suffix) for suffix in _SUFFIXES if path.name.endswith(suffix))


def _sent_file(path: Path, moment: float) -> SentFile:
    kind, to, subject = _summary(path)
    return SentFile(_stem(path), kind, datetime.fromtimestamp(moment, UTC), to, subject, str(path))


def _summary(path: Path) -> tuple[str, str, str]:
    """Kind, to whom, and about what."""
    if path.name.endswith(".sms.json"):
        entry = _text_message(path)
        return "sms", str(entry["to"]), " ".join(str(entry["text"]).split())[:80]
    if path.name.endswith(".call.txt"):
        said = dict(line.split(":", 1) for line in path.read_text("utf-8").splitlines()[:5] if ":" in line)
        facts = {name: value.strip() for name, value in said.items()}
        return "call", f"{facts.get('Call', '')} {facts.get('Number', '')}".strip(), facts.get("About", "")
    message = read_message(path)
    to = ", ".join(str(message[name]) for name in ("To", "Cc") if message[name])
    event = _event_of(message)
    kind = "email" if event is None else "hold" if event.uid.startswith(_HOLD) else "invite"
    return kind, to, str(message["Subject"] or "")


def _text_message(path: Path) -> dict[str, Any]:
    entry: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return entry


def _event_of(message: EmailMessage) -> CalendarWords | None:
    """The calendar entry that an e-mail carries; None for an ordinary e-mail, even one with a calendar file attached."""
    for part in message.walk():
        if part.get_content_type() == "text/calendar" and part.get_param("method"):
            return calendar_words(str(part.get_content()))
    return None
