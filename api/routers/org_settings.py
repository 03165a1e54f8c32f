"""Settings of the organisation: what is in force, what it would be by default, what it was, and changing it."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, field_validator
from sqlalchemy.orm import Session

from api import openapi
from api.cursors import position_of
from api.documents import ListQuery, list_response
from api.examples import ID
from api.identity import KEY_SCHEMES, Admin, Caller, Reader
from api.preconditions import etag, versions_in
from api.records import IfMatch
from crm_db.actions import settings as actions
from crm_db.queries import setting_list
from crm_db.rules.parsing import Unreadable, check_nest
from crm_db.session import on_behalf_of_the_org, unit_of_work

router = APIRouter(
    prefix="/api/crm/settings", tags=["settings"], dependencies=KEY_SCHEMES, responses=openapi.READ_RESPONSES
)
Key = Annotated[str, Path(max_length=100, description="Its name, such as score_bands")]


class SettingIn(BaseModel):
    """What a setting is to be, whole."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"value": {"hot": 80, "warm": 50}}]}
    )

    value: dict[str, Any]

    @field_validator("value")
    @classmethod
    def _can_be_kept(cls, value: dict[str, Any]) -> dict[str, Any]:
        try:
            check_nest(value)
        except Unreadable as problem:
            raise ValueError(problem.words) from None
        return value


class SettingOut(BaseModel):
    """A setting. `value` is in force; `problem` says why what is kept cannot be used, the default being in force then."""

    model_config = openapi.like(
        key="score_bands",
        description="From which score on a lead is hot or warm",
        value={"hot": 80, "warm": 55},
        default={"hot": 80, "warm": 50},
        is_default=False,
    )

    key: str
    description: str
    value: dict[str, Any]
    default: dict[str, Any]
    is_default: bool
    problem: str | None
    version: int
    updated_at: datetime | None


class SettingList(BaseModel):
    """All settings; there is one page."""

    items: list[SettingOut]
    next_cursor: None = None


class FormerValue(BaseModel):
    """What a setting was, until when, and who changed it then: the id of a person, or the role of a key."""

    model_config = openapi.like(value={"hot": 80, "warm": 50}, changed_by=ID)

    value: Any
    changed_at: datetime
    changed_by: str


class FormerValues(BaseModel):
    """A page of former values."""

    items: list[FormerValue]
    next_cursor: str | None


@router.get("", summary="List settings")
def list_settings(caller: Reader) -> SettingList:
    """Every setting with its value and its default."""
    with unit_of_work(caller.identity) as session:
        found = setting_list.all_of(session, caller.org_id)
    return SettingList(items=[SettingOut(**asdict(one)) for one in found])


@router.get("/{key}", summary="Read a setting")
def read_setting(key: Key, caller: Reader, response: Response) -> SettingOut:
    """One setting; the header ETag names its version."""
    with unit_of_work(caller.identity) as session:
        return _answer(session, caller, key, response)


@router.put("/{key}", summary="Change a setting", responses={412: openapi.FAILURES[412]})
def change_setting(
    key: Key, body: SettingIn, caller: Admin, response: Response, if_match: IfMatch = None
) -> SettingOut:
    """Replace it whole; it counts from the next piece of work on. With If-Match only when it still has that version."""
    with unit_of_work(caller.identity) as session:
        actions.write(session, caller.identity, key, body.value, versions=versions_in(if_match))
        return _answer(session, caller, key, response)


@router.delete(
    "/{key}", summary="Set a setting back", status_code=204, responses={412: openapi.FAILURES[412]}
)
def reset_setting(key: Key, caller: Admin, if_match: IfMatch = None) -> None:
    """Give it back what a new organisation starts with."""
    with unit_of_work(caller.identity) as session:
        actions.reset(session, caller.identity, key, versions=versions_in(if_match))


@router.get(
    "/{key}/history",
    summary="List former values of a setting",
    responses={200: {"model": FormerValues}},
)
def list_former_values(key: Key, caller: Reader, query: Annotated[ListQuery, Query()]) -> Response:
    """What it was, the latest first, and when and by whom that was changed."""
    with unit_of_work(caller.identity) as session, on_behalf_of_the_org(session):
        page = setting_list.history(
            session, caller.org_id, key, after=position_of(query.cursor, UUID), limit=query.limit
        )
    return list_response(page)


def _answer(session: Session, caller: Caller, key: str, response: Response) -> SettingOut:
    found = setting_list.one_of(session, caller.org_id, key)
    response.headers["ETag"] = etag(found.version)
    return SettingOut(**asdict(found))
