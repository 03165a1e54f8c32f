"""Choosing the rep who gets a lead, and saying why for every rep who might have.

Active reps below their capacity; of these the one with the fewest open leads; of equals the one who has
waited longest (never assigned first); of equals the lowest id. So the same input always gives the same owner.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID


@dataclass(frozen=True)
class Rep:
    """Somebody who may own leads; `capacity` is the most open leads they take, None for no limit."""

    user_id: UUID
    name: str
    team_id: UUID | None
    active: bool
    capacity: int | None
    open_leads: int
    last_assigned_at: datetime | None


@dataclass(frozen=True)
class Verdict:
    """Why a rep was or was not chosen; `open_leads` is their load when the choice was made."""

    user_id: UUID
    chosen: bool
    reason: str
    open_leads: int


@dataclass(frozen=True)
class Assignment:
    """The chosen rep and the team they act in; nobody (`user_id` None) when no rep can take the lead."""

    user_id: UUID | None
    team_id: UUID | None
    verdicts: tuple[Verdict, ...]


def choose_owners(candidates: Sequence[Rep], teams: Sequence[UUID | None]) -> list[Assignment]:
    """The owners of leads in a row, each assignment counting for the next.

    teams: for each lead the team that it is for already, so that only its reps may have it; None for anybody.
    """
    desk = _Desk(candidates)
    return [desk.assign(team) for team in teams]


# Position in the queue of equals: never assigned, then by time, then whoever was assigned in this call.
_Waiting: TypeAlias = tuple[int, float]


class _Desk:
    """Hands out leads one by one; keeps each rep's load and place in the queue."""

    def __init__(self, reps: Sequence[Rep]) -> None:
        self.reps = reps
        self.load = {rep.user_id: rep.open_leads for rep in reps}
        self.waiting: dict[UUID, _Waiting] = {rep.user_id: _waiting_since(rep) for rep in reps}
        self.handed_out = 0

    def assign(self, team: UUID | None) -> Assignment:
        able = [rep for rep in self.reps if self._why_not(rep, team) is None]
        chosen = min(able, key=self._order, default=None)
        verdicts = tuple(self._verdict(rep, chosen, team) for rep in self.reps)
        if chosen is None:
            return Assignment(None, team, verdicts)
        self.handed_out += 1
        self.load[chosen.user_id] += 1
        self.waiting[chosen.user_id] = (2, self.handed_out)
        return Assignment(chosen.user_id, chosen.team_id, verdicts)

    def _order(self, rep: Rep) -> tuple[int, _Waiting, UUID]:
        return self.load[rep.user_id], self.waiting[rep.user_id], rep.user_id

    def _why_not(self, rep: Rep, team: UUID | None) -> str | None:
        """Why a rep cannot take a lead of this team now, None when they can."""
        if team is not None and rep.team_id != team:
            return "is in another team"
        if not rep.active:
            return "is not active"
        if rep.capacity is not None and self.load[rep.user_id] >= rep.capacity:
            return f"is full ({self.load[rep.user_id]} of {rep.capacity} open leads)"
        return None

    def _verdict(self, rep: Rep, chosen: Rep | None, team: UUID | None) -> Verdict:
        load = self.load[rep.user_id]
        if rep is chosen:
            return Verdict(rep.user_id, True, f"chosen: fewest open leads ({load}), waited longest", load)
        reason = self._why_not(rep, team) or self._why_behind(rep, chosen)
        return Verdict(rep.user_id, False, reason, load)

    def _why_behind(self, rep: Rep, chosen: Rep | None) -> str:
        """Why an able rep came after the chosen one."""
        if chosen is None or rep.user_id == chosen.user_id:
            return "is the same person in another team"
        load, least = self.load[rep.user_id], self.load[chosen.user_id]
        if load > least:
            return f"has more open leads ({load}, the chosen one {least})"
        if self.waiting[rep.user_id] > self.waiting[chosen.user_id]:
            return f"has as many open leads ({load}), but got a lead more recently"
        return f"is equal in load ({load}) and waiting; the order of ids decided"


def _waiting_since(rep: Rep) -> _Waiting:
    return (0, 0) if rep.last_assigned_at is None else (1, rep.last_assigned_at.timestamp())
