"""Which leads are waiting to be scored, assigned and enrolled, and which need a new score?"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

_COLUMNS = "org_id, id, team_id, owner_id, probability, value, last_contact, score, score_band, timezone, source_id, created_at"
_PENDING = text(
    f"""
    select {_COLUMNS} from crm_leads
    where automation = 'pending' and deleted_at is null
      and (cast(:since as timestamptz) is null or created_at >= :since)
      and (cast(:until as timestamptz) is null or created_at < :until)
    order by created_at limit :limit for update skip locked
    """  # noqa: S608 - the columns are a constant of this module
)
_STALE = text(
    f"""
    select {_COLUMNS} from crm_leads
    where deleted_at is null and rescore_at <= :now
    order by rescore_at limit :limit for update skip locked
    """  # noqa: S608
)
_SINCE = text(
    f"""
    select {_COLUMNS} from crm_leads
    where deleted_at is null and scored_at is not null and (org_id, id) > (:after_org, :after_id)
      and created_at >= :since and created_at < :until
    order by org_id, id limit :limit for update
    """  # noqa: S608
)

LeadFacts = Row[tuple[object, ...]]


def pending(
    session: Session,
    *,
    limit: int,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Sequence[LeadFacts]:
    """Leads that automation still owes its work, oldest first, locked; those another worker holds are passed over."""
    return session.execute(_PENDING, {"limit": limit, "since": since, "until": until}).all()


def stale(session: Session, *, limit: int, now: datetime) -> Sequence[LeadFacts]:
    """Leads whose score may have changed: a fact changed, or a bonus ran out; locked."""
    return session.execute(_STALE, {"limit": limit, "now": now}).all()


def scored_between(
    session: Session, *, since: datetime, until: datetime, after: tuple[UUID, UUID], limit: int
) -> Sequence[LeadFacts]:
    """Scored leads made in a period, in key order after `after`, locked: for scoring a period again."""
    values = {"since": since, "until": until, "after_org": after[0], "after_id": after[1], "limit": limit}
    return session.execute(_SINCE, values).all()
