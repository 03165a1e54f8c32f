"""Dead letters: submissions that nobody could understand, counted by their reason, and trying them again."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api import openapi
from api.identity import KEY_SCHEMES, Admin, Reader
from crm_db.actions import submissions as submission_actions
from crm_db.queries import submissions
from crm_db.session import unit_of_work

router = APIRouter(
    prefix="/api/crm/dead-letters",
    tags=["capture"],
    dependencies=KEY_SCHEMES,
    responses=openapi.READ_RESPONSES,
)


class DeadLettersOut(BaseModel):
    """The dead letters of one source that have one reason."""

    source: str | None = Field(description="null when the source is gone")
    reason: str = Field(description="Its code", examples=["no_contact"])
    count: int
    first_at: datetime
    last_at: datetime


class DeadLetterList(BaseModel):
    """All dead letters, the most frequent first."""

    items: list[DeadLettersOut]
    next_cursor: None = None


class ReplayIn(BaseModel):
    """Which dead letters to try again: these events, those of a source, or all."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"source": "website"}]})

    ids: Annotated[list[UUID], Field(min_length=1, max_length=1000)] | None = None
    source: Annotated[str, Field(max_length=200)] | None = None


class ReplayOut(BaseModel):
    """How many are waiting to be read again."""

    replayed: int


@router.get("", summary="Count dead letters by source and reason")
def list_dead_letters(caller: Reader) -> DeadLetterList:
    """Submissions of the org that nobody could understand; what was sent is not shown here."""
    with unit_of_work(caller.identity) as session:
        groups = submissions.dead_groups(session)
    return DeadLetterList(items=[DeadLettersOut(**vars(group)) for group in groups])


@router.post("/replay", summary="Try dead letters again")
def replay_dead_letters(caller: Admin, body: ReplayIn | None = None) -> ReplayOut:
    """Put dead letters back in line, as when a mapping was mended; twice is harmless."""
    wanted = body or ReplayIn()
    with unit_of_work(caller.identity) as session:
        back = submission_actions.replay(session, caller.org_id, wanted.ids, source=wanted.source)
    return ReplayOut(replayed=len(back))
