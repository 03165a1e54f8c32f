"""Giving leads an owner, one org at a time, with the verdict on every candidate kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from crm_db.actions import bulk
from crm_db.models import LeadAssignment
from crm_db.queries import routing
from crm_db.queries.preparation import LeadFacts
from crm_db.rules.assignment import Assignment, choose_owners

BY_HAND = "by hand"
_ONE_AT_A_TIME = text("select pg_advisory_xact_lock(hashtextextended('crm_assignment:' || :org, 0))")
_NEW_IDS = text("select crm_uuid7() from generate_series(1, :count)")
_OWN = text(
    """
    update crm_leads l set owner_id = a.owner_id, team_id = coalesce(l.team_id, a.team_id)
    from unnest(cast(:leads as uuid[]), cast(:owners as uuid[]), cast(:teams as uuid[])) as a(lead_id, owner_id, team_id)
    where l.org_id = :org and l.id = a.lead_id
    """
)
_LAST = text("update crm_users set last_assigned_at = :now where org_id = :org and id = any (:users)")


@dataclass(frozen=True)
class Given:
    """A lead that has an owner now, by the decision `assignment_id`."""

    lead_id: UUID
    user_id: UUID
    assignment_id: UUID


def choose(session: Session, org_id: UUID, teams: Sequence[UUID | None]) -> list[Assignment]:
    """The owners of leads in a row, by the team that each is for; one transaction of an org at a time, so that loads are true."""
    if not teams:
        return []
    session.execute(_ONE_AT_A_TIME, {"org": str(org_id)})
    return choose_owners(routing.reps(session, org_id), teams)


def remember(
    session: Session, org_id: UUID, lead_ids: Sequence[UUID], chosen: Sequence[Assignment], *, now: datetime
) -> list[Given]:
    """Keep the decisions on these leads with all verdicts; returns those by which a lead got an owner."""
    ids = session.scalars(_NEW_IDS, {"count": len(lead_ids)}).all()
    rows = [
        {
            "org_id": org_id,
            "id": assignment_id,
            "lead_id": lead_id,
            "user_id": one.user_id,
            "rule": "least-open-load",
            "verdicts": [vars(verdict) for verdict in one.verdicts],
            "at": now,
        }
        for assignment_id, lead_id, one in zip(ids, lead_ids, chosen, strict=True)
    ]
    bulk.insert(session, LeadAssignment, rows)
    given = [
        Given(lead_id, one.user_id, assignment_id)
        for assignment_id, lead_id, one in zip(ids, lead_ids, chosen, strict=True)
        if one.user_id is not None
    ]
    session.execute(_LAST, {"org": org_id, "users": sorted({one.user_id for one in given}), "now": now})
    return given


def remember_by_hand(
    session: Session, org_id: UUID, lead_id: UUID, user_id: UUID | None, *, by: str, now: datetime
) -> None:
    """Keep that somebody gave a lead to a person, or to nobody; by: who did, as the change log names them."""
    verdict = {"chosen": True, "reason": "named by hand", "open_leads": None, "by": by}
    row = {
        "org_id": org_id,
        "lead_id": lead_id,
        "user_id": user_id,
        "rule": BY_HAND,
        "verdicts": [{"user_id": str(user_id), **verdict}] if user_id else [],
        "at": now,
    }
    bulk.insert(session, LeadAssignment, [row])


def assign(session: Session, org_id: UUID, leads: Sequence[LeadFacts], *, now: datetime) -> list[Given]:
    """Choose an owner for each of these leads that has none, and hand it over."""
    ownerless = [lead for lead in leads if lead.owner_id is None]
    chosen = choose(session, org_id, [lead.team_id for lead in ownerless])
    if not chosen:
        return []
    given = remember(session, org_id, [lead.id for lead in ownerless], chosen, now=now)
    teams = {one.user_id: one.team_id for one in chosen}
    session.execute(
        _OWN,
        {
            "org": org_id,
            "leads": [one.lead_id for one in given],
            "owners": [one.user_id for one in given],
            "teams": [teams[one.user_id] for one in given],
        },
    )
    return given
