"""Questions about alerts: what is open, and what was."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_db.models import Alert
from crm_db.queries.pages import Page, Position, json_of, page

FIELDS = "id kind severity state title detail entity entity_id count first_at last_at resolved_at"
_AS_JSON = json_of(Alert, FIELDS)


@dataclass(frozen=True)
class AlertFilter:
    """Which alerts a list shows; None: any. state: open or resolved."""

    state: str | None = None
    kind: str | None = None
    severity: str | None = None


@dataclass(frozen=True)
class AlertRow:
    """An alert as a table shows it; `count` is how many cases it stands for."""

    id: UUID
    kind: str
    severity: str
    state: str
    title: str
    count: int
    first_at: datetime
    last_at: datetime


def listed(
    session: Session, org_id: UUID, wanted: AlertFilter, *, after: Position | None = None, limit: int = 50
) -> Page:
    """The alerts that the filter lets through as JSON, the one with the latest case first; the cursor is (last_at, id)."""
    rows = select(_AS_JSON).where(Alert.org_id == org_id)
    if wanted.state is not None:
        rows = rows.where(Alert.state == wanted.state)
    if wanted.kind is not None:
        rows = rows.where(Alert.kind == wanted.kind)
    if wanted.severity is not None:
        rows = rows.where(Alert.severity == wanted.severity)
    return page(session, rows, order=(Alert.last_at, Alert.id), after=after, limit=limit)


def latest(session: Session, org_id: UUID, *, state: str | None = "open", limit: int = 100) -> list[AlertRow]:
    """The alerts of a state (None: of any), the one with the latest case first."""
    columns = (
        Alert.id,
        Alert.kind,
        Alert.severity,
        Alert.state,
        Alert.title,
        Alert.count,
        Alert.first_at,
        Alert.last_at,
    )
    rows = select(*columns).where(Alert.org_id == org_id)
    if state is not None:
        rows = rows.where(Alert.state == state)
    return [
        AlertRow(*row) for row in session.execute(rows.order_by(Alert.last_at.desc(), Alert.id).limit(limit))
    ]
