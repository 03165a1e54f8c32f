"""Stages of pipelines: like all records, and besides: one with deals in it goes only when it is said where they go."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api import openapi
from api.forms import StageIn
from api.identity import KEY_SCHEMES, Admin
from api.preconditions import versions_in
from api.records import IfMatch, add_routes
from api.resource import Resource
from crm_db import clock
from crm_db.actions import records, stages
from crm_db.queries import kinds
from crm_db.session import unit_of_work

router = APIRouter(
    prefix="/api/crm/stages", tags=["stages"], dependencies=KEY_SCHEMES, responses=openapi.READ_RESPONSES
)
RESOURCE = Resource(
    kinds.STAGE,
    StageIn,
    {"name": "Trial", "order_index": 3, "probability": 40, "color": "#8B5CF6", "rotting_days": 14},
    by_admins=True,
)
add_routes(router, RESOURCE, without=frozenset({"delete"}))


@router.delete(
    "/{record_id}",
    summary="Delete a stage",
    status_code=204,
    responses={code: openapi.FAILURES[code] for code in (409, 412)},
)
def delete_stage(
    record_id: UUID,
    caller: Admin,
    move_to: Annotated[
        UUID | None, Query(description="The stage of the same pipeline and kind to which its deals go")
    ] = None,
    if_match: IfMatch = None,
) -> None:
    """It can be restored. While there are deals in it, `move_to` must say where they go, or it is answered 409."""
    with unit_of_work(caller.identity) as session:
        if move_to is not None:
            stages.clear(session, caller.identity, record_id, move_to)
        now, versions = clock.now_of(session), versions_in(if_match)
        records.remove(session, caller.identity, kinds.STAGE, record_id, now=now, versions=versions)
