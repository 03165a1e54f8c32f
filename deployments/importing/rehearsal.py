"""A dry run: the same rows are understood and decided, nothing is written, and the counts are those of a run.

What a run would have written is remembered for the rows that come after, in a file that is gone when it is closed.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from crm_db import clock, session
from crm_db.actions.imports import Kept, with_known_owner
from crm_db.queries import imports as questions
from crm_db.rules.imports.deciding import Decided, Known, decide, learnt
from crm_db.rules.imports.rows import Identity, ReadRow
from crm_db.rules.imports.table import RawRow
from crm_db.rules.matching import Candidate
from deployments.importing import workers
from deployments.importing.pool import ImportRows
from deployments.importing.workers import Assignment

_TABLES = """
    create table people (lead text primary key, email text, phone text, last_name text, first_name text, created text);
    create index people_email on people (email);
    create index people_phone on people (phone);
    create table said (key text, digest blob, lead text);
    create index said_key on said (key);
"""
_SAID = "select key, digest, lead from said where key in (select value from json_each(?))"
_PEOPLE = """
    select lead, email, phone, last_name, first_name, created from people
    where email in (select value from json_each(?)) or phone in (select value from json_each(?))
       or lead in (select value from json_each(?))
"""
_AFTER_ALL_IDS = 1 << 127
"""Ids are made in the order of time: those of leads that there would be are later than all that there are."""


@contextmanager
def rehearsal(assignment: Assignment) -> Iterator[ImportRows]:
    """Takes batches as the worker processes do, and only counts."""
    memory = _Memory()
    session.bind(assignment.url, pool_size=2)
    try:
        yield lambda rows: _done(_rehearse(assignment, memory, rows))
    finally:
        session.unbind()
        memory.close()


def _done(kept: Kept) -> "Future[Kept]":
    future: Future[Kept] = Future()
    future.set_result(kept)
    return future


def _rehearse(work: Assignment, memory: "_Memory", rows: Sequence[RawRow]) -> Kept:
    """Decide a batch as a run would after all that came before."""
    now = clock.utc_now()
    read, refused = workers.understand(work, workers.identified(work, rows), now)
    told = [with_known_owner(work.job, row) for row in read]
    with session.unit_of_work(work.identity) as opened:
        found = questions.known(
            opened,
            work.job.org_id,
            work.job.source,
            [row.identity for row in told],
            [row.draft for row in told],
        )
    known = memory.added_to(found, told)
    decided = decide(known, told, now=now)
    memory.remember(known, decided, now)
    new = sum(decision.kind == "create" for decision in decided.decisions)
    merged = len(decided.decisions) - new
    return Kept(new, merged, decided.repeated, (*refused, *decided.refused))


class _Memory:
    """The people and rows of a rehearsal, on disk where they are many."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("")  # a nameless database is a temporary file
        self._database.executescript(_TABLES)
        self._leads = 0

    def close(self) -> None:
        """Forget everything."""
        self._database.close()

    def added_to(self, known: Known, rows: Sequence[ReadRow]) -> Known:
        """What is known of a batch, with what the rehearsal would have added to it."""
        said = {key: set(digests) for key, digests in known.said.items()}
        keys: dict[UUID, list[str]] = {}
        for key, digest, lead in self._database.execute(_SAID, [_list({row.identity.key for row in rows})]):
            said.setdefault(key, set()).add(digest)
            keys.setdefault(UUID(lead), []).append(key)
        people = {person.lead_id: person for person in known.people}
        for person in self._people(rows, {*keys, *people}):
            before = people.get(person.lead_id)
            named = (*keys.get(person.lead_id, ()), *(before.keys if before else ()))
            people[person.lead_id] = replace(person, keys=tuple(dict.fromkeys(named)))
        digests = {key: frozenset(found) for key, found in said.items()}
        return Known(digests, list(people.values()), known.gone)

    def remember(self, known: Known, decided: Decided, now: datetime) -> None:
        """Keep what a run would have written."""
        ids = self._lead_ids(decided)
        self._database.executemany(
            "insert or replace into people values (?, ?, ?, ?, ?, ?)",
            [
                (
                    one.lead_id.hex,
                    one.email,
                    one.phone,
                    one.last_name,
                    one.first_name,
                    one.created_at.isoformat(),
                )
                for one in learnt(known, decided, ids, now=now)
            ],
        )
        identities: list[Identity] = [row.identity for row in decided.rows]
        self._database.executemany(
            "insert into said values (?, ?, ?)",
            [(one.key, one.digest, lead.hex) for one, lead in zip(identities, ids, strict=True)],
        )

    def _lead_ids(self, decided: Decided) -> list[UUID]:
        """The lead of each row; those that there would be are numbered."""
        ids: list[UUID] = []
        for decision in decided.decisions:
            if decision.kind == "create":
                self._leads += 1
                ids.append(UUID(int=_AFTER_ALL_IDS + self._leads))
            else:
                ids.append(decision.lead_id or ids[decision.same_as or 0])
        return ids

    def _people(self, rows: Sequence[ReadRow], named: set[UUID]) -> Iterator[Candidate]:
        emails = {row.draft.email for row in rows if row.draft.email}
        phones = {row.draft.phone for row in rows if row.draft.phone}
        leads = {lead.hex for lead in named}
        for lead, email, phone, last_name, first_name, created in self._database.execute(
            _PEOPLE, [_list(emails), _list(phones), _list(leads)]
        ):
            yield Candidate(
                UUID(lead), email, phone, datetime.fromisoformat(created), last_name, first_name=first_name
            )


def _list(values: set[str]) -> str:
    return json.dumps(sorted(values))
