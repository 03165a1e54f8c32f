"""What lies in the pipelines, and what should be done next."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from api import openapi
from api.documents import json_response
from api.identity import KEY_SCHEMES, Reader
from crm_db.queries import summaries
from crm_db.session import unit_of_work

router = APIRouter(
    prefix="/api/crm", tags=["summaries"], dependencies=KEY_SCHEMES, responses=openapi.READ_RESPONSES
)


class StageSummary(BaseModel):
    """The deals in a stage, of one currency. `weighted_value`: each value times its probability."""

    model_config = openapi.like(
        pipeline="Sales", stage="Proposal", order_index=3, currency="EUR", deal_count=4, total_value=120_000,
        weighted_value=72_000, average_age_days=12.5,
    )  # fmt: skip

    pipeline: str
    stage: str
    order_index: int
    currency: str
    deal_count: int
    total_value: float
    weighted_value: float
    average_age_days: float | None


class PipelineSummary(BaseModel):
    """All stages in their order; there is one page."""

    items: list[StageSummary]
    next_cursor: None = None


class Recommendation(BaseModel):
    """Something to do about a lead, deal or customer; `confidence`: how sure the rule is, from 0 to 1."""

    model_config = openapi.like(
        entity="lead",
        action="call now",
        confidence=0.9,
        reason="hot with a score of 86, and nobody has been in touch",
    )

    entity: str
    entity_id: UUID
    action: str
    reason: str
    confidence: float
    rank: int


class Recommendations(BaseModel):
    """What to do next, the surest first; there is one page."""

    items: list[Recommendation]
    next_cursor: None = None


@router.get(
    "/pipeline/summary", summary="Read the pipeline summary", responses={200: {"model": PipelineSummary}}
)
def read_pipeline_summary(caller: Reader) -> Response:
    """For each stage and currency: how many deals you may see, their value, what it is worth, and their average age in days."""
    with unit_of_work(caller.identity) as session:
        return json_response(f'{{"items": {summaries.pipeline(session)}, "next_cursor": null}}')


@router.get("/recommendations", summary="List recommendations", responses={200: {"model": Recommendations}})
def list_recommendations(
    caller: Reader,
    limit: Annotated[int, Query(ge=1, le=500, description="How many at the most")] = 20,
    owner_id: Annotated[UUID | None, Query(description="Only for what this person owns")] = None,
) -> Response:
    """What to do next about the leads, deals and customers that you may see, by rules; the surest come first."""
    with unit_of_work(caller.identity) as session:
        return json_response(
            f'{{"items": {summaries.recommendations(session, limit, owner_id)}, "next_cursor": null}}'
        )
