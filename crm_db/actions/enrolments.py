"""Leads in sequences: enrol them, and plan each one's next step as a message of the ledger.

Only one step of an enrolment is ever under way: `plan_at` is null until the ledger has settled the step before, so steps of one
lead and sequence never overtake each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from crm_db.actions import calendar_entries, messages
from crm_db.queries import settings
from crm_db.rules import keys
from crm_db.rules.due import Due, due
from crm_db.rules.local_time import later

_ENROL = text(
    """
    insert into crm_enrolments (org_id, lead_id, sequence_id, version_id, plan_at, enrolled_at)
    select v.org_id, l.lead_id, v.sequence_id, v.id, :now, :now
    from crm_sequences s
    join crm_sequence_versions v on v.org_id = s.org_id and v.sequence_id = s.id and v.state = 'live'
    cross join unnest(cast(:leads as uuid[])) as l(lead_id)
    where s.org_id = :org and s.is_default
      and not exists (select from crm_enrolments e
                      where e.org_id = s.org_id and e.lead_id = l.lead_id and e.sequence_id = s.id)
    on conflict do nothing
    returning lead_id
    """
)
_READY = """
    select e.org_id, e.id, e.lead_id, e.position, e.enrolled_at, e.plan_at, e.team_id, l.timezone, p.delay as last_delay,
           s.id as step_id, s.position as step_position, s.channel, s.delay, s.timing, s.template, s.config
    from crm_enrolments e
    join crm_leads l on l.org_id = e.org_id and l.id = e.lead_id
    left join lateral (select * from crm_steps s where s.org_id = e.org_id and s.version_id = e.version_id
                       and s.position > e.position order by s.position limit 1) as s on true
    left join crm_steps p on p.org_id = e.org_id and p.version_id = e.version_id and p.position = e.position
    where e.state = 'active' and e.plan_at <= :now
"""
_READY_OF_LEADS = text(f"{_READY} and e.org_id = :org and e.lead_id = any (:leads) for update of e")
_READY_FIRST = text(
    f"""{_READY}
      and (cast(:since as timestamptz) is null or e.enrolled_at >= :since)
      and (cast(:until as timestamptz) is null or e.enrolled_at < :until)
    order by e.plan_at limit :limit for update of e skip locked
    """
)
_PLANNED = text(
    """
    update crm_enrolments e set plan_at = null,
           position = coalesce(p.position, e.position),
           state = case when p.position is null then 'finished' else e.state end,
           reason = case when p.position is null then 'all steps done' else e.reason end
    from unnest(cast(:orgs as uuid[]), cast(:ids as uuid[]), cast(:positions as int[])) as p(org_id, id, position)
    where e.org_id = p.org_id and e.id = p.id
    """
)
_NEXT_ACTION = text(
    """
    update crm_leads l set next_action_at = p.at
    from unnest(cast(:orgs as uuid[]), cast(:leads as uuid[]), cast(:moments as timestamptz[])) as p(org_id, lead_id, at)
    where l.org_id = p.org_id and l.id = p.lead_id
    """
)
LEAST_ROOM = 3
_FIRST_ANSWER = 1
_LATER_STEPS = 5


@dataclass(frozen=True)
class Planned:
    """How many enrolments were looked at, and how many messages that made."""

    looked_at: int
    planned: int


def enrol(session: Session, org_id: UUID, lead_ids: Sequence[UUID], *, now: datetime) -> list[UUID]:
    """Put leads into the org's default sequence, each once in its life; returns those that are new in it."""
    if not lead_ids:
        return []
    values = {"org": org_id, "leads": list(lead_ids), "now": now}
    return list(session.scalars(_ENROL, values))


def plan(
    session: Session,
    *,
    limit: int,
    now: datetime,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Planned:
    """Plan the next step of the enrolments that have been ready for it longest; one without a further step is finished."""
    values = {"now": now, "limit": limit, "since": since, "until": until}
    return _plan(session, session.execute(_READY_FIRST, values).all(), now)


def plan_for(session: Session, org_id: UUID, lead_ids: Sequence[UUID], *, now: datetime) -> Planned:
    """Plan the next step of these leads, however many others have been ready for longer: a first answer waits for nobody."""
    if not lead_ids:
        return Planned(0, 0)
    values = {"now": now, "org": org_id, "leads": list(lead_ids)}
    return _plan(session, session.execute(_READY_OF_LEADS, values).all(), now)


def _plan(session: Session, ready: Sequence[Row[Any]], now: datetime) -> Planned:
    decided = {org_id: settings.of_org(session, org_id) for org_id in {row.org_id for row in ready}}
    planned = [(row, _moment(row, decided[row.org_id], now)) for row in ready if row.step_id is not None]
    if not ready:
        return Planned(len(ready), len(planned))
    made = [_message(row, when) for row, when in planned]
    messages.schedule(session, made)
    calendar_entries.hold_calls(session, [(row["org_id"], row["key"]) for row in made], now=now)
    session.execute(_PLANNED, _columns(ready))
    session.execute(
        _NEXT_ACTION,
        {
            "orgs": [row.org_id for row, _ in planned],
            "leads": [row.lead_id for row, _ in planned],
            "moments": [when.at for _, when in planned],
        },
    )
    return Planned(len(ready), len(planned))


def _columns(ready: Sequence[Row[Any]]) -> dict[str, list[Any]]:
    return {
        "orgs": [row.org_id for row in ready],
        "ids": [row.id for row in ready],
        "positions": [row.step_position for row in ready],
    }


def _moment(row: Row[Any], decided: settings.OrgSettings, now: datetime) -> Due:
    """When this step may happen: its delay after enrolment, moved into the hours that its channel keeps to.

    After a step that came late, as after an outage, it leaves room: at least a third of what was meant to lie between the two.
    """
    zone = ZoneInfo(row.timezone) if row.timezone else decided.zone_of(row.team_id)
    room = timedelta(0) if row.last_delay is None else (row.delay - row.last_delay) / LEAST_ROOM
    return due(
        max(later(row.enrolled_at, row.delay, zone), now),
        zone=zone,
        business=decided.business_of(row.team_id) if row.timing == "business-hours" else None,
        quiet=decided.quiet_of(row.channel, row.config.get("kind")),
        not_before=row.plan_at + room,
    )


def _message(row: Row[Any], when: Due) -> dict[str, Any]:
    return {
        "org_id": row.org_id,
        "key": keys.sequence_step(row.id, row.step_position),
        "channel": row.channel,
        "recipient": "user" if row.channel == "task" else "lead",
        "purpose": "sequence",
        "lead_id": row.lead_id,
        "enrolment_id": row.id,
        "step_id": row.step_id,
        "template": row.template,
        "config": row.config,
        "priority": _FIRST_ANSWER if row.position == 0 else _LATER_STEPS,
        "due_at": when.at,
        "due_reasons": shown(when),
    }


def shown(when: Due) -> list[dict[str, Any]]:
    """The reasons for a due time, as the ledger keeps them."""
    return [
        {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in vars(move).items()
        }
        for move in when.reasons
    ]
