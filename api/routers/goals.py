"""Sales goals: like all records, and besides: how far one has been reached."""

from dataclasses import asdict
from datetime import date, datetime
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy.orm import Session

from api import openapi
from api.forms import GoalIn
from api.identity import KEY_SCHEMES, Caller, Reader
from api.records import add_routes
from api.resource import Resource
from crm_db import clock
from crm_db.errors import NotAllowed, RecordNotFound
from crm_db.queries import goals, kinds, settings
from crm_db.queries.goals import Aim
from crm_db.rules.goals import period_of, progress_of
from crm_db.session import on_behalf_of_the_org, unit_of_work

router = APIRouter(
    prefix="/api/crm/goals", tags=["goals"], dependencies=KEY_SCHEMES, responses=openapi.READ_RESPONSES
)
RESOURCE = Resource(
    kinds.GOAL,
    GoalIn,
    {
        "name": "Revenue of the quarter", "metric": "revenue", "target": 250000, "currency": "EUR",
        "period_start": "2026-10-01", "period_end": "2026-12-31",
    },
    by_managers=True,
)  # fmt: skip
SEEING_ALL = frozenset({"admin", "viewer", "system"})
add_routes(router, RESOURCE)


class GoalProgress(BaseModel):
    """How far a goal has been reached. `share`: of the target; `elapsed`: of the period; 1 is all of it.

    `expected`: what an even pace would have reached by now; `pace`: what was reached for each part of that, null before the
    period begins.
    """

    model_config = openapi.like(
        metric="revenue",
        target=250_000,
        currency="EUR",
        period_start="2026-10-01",
        period_end="2026-12-31",
        as_of="2026-11-16T00:00:00Z",
        reached=140_000,
        share=0.56,
        elapsed=0.5,
        expected=125_000,
        pace=1.12,
    )

    goal_id: UUID
    metric: str
    target: float
    currency: str | None
    period_start: date
    period_end: date
    as_of: datetime
    reached: float
    share: float
    elapsed: float
    expected: float
    pace: float | None
    on_track: bool


@router.get("/{record_id}/progress", summary="Read the progress of a goal")
def read_progress(record_id: UUID, caller: Reader) -> GoalProgress:
    """How much was reached so far, and whether that is as far as the time: of one's own goals, one's teams' and the org's.

    Days are those of the organisation's time zone. What counts is what belongs to the goal's owner, else to its team and the
    teams below, whether or not the caller may see each of it.
    """
    with unit_of_work(caller.identity) as session:
        goal = goals.aim(session, caller.org_id, record_id)
        if goal is None:
            raise RecordNotFound("goal", record_id)
        _check_sight(session, caller, goal)
        zone, now = settings.zone_of(session, caller.org_id), clock.now_of(session)
        period = period_of(goal.period_start, goal.period_end, zone)
        with on_behalf_of_the_org(session):
            reached = goals.reached(session, caller.org_id, goal, period)
    progress = progress_of(reached, goal.target, period.elapsed(now))
    known = {name: value for name, value in asdict(goal).items() if name in GoalProgress.model_fields}
    return GoalProgress(goal_id=goal.id, as_of=now, **known, **asdict(progress))


def _check_sight(session: Session, caller: Caller, goal: Aim) -> None:
    """How a colleague is doing is that colleague's and the managers' to know; raises NotAllowed."""
    identity = caller.identity
    if identity.role in SEEING_ALL or (goal.owner_id is None and goal.team_id is None):
        return
    if goal.owner_id is not None and goal.owner_id == identity.user_id:
        return
    if identity.role == "manager" and goals.is_for_manager(session, identity, goal.owner_id, goal.team_id):
        return
    if (
        goal.owner_id is None
        and goal.team_id is not None
        and goals.is_member(session, caller.org_id, identity.user_id, goal.team_id)
    ):
        return
    raise NotAllowed("a goal of your own, of your teams or of the whole organisation")
