"""Leads of another system: matched as captured ones are, and written once, with score and owner, a batch in one transaction.

Each row is remembered in crm_keys beside its lead, so an import may be run again, be killed, or run twice at once: what was
imported is passed over, what was not is done. Past outcomes are taken over; only open leads get an owner by our own choice, and
nobody is written to unless the import was told to.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from crm_db.actions import bulk, events, identity_locks, imported_leads
from crm_db.actions.imported_leads import ENRICHABLE, HISTORY, Job
from crm_db.models import Activity, Key, Lead
from crm_db.queries import imports, settings
from crm_db.rules.imports.deciding import Decided, decide
from crm_db.rules.imports.enriching import changes
from crm_db.rules.imports.rows import ReadRow, without_owner
from crm_db.rules.imports.table import Fault
from crm_db.rules.telling import told

# A session keeps its plans, those of triggers and foreign keys too; made while a table is empty, they crawl when it is full.
_PLAN_ANEW = text("discard plans")
# In order: of leads that were made at one moment the first row's is the oldest.
_NEW_IDS = text("select crm_uuid7() as id from generate_series(1, :count) order by id")
_CURRENT = text(
    f"""
    select id, team_id, scored_at, rescore_at, {", ".join((*ENRICHABLE, *HISTORY))} from crm_leads
    where org_id = :org and id = any (cast(:ids as uuid[])) order by id for update
    """  # noqa: S608 - names of our own columns
)


@dataclass(frozen=True)
class Kept:
    """What became of a batch; `refused`: row number and why."""

    new: int = 0
    merged: int = 0
    repeated: int = 0
    refused: tuple[tuple[int, Fault], ...] = ()

    def __add__(self, other: "Kept") -> "Kept":
        return Kept(
            self.new + other.new,
            self.merged + other.merged,
            self.repeated + other.repeated,
            (*self.refused, *other.refused),
        )


def keep(session: Session, job: Job, rows: Sequence[ReadRow], *, now: datetime) -> Kept:
    """Create or enrich one lead for each row that did not come before, in their order."""
    session.execute(_PLAN_ANEW)
    rows = [with_known_owner(job, row) for row in rows]
    drafts = [row.draft for row in rows]
    identity_locks.take(session, job.org_id, [(job.source, draft) for draft in drafts])
    known = imports.known(session, job.org_id, job.source, [row.identity for row in rows], drafts)
    decided = decide(known, rows, now=now)
    ids = _lead_ids(session, decided)
    leads = _write_leads(session, job, decided, ids, now)
    bulk.insert(
        session,
        Activity,
        [_note(job, row, one, leads[one], now) for row, one in zip(decided.rows, ids, strict=True)],
    )
    bulk.insert(session, Key, _memories(job, decided, ids, known.said), or_leave=True)
    created = [decision.kind == "create" for decision in decided.decisions]
    events.record(session, job.org_id, "lead.created", "lead", _distinct(ids, created, True))
    events.record(session, job.org_id, "lead.enriched", "lead", _distinct(ids, created, False))
    return Kept(sum(created), len(created) - sum(created), decided.repeated, decided.refused)


def with_known_owner(job: Job, row: ReadRow) -> ReadRow:
    """The row; without its owner where that is nobody here, or somebody who left and cannot work on an open lead."""
    email = row.history.owner
    if email is None:
        return row
    owner = job.owners.get(email)
    if owner is None:
        return without_owner(row, "nobody here has this address")
    return row if owner.active or not row.history.is_open else without_owner(row, "is not active any more")


def _lead_ids(session: Session, decided: Decided) -> list[UUID]:
    """The lead of each row: a new id, an existing one, or that of the row it is the same as."""
    count = sum(decision.kind == "create" for decision in decided.decisions)
    fresh = iter(session.scalars(_NEW_IDS, {"count": count}) if count else ())
    ids: list[UUID] = []
    for decision in decided.decisions:
        if decision.kind == "create":
            ids.append(next(fresh))
        else:
            ids.append(decision.lead_id or ids[decision.same_as or 0])
    return ids


def _write_leads(
    session: Session, job: Job, decided: Decided, ids: Sequence[UUID], now: datetime
) -> Mapping[UUID, Mapping[str, Any]]:
    """Write new leads and changed ones, each once; returns all leads of the batch as they are then."""
    decided_here = settings.of_org(session, job.org_id).values
    defaults = decided_here["lead_defaults"]
    there = [one.lead_id for one in decided.decisions if one.lead_id is not None]
    leads = _current(session, job, there)
    before = {lead_id: dict(lead) for lead_id, lead in leads.items()}
    made: dict[UUID, dict[str, Any]] = {}
    for row, decision, lead_id in zip(decided.rows, decided.decisions, ids, strict=True):
        if decision.kind == "create":
            made[lead_id] = leads[lead_id] = imported_leads.new_lead(job, lead_id, row, now)
        else:
            lead = leads[lead_id]
            owner = job.owner_of(row)
            enrol = job.enrol and lead_id not in made
            lead.update(changes(lead, row, defaults, owner_id=owner, enrol=enrol, now=now))
    imported_leads.create(session, job, list(made.values()), decided_here, now=now)
    _update(session, job, before, leads, now)
    return leads


def _current(session: Session, job: Job, ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    if not ids:
        return {}
    rows = session.execute(_CURRENT, {"org": job.org_id, "ids": sorted(set(ids))})
    return {row["id"]: dict(row) for row in rows.mappings()}


def _update(
    session: Session,
    job: Job,
    before: Mapping[UUID, Mapping[str, Any]],
    leads: Mapping[UUID, dict[str, Any]],
    now: datetime,
) -> None:
    """Write what changed of leads that were there before."""
    changed = [leads[lead_id] for lead_id, lead in before.items() if lead != leads[lead_id]]
    taken_over = [lead for lead in changed if lead["owner_id"] != before[lead["id"]]["owner_id"]]
    for lead in taken_over:
        lead["team_id"] = lead["team_id"] or job.team_of(lead["owner_id"])
    bulk.update(session, Lead, [{"org_id": job.org_id, **lead} for lead in changed])
    imported_leads.record_owners(session, job, taken_over, now=now)


def _note(job: Job, row: ReadRow, lead_id: UUID, lead: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    return {
        "org_id": job.org_id,
        "lead_id": lead_id,
        "kind": "note",
        "direction": "none",
        "subject": f"Imported from {job.source}",
        "body": told(row.draft, lead),
        "done_at": now,
        "custom": {"import_id": str(job.import_id), "row": row.number},
    }


def _memories(
    job: Job, decided: Decided, ids: Sequence[UUID], said: Mapping[str, frozenset[bytes]]
) -> list[dict[str, Any]]:
    """A key for each row: under its own key what it said first, under a longer one what it says otherwise now."""
    memories, seen = [], set(said)
    for row, lead_id in zip(decided.rows, ids, strict=True):
        first, again = imports.keys_of(row.identity)
        memories.append(
            {
                "org_id": job.org_id,
                "scope": imports.scope_of(job.source),
                "key": again if first in seen else first,
                "ref_id": lead_id,
                "body_hash": row.identity.digest,
            }
        )
        seen.add(first)
    return memories


def _distinct(ids: Sequence[UUID], created: Sequence[bool], wanted: bool) -> list[UUID]:
    return list(dict.fromkeys(lead_id for lead_id, one in zip(ids, created, strict=True) if one is wanted))
