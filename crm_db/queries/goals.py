"""How much of a sales goal has been reached, a statement a metric; amounts in the goal's currency only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from crm_db.models import SalesGoal
from crm_db.rules.goals import Period
from crm_db.session import Identity

_OF_GOAL = """
    org_id = :org and deleted_at is null
    and (cast(:owner as uuid) is null or owner_id = :owner)
    and (cast(:owner as uuid) is not null or cast(:teams as uuid[]) is null or team_id = any (:teams))
"""
_WON = f"from crm_deals where {_OF_GOAL} and status = 'won' and closed_at >= :begins and closed_at < :ends"
_DONE = f"select count(*) from crm_activities where {_OF_GOAL} and done_at >= :begins and done_at < :ends"  # noqa: S608
_REACHED: Mapping[str, TextClause] = MappingProxyType(
    {
        metric: text(words)
        for metric, words in {
            "revenue": f"select coalesce(sum(value), 0) {_WON} and currency = :currency",
            "deals_won": f"select count(*) {_WON}",
            "leads_converted": f"select count(*) from crm_leads where {_OF_GOAL} and status = 'converted'"  # noqa: S608
            " and closed_at >= :begins and closed_at < :ends",
            "new_customers": f"select count(*) from crm_customers where {_OF_GOAL}"  # noqa: S608
            " and (since between :first and :last or since is null and created_at >= :begins and created_at < :ends)",
            "activities": f"{_DONE} and kind in ('call', 'meeting', 'email', 'sms', 'task')",
            "calls": f"{_DONE} and kind = 'call'",
            "meetings": f"{_DONE} and kind = 'meeting'",
        }.items()
    }
)
_TEAM_AND_BELOW = text(
    """
    with recursive below as (
        select id from crm_teams where org_id = :org and id = :team
        union
        select t.id from crm_teams t join below b on t.parent_id = b.id where t.org_id = :org
    )
    select id from below
    """
)
_WORKS_IN = text(
    "select exists (select from crm_memberships where org_id = :org and user_id = :user and team_id = any (:teams))"
)
_IS_MEMBER = text(
    "select exists (select from crm_memberships where org_id = :org and user_id = :user and team_id = :team)"
)


@dataclass(frozen=True)
class Aim:
    """What a goal asks for; its owner's, else its team's and that of the teams below, else the org's."""

    id: UUID
    owner_id: UUID | None
    team_id: UUID | None
    metric: str
    target: Decimal
    currency: str | None
    period_start: date
    period_end: date


def aim(session: Session, org_id: UUID, goal_id: UUID) -> Aim | None:
    """A goal by its id; None when there is none."""
    columns = [getattr(SalesGoal, name) for name in Aim.__dataclass_fields__]
    row = (
        session.query(*columns)
        .filter(SalesGoal.org_id == org_id, SalesGoal.id == goal_id, SalesGoal.deleted_at.is_(None))
        .one_or_none()
    )
    return None if row is None else Aim(*row)


def is_for_manager(session: Session, identity: Identity, owner_id: UUID | None, team_id: UUID | None) -> bool:
    """Whether a goal is one that a manager sets: the manager's own, a person's or team's of the manager's teams, the org's.

    A person's goal is judged by the teams in which that person works, whatever team the goal names.
    """
    if owner_id is None:
        return team_id is None or team_id in identity.team_ids
    if owner_id == identity.user_id:
        return True
    values = {"org": identity.org_id, "user": owner_id, "teams": list(identity.team_ids)}
    return bool(session.execute(_WORKS_IN, values).scalar_one())


def is_member(session: Session, org_id: UUID, user_id: UUID | None, team_id: UUID) -> bool:
    """Whether somebody works in a team."""
    values = {"org": org_id, "user": user_id, "team": team_id}
    return bool(session.execute(_IS_MEMBER, values).scalar_one())


def reached(session: Session, org_id: UUID, goal: Aim, period: Period) -> Decimal:
    """How much of a goal has been reached in its period so far."""
    values: dict[str, Any] = {
        "org": org_id,
        "owner": goal.owner_id,
        "teams": None if goal.team_id is None else _team_and_below(session, org_id, goal.team_id),
        "begins": period.begins,
        "ends": period.ends,
        "first": goal.period_start,
        "last": goal.period_end,
        "currency": goal.currency,
    }
    question = _REACHED[goal.metric]
    wanted = {name: values[name] for name in question.compile().params}
    return Decimal(session.execute(question, wanted).scalar_one())


def _team_and_below(session: Session, org_id: UUID, team_id: UUID) -> list[UUID]:
    return list(session.execute(_TEAM_AND_BELOW, {"org": org_id, "team": team_id}).scalars())
