"""New leads of an import: their row with score, band and owner, why they have both, and, where asked for, their enrolment."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm_db.actions import assignments, bulk, enrolments, messages, newcomers, scores
from crm_db.models import Lead, LeadAssignment
from crm_db.queries.imports import Owner
from crm_db.rules import scoring
from crm_db.rules.imports.plan import OPEN
from crm_db.rules.imports.rows import ReadRow

ENRICHABLE = (
    "external_id", "first_name", "last_name", "email", "phone", "company", "title", "value", "currency", "probability",
    "country", "timezone", "language", "utm", "consent", "tags", "custom",
)  # fmt: skip
HISTORY = ("status", "closed_at", "last_contact", "owner_id", "automation")
_FROM_FILE = "named-in-import"


@dataclass(frozen=True)
class Job:
    """One import: into which org, from which source, with whom as owners; `enrol`: leads are followed up."""

    org_id: UUID
    import_id: UUID
    source: str
    source_id: UUID | None = None
    team_id: UUID | None = None
    enrol: bool = False
    owners: Mapping[str, Owner] = field(default_factory=dict)

    def owner_of(self, row: ReadRow) -> UUID | None:
        """Who the row says owns its lead."""
        return self.owners[row.history.owner].user_id if row.history.owner else None

    def team_of(self, user_id: UUID) -> UUID | None:
        """The team that a user acts in."""
        return next((owner.team_id for owner in self.owners.values() if owner.user_id == user_id), None)


def new_lead(job: Job, lead_id: UUID, row: ReadRow, now: datetime) -> dict[str, Any]:
    """The row of a new lead, but for its score and an owner of our choice."""
    draft, history = row.draft, row.history
    return {
        "org_id": job.org_id,
        "id": lead_id,
        "team_id": job.team_id,
        "source": job.source,
        "source_id": job.source_id,
        **{column: getattr(draft, column) for column in ENRICHABLE},
        "status": history.status,
        "closed_at": history.closed_at,
        "last_contact": history.last_contact,
        "owner_id": job.owner_of(row),
        "automation": "off",
        "created_at": history.created_at or now,
        "scored_at": None,
    }


def create(
    session: Session,
    job: Job,
    leads: Sequence[dict[str, Any]],
    decided: Mapping[str, Mapping[str, Any]],
    *,
    now: datetime,
) -> None:
    """Complete new leads and write them, with the history of their score and owner; decided: the org's settings by key."""
    if not leads:
        return
    scale = scoring.scale_from(decided)
    for lead in leads:
        _fill_defaults(lead, decided["lead_defaults"])
        facts = scoring.LeadFacts(lead["probability"], lead["value"], lead["last_contact"])
        lead.update(scores.columns(facts, scale, now))
    named = [lead for lead in leads if lead["owner_id"] is not None]
    for lead in named:
        lead["team_id"] = lead["team_id"] or job.team_of(lead["owner_id"])
    ownerless = [lead for lead in leads if lead["owner_id"] is None and lead["status"] in OPEN]
    chosen = assignments.choose(session, job.org_id, [lead["team_id"] for lead in ownerless])
    for lead, one in zip(ownerless, chosen, strict=True):
        lead.update(owner_id=one.user_id, team_id=lead["team_id"] or one.team_id)
    followed = [lead for lead in leads if job.enrol and _is_to_be_followed(lead)]
    for lead in followed:
        lead["automation"] = "done"
    bulk.insert(session, Lead, leads)
    scores.remember(session, job.org_id, [(lead, None) for lead in leads], now=now)
    record_owners(session, job, named, now=now)
    ids = [lead["id"] for lead in ownerless]
    given = assignments.remember(session, job.org_id, ids, chosen, now=now) if ids else []
    _follow_up(session, job, {lead["id"] for lead in followed}, given, now)


def record_owners(session: Session, job: Job, leads: Sequence[Mapping[str, Any]], *, now: datetime) -> None:
    """Write down that the file named these leads' owners."""
    verdict = {"chosen": True, "reason": "named as the owner by the imported file", "open_leads": None}
    rows = [
        {
            "org_id": job.org_id,
            "lead_id": lead["id"],
            "user_id": lead["owner_id"],
            "rule": _FROM_FILE,
            "verdicts": [{"user_id": lead["owner_id"], **verdict}],
            "at": now,
        }
        for lead in leads
    ]
    bulk.insert(session, LeadAssignment, rows)


def _fill_defaults(lead: dict[str, Any], defaults: Mapping[str, Any]) -> None:
    """What the org says of a new lead that nothing was said about; of a closed one nothing is supposed any more."""
    if lead["status"] in OPEN:
        lead |= {name: value for name, value in defaults.items() if name in ENRICHABLE and lead[name] is None}


def _is_to_be_followed(lead: Mapping[str, Any]) -> bool:
    return lead["status"] in OPEN and bool(lead["email"] or lead["phone"])


def _follow_up(
    session: Session, job: Job, lead_ids: Set[UUID], given: Sequence[assignments.Given], now: datetime
) -> None:
    """A place in the default sequence for these leads, and word to those who were given one of them."""
    enrolments.enrol(session, job.org_id, sorted(lead_ids), now=now)
    told = [newcomers.notice(job.org_id, one, now) for one in given if one.lead_id in lead_ids]
    messages.schedule(session, told)
