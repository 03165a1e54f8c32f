"""Questions about the inbox: what became of a submission, and which ones nobody could understand."""

from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from crm_db.models import Source, Submission


@dataclass(frozen=True)
class EventStatus:
    """What became of one submission: pending, done (with its lead) or dead (with its reason)."""

    id: UUID
    status: str
    lead_ids: tuple[UUID, ...]
    reason: str | None


@dataclass(frozen=True)
class DeadLetter:
    """A submission that could not become a lead; `source` is None when its source is gone."""

    id: UUID
    source: str | None
    reason: str | None
    received_at: datetime
    claims: int


@dataclass(frozen=True)
class StoredSubmission:
    """A submission with everything that is kept of it; `body` is what was posted, byte by byte."""

    id: UUID
    org_id: UUID
    source: str | None
    status: str
    reason: str | None
    received_at: datetime
    settled_at: datetime | None
    claims: int
    lead_id: UUID | None
    automation: bool
    content_type: str
    body: bytes


def status(
    session: Session, org_id: UUID, event_id: UUID, *, source_id: UUID | None = None
) -> EventStatus | None:
    """What became of a submission of the org, or of one source only; None when there is no such one."""
    wanted = select(Submission.id, Submission.status, Submission.lead_id, Submission.reason).where(
        Submission.org_id == org_id, Submission.id == event_id
    )
    if source_id is not None:
        wanted = wanted.where(Submission.source_id == source_id)
    row = session.execute(wanted).one_or_none()
    if row is None:
        return None
    return EventStatus(row.id, row.status, (row.lead_id,) if row.lead_id else (), row.reason)


def dead(session: Session, limit: int = 100) -> list[DeadLetter]:
    """The newest dead letters that this session may see."""
    letters = (
        select(Submission.id, Source.name, Submission.reason, Submission.received_at, Submission.claims)
        .outerjoin(Source, _SOURCE_OF_SUBMISSION)
        .where(Submission.status == "dead")
        .order_by(Submission.id.desc())
        .limit(limit)
    )
    return [DeadLetter(*row) for row in session.execute(letters)]


def get(session: Session, event_id: UUID) -> StoredSubmission | None:
    """One submission as it was posted, of those that this session may see."""
    stored = [getattr(Submission, field.name) for field in fields(StoredSubmission) if field.name != "source"]
    wanted = (
        select(*stored, Source.name.label("source"))
        .outerjoin(Source, _SOURCE_OF_SUBMISSION)
        .where(Submission.id == event_id)
    )
    row = session.execute(wanted).mappings().one_or_none()
    return StoredSubmission(**row) if row else None


_SOURCE_OF_SUBMISSION = and_(Source.org_id == Submission.org_id, Source.id == Submission.source_id)
