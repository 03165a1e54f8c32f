"""The recount: what was promised, judged from the database and from what left, with none of the product's code.

What left are the `.eml` files or, where the messages went to the provider fakes, the fakes' own log of what they accepted.

Three kinds of breach: `lost` (something accepted did not become what it should), `twice` (something exists or was sent more than
once) and `stuck` (something is still under way although all is quiet). A sentence names ids, never people.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

LOST, TWICE, STUCK = "lost", "twice", "stuck"
LOOKED_UP = ("local", "sendgrid", "twilio")
"""Providers that can be asked what became of a message: a doubt about one of theirs may not stay."""


@dataclass(frozen=True)
class Accepted:
    """A submission that the API answered with 202. `hopeless`: it holds nothing to make a lead of."""

    key: str
    event_id: str
    email: str
    hopeless: bool = False


@dataclass(frozen=True)
class Breach:
    """A broken promise: its kind, and a sentence that names what it is about."""

    kind: str
    words: str


@dataclass(frozen=True)
class Taken:
    """An entry of the fakes' log: a message that a provider accepted, whatever it answered.

    message_id: ours; empty for texts and calls.
    """

    provider: str
    kind: str
    message_id: str
    to: str
    fingerprint: str


def taken_of(log: Mapping[str, Any]) -> list[Taken]:
    """The entries of GET /_fake/log."""
    names = ("provider", "kind", "message_id", "to", "fingerprint")
    return [Taken(**{name: entry[name] for name in names}) for entry in log["accepted"]]


def recount(
    owner_url: str, outbox: Path, accepted: Sequence[Accepted], taken: Sequence[Taken] | None = None
) -> list[Breach]:
    """Every broken promise after a run that has come to rest; empty when all were kept.

    taken: the log of the provider fakes, when e-mail went there and not into files.
    """
    with psycopg.connect(owner_url, row_factory=dict_row) as connection:
        ledger = _Ledger(connection)
        return [
            *_events(ledger, accepted),
            *_people(ledger, accepted),
            *_automation(ledger),
            *_messages(ledger),
            *(_files(ledger, outbox) if taken is None else _carried(ledger, taken)),
        ]


class _Ledger:
    """Questions in plain SQL."""

    def __init__(self, connection: psycopg.Connection[dict[str, Any]]) -> None:
        self._connection = connection

    def rows(self, question: str, *values: object) -> list[dict[str, Any]]:
        return self._connection.execute(question, values).fetchall()


def _events(ledger: _Ledger, accepted: Sequence[Accepted]) -> Iterator[Breach]:
    """Every 202 is one event, and is done; only what is hopeless may be dead."""
    found = ledger.rows("select id::text, status, lead_id::text from crm_inbox where kind = 'lead'")
    count = Counter(row["id"] for row in found)
    by_id = {row["id"]: row for row in found}
    for one in accepted:
        if count[one.event_id] != 1:
            yield Breach(
                TWICE if count[one.event_id] else LOST,
                f"event {one.event_id} exists {count[one.event_id]} times",
            )
        elif by_id[one.event_id]["status"] == "pending":
            yield Breach(STUCK, f"event {one.event_id} is still pending")
        elif by_id[one.event_id]["status"] != ("dead" if one.hopeless else "done"):
            yield Breach(LOST, f"event {one.event_id} is {by_id[one.event_id]['status']}")
    for key, events in _grouped((one.key, one.event_id) for one in accepted).items():
        if len(events) > 1:
            yield Breach(TWICE, f"the key {key} was answered with {len(events)} events")


def _people(ledger: _Ledger, accepted: Sequence[Accepted]) -> Iterator[Breach]:
    """Every person who was accepted is one lead."""
    leads = Counter(row["email"] for row in ledger.rows("select lower(trim(email)) as email from crm_leads"))
    expected = {one.email.strip().lower(): one.event_id for one in accepted if not one.hopeless}
    for email, event_id in expected.items():
        if leads[email] != 1:
            yield Breach(
                TWICE if leads[email] else LOST, f"the person of event {event_id} is {leads[email]} leads"
            )


def _automation(ledger: _Ledger) -> Iterator[Breach]:
    """Every lead that is to be followed up has a score, an owner, a place in a sequence and its first e-mail."""
    rows = ledger.rows(
        """
        select l.id::text, l.automation, l.score is null as no_score, l.owner_id is null as no_owner,
               (select count(*) from crm_enrolments e where e.org_id = l.org_id and e.lead_id = l.id) as enrolments,
               (select count(*) from crm_messages m where m.org_id = l.org_id and m.lead_id = l.id and m.recipient = 'lead'
                and m.channel = 'email' and m.template = 'welcome' and m.status = 'sent') as welcomes,
               (select count(*) from crm_messages m where m.org_id = l.org_id and m.lead_id = l.id
                and m.template = 'owner-notice' and m.status = 'sent') as notices
        from crm_leads l where l.automation <> 'off' and l.deleted_at is null
        """
    )
    for row in rows:
        if row["automation"] == "pending":
            yield Breach(STUCK, f"lead {row['id']} still waits for its automation")
        wanting = [name for name in ("no_score", "no_owner") if row[name]]
        counts = {name: row[name] for name in ("enrolments", "welcomes", "notices")}
        wanting += [f"no {name}" for name, number in counts.items() if number == 0]
        if wanting:
            yield Breach(LOST, f"lead {row['id']}: {', '.join(wanting)}")
        many = [f"{number} {name}" for name, number in counts.items() if number > 1]
        if many:
            yield Breach(TWICE, f"lead {row['id']} has {', '.join(many)}")


def _messages(ledger: _Ledger) -> Iterator[Breach]:
    """No key twice, nothing under way or overdue, nothing in doubt that files can settle, no attempt without an end."""
    for row in ledger.rows(
        "select org_id, key, count(*) from crm_messages group by org_id, key having count(*) > 1"
    ):
        yield Breach(TWICE, f"the message key {row['key']} exists {row['count']} times")
    for row in ledger.rows(
        """
        select id::text, status, provider, due_at < now() - interval '30 seconds' as overdue from crm_messages
        where status in ('claimed', 'sending', 'unknown', 'failed', 'scheduled')
        """
    ):
        if row["status"] in ("claimed", "sending") or (row["status"] == "scheduled" and row["overdue"]):
            yield Breach(STUCK, f"message {row['id']} is {row['status']}")
        elif row["status"] == "failed" or (row["status"] == "unknown" and row["provider"] in LOOKED_UP):
            yield Breach(LOST, f"message {row['id']} is {row['status']}")
    for row in ledger.rows(
        """
        select m.id::text from crm_messages m where m.status = 'sent' and not exists (
            select from crm_message_attempts a where a.org_id = m.org_id and a.message_id = m.id and a.outcome = 'sent')
        """
    ):
        yield Breach(LOST, f"message {row['id']} is sent without an attempt that says so")
    for row in ledger.rows(
        """
        select e.id::text from crm_enrolments e where e.state = 'active' and e.plan_at < now() - interval '5 minutes'
           or e.state = 'active' and e.plan_at is null and not exists (
               select from crm_messages m where m.org_id = e.org_id and m.enrolment_id = e.id
               and m.status in ('scheduled', 'claimed', 'sending', 'unknown'))
        """
    ):
        yield Breach(STUCK, f"enrolment {row['id']} has no next step and is not finished")


def _files(ledger: _Ledger, outbox: Path) -> Iterator[Breach]:
    """Every sent e-mail is one file, every file a sent e-mail, and nobody got the same e-mail in two files."""
    sent = {
        row["id"]: row
        for row in ledger.rows(
            """
            select m.id::text, m.key, m.status, m.channel, m.recipient, m.template, m.lead_id::text, l.email
            from crm_messages m left join crm_leads l on l.org_id = m.org_id and l.id = m.lead_id
            """
        )
    }
    files = {path: _parsed(path) for path in sorted(outbox.glob("*.eml"))}
    per_message = Counter(_message_of(path, mail) for path, mail in files.items())
    for message, number in per_message.items():
        if number > 1:
            yield Breach(TWICE, f"message {message} left {number} times")
        if message not in sent:
            yield Breach(TWICE, f"the file of message {message} has no row")
        elif sent[message]["status"] != "sent":
            yield Breach(LOST, f"message {message} left but is {sent[message]['status']}")
    for message, row in sent.items():
        if row["status"] == "sent" and row["channel"] == "email" and not per_message[message]:
            yield Breach(LOST, f"message {message} is sent but no file shows it")
    yield from _same_email_twice(sent, files)


def _carried(ledger: _Ledger, taken: Sequence[Taken]) -> Iterator[Breach]:
    """Every message that is sent was accepted once, everything accepted is sent, and nobody got the same message twice."""
    rows = {
        row["id"]: row
        for row in ledger.rows(
            """
            select m.id::text, m.key, m.status, m.channel, m.recipient, m.template, m.provider, m.lead_id::text,
                   m.rendered ->> 'to' as "to"
            from crm_messages m where m.provider in ('sendgrid', 'twilio')
            """
        )
    }
    by_id = Counter(one.message_id for one in taken if one.message_id)
    for message, number in by_id.items():
        if number > 1:
            yield Breach(TWICE, f"message {message} was accepted {number} times")
        if message not in rows:
            yield Breach(TWICE, f"the accepted message {message} has no row")
        elif rows[message]["status"] != "sent":
            yield Breach(LOST, f"message {message} was accepted but is {rows[message]['status']}")
    for message, row in rows.items():
        if row["status"] == "sent" and row["provider"] == "sendgrid" and not by_id[message]:
            yield Breach(LOST, f"message {message} is sent but nobody accepted it")
    yield from _same_twice(rows, taken)
    yield from _by_phone(rows, taken)


def _same_twice(rows: Mapping[str, dict[str, Any]], taken: Sequence[Taken]) -> Iterator[Breach]:
    """To one address at most one e-mail of one purpose; to a colleague, at most one about each lead."""
    got: dict[tuple[str, ...], list[str]] = {}
    for one in taken:
        row = rows.get(one.message_id)
        if row is not None and row["template"]:
            about = _about(row)
            got.setdefault((one.to.lower(), row["channel"], row["template"], *about), []).append(
                one.message_id
            )
    for messages in got.values():
        if len(messages) > 1:
            yield Breach(TWICE, f"one address got the same e-mail as {', '.join(sorted(messages))}")


def _by_phone(rows: Mapping[str, dict[str, Any]], taken: Sequence[Taken]) -> Iterator[Breach]:
    """Texts and calls carry no id of ours: to each number as many were accepted as are sent, none with the same words twice."""
    accepted = Counter((one.kind, one.to) for one in taken if not one.message_id)
    sent = Counter(
        (row["channel"], row["to"])
        for row in rows.values()
        if row["provider"] == "twilio" and row["status"] == "sent"
    )
    for kind, to in accepted.keys() | sent.keys():
        ids = sorted(name for name, row in rows.items() if (row["channel"], row["to"]) == (kind, to))
        if accepted[kind, to] > sent[kind, to]:
            yield Breach(TWICE, f"{accepted[kind, to]} accepted for {sent[kind, to]} sent: {', '.join(ids)}")
        elif accepted[kind, to] < sent[kind, to]:
            yield Breach(LOST, f"{accepted[kind, to]} accepted for {sent[kind, to]} sent: {', '.join(ids)}")
    for print_, number in Counter(one.fingerprint for one in taken if not one.message_id).items():
        if number > 1:
            yield Breach(TWICE, f"the same words went to one number {number} times ({print_})")


def _same_email_twice(sent: dict[str, dict[str, Any]], files: dict[Path, EmailMessage]) -> Iterator[Breach]:
    """To one address at most one e-mail of one purpose; to a colleague, at most one about each lead."""
    got: dict[tuple[str, ...], list[str]] = {}
    for path, mail in files.items():
        message = _message_of(path, mail)
        row = sent.get(message)
        if row is not None:
            about = _about(row)
            got.setdefault((str(mail["To"]).lower(), row["template"], *about), []).append(message)
    for messages in got.values():
        if len(messages) > 1:
            yield Breach(TWICE, f"one address got the same e-mail as {', '.join(sorted(messages))}")


def _about(row: dict[str, Any]) -> tuple[str, ...]:
    """What a further e-mail of one purpose may be about: to a colleague each lead, and each time that a lead writes again."""
    if row["recipient"] != "user":
        return ()
    return (row["lead_id"], row["key"]) if row["template"] == "owner-again" else (row["lead_id"],)


def _parsed(path: Path) -> EmailMessage:
    return message_from_bytes(path.read_bytes(), policy=policy.default)


def _message_of(path: Path, mail: EmailMessage) -> str:
    """The id of the message: the left side of its Message-ID, else the file's name."""
    header = str(mail["Message-ID"] or "").strip("<> ")
    return header.partition("@")[0] or path.stem


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    groups: dict[str, set[str]] = {}
    for key, value in pairs:
        groups.setdefault(key, set()).add(value)
    return groups
