"""People who use the CRM. They are deactivated, never deleted: what they did stays theirs."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api import openapi
from api.configuration_forms import UserIn
from api.identity import KEY_SCHEMES, Admin
from api.preconditions import versions_in
from api.records import IfMatch, add_routes
from api.resource import Resource
from crm_db import clock
from crm_db.actions import records, users
from crm_db.queries import kinds
from crm_db.session import unit_of_work

RESOURCE = Resource(
    kinds.USER,
    UserIn,
    {
        "email": "grace@acme.example",
        "name": "Grace Hopper",
        "role": "rep",
        "takes_leads": True,
        "capacity": 50,
    },
    by_admins=True,
)
router = APIRouter(
    prefix=RESOURCE.path, tags=["users"], dependencies=KEY_SCHEMES, responses=openapi.READ_RESPONSES
)
HandTo = Annotated[UUID | None, Query(description="Who takes the open work over; nobody when not given")]


@router.delete(
    "/{record_id}",
    status_code=204,
    summary="Deactivate a user",
    responses={code: openapi.FAILURES[code] for code in (409, 412)},
)
def delete_user(record_id: UUID, caller: Admin, hand_to: HandTo = None, if_match: IfMatch = None) -> None:
    """Their keys stop counting. Open leads, deals and tasks, and customers, go to a colleague, or to nobody."""
    with unit_of_work(caller.identity) as session:
        if hand_to is not None:
            users.hand_over(session, caller.org_id, record_id, hand_to)
        records.remove(
            session,
            caller.identity,
            kinds.USER,
            record_id,
            now=clock.now_of(session),
            versions=versions_in(if_match),
        )


add_routes(router, RESOURCE, without=frozenset({"delete"}))
