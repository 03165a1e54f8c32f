"""Leads: like all records, and besides: who enters one is met by the same rules as a webhook, so that a person is one lead."""

import json
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, field_validator
from sqlalchemy.orm import Session

from api import idempotency, openapi
from api.asking import RecordQuery
from api.forms import EmailAddress, Form, Moment, Percent, without_nul
from api.identity import KEY_SCHEMES, Caller, Writer
from api.lists import add_list
from api.records import IdempotencyKey, add_routes, answer
from api.resource import Resource, routes_of
from crm_db import clock
from crm_db.actions import leads as lead_actions
from crm_db.errors import Taken
from crm_db.queries import kinds, records
from crm_db.queries.records import Document
from crm_db.rules.asking import Condition
from crm_db.rules.normalise import MAX_NAME_CHARS, MAX_TAG_CHARS, MAX_TAGS
from crm_db.rules.parsing import Unreadable, check_nest
from crm_db.session import on_behalf_of_the_org, unit_of_work

router = APIRouter(
    prefix="/api/crm/leads", tags=["leads"], dependencies=KEY_SCHEMES, responses=openapi.READ_RESPONSES
)

Line = Annotated[str, Field(max_length=500), AfterValidator(without_nul)]
Word = Annotated[str, Field(max_length=100), AfterValidator(without_nul)]
Name = Annotated[str, Field(max_length=MAX_NAME_CHARS), AfterValidator(without_nul)]
Tag = Annotated[str, Field(max_length=MAX_TAG_CHARS), AfterValidator(without_nul)]
Status = Literal["new", "contacted", "qualified", "converted", "lost", "unqualified"]


class LeadIn(BaseModel):
    """A lead as somebody enters it; an e-mail address or a telephone number is needed.

    Who owns it, its score and its ids are the CRM's to say; fields of your own go into `custom`.
    """

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [openapi.LEAD_EXAMPLE]})

    external_id: Word | None = Field(default=None, description="Your own id of this lead")
    source: Word | None = Field(default=None, description="Where it comes from; api when not given")
    name: Name | None = Field(default=None, description="The whole name, when it is not in two parts")
    first_name: Name | None = None
    last_name: Name | None = None
    email: Line | None = None
    phone: Word | None = Field(default=None, description="With its country's prefix, or as dialled at home")
    company: Name | None = None
    title: Name | None = None
    value: Annotated[Decimal, Field(ge=0, max_digits=18)] | None = None
    currency: Word | None = Field(default=None, description="ISO 4217")
    probability: Annotated[int, Field(ge=0, le=100)] | None = None
    country: Word | None = Field(default=None, description="ISO 3166, or its English name")
    timezone: Word | None = Field(default=None, description="IANA, such as Europe/Berlin")
    language: Word | None = None
    tags: Annotated[list[Tag], Field(max_length=MAX_TAGS, description="Kept in small letters")] | None = None
    notes: Annotated[str, Field(max_length=10_000), AfterValidator(without_nul)] | None = None
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


class LeadEdit(Form):
    """What may be said of a lead that is there; its score and band are the CRM's to say."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"status": "contacted"}]})

    external_id: Word | None = None
    first_name: Line | None = None
    last_name: Line | None = None
    email: EmailAddress | None = None
    phone: Word | None = None
    company: Line | None = None
    title: Line | None = None
    status: Status | None = None
    value: Annotated[Decimal, Field(ge=0, max_digits=18)] | None = None
    currency: Word | None = None
    probability: Percent | None = None
    owner_id: UUID | None = None
    last_contact: Moment | None = None
    country: Word | None = None
    timezone: Word | None = None
    language: Word | None = None
    utm: dict[Literal["source", "medium", "campaign", "term", "content"], Line] = Field(default_factory=dict)
    consent: dict[Literal["email", "sms", "phone"], bool] = Field(default_factory=dict)
    tags: Annotated[list[Word], Field(max_length=100)] = Field(default_factory=list)
    custom: dict[Word, Any] = Field(default_factory=dict, max_length=100, description="Fields of your own")


class LeadQuery(RecordQuery):
    """What a list of leads is asked for; the short forms stand for a filter each."""

    status: Status | None = None
    owner_id: UUID | None = None
    source: Annotated[str, Field(max_length=200)] | None = None
    email: Annotated[str, Field(max_length=320)] | None = None
    score_band: Annotated[str, Field(max_length=50)] | None = None
    created_after: AwareDatetime | None = Field(default=None, description="With its offset from UTC")

    def conditions(self) -> tuple[Condition, ...]:
        """What the short forms say."""
        short = self.model_dump(
            mode="json", include={"status", "owner_id", "source", "score_band"}, exclude_none=True
        )
        equal = [Condition(name, "eq", value) for name, value in short.items()]
        if self.email is not None:
            equal.append(Condition("email", "eq", self.email.strip().lower()))
        if self.created_after is not None:
            equal.append(Condition("created_at", "gt", self.created_after.isoformat()))
        return tuple(equal)


def _enter(session: Session, caller: Caller, body: LeadIn) -> tuple[int, Document]:
    """Keep a lead, or enrich the one that this person is. Raises Taken where that is one which the caller may not see.

    The refusal undoes what was done until then, and does not tell what the other lead holds.
    """
    with on_behalf_of_the_org(session):
        submitted = lead_actions.submit(
            session,
            caller.identity,
            body.fields(),
            body.custom,
            automation=body.automation,
            now=clock.utc_now(),
        )
    lead = records.document(session, caller.org_id, kinds.LEAD, submitted.lead_id)
    if lead is None:
        raise Taken("lead", "e-mail address or telephone number")
    return (201 if submitted.created else 200), lead


RESOURCE = Resource(kinds.LEAD, LeadEdit, openapi.LEAD_EXAMPLE, entered_as=LeadIn, enter=_enter)


add_list(router, routes_of(RESOURCE), LeadQuery)


@router.post(
    "",
    status_code=201,
    summary="Enter a lead",
    responses={
        200: {
            "description": "The person was a lead already and was enriched",
            "model": routes_of(RESOURCE).shown,
        },
        201: {"model": routes_of(RESOURCE).shown},
        409: openapi.FAILURES[409],
    },
)
def create_lead(body: LeadIn, caller: Writer, idempotency_key: IdempotencyKey = None) -> Response:
    """Keep a lead; the same automation starts as for a captured one, unless `automation` is false.

    With an Idempotency-Key a repeat gets the first answer for 24 hours.
    """

    def enter() -> dict[str, Any]:
        status, lead = _enter(session, caller, body)
        return {"status": status, "version": lead.version, "lead": lead.json}

    with unit_of_work(caller.identity) as session:
        kept = idempotency.once(session, caller, "api:leads", idempotency_key, body, enter)
    lead_id = json.loads(kept["lead"])["id"]
    response = answer(Document(UUID(lead_id), kept["lead"], kept["version"]), kept["status"])
    response.headers["Location"] = f"/api/crm/leads/{lead_id}"
    return response


add_routes(router, RESOURCE, without=frozenset({"list", "create"}))
