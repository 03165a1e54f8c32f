"""The recount: what was promised, judged from the database and from what left, with none of the product's code.

What left are the `.eml` files or, where the messages went to the provider fakes, the fakes' own log of what they accepted.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import psycopg
from psycopg.rows import dict_row

from tests.faults.breaches import LOST, STUCK, TWICE, Accepted, Breach, Ledger
from tests.faults.carried import Taken, of_fakes, of_outbox

LOOKED_UP = ("local", "sendgrid", "twilio")
"""Providers that can be asked what became of a message: a doubt about one of theirs may not stay."""


def recount(
    owner_url: str, outbox: Path, accepted: Sequence[Accepted], taken: Sequence[Taken] | None = None
) -> list[Breach]:
    """Every broken promise after a run that has come to rest; empty when all were kept.

    taken: the log of the provider fakes, when e-mail went there and not into files.
    """
    with psycopg.connect(owner_url, row_factory=dict_row) as connection:
        ledger = Ledger(connection)
        return [
            *_events(ledger, accepted),
            *_people(ledger, accepted),
            *_automation(ledger),
            *_messages(ledger),
            *(of_outbox(ledger, outbox) if taken is None else of_fakes(ledger, taken)),
        ]


def _events(ledger: Ledger, accepted: Sequence[Accepted]) -> Iterator[Breach]:
    """Every 202 is one event, and is done and one lead; only what is hopeless may be dead, and says why."""
    found = ledger.rows(
        """
        select i.id::text, i.status, i.status = 'dead' and i.reason is null as unexplained,
               i.status = 'done' and l.id is null as without_lead
        from crm_inbox i left join crm_leads l on l.org_id = i.org_id and l.id = i.lead_id
        where i.kind = 'lead'
        """
    )
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
        elif by_id[one.event_id]["without_lead"] or by_id[one.event_id]["unexplained"]:
            yield Breach(LOST, f"event {one.event_id} has neither a lead nor a reason")
    for key, events in _grouped((one.key, one.event_id) for one in accepted).items():
        if len(events) > 1:
            yield Breach(TWICE, f"the key {key} was answered with {len(events)} events")


def _people(ledger: Ledger, accepted: Sequence[Accepted]) -> Iterator[Breach]:
    """Every person who was accepted is one lead."""
    leads = Counter(row["email"] for row in ledger.rows("select lower(trim(email)) as email from crm_leads"))
    expected = {one.email.strip().lower(): one.event_id for one in accepted if not one.hopeless}
    for email, event_id in expected.items():
        if leads[email] != 1:
            yield Breach(
                TWICE if leads[email] else LOST, f"the person of event {event_id} is {leads[email]} leads"
            )


def _automation(ledger: Ledger) -> Iterator[Breach]:
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


def _messages(ledger: Ledger) -> Iterator[Breach]:
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


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    groups: dict[str, set[str]] = {}
    for key, value in pairs:
        groups.setdefault(key, set()).add(value)
    return groups
