"""Timelines: what happened with a lead, deal or customer, in one list."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from api import openapi
from api.cursors import cursor_of, position_of
from api.documents import json_response
from api.examples import ID
from api.identity import KEY_SCHEMES, Caller, Reader
from api.records import document
from crm_db.queries import kinds, timelines
from crm_db.queries.kinds import Kind
from crm_db.queries.timelines import Subject
from crm_db.session import unit_of_work

router = APIRouter(
    prefix="/api/crm", tags=["timelines"], dependencies=KEY_SCHEMES, responses=openapi.READ_RESPONSES
)


class TimelineQuery(BaseModel):
    """Which part of a timeline."""

    model_config = ConfigDict(extra="forbid")

    cursor: str | None = Field(default=None, max_length=2000, description="next_cursor of the page before")
    limit: int = Field(default=50, ge=1, le=500, description="Items a page")


class TimelineItem(BaseModel):
    """One thing that happened, or is planned; `detail` differs by kind, `id` is that of what it tells of."""

    model_config = openapi.like(
        kind="stage",
        title="Moved to Proposal",
        detail={"stage_id": ID, "from_stage_id": ID, "value": 60_000, "seconds": 86_400, "deal_id": ID},
    )

    at: datetime
    kind: Literal[
        "activity",
        "message",
        "score",
        "assignment",
        "conversion",
        "stage",
        "subscription",
        "ticket",
        "survey",
        "change",
    ]
    id: UUID
    title: str
    detail: dict[str, Any]


class Timeline(BaseModel):
    """A page of a timeline."""

    items: list[TimelineItem]
    next_cursor: str | None


Asked = Annotated[TimelineQuery, Query()]


@router.get("/leads/{record_id}/timeline", summary="Timeline of a lead", responses={200: {"model": Timeline}})
def timeline_of_lead(record_id: UUID, caller: Reader, query: Asked) -> Response:
    """Activities, messages, scores, owners and conversions, and for who sees the whole organisation changed fields too."""
    with unit_of_work(caller.identity) as session:
        _must_see(session, caller, kinds.LEAD, record_id)
        return _page(session, caller, Subject(leads=(record_id,)), query)


@router.get("/deals/{record_id}/timeline", summary="Timeline of a deal", responses={200: {"model": Timeline}})
def timeline_of_deal(record_id: UUID, caller: Reader, query: Asked) -> Response:
    """Activities and moves, and for who sees the whole organisation changed fields too."""
    with unit_of_work(caller.identity) as session:
        _must_see(session, caller, kinds.DEAL, record_id)
        return _page(session, caller, Subject(deals=(record_id,)), query)


@router.get(
    "/customers/{record_id}/timeline",
    summary="Timeline of a customer",
    responses={200: {"model": Timeline}},
)
def timeline_of_customer(record_id: UUID, caller: Reader, query: Asked) -> Response:
    """The customer's own, with those of its deals and of the lead that it was, as far as you may see them."""
    with unit_of_work(caller.identity) as session:
        _must_see(session, caller, kinds.CUSTOMER, record_id)
        return _page(session, caller, timelines.of_customer(session, caller.org_id, record_id), query)


def _must_see(session: Session, caller: Caller, kind: Kind, record_id: UUID) -> None:
    """Raise RecordNotFound unless there is such a record that the caller may see."""
    document(session, caller, kind, record_id, ("id",))


def _page(session: Session, caller: Caller, subject: Subject, query: TimelineQuery) -> Response:
    after = position_of(query.cursor, datetime, UUID)
    found = timelines.page(session, caller.org_id, subject, after=after, limit=query.limit)
    following = cursor_of(found.next)
    told = "null" if following is None else f'"{following}"'
    return json_response(f'{{"items": [{", ".join(found.rows)}], "next_cursor": {told}}}')
