"""Messages that were given up for want of an address, planned again once it has come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from crm_db.queries import settings
from crm_db.queries.outgoing import NO_ADDRESS, NO_PHONE
from crm_db.rules.due import due

MAX_AGE = timedelta(days=14)
"""An older step is not made good: what it says would be out of place by now."""

# A message is revived once in its life: one that is cancelled again stays so.
_LACKING = text(
    f"""
    select m.org_id, m.id, m.channel, m.config, l.timezone, l.team_id,
           coalesce(s.timing, m.config ->> 'timing', 'at-once') as timing
    from crm_messages m
    join crm_leads l on l.org_id = m.org_id and l.id = m.lead_id and l.deleted_at is null
    left join crm_steps s on s.org_id = m.org_id and s.id = m.step_id
    left join crm_enrolments e on e.org_id = m.org_id and e.id = m.enrolment_id
    left join crm_users u on u.org_id = m.org_id and u.id = coalesce(m.user_id, l.owner_id)
    where m.status = 'cancelled' and m.reason in ('{NO_ADDRESS}', '{NO_PHONE}') and not m.config ? 'revived'
      and m.created_at > :not_before and coalesce(e.state, 'active') = 'active' and m.purpose in ('sequence', 'hold')
      and case when m.reason = '{NO_PHONE}' then l.phone when m.recipient = 'lead' then l.email else u.email end is not null
      and (cast(:leads as uuid[]) is null or m.lead_id = any (cast(:leads as uuid[])))
    order by m.created_at limit :limit for update of m skip locked
    """  # noqa: S608 - constants, written out so that the small index over just these messages serves
)
_REVIVE = text(
    """
    with revived as (
        update crm_messages m set status = 'scheduled', reason = 'planned again: the address came', due_at = r.due_at, claims = 0,
               config = m.config || '{"revived": true}'
        from unnest(cast(:orgs as uuid[]), cast(:ids as uuid[]), cast(:moments as timestamptz[])) as r(org_id, id, due_at)
        where m.org_id = r.org_id and m.id = r.id
        returning m.org_id, m.enrolment_id, m.step_id
    )
    update crm_enrolments e set plan_at = null
    from revived r join crm_steps s on s.org_id = r.org_id and s.id = r.step_id
    where e.org_id = r.org_id and e.id = r.enrolment_id and e.position = s.position
    """
)


@dataclass(frozen=True)
class Revived:
    """How many messages were planned again."""

    count: int


def revive(
    session: Session,
    *,
    limit: int,
    now: datetime,
    lead_ids: Sequence[UUID] | None = None,
) -> Revived:
    """Plan again what only lacked an address or number that its lead, or the lead's owner, has by now; each message once.

    A step that is the last its enrolment planned is under way again; an older one does not hold up those after it.
    """
    values = {
        "not_before": now - MAX_AGE,
        "leads": None if lead_ids is None else list(lead_ids),
        "limit": limit,
    }
    lacking = session.execute(_LACKING, values).all()
    if lacking:
        decided = {org_id: settings.of_org(session, org_id) for org_id in {row.org_id for row in lacking}}
        session.execute(
            _REVIVE,
            {
                "orgs": [row.org_id for row in lacking],
                "ids": [row.id for row in lacking],
                "moments": [_moment(row, decided[row.org_id], now) for row in lacking],
            },
        )
    return Revived(len(lacking))


def _moment(row: Row[Any], decided: settings.OrgSettings, now: datetime) -> datetime:
    return due(
        now,
        zone=ZoneInfo(row.timezone) if row.timezone else decided.zone_of(row.team_id),
        business=decided.business_of(row.team_id) if row.timing == "business-hours" else None,
        quiet=decided.quiet_of(row.channel, row.config.get("kind")),
    ).at
