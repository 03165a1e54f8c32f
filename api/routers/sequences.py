"""Sequences: plans of contacts. Steps are written as a draft; a published draft is what leads are enrolled in from then on."""

import json
from datetime import datetime, timedelta
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field, TypeAdapter
from sqlalchemy.orm import Session

from api import openapi
from api.configuration_forms import DraftIn, SequenceIn
from api.documents import json_response
from api.identity import KEY_SCHEMES, Admin, Caller, Reader
from api.preconditions import etag, versions_in
from api.records import IfMatch, add_routes, document
from api.resource import Resource, routes_of
from crm_db.actions import sequences as actions
from crm_db.actions.sequences import NewStep
from crm_db.queries import kinds, sequences
from crm_db.session import unit_of_work

RESOURCE = Resource(
    kinds.SEQUENCE,
    SequenceIn,
    {"name": "After the fair"},
    by_admins=True,
    farewell="Only one in which nobody was ever enrolled; its versions go with it.",
)
router = APIRouter(
    prefix=RESOURCE.path, tags=["sequences"], dependencies=KEY_SCHEMES, responses=openapi.READ_RESPONSES
)
_DRAFT_EXAMPLE = {
    "steps": [
        {"channel": "email", "delay": "PT0S", "timing": "at-once", "template": "welcome"},
        {"channel": "task", "delay": "P1D", "template": "first-call", "config": {"kind": "call"}},
    ]
}


class StepOut(BaseModel):
    """One contact; `delay` counts from the enrolment."""

    model_config = openapi.like(channel="email", delay="PT0S", timing="at-once", template="welcome")

    position: int
    channel: str
    delay: timedelta
    timing: str
    template: str
    config: dict[str, str | int | None]


class VersionOut(BaseModel):
    """A version of a sequence: a draft, live, or archived. Who was enrolled in one stays in it."""

    id: UUID
    number: int
    state: str = Field(examples=["live"])
    created_at: datetime
    steps: list[StepOut]


class Versions(BaseModel):
    """All versions of a sequence, the newest first."""

    items: list[VersionOut]
    next_cursor: str | None = Field(description="Always null: they all fit on one page")


class WholeSequence(routes_of(RESOURCE).shown):  # type: ignore[misc]  # made from its kind
    """A sequence with what is live and what is being written; null where there is none."""

    live: VersionOut | None
    draft: VersionOut | None


_VERSIONS = TypeAdapter(list[VersionOut])


@router.get("/{record_id}", summary="Read a sequence", responses={200: {"model": WholeSequence}})
def read_sequence(record_id: UUID, caller: Reader) -> Response:
    """With the steps of its live version and of its draft."""
    with unit_of_work(caller.identity) as session:
        return _whole(session, caller, record_id)


@router.get("/{record_id}/versions", summary="List a sequence's versions", response_model=Versions)
def list_versions(record_id: UUID, caller: Reader) -> Versions:
    """All of them with their steps, the newest first."""
    with unit_of_work(caller.identity) as session:
        document(session, caller, kinds.SEQUENCE, record_id)
        return Versions(items=_versions(session, caller, record_id), next_cursor=None)


@router.put(
    "/{record_id}/draft",
    summary="Write a sequence's draft",
    responses={200: {"model": WholeSequence}, 412: openapi.FAILURES[412]},
    openapi_extra=openapi.body_example(_DRAFT_EXAMPLE),
)
def write_draft(record_id: UUID, body: DraftIn, caller: Admin, if_match: IfMatch = None) -> Response:
    """These steps replace those of the draft, which is begun when there is none. Leads meet it once it is published."""
    steps = [
        NewStep(one.channel, one.delay, one.timing, one.template, one.config.model_dump(exclude_none=True))
        for one in body.steps
    ]
    with unit_of_work(caller.identity) as session:
        actions.write_draft(session, caller.identity, record_id, steps, versions=versions_in(if_match))
        return _whole(session, caller, record_id)


@router.post(
    "/{record_id}/publish",
    summary="Publish a sequence's draft",
    responses={200: {"model": WholeSequence}, 412: openapi.FAILURES[412]},
)
def publish_draft(record_id: UUID, caller: Admin, if_match: IfMatch = None) -> Response:
    """Leads are enrolled in it from now on; those in the former version stay there to its end."""
    with unit_of_work(caller.identity) as session:
        actions.publish(session, caller.identity, record_id, versions=versions_in(if_match))
        return _whole(session, caller, record_id)


def _whole(session: Session, caller: Caller, record_id: UUID) -> Response:
    found = document(session, caller, kinds.SEQUENCE, record_id)
    known = {one.state: one.model_dump(mode="json") for one in _versions(session, caller, record_id)}
    told = {**json.loads(found.json), "live": known.get("live"), "draft": known.get("draft")}
    response = json_response(json.dumps(told))
    response.headers["ETag"] = etag(found.version)
    return response


def _versions(session: Session, caller: Caller, record_id: UUID) -> list[VersionOut]:
    rows = sequences.versions(session, caller.org_id, record_id)
    return _VERSIONS.validate_python(rows, from_attributes=True)


add_routes(router, RESOURCE, without=frozenset({"read"}))
