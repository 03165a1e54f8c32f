"""What truly left, held against the ledger: the files of an outbox, or the log of what the provider fakes accepted."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

from tests.faults.breaches import LOST, TWICE, UNDUE, Breach, Ledger

ROUNDING = timedelta(seconds=1)
_ROWS = """
    select m.id::text, m.key, m.status, m.channel, m.recipient, m.template, m.provider, m.lead_id::text, m.due_at,
           m.rendered ->> 'to' as "to",
           (select min(x.created_at) from crm_suppressions x where x.org_id = m.org_id
            and x.channel in ('all', m.channel) and x.address = lower(m.rendered ->> 'to')) as suppressed_at
    from crm_messages m
"""
_WRITTEN = ("email", "invite")


@dataclass(frozen=True)
class Taken:
    """An entry of the fakes' log: a message that a provider accepted, whatever it answered.

    message_id: ours; empty for texts and calls. at: when, by the fakes' own clock.
    """

    provider: str
    kind: str
    message_id: str
    to: str
    fingerprint: str
    at: datetime


def taken_of(log: Mapping[str, Any]) -> list[Taken]:
    """The entries of GET /_fake/log."""
    names = ("provider", "kind", "message_id", "to", "fingerprint")
    return [
        Taken(**{name: entry[name] for name in names}, at=datetime.fromisoformat(entry["at"]))
        for entry in log["accepted"]
    ]


def of_outbox(ledger: Ledger, outbox: Path) -> Iterator[Breach]:
    """Every e-mail and invitation that is sent is one file, every file one that is sent, no person got the same in two files."""
    rows = {row["id"]: row for row in ledger.rows(_ROWS)}
    left = [_file(path) for path in sorted(outbox.glob("*.eml"))]
    yield from _one_for_one(rows, left, "local", _WRITTEN)
    yield from _same_twice(rows, left)
    yield from _undue(rows, left)


def of_fakes(ledger: Ledger, taken: Sequence[Taken]) -> Iterator[Breach]:
    """Every message that is sent was accepted once, everything accepted is sent, and nobody got the same message twice."""
    rows = {row["id"]: row for row in ledger.rows(_ROWS) if row["provider"] in ("sendgrid", "twilio")}
    ours = [one for one in taken if one.message_id]
    yield from _one_for_one(rows, ours, "sendgrid", _WRITTEN)
    yield from _same_twice(rows, ours)
    yield from _by_phone(rows, [one for one in taken if not one.message_id])
    yield from _undue(rows, ours)


def _file(path: Path) -> Taken:
    """A file of the outbox as an entry: its message is the left side of its Message-ID, else its name."""
    mail = message_from_bytes(path.read_bytes(), policy=policy.default)
    header = str(mail["Message-ID"] or "").strip("<> ")
    at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return Taken("local", "email", header.partition("@")[0] or path.stem, str(mail["To"]), "", at)


def _one_for_one(
    rows: Mapping[str, dict[str, Any]], left: Sequence[Taken], provider: str, channels: Sequence[str]
) -> Iterator[Breach]:
    times = Counter(one.message_id for one in left)
    for message, number in times.items():
        if number > 1:
            yield Breach(TWICE, f"message {message} left {number} times")
        if message not in rows:
            yield Breach(TWICE, f"message {message} left and has no row")
        elif rows[message]["status"] != "sent":
            yield Breach(LOST, f"message {message} left but is {rows[message]['status']}")
    for message, row in rows.items():
        by_it = row["provider"] == provider and row["channel"] in channels
        if row["status"] == "sent" and by_it and not times[message]:
            yield Breach(LOST, f"message {message} is sent but nothing shows that it left")


def _same_twice(rows: Mapping[str, dict[str, Any]], left: Sequence[Taken]) -> Iterator[Breach]:
    """To one address at most one e-mail of one purpose; to a colleague, at most one about each lead."""
    got: dict[tuple[str, ...], list[str]] = {}
    for one in left:
        row = rows.get(one.message_id)
        if row is not None and row["template"]:
            about = (one.to.lower(), row["channel"], row["template"], *_about(row))
            got.setdefault(about, []).append(one.message_id)
    for messages in got.values():
        if len(messages) > 1:
            yield Breach(TWICE, f"one address got the same e-mail as {', '.join(sorted(messages))}")


def _about(row: Mapping[str, Any]) -> tuple[str, ...]:
    """What a further e-mail of one purpose may be about: to a colleague each lead, and each time that a lead writes again."""
    if row["recipient"] != "user":
        return ()
    return (row["lead_id"], row["key"]) if row["template"] == "owner-again" else (row["lead_id"],)


def _by_phone(rows: Mapping[str, dict[str, Any]], taken: Sequence[Taken]) -> Iterator[Breach]:
    """Texts and calls carry no id of ours: to each number as many were accepted as are sent, none with the same words twice."""
    accepted = Counter((one.kind, one.to) for one in taken)
    sent = Counter(
        (row["channel"], row["to"])
        for row in rows.values()
        if row["provider"] == "twilio" and row["status"] == "sent"
    )
    for kind, to in accepted.keys() | sent.keys():
        ids = sorted(name for name, row in rows.items() if (row["channel"], row["to"]) == (kind, to))
        if accepted[kind, to] != sent[kind, to]:
            words = f"{accepted[kind, to]} accepted for {sent[kind, to]} sent: {', '.join(ids)}"
            yield Breach(TWICE if accepted[kind, to] > sent[kind, to] else LOST, words)
    for print_, number in Counter(one.fingerprint for one in taken).items():
        if number > 1:
            yield Breach(TWICE, f"the same words went to one number {number} times ({print_})")


def _undue(rows: Mapping[str, dict[str, Any]], left: Sequence[Taken]) -> Iterator[Breach]:
    """Nothing leaves before its time, nor to an address that had said no by then."""
    for one in left:
        row = rows.get(one.message_id)
        if row is None:
            continue
        if row["due_at"] > one.at + ROUNDING:
            yield Breach(UNDUE, f"message {one.message_id} left at {one.at} and was due at {row['due_at']}")
        if row["suppressed_at"] is not None and row["suppressed_at"] < one.at - ROUNDING:
            yield Breach(UNDUE, f"message {one.message_id} left to an address that is not to be written to")
