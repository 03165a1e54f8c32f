"""People who arrive, by form or API: matched against the leads there are, then created or enriched.

Two intakes never make two leads of one person: before looking, a transaction takes an advisory lock on every e-mail address
telephone number and sender's id of its batch, in one order, and keeps them until it ends.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from crm_db.actions import bulk, identity_locks, messages
from crm_db.models import Activity, Lead
from crm_db.queries import identities, settings
from crm_db.rules.keys import owner_again
from crm_db.rules.matching import Decision, enrich, match_batch
from crm_db.rules.normalise import LeadDraft
from crm_db.rules.telling import told
from crm_db.rules.understanding import TEST_TAG

_NEW_IDS = text("select crm_uuid7() from generate_series(1, :count)")
_ENRICHABLE = (
    "external_id", "first_name", "last_name", "email", "phone", "company", "title", "value", "currency", "probability",
    "country", "timezone", "language", "utm", "consent", "tags", "custom",
)  # fmt: skip
_SCORED_BY = {"value", "probability"}
_AGAIN_PRIORITY = 3


@dataclass(frozen=True)
class Arrival:
    """One person as somebody sent them. `automation`: score, assign and enrol this lead."""

    draft: LeadDraft
    source: str
    automation: bool
    at: datetime
    source_id: UUID | None = None
    team_id: UUID | None = None
    submission_id: UUID | None = None
    owner_id: UUID | None = None
    """Whose a new lead is, where that is known already."""


Write = Callable[[Sequence[dict[str, Any]]], None]


@dataclass(frozen=True)
class Kept:
    """The lead that an arrival became, and whether it is a new one."""

    lead_id: UUID
    created: bool


def keep(
    session: Session, org_id: UUID, arrived: Sequence[Arrival], *, write: Write | None = None
) -> list[Kept]:
    """Create or enrich one lead for each arrival, in their order, with a note on the lead's timeline.

    write: takes the rows of new leads and writes them; by default they are written as they are.
    """
    identity_locks.take(session, org_id, [(arrival.source, arrival.draft) for arrival in arrived])
    drafts = [arrival.draft for arrival in arrived]
    existing = identities.candidates(session, org_id, drafts)
    decisions = match_batch(existing, drafts)
    ids = _new_ids(session, sum(decision.kind == "create" for decision in decisions))
    kept = _resolve(decisions, ids)
    rows = _rows_to_create(org_id, arrived, decisions, kept)
    _fill_defaults(session, org_id, rows)
    _drop_taken_external_ids(session, org_id, rows)
    if rows:
        new = list(rows.values())
        write(new) if write else bulk.insert(session, Lead, new)
    known = _enrich_existing(session, org_id, arrived, [one.lead_id for one in kept], set(rows))
    _note(session, org_id, arrived, kept, {**rows, **known})
    return kept


def _new_ids(session: Session, count: int) -> list[UUID]:
    return list(session.scalars(_NEW_IDS, {"count": count})) if count else []


def _resolve(decisions: Sequence[Decision], new_ids: Sequence[UUID]) -> list[Kept]:
    """Give every arrival its lead: a new id, an existing one, or that of the arrival it is the same as."""
    fresh = iter(new_ids)
    kept: list[Kept] = []
    for decision in decisions:
        if decision.kind == "create":
            kept.append(Kept(next(fresh), created=True))
        elif decision.lead_id is not None:
            kept.append(Kept(decision.lead_id, created=False))
        else:
            kept.append(Kept(kept[decision.same_as or 0].lead_id, created=False))
    return kept


def _rows_to_create(
    org_id: UUID, arrived: Sequence[Arrival], decisions: Sequence[Decision], kept: Sequence[Kept]
) -> dict[UUID, dict[str, Any]]:
    """New leads by id; a later arrival of the same person in this batch enriches the row before it is written."""
    rows: dict[UUID, dict[str, Any]] = {}
    for arrival, decision, one in zip(arrived, decisions, kept, strict=True):
        if decision.kind == "create":
            rows[one.lead_id] = _row(org_id, one.lead_id, arrival)
        elif one.lead_id in rows:
            row = rows[one.lead_id]
            row.update(enrich(row, arrival.draft))
            if arrival.automation:
                row["automation"] = "pending"
    return rows


def _fill_defaults(session: Session, org_id: UUID, rows: Mapping[UUID, dict[str, Any]]) -> None:
    """What the org's setting `lead_defaults` says about a new lead that nothing was said about."""
    defaults = settings.value_of(session, org_id, "lead_defaults") if rows else {}
    for row in rows.values():
        for column, value in defaults.items():
            if column in _ENRICHABLE and row[column] is None:
                row[column] = value


def _row(org_id: UUID, lead_id: UUID, arrival: Arrival) -> dict[str, Any]:
    draft = arrival.draft
    return {
        "org_id": org_id,
        "id": lead_id,
        "team_id": arrival.team_id,
        "owner_id": arrival.owner_id,
        "source": arrival.source,
        "source_id": arrival.source_id,
        "automation": "pending" if arrival.automation else "off",
        **{column: _plain(getattr(draft, column)) for column in _ENRICHABLE},
    }


