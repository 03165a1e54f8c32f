"""New leads of an import: their row with score, band and owner, why they have both, and, where asked for, their enrolment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from crm_db.actions import bulk, enrolments, messages
from crm_db.models import Lead, LeadAssignment, ScoreHistory
from crm_db.queries import routing
from crm_db.queries.imports import Owner
from crm_db.rules import scoring
from crm_db.rules.assignment import Assignment, Rep, choose_owners
from crm_db.rules.imports.plan import OPEN
from crm_db.rules.imports.rows import ReadRow
from crm_db.rules.keys import owner_notice

ENRICHABLE = (
    "external_id", "first_name", "last_name", "email", "phone", "company", "title", "value", "currency", "probability",
    "country", "timezone", "language", "utm", "consent", "tags", "custom",
)  # fmt: skip
HISTORY = ("status", "closed_at", "last_contact", "owner_id", "automation")
OWN_CHOICE, FROM_FILE = "least-open-load", "named-in-import"
NOTICE_PRIORITY = 3
_ONE_AT_A_TIME = text("select pg_advisory_xact_lock(hashtextextended('crm_assignment:' || :org, 0))")
_NEW_IDS = text("select crm_uuid7() from generate_series(1, :count)")
_LAST = text(
    "update crm_users set last_assigned_at = :now where org_id = :org and id = any (cast(:users as uuid[]))"
)


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
    for lead in leads:
        _fill_defaults(lead, decided["lead_defaults"])
        lead.update(_score(lead, scoring.Bands(**decided["score_bands"]), now))
    named = [lead for lead in leads if lead["owner_id"] is not None]
    for lead in named:
        lead["team_id"] = lead["team_id"] or job.team_of(lead["owner_id"])
    ownerless = [lead for lead in leads if lead["owner_id"] is None and lead["status"] in OPEN]
    verdicts = _choose(
        session, job, ownerless, [lead["owner_id"] for lead in named if lead["status"] in OPEN]
    )
    followed = [
        lead for lead in leads if job.enrol and lead["status"] in OPEN and (lead["email"] or lead["phone"])
    ]
    for lead in followed:
        lead["automation"] = "done"
    bulk.insert(session, Lead, leads)
    bulk.insert(session, ScoreHistory, [_scored(lead, now) for lead in leads])
    record_owners(session, job, named, now=now)
    assignments = _record_choices(session, job, ownerless, verdicts, now)
    enrolments.enrol(session, job.org_id, [lead["id"] for lead in followed], now=now)
    told = [lead for lead in followed if lead["id"] in assignments and lead["owner_id"] is not None]
    messages.schedule(session, [_notice(lead, assignments[lead["id"]], now) for lead in told])


def record_owners(session: Session, job: Job, leads: Sequence[Mapping[str, Any]], *, now: datetime) -> None:
    """Write down that the file named these leads' owners."""
    reason = "named as the owner by the imported file"
    verdicts = {lead["owner_id"]: [_verdict(lead["owner_id"], True, reason)] for lead in leads}
    rows = [
        _assigned(job, lead["id"], lead["owner_id"], FROM_FILE, verdicts[lead["owner_id"]], now)
        for lead in leads
    ]
    bulk.insert(session, LeadAssignment, rows)


def _fill_defaults(lead: dict[str, Any], defaults: Mapping[str, Any]) -> None:
    """What the org says of a new lead that nothing was said about; of a closed one nothing is supposed any more."""
    if lead["status"] in OPEN:
        lead |= {name: value for name, value in defaults.items() if name in ENRICHABLE and lead[name] is None}


def _score(lead: Mapping[str, Any], bands: scoring.Bands, now: datetime) -> dict[str, Any]:
    facts = scoring.LeadFacts(lead["probability"], lead["value"], lead["last_contact"])
    score = scoring.score_lead(facts, now, bands)
    return {
        "score": score.score,
        "score_band": score.band,
        "score_reasons": [
            {"code": one.code, "points": one.points, "words": one.words} for one in score.reasons
        ],
        "scored_at": now,
        "rescore_at": scoring.rescore_at(facts, now),
    }


def _scored(lead: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    return {
        "org_id": lead["org_id"],
        "lead_id": lead["id"],
        "score": lead["score"],
        "band": lead["score_band"],
        "reasons": lead["score_reasons"],
        "scorecard": "base",
        "at": now,
    }


def _choose(
    session: Session, job: Job, leads: Sequence[dict[str, Any]], named: Sequence[UUID]
) -> list[Assignment]:
    """Choose an owner for each lead; `named`: who of the same batch has one more already. One transaction of an org at a time."""
    if not leads:
        return []
    session.execute(_ONE_AT_A_TIME, {"org": str(job.org_id)})
    reps = [_with_more(rep, named.count(rep.user_id)) for rep in routing.reps(session, job.org_id)]
    chosen = choose_owners(reps, [lead["team_id"] for lead in leads])
    for lead, one in zip(leads, chosen, strict=True):
        lead["owner_id"] = one.user_id
        lead["team_id"] = lead["team_id"] or one.team_id
    return chosen


def _with_more(rep: Rep, leads: int) -> Rep:
    return replace(rep, open_leads=rep.open_leads + leads) if leads else rep


def _record_choices(
    session: Session, job: Job, leads: Sequence[dict[str, Any]], chosen: Sequence[Assignment], now: datetime
) -> dict[UUID, UUID]:
    """Keep the verdicts on every candidate; returns the assignment of each lead."""
    if not leads:
        return {}
    ids = session.scalars(_NEW_IDS, {"count": len(leads)}).all()
    rows = [
        _assigned(job, lead["id"], one.user_id, OWN_CHOICE, _verdicts(one), now) | {"id": assignment_id}
        for lead, one, assignment_id in zip(leads, chosen, ids, strict=True)
    ]
    bulk.insert(session, LeadAssignment, rows)
    users = sorted({one.user_id for one in chosen if one.user_id is not None})
    session.execute(_LAST, {"org": job.org_id, "users": users, "now": now})
    return dict(zip([lead["id"] for lead in leads], ids, strict=True))


def _verdicts(chosen: Assignment) -> list[dict[str, Any]]:
    return [_verdict(one.user_id, one.chosen, one.reason, one.open_leads) for one in chosen.verdicts]


def _verdict(user_id: UUID, chosen: bool, reason: str, open_leads: int | None = None) -> dict[str, Any]:
    return {"user_id": str(user_id), "chosen": chosen, "reason": reason, "open_leads": open_leads}


def _assigned(
    job: Job,
    lead_id: UUID,
    user_id: UUID | None,
    rule: str,
    verdicts: Sequence[Mapping[str, Any]],
    now: datetime,
) -> dict[str, Any]:
    return {
        "org_id": job.org_id,
        "lead_id": lead_id,
        "user_id": user_id,
        "rule": rule,
        "verdicts": verdicts,
        "at": now,
    }


def _notice(lead: Mapping[str, Any], assignment_id: UUID, now: datetime) -> dict[str, Any]:
    """Word to the new owner of a lead that is to be followed up."""
    return {
        "org_id": lead["org_id"],
        "key": owner_notice(lead["id"], assignment_id),
        "channel": "email",
        "recipient": "user",
        "purpose": "owner-notice",
        "lead_id": lead["id"],
        "user_id": lead["owner_id"],
        "template": "owner-notice",
        "priority": NOTICE_PRIORITY,
        "due_at": now,
    }
