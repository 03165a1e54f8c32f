"""Giving leads an owner, one org at a time, with the verdict on every candidate kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from crm_db.models import LeadAssignment
from crm_db.queries import routing
from crm_db.queries.preparation import LeadFacts
from crm_db.rules.assignment import Assignment, choose_owners

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


def assign(session: Session, org_id: UUID, leads: Sequence[LeadFacts], *, now: datetime) -> list[Given]:
    """Choose an owner for each lead that has none; one transaction of an org at a time, so that loads are true."""
    ownerless = [lead for lead in leads if lead.owner_id is None]
    if not ownerless:
        return []
    session.execute(_ONE_AT_A_TIME, {"org": str(org_id)})
    decisions = choose_owners(routing.reps(session, org_id), [lead.team_id for lead in ownerless])
    ids = list(session.scalars(_NEW_IDS, {"count": len(ownerless)}))
    rows = [
        _row(org_id, assignment_id, lead, decision, now)
        for assignment_id, lead, decision in zip(ids, ownerless, decisions, strict=True)
    ]
    session.execute(insert(LeadAssignment), rows)
    given = [row for row in rows if row["user_id"] is not None]
    teams = {decision.user_id: decision.team_id for decision in decisions}
    _hand_over(session, org_id, given, teams, now)
    return [Given(row["lead_id"], row["user_id"], row["id"]) for row in given]


def _hand_over(
    session: Session,
    org_id: UUID,
    given: Sequence[dict[str, Any]],
    teams: dict[UUID | None, UUID | None],
    now: datetime,
) -> None:
    owners = [row["user_id"] for row in given]
    session.execute(
        _OWN,
        {
            "org": org_id,
            "leads": [row["lead_id"] for row in given],
            "owners": owners,
            "teams": [teams[owner] for owner in owners],
        },
    )
    session.execute(_LAST, {"org": org_id, "users": sorted(set(owners)), "now": now})


def _row(org_id: UUID, id: UUID, lead: LeadFacts, decision: Assignment, now: datetime) -> dict[str, Any]:
    return {
        "org_id": org_id,
        "id": id,
        "lead_id": lead.id,
        "user_id": decision.user_id,
        "verdicts": [_verdict(verdict) for verdict in decision.verdicts],
        "at": now,
    }


def _verdict(verdict: Any) -> dict[str, Any]:
    return {
        "user_id": str(verdict.user_id),
        "chosen": verdict.chosen,
        "reason": verdict.reason,
        "open_leads": verdict.open_leads,
    }
