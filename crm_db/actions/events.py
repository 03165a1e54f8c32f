"""Writing the log of domain events: one event for a batch, ids and numbers only."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session

from crm_db.models import Event


def record(
    session: Session, org_id: UUID, kind: str, entity: str, ids: Sequence[UUID], **data: int | str
) -> None:
    """Say that `kind` (such as 'lead.created') happened to these records; nothing is written for none.

    data: numbers, and ids as text.
    """
    if not ids:
        return
    actor = session.info["identity"].actor
    session.execute(
        insert(Event).values(
            org_id=org_id, kind=kind, entity=entity, entity_ids=list(ids), data=data, actor=actor
        )
    )
