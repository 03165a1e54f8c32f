"""Questions about sequences: their versions, and the steps of each."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

_VERSIONS = text(
    """
    select v.id, v.number, v.state, v.created_at
    from crm_sequence_versions v where v.org_id = :org and v.sequence_id = :sequence order by v.number desc
    """
)
_STEPS = text(
    """
    select s.version_id, s.position, s.channel, s.delay, s.timing, s.template, s.config
    from crm_steps s join crm_sequence_versions v on v.org_id = s.org_id and v.id = s.version_id
    where v.org_id = :org and v.sequence_id = :sequence order by s.position
    """
)


@dataclass(frozen=True)
class StepRow:
    """A contact of a version; `delay` counts from the enrolment."""

    position: int
    channel: str
    delay: timedelta
    timing: str
    template: str
    config: dict[str, Any]


@dataclass(frozen=True)
class VersionRow:
    """A version of a sequence with its steps."""

    id: UUID
    number: int
    state: str
    created_at: datetime
    steps: tuple[StepRow, ...]


def versions(session: Session, org_id: UUID, sequence_id: UUID) -> list[VersionRow]:
    """The versions of a sequence, the newest first."""
    values = {"org": org_id, "sequence": sequence_id}
    steps: dict[UUID, list[StepRow]] = {}
    for row in session.execute(_STEPS, values):
        steps.setdefault(row.version_id, []).append(StepRow(*row[1:]))
    found = session.execute(_VERSIONS, values).mappings()
    return [VersionRow(**row, steps=tuple(steps.get(row["id"], ()))) for row in found]
