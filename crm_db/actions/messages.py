"""The ledger's rows: plan a message once, claim what is due, and give back what a dead worker had claimed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.orm import Session

from crm_db.actions import bulk
from crm_db.models import Message

MOST_CLAIMS = 5

_DEFAULTS: Mapping[str, Any] = {
    "user_id": None,
    "enrolment_id": None,
    "step_id": None,
    "config": {},
    "due_reasons": [],
}
_SET_ASIDE = text(
    """
    with poison as (
        update crm_messages set status = 'failed', reason = 'poison: its worker died each time it was tried',
               lease_token = null, lease_until = null
        where status = 'claimed' and lease_until < now() and claims >= :most
        returning org_id, enrolment_id, step_id
    )
    update crm_enrolments e set plan_at = now() from poison p
    where e.org_id = p.org_id and e.id = p.enrolment_id
      and not exists (select from crm_steps s
                      where s.org_id = p.org_id and s.id = p.step_id and s.position < e.position)
    """
)
_GIVE_BACK = text(
    """
    update crm_messages set status = 'scheduled', lease_token = null, lease_until = null
    where (org_id, id) in (
        select org_id, id from crm_messages
        where status = 'claimed' and lease_until < now() for update skip locked
    )
    """
)
_CLAIM = text(
    """
    update crm_messages set status = 'claimed', claims = claims + 1, lease_token = :token, lease_until = now() + :lease
    where (org_id, id) in (
        select due.org_id, due.id
        from (values (1), (3), (5), (9)) as p(priority)
        cross join lateral (
            select m.org_id, m.id from crm_messages m
            where m.status = 'scheduled' and m.priority = p.priority and m.due_at <= :now and (m.claims > 0) = :again
              and (cast(:since as timestamptz) is null or m.due_at >= :since)
              and (cast(:until as timestamptz) is null or m.due_at < :until)
            order by m.due_at limit :limit for update skip locked
        ) as due
        limit :limit
    )
    returning org_id, id, channel, priority, due_at
    """
)
_RELEASE = text(
    """
    update crm_messages set status = 'scheduled', claims = claims - 1, lease_token = null, lease_until = null
    where status = 'claimed' and lease_token = :token and id is distinct from cast(:but as uuid)
    """
)
_BY_KEY = text("select id from crm_messages where org_id = :org and key = :key")
_OWNER = text("select owner_id from crm_leads where org_id = :org and id = :lead")
_RENEW = text(
    """
    update crm_messages set lease_until = now() + :lease
    where status = 'claimed' and lease_token = :token and lease_until > now()
    """
)
_DUE = text(
    """
    select count(*) from crm_messages
    where status = 'scheduled' and due_at <= :now
      and (cast(:since as timestamptz) is null or due_at >= :since)
      and (cast(:until as timestamptz) is null or due_at < :until)
    """
)


@dataclass(frozen=True)
class Ref:
    """A message by its key in the database, and the channel it goes by."""

    org_id: UUID
    message_id: UUID
    channel: str


@dataclass(frozen=True)
class Claim:
    """Messages under one lease, in the order in which they are to go."""

    token: UUID
    messages: tuple[Ref, ...]


def schedule(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Plan messages; one whose (org, key) is in the ledger already is left as it is."""
    bulk.insert(session, Message, [{**_DEFAULTS, **row} for row in rows], or_leave=True)


def schedule_one(session: Session, row: Mapping[str, Any]) -> UUID:
    """Plan one message and return its id; where its (org, key) is in the ledger already, the id of what is there."""
    schedule(session, [row])
    found: UUID = session.execute(_BY_KEY, {"org": row["org_id"], "key": row["key"]}).scalar_one()
    return found


def owner_of(session: Session, org_id: UUID, lead_id: UUID) -> UUID | None:
    """Who has a lead now."""
    found: UUID | None = session.execute(_OWNER, {"org": org_id, "lead": lead_id}).scalar_one_or_none()
    return found


def claim(
    session: Session,
    *,
    limit: int,
    lease: timedelta,
    now: datetime,
    since: datetime | None = None,
    until: datetime | None = None,
    again_first: bool = False,
) -> Claim:
    """Take the due messages under a lease, the urgent ones first, within one urgency the oldest first.

    What was claimed before without an outcome goes alone: if it is at fault, it takes no mates with it. It comes after all
    others, or before them where `again_first` says so, lest it wait for ever under load.
    """
    session.execute(_SET_ASIDE, {"most": MOST_CLAIMS})
    session.execute(_GIVE_BACK)
    token = uuid4()
    values = {"token": token, "lease": lease, "now": now, "since": since, "until": until}
    kinds = [{"again": False, "limit": limit}, {"again": True, "limit": 1}]
    claims = (
        session.execute(_CLAIM, {**values, **kind}).all()
        for kind in (reversed(kinds) if again_first else kinds)
    )
    taken = next((rows for rows in claims if rows), [])
    ordered = sorted(taken, key=lambda row: (row.priority, row.due_at))
    return Claim(token, tuple(Ref(row.org_id, row.id, row.channel) for row in ordered))


def release(session: Session, token: UUID, *, but: UUID | None = None) -> None:
    """Give back what was claimed and not begun, as a worker does that is asked to stop; `but` stays claimed."""
    session.execute(_RELEASE, {"token": token, "but": but})


def renew(session: Session, token: UUID, *, lease: timedelta) -> None:
    """Keep what was claimed and not begun for longer, as long as nobody else could have taken it."""
    session.execute(_RENEW, {"token": token, "lease": lease})


def count_due(
    session: Session, *, now: datetime, since: datetime | None = None, until: datetime | None = None
) -> int:
    """How many messages a run would try to send now."""
    return int(session.execute(_DUE, {"now": now, "since": since, "until": until}).scalar_one())
