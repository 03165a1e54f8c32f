"""Teams, and who is in them."""

from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from api import openapi
from api.configuration_forms import TeamIn
from api.documents import json_response
from api.identity import KEY_SCHEMES, Admin, Caller, Reader
from api.records import add_routes, document
from api.resource import Resource
from crm_db.actions import teams
from crm_db.errors import RecordNotFound
from crm_db.queries import kinds, members
from crm_db.session import unit_of_work

RESOURCE = Resource(
    kinds.TEAM,
    TeamIn,
    {"name": "Inbound", "visibility": "team", "timezone": "Europe/Berlin"},
    by_admins=True,
    farewell="Only one that no record, source or other team still needs; its members are in it no more.",
)
router = APIRouter(
    prefix=RESOURCE.path, tags=["teams"], dependencies=KEY_SCHEMES, responses=openapi.READ_RESPONSES
)


class Member(BaseModel):
    """Somebody who is in a team."""

    model_config = openapi.like(name="Grace Hopper", email="grace@acme.example")

    user_id: UUID
    name: str
    email: str
    role: str
    active: bool


class Members(BaseModel):
    """All members of a team, by name."""

    items: list[Member]
    next_cursor: str | None = Field(description="Always null: they all fit on one page")


@router.get("/{team_id}/members", summary="List a team's members", responses={200: {"model": Members}})
def list_members(team_id: UUID, caller: Reader) -> Response:
    """Everybody who is in the team, by name."""
    return json_response(f'{{"items": [{", ".join(_members(caller, team_id))}], "next_cursor": null}}')


@router.get(
    "/{team_id}/members/{user_id}", summary="Read a team's member", responses={200: {"model": Member}}
)
def read_member(team_id: UUID, user_id: UUID, caller: Reader) -> Response:
    """One person, when in the team."""
    found = _members(caller, team_id, user_id)
    if not found:
        raise RecordNotFound("member", user_id)
    return json_response(found[0])


@router.put("/{team_id}/members/{user_id}", status_code=204, summary="Put somebody into a team")
def put_member(team_id: UUID, user_id: UUID, caller: Admin) -> None:
    """Who is in it already stays. What the person owns keeps its team; a new record gets the first of the person's teams."""
    with unit_of_work(caller.identity) as session:
        teams.join(session, caller.identity, team_id, user_id)


@router.delete("/{team_id}/members/{user_id}", status_code=204, summary="Take somebody out of a team")
def remove_member(team_id: UUID, user_id: UUID, caller: Admin) -> None:
    """What the person owns keeps its team and owner."""
    with unit_of_work(caller.identity) as session:
        teams.leave(session, caller.identity, team_id, user_id)


def _members(caller: Caller, team_id: UUID, user_id: UUID | None = None) -> list[str]:
    with unit_of_work(caller.identity) as session:
        document(session, caller, kinds.TEAM, team_id)
        return members.of_team(session, caller.org_id, team_id, user_id)


add_routes(router, RESOURCE)