def _plain(value: object) -> object:
    """Tuples and read-only mappings as the driver takes them."""
    if isinstance(value, tuple):
        return list(value)
    return dict(value) if hasattr(value, "items") else value  # type: ignore[call-overload]


def _drop_taken_external_ids(session: Session, org_id: UUID, rows: dict[UUID, dict[str, Any]]) -> None:
    """A sender's id that another lead of that source bears is kept beside the lead's own fields, never stolen."""
    named = [(row["source"], row["external_id"]) for row in rows.values() if row["external_id"]]
    taken = identities.taken_external_ids(session, org_id, named) if named else set()
    for row in rows.values():
        key = (row["source"], row["external_id"])
        if row["external_id"] and key in taken:
            row["custom"] = {**row["custom"], "external_id": row["external_id"]}
            row["external_id"] = None
        taken.add(key)


def _enrich_existing(
    session: Session, org_id: UUID, arrived: Sequence[Arrival], lead_ids: Sequence[UUID], created: set[UUID]
) -> dict[UUID, dict[str, Any]]:
    """Fill what is empty on leads that were there before, let automation look at them again, and tell their owners.

    A value that is still the org's default for new leads counts as empty: nobody has said it. Automation that
    an earlier submission went without starts with one that does not. Returns these leads as they are then.
    """
    known = {lead_id for lead_id in lead_ids if lead_id not in created}
    if not known:
        return {}
    columns = [getattr(Lead, column) for column in _ENRICHABLE]
    found = session.execute(
        select(Lead.id, Lead.automation, Lead.owner_id, *columns)
        .where(Lead.org_id == org_id, Lead.id.in_(known))
        .with_for_update()
    )
    current = {row["id"]: dict(row) for row in found.mappings()}
    defaults = settings.value_of(session, org_id, "lead_defaults")
    notices = []
    for arrival, lead_id in zip(arrived, lead_ids, strict=True):
        if lead_id not in current:
            continue
        lead = current[lead_id]
        changes = _changes(lead, arrival, defaults)
        if arrival.automation and lead["owner_id"] is not None:
            notices.append(_notice_again(org_id, lead_id, lead["owner_id"], arrival))
        if changes:
            lead.update(changes)
            plain = {column: _plain(value) for column, value in changes.items()}
            session.execute(update(Lead).where(Lead.org_id == org_id, Lead.id == lead_id).values(plain))
    messages.schedule(session, notices)
    return current


def _changes(lead: Mapping[str, Any], arrival: Arrival, defaults: Mapping[str, Any]) -> dict[str, Any]:
    """What an arrival changes on a lead that was there before. A test leaves no mark on a real lead, a real one ends a test."""
    draft, was_test = arrival.draft, TEST_TAG in lead["tags"]
    is_test = TEST_TAG in draft.tags
    if is_test and not was_test:
        draft = replace(draft, tags=tuple(tag for tag in draft.tags if tag != TEST_TAG))
    said = {k: None if k in defaults and v == defaults[k] else v for k, v in lead.items()}
    changes: dict[str, Any] = {k: v for k, v in enrich(said, draft).items() if k != "external_id"}
    if was_test and not is_test:
        changes["tags"] = [tag for tag in changes.get("tags", lead["tags"]) if tag != TEST_TAG]
    if arrival.automation and lead["automation"] != "pending":
        changes["automation"] = "pending"
    elif lead["automation"] == "done" and _SCORED_BY & changes.keys():
        changes["rescore_at"] = arrival.at
    return changes


def _notice_again(org_id: UUID, lead_id: UUID, owner_id: UUID, arrival: Arrival) -> dict[str, Any]:
    """Word to the owner that somebody they know has written again."""
    return {
        "org_id": org_id,
        "key": owner_again(lead_id, str(arrival.submission_id or arrival.at.isoformat())),
        "channel": "email",
        "recipient": "user",
        "purpose": "owner-notice",
        "lead_id": lead_id,
        "user_id": owner_id,
        "template": "owner-again",
        "priority": _AGAIN_PRIORITY,
        "due_at": arrival.at,
    }


def _note(
    session: Session,
    org_id: UUID,
    arrived: Sequence[Arrival],
    kept: Sequence[Kept],
    leads: Mapping[UUID, Mapping[str, Any]],
) -> None:
    rows = [
        {
            "org_id": org_id,
            "lead_id": one.lead_id,
            "kind": "submission",
            "direction": "in",
            "subject": f"Submitted through {arrival.source}",
            "body": told(arrival.draft, leads[one.lead_id]),
            "done_at": arrival.at,
            "custom": {"event_id": str(arrival.submission_id)} if arrival.submission_id else {},
        }
        for arrival, one in zip(arrived, kept, strict=True)
    ]
    bulk.insert(session, Activity, rows)
