"""Questions about the ledger, as the API asks them."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_db.models import Message
from crm_db.queries.pages import Page, Position, json_of, page

FIELDS = """
    id key channel status due_at sent_at reason attempts provider provider_id
    lead_id recipient purpose due_reasons created_at
"""
_AS_JSON = json_of(Message, FIELDS)


@dataclass(frozen=True)
class MessageFilter:
    """Which messages a list shows; None: any."""

    lead_id: UUID | None = None
    status: str | None = None
    channel: str | None = None


def listed(
    session: Session, org_id: UUID, wanted: MessageFilter, *, after: Position | None = None, limit: int = 50
) -> Page:
    """The messages that the filter lets through, the most recently planned first."""
    rows = select(_AS_JSON).where(Message.org_id == org_id)
    if wanted.lead_id is not None:
        rows = rows.where(Message.lead_id == wanted.lead_id)
    if wanted.status is not None:
        rows = rows.where(Message.status == wanted.status)
    if wanted.channel is not None:
        rows = rows.where(Message.channel == wanted.channel)
    return page(session, rows, order=(Message.id,), after=after, limit=limit)
