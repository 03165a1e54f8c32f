"""What waits, and since when."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

_CAPTURE_WAITS = text(
    """
    select exists (select from crm_inbox where status = 'pending' and kind = 'lead'
                   and (lease_until is null or lease_until < now()) and (not_before is null or not_before <= now()))
        or exists (select from crm_leads where automation = 'pending' and deleted_at is null)
    """
)
_DELIVERY_WAITS = text(
    """
    select exists (select from crm_messages where status = 'scheduled' and due_at <= now() and priority = 1)
        or exists (select from crm_messages where status = 'scheduled' and due_at <= now() and priority = 3)
        or exists (select from crm_messages where status = 'scheduled' and due_at <= now() and priority = 5)
        or exists (select from crm_messages where status = 'scheduled' and due_at <= now() and priority = 9)
        or exists (select from crm_messages where status in ('claimed', 'sending') and lease_until < now())
        or exists (select from crm_messages where status = 'unknown' and check_at <= now()
                   and (lease_until is null or lease_until < now()))
    """
)
_BACKLOG = text(
    """
    select
        (select count(*) from crm_inbox where status = 'pending') as inbox_pending,
        (select extract(epoch from now() - min(received_at)) from crm_inbox where status = 'pending') as inbox_age,
        (select count(*) from crm_leads where automation = 'pending' and deleted_at is null) as leads_pending,
        (select count(*) from crm_messages where status = 'scheduled' and due_at <= now()) as messages_due,
        (select extract(epoch from now() - min(due_at)) from crm_messages
         where status = 'scheduled' and due_at <= now()) as messages_age,
        (select count(*) from crm_inbox where status = 'dead') as dead,
        (select count(*) from crm_messages where status = 'unknown') as unknown
    """
)


@dataclass(frozen=True)
class Backlog:
    """Counts of what waits; ages in seconds of the oldest, None when nothing waits."""

    inbox_pending: int
    inbox_age: float | None
    leads_pending: int
    messages_due: int
    messages_age: float | None
    dead: int
    unknown: int


def backlog(session: Session) -> Backlog:
    """Everything that waits in the database, over all orgs that the identity may see."""
    row = session.execute(_BACKLOG).one()
    ages = {
        name: None if row._mapping[name] is None else float(row._mapping[name])
        for name in ("inbox_age", "messages_age")
    }
    return Backlog(**{**row._asdict(), **ages})


def capture_waits(session: Session) -> bool:
    """Whether the capture lane has something to do."""
    return bool(session.execute(_CAPTURE_WAITS).scalar_one())


def delivery_waits(session: Session) -> bool:
    """Whether the delivery lane has something to do."""
    return bool(session.execute(_DELIVERY_WAITS).scalar_one())
