"""GET /api/crm/events/{id}: what became of a submission."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from api import openapi
from api.identity import KEY_SCHEMES, EventReader
from crm_db.errors import RecordNotFound
from crm_db.queries import submissions
from crm_db.session import unit_of_work

router = APIRouter(tags=["capture"], dependencies=KEY_SCHEMES, responses=openapi.READ_RESPONSES)


class EventOut(BaseModel):
    """What became of a submission."""

    id: UUID
    status: str = Field(description="pending, done or dead", examples=["done"])
    lead_ids: list[UUID] = Field(description="The lead that it made or enriched")
    reason: str | None = Field(description="Why it is dead")


@router.get("/api/crm/events/{event_id}", summary="What became of a submission")
def event(
    event_id: Annotated[UUID, Path(description="The event_id that capture answered")],
    caller: EventReader,
) -> EventOut:
    """A submission's state; a key that belongs to one source sees that source's submissions only."""
    with unit_of_work(caller.identity) as session:
        found = submissions.status(session, caller.org_id, event_id, source_id=caller.source_id)
    if found is None:
        raise RecordNotFound("event", event_id)
    return EventOut(id=found.id, status=found.status, lead_ids=list(found.lead_ids), reason=found.reason)
