"""Questions about leads, as the API asks them: JSON built in Postgres, always inside one org."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_db.models import Lead
from crm_db.queries.pages import Page, Position, json_of, page

FIELDS = """
    id external_id first_name last_name email phone company title source status value currency probability
    score score_band score_reasons owner_id team_id last_contact next_action_at country timezone custom tags
    closed_at created_at updated_at version
"""
_AS_JSON = json_of(Lead, FIELDS)


@dataclass(frozen=True)
class LeadFilter:
    """Which leads a list shows; None: any. `email` in any case, `created_after` not included."""

    status: str | None = None
    owner_id: UUID | None = None
    source: str | None = None
    email: str | None = None
    score_band: str | None = None
    created_after: datetime | None = None


@dataclass(frozen=True)
class LeadDocument:
    """One lead as JSON text, and the version it shows."""

    json: str
    version: int


def listed(
    session: Session, org_id: UUID, wanted: LeadFilter, *, after: Position | None = None, limit: int = 50
) -> Page:
    """The leads that the filter lets through, newest first; a deleted lead is in no list."""
    rows = select(_AS_JSON).where(Lead.org_id == org_id, Lead.deleted_at.is_(None))
    if wanted.status is not None:
        rows = rows.where(Lead.status == wanted.status)
    if wanted.owner_id is not None:
        rows = rows.where(Lead.owner_id == wanted.owner_id)
    if wanted.source is not None:
        rows = rows.where(Lead.source == wanted.source)
    if wanted.email is not None:
        rows = rows.where(Lead.email == wanted.email.strip().lower())
    if wanted.score_band is not None:
        rows = rows.where(Lead.score_band == wanted.score_band)
    if wanted.created_after is not None:
        rows = rows.where(Lead.created_at > wanted.created_after)
    return page(session, rows, order=(Lead.created_at, Lead.id), after=after, limit=limit)


def document(session: Session, org_id: UUID, lead_id: UUID) -> LeadDocument | None:
    """One lead; None when the org has none of this id, or it was deleted."""
    wanted = select(_AS_JSON, Lead.version).where(
        Lead.org_id == org_id, Lead.id == lead_id, Lead.deleted_at.is_(None)
    )
    row = session.execute(wanted).one_or_none()
    return LeadDocument(row[0], row[1]) if row else None
