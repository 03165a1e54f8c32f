"""Leads: list, read one, enter one."""

import json
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Header, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator
from sqlalchemy.orm import Session

from api import idempotency, openapi
from api.cursors import position_of
from api.documents import ListQuery, lead_response, list_response
from api.identity import KEY_SCHEMES, Caller, Reader, Writer
from crm_db import clock
from crm_db.actions import leads as lead_actions
from crm_db.errors import RecordNotFound
from crm_db.queries import leads
from crm_db.rules.parsing import Unreadable, check_nest
from crm_db.session import Identity, unit_of_work

router = APIRouter(
    prefix="/api/crm/leads", tags=["leads"], dependencies=KEY_SCHEMES, responses=openapi.READ_RESPONSES
)

Line = Annotated[str, Field(max_length=500)]
Word = Annotated[str, Field(max_length=100)]
Status = Literal["new", "contacted", "qualified", "converted", "lost", "unqualified"]


class LeadIn(BaseModel):
    """A lead as somebody enters it; an e-mail address or a telephone number is needed.

    Who owns it, its score and its ids are the CRM's to say; fields of your own go into `custom`.
    """

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [openapi.LEAD_EXAMPLE]})

    external_id: Word | None = Field(default=None, description="Your own id of this lead")
    source: Word | None = Field(default=None, description="Where it comes from; api when not given")
    name: Line | None = Field(default=None, description="The whole name, when it is not in two parts")
    first_name: Line | None = None
    last_name: Line | None = None
    email: Line | None = None
    phone: Word | None = Field(default=None, description="With its country's prefix, or as dialled at home")
    company: Line | None = None
    title: Line | None = None
    value: Annotated[Decimal, Field(ge=0, max_digits=18)] | None = None
    currency: Word | None = Field(default=None, description="ISO 4217")
    probability: Annotated[int, Field(ge=0, le=100)] | None = None
    country: Word | None = Field(default=None, description="ISO 3166, or its English name")
    timezone: Word | None = Field(default=None, description="IANA, such as Europe/Berlin")
    language: Word | None = None
    tags: Annotated[list[Word], Field(max_length=100)] | None = None
    notes: Annotated[str, Field(max_length=10_000)] | None = None
    utm: dict[Literal["source", "medium", "campaign", "term", "content"], Line] | None = None
    consent: dict[Literal["email", "sms", "phone"], bool] | None = None
    custom: dict[Word, Any] = Field(default_factory=dict, max_length=100, description="Fields of your own")
    automation: bool = Field(default=True, description="false: no scoring, assignment or follow-up")

    @field_validator("custom")
    @classmethod
    def _is_json_to_keep(cls, value: dict[str, Any]) -> dict[str, Any]:
        try:
            check_nest(value)
        except Unreadable as problem:
            raise ValueError(problem.words) from None
        return value

    def fields(self) -> dict[str, object]:
        """What was given, by our names."""
        return self.model_dump(exclude={"automation", "custom"}, exclude_none=True)


class LeadQuery(ListQuery):
    """Which leads are wanted; an unknown parameter is refused rather than ignored."""

    status: Status | None = None
    owner_id: UUID | None = None
    source: Annotated[str, Field(max_length=200)] | None = None
    email: Annotated[str, Field(max_length=320)] | None = None
    score_band: Annotated[str, Field(max_length=50)] | None = None
    created_after: AwareDatetime | None = Field(default=None, description="With its offset from UTC")

    def wanted(self) -> leads.LeadFilter:
        """The filter without the paging."""
        return leads.LeadFilter(**self.model_dump(exclude={"cursor", "limit"}))


@router.get("", summary="List leads, newest first")
def list_leads(caller: Reader, query: Annotated[LeadQuery, Query()]) -> Response:
    """Leads of the org; `next_cursor` of one page is the `cursor` of the next."""
    after = position_of(query.cursor, datetime, UUID)
    with unit_of_work(caller.identity) as session:
        page = leads.listed(session, caller.org_id, query.wanted(), after=after, limit=query.limit)
    return list_response(page)


@router.get("/{lead_id}", summary="Read a lead")
def read_lead(lead_id: UUID, caller: Reader) -> Response:
    """One lead; the header ETag names its version."""
    with unit_of_work(caller.identity) as session:
        lead = _document(session, caller.org_id, lead_id)
    return lead_response(lead)


@router.post(
    "",
    status_code=201,
    summary="Enter a lead",
    responses={200: {"description": "The person was a lead already and was enriched"}},
)
def create_lead(
    body: LeadIn, caller: Writer, idempotency_key: Annotated[str | None, Header()] = None
) -> Response:
    """Keep a lead; the same automation starts as for a captured one, unless `automation` is false.

    With an Idempotency-Key a repeat gets the first answer for 24 hours.
    """
    key = idempotency.checked_key(idempotency_key)
    with unit_of_work(caller.identity) as session:
        kept = _submit(session, caller.identity, body) if key is None else _once(session, caller, key, body)
    return _answer(kept)


def _once(session: Session, caller: Caller, key: str, body: LeadIn) -> dict[str, Any]:
    """Keep the lead, or give the first answer that this key had."""
    content = body.model_dump(mode="json", exclude_unset=True)
    request = idempotency.keyed_request(caller.identity, "api:leads", key, content)
    first = idempotency.replay(session, request)
    if first is None:
        first = _submit(session, caller.identity, body)
        idempotency.remember(session, request, first)
    return first


def _submit(session: Session, identity: Identity, body: LeadIn) -> dict[str, Any]:
    """Keep the lead; what is answered, in the form in which a key remembers it."""
    submitted = lead_actions.submit(
        session, identity, body.fields(), body.custom, automation=body.automation, now=clock.utc_now()
    )
    assert identity.org_id is not None
    lead = _document(session, identity.org_id, submitted.lead_id)
    return {"status": 201 if submitted.created else 200, "version": lead.version, "lead": lead.json}


def _answer(kept: dict[str, Any]) -> Response:
    response = lead_response(leads.LeadDocument(kept["lead"], kept["version"]), kept["status"])
    response.headers["Location"] = f"/api/crm/leads/{json.loads(kept['lead'])['id']}"
    return response


def _document(session: Session, org_id: UUID, lead_id: UUID) -> leads.LeadDocument:
    found = leads.document(session, org_id, lead_id)
    if found is None:
        raise RecordNotFound("lead", lead_id)
    return found
