"""Questions about the inbox: what became of a submission, and which ones nobody could understand."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, literal_column, select
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
class DeadGroup:
    """How many dead letters of one source have one reason (its code), and when the first and the last came."""

    source: str | None
    reason: str
    count: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True)
class DeadOfSource:
    """The dead letters of one source that a person should look at, by the code of their reason."""

    source: str
    reasons: Mapping[str, int]

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(self.reasons.values())


@dataclass(frozen=True)
class StoredSubmission:
    """A submission with everything that is kept of it; `body` is what was posted, byte by byte."""

    id: UUID
    org_id: UUID
    source: str | None
    source_id: UUID
    status: str
    reason: str | None
    received_at: datetime
    settled_at: datetime | None
    claims: int
    lead_id: UUID | None
    automation: bool
    content_type: str
    body: bytes
    fetched: bytes | None


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


def dead(session: Session, limit: int = 100, *, source: str | None = None) -> list[DeadLetter]:
    """The newest dead letters that this session may see, of all sources or of one."""
    letters = (
        select(Submission.id, Source.name, Submission.reason, Submission.received_at, Submission.claims)
        .outerjoin(Source, _SOURCE_OF_SUBMISSION)
        .where(Submission.status == "dead")
        .order_by(Submission.id.desc())
        .limit(limit)
    )
    if source is not None:
        letters = letters.where(Source.name == source)
    return [DeadLetter(*row) for row in session.execute(letters)]


def dead_groups(session: Session) -> list[DeadGroup]:
    """All dead letters that this session may see, counted by source and reason, the most first."""
    count = func.count()
    groups = (
        select(
            Source.name,
            _REASON_CODE,
            count,
            func.min(Submission.received_at),
            func.max(Submission.received_at),
        )
        .select_from(Submission)
        .outerjoin(Source, _SOURCE_OF_SUBMISSION)
        .where(Submission.status == "dead")
        .group_by(Source.name, _REASON_CODE)
        .order_by(count.desc(), Source.name, _REASON_CODE)
    )
    return [DeadGroup(*row) for row in session.execute(groups)]


def dead_of_source(session: Session, org_id: UUID, source_id: UUID) -> DeadOfSource:
    """The dead letters of one source by reason, robots left out."""
    counted = session.execute(
        select(_REASON_CODE, func.count())
        .where(
            Submission.org_id == org_id,
            Submission.source_id == source_id,
            Submission.status == "dead",
            _REASON_CODE != ROBOT,
        )
        .group_by(_REASON_CODE)
    )
    name = session.scalar(select(Source.name).where(Source.org_id == org_id, Source.id == source_id))
    return DeadOfSource(name or "a source that is gone", dict(counted.tuples().all()))


def outcomes(session: Session, ids: Sequence[UUID]) -> Counter[str]:
    """How many of these submissions are pending, dead, new (made a lead) or merged (into one)."""
    state = case((Submission.status == "done", Submission.outcome), else_=Submission.status)
    counted = session.execute(select(state, func.count()).where(Submission.id.in_(list(ids))).group_by(state))
    return Counter({str(name): count for name, count in counted})


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


_REASON_CODE: ColumnElement[str] = literal_column("split_part(coalesce(crm_inbox.reason, 'unknown'), ':', 1)")
"""What stands before the colon of a reason."""

ROBOT = "honeypot"
"""The reason of what a robot sent: nobody has to look at it."""

_SOURCE_OF_SUBMISSION = and_(Source.org_id == Submission.org_id, Source.id == Submission.source_id)
