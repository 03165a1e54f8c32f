"""Helpers of the ledger's tests: leads with an owner, and a worker whose carrier says what the test wants."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from crm_db import session
from crm_db.actions import attempts, calendar_entries, leads, messages, preparation
from crm_db.actions.attempts import OpenAttempt
from crm_db.queries.calendar_entries import Entry
from crm_db.rules.outcomes import Outcome, Sent
from tests.conftest import Org
from tests.crm_db.test_capture import NOW

LEASE = timedelta(seconds=60)
CARRIER = attempts.Carrier("local", LEASE)
URL = "http://127.0.0.1/api/crm/leads/{id}"
DELIVERED = Sent("local", "a file")


def rows(query: str, **values: object) -> list[Any]:
    """What a query of the flows' login answers."""
    with session.unit_of_work() as work:
        return list(work.execute(text(query), values).mappings())


def change(statement: str, **values: object) -> None:
    """Change something as the flows' login may."""
    with session.unit_of_work() as work:
        work.execute(text(statement), values)


def make_lead(org: Org, *, now: datetime = NOW, automation: bool = False, **fields: object) -> UUID:
    """A lead with an owner, in a sequence only with `automation`; Maria Berg unless told otherwise."""
    told = {
        "first_name": "Maria",
        "last_name": "Berg",
        "email": "maria@example.com",
        "phone": "+442079460018",
    } | fields
    with session.unit_of_work(org.identity) as work:
        made = leads.submit(
            work, org.identity, {k: v for k, v in told.items() if v}, {}, automation=automation, now=now
        )
    if automation:
        with session.unit_of_work() as work:
            preparation.prepare(work, limit=100, now=now)
    return made.lead_id


def give_to(lead_id: UUID, owner: UUID | None) -> None:
    """Give a lead another owner."""
    change("update crm_leads set owner_id = :owner where id = :id", owner=owner, id=lead_id)


def open_due(now: datetime) -> list[tuple[OpenAttempt | None, messages.Ref]]:
    """Claim what is due and open an attempt at each."""
    with session.unit_of_work() as work:
        claim = messages.claim(work, limit=50, lease=LEASE, now=now)
    opened = []
    for ref in claim.messages:
        with session.unit_of_work() as work:
            attempt = attempts.open_attempt(work, ref, claim.token, carrier=CARRIER, lead_url=URL, now=now)
        opened.append((attempt, ref))
    return opened


def deliver(now: datetime = NOW, outcome: Outcome = DELIVERED) -> list[OpenAttempt]:
    """Send all that is due, each with this outcome; tasks become entries of the to-do list. Returns the attempts."""
    made: list[OpenAttempt] = []
    while opened := open_due(now):
        for attempt, _ in opened:
            if attempt is not None:
                close(attempt, outcome, now)
                made.append(attempt)
    return made


def close(attempt: OpenAttempt, outcome: Outcome = DELIVERED, now: datetime = NOW) -> None:
    """Record how an attempt ended."""
    from crm_db.actions import activities

    with session.unit_of_work() as work:
        attempts.record(work, attempt, outcome, now=now, jitter=0.5)
        if attempt.channel == "task":
            activities.add_task(work, attempt)


def mend(now: datetime = NOW) -> calendar_entries.Mended:
    """One sweep over what stands in calendars."""
    with session.unit_of_work() as work:
        return calendar_entries.mend(work, limit=50, now=now)


def entry_of(attempt: OpenAttempt) -> Entry:
    """The calendar entry that an attempt is to make."""
    assert attempt.entry is not None
    return attempt.entry


def said(attempts_made: Sequence[OpenAttempt]) -> list[tuple[str, int, list[str]]]:
    """Method, sequence and addresses of the calendar entries among attempts."""
    entries = [attempt.entry for attempt in attempts_made if attempt.entry]
    return [(one.method, one.sequence, [person.email for person in one.people]) for one in entries]
