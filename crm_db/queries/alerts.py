"""Questions about alerts: what is open, and what was."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_db.models import Alert


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
