"""Leads become deals, and customers when those are won; taken back while nothing was built on it."""

import json
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from api import openapi
from api.documents import json_response
from api.forms import Amount, Currency, Form, Line, Word
from api.idempotency import once
from api.identity import KEY_SCHEMES, Caller, Writer
from api.records import IdempotencyKey, answer, document
from api.resource import routes_of
from api.resources import RESOURCES
from api.routers.leads import RESOURCE as LEADS
from crm_db import clock
from crm_db.actions import conversions
from crm_db.actions.conversions import Wanted
from crm_db.queries import kinds, records
from crm_db.queries.records import Document
from crm_db.session import unit_of_work

router = APIRouter(
    prefix="/api/crm/leads", tags=["leads"], dependencies=KEY_SCHEMES, responses=openapi.READ_RESPONSES
)
_OFFERED = {resource.kind.name: resource for resource in RESOURCES}
LeadShown = routes_of(LEADS).shown
DealShown = routes_of(_OFFERED["deal"]).shown
CustomerShown = routes_of(_OFFERED["customer"]).shown


class ConversionIn(Form):
    """What the deal shall be; what is not said is taken from the lead."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"name": "Team plan", "value": 60000, "customer": True}]},
    )

    name: Line | None = Field(default=None, description="The lead's company, or its name, when not given")
    value: Amount | None = None
    currency: Currency | None = None
    pipeline_id: UUID | None = Field(default=None, description="Where to begin when no stage is given")
    stage_id: UUID | None = Field(
        default=None, description="The first open stage of the pipeline when not given"
    )
    customer_id: UUID | None = Field(default=None, description="A customer that is there, whose deal it is")
    customer: bool = Field(
        default=False, description="Make the customer at once, not only when the deal is won"
    )
    custom: dict[Word, Any] = Field(
        default_factory=dict, max_length=100, description="Beside the lead's own fields"
    )

    def wanted(self) -> Wanted:
        """As the CRM is asked for it."""
        return Wanted(self.model_dump(exclude={"customer"}, exclude_none=True), self.customer)


class Nothing(Form):
    """No body is needed."""


class Conversion(BaseModel):
    """The lead, the deal that it became, and the customer, where there is one; null: none, or not yours to see."""

    lead: LeadShown  # type: ignore[valid-type]
    deal: DealShown | None  # type: ignore[valid-type]
    customer: CustomerShown | None  # type: ignore[valid-type]


@router.post(
    "/{record_id}/convert",
    status_code=201,
    summary="Convert a lead",
    responses={
        200: {"description": "It was converted before", "model": Conversion},
        201: {"model": Conversion},
        409: openapi.FAILURES[409],
    },
)
def convert_lead(
    record_id: UUID, body: ConversionIn, caller: Writer, idempotency_key: IdempotencyKey = None
) -> Response:
    """Make a deal of a lead, with its owner, team, value, currency and own fields; the lead is `converted` then.

    Asked again, it answers with the deal that there is. When the deal is won, the lead becomes a customer.
    """

    def work() -> dict[str, Any]:
        now = clock.now_of(session)
        made = conversions.convert(session, caller.identity, record_id, body.wanted(), now=now)
        return {
            "status": 201 if made.is_new else 200,
            "json": _told(session, caller, record_id, made.deal_id),
        }

    with unit_of_work(caller.identity) as session:
        kept = once(session, caller, f"api:leads:{record_id}:convert", idempotency_key, body, work)
    return json_response(kept["json"], kept["status"])


@router.post(
    "/{record_id}/convert/undo",
    summary="Take a conversion back",
    responses={200: {"model": LeadShown}, 409: openapi.FAILURES[409]},
)
def undo_conversion(record_id: UUID, caller: Writer, idempotency_key: IdempotencyKey = None) -> Response:
    """Delete the deal, and the customer that was made with it, and open the lead again; once undone, it stays so.

    Not any more when something was built on it: the deal moved, was closed or has activities, the customer has others.
    """

    def work() -> dict[str, Any]:
        conversions.undo(session, caller.identity, record_id, now=clock.now_of(session))
        lead = document(session, caller, kinds.LEAD, record_id)
        return {"version": lead.version, "json": lead.json}

    with unit_of_work(caller.identity) as session:
        kept = once(session, caller, f"api:leads:{record_id}:undo", idempotency_key, Nothing(), work)
    return answer(Document(record_id, kept["json"], kept["version"]))


def _told(session: Session, caller: Caller, lead_id: UUID, deal_id: UUID) -> str:
    """What became of a lead, as far as the caller may see it."""
    lead = document(session, caller, kinds.LEAD, lead_id)
    deal = records.document(session, caller.org_id, kinds.DEAL, deal_id)
    customer_id = json.loads(deal.json)["customer_id"] if deal else None
    customer = (
        records.document(session, caller.org_id, kinds.CUSTOMER, UUID(customer_id)) if customer_id else None
    )
    parts = {"lead": lead, "deal": deal, "customer": customer}
    return "{" + ", ".join(f'"{name}": {one.json if one else "null"}' for name, one in parts.items()) + "}"
