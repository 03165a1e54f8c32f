"""API keys: shown whole once, when they are made, and revoked at any time. Who is no administrator sees only the own ones."""

import json
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field
from sqlalchemy.orm import Session

from api import openapi
from api.configuration_forms import KeyEdit, KeyIn
from api.documents import json_response
from api.idempotency import once
from api.identity import KEY_SCHEMES, Admin, Caller
from api.records import IdempotencyKey, add_routes, document
from api.resource import Resource, routes_of
from crm_db import clock
from crm_db.actions import api_keys
from crm_db.errors import BadValue
from crm_db.queries import kinds
from crm_db.queries.records import Document
from crm_db.session import unit_of_work

_EXAMPLE = {"name": "Reporting", "scopes": ["read"], "expires_at": "2027-12-31T00:00:00Z"}


def _not_here(session: Session, caller: Caller, body: Any) -> tuple[int, Document]:
    raise BadValue("op", "cannot be create: a key is shown once, so each is made by itself")


RESOURCE = Resource(
    kinds.KEY,
    KeyEdit,
    _EXAMPLE,
    by_admins=True,
    farewell="It is revoked: it writes nothing more, within a second reads nothing more, and stays in the list.",
    entered_as=KeyIn,
    enter=_not_here,
)
router = APIRouter(
    prefix=RESOURCE.path, tags=["keys"], dependencies=KEY_SCHEMES, responses=openapi.READ_RESPONSES
)


class NewKey(routes_of(RESOURCE).shown):  # type: ignore[misc]  # made from its kind
    """A key as it is shown this once."""

    key: str | None = Field(description="The key itself; null when an Idempotency-Key repeats the request")


@router.post(
    "",
    status_code=201,
    summary="Make a key",
    responses={201: {"model": NewKey}, 409: openapi.FAILURES[409]},
    openapi_extra=openapi.body_example(_EXAMPLE),
)
def create_key(body: KeyIn, caller: Admin, idempotency_key: IdempotencyKey = None) -> Response:
    """The key is shown this once. A repeat with the same Idempotency-Key makes no other one, and does not show it again."""
    shown: dict[str, str] = {}

    def give() -> dict[str, Any]:
        key_id, shown["key"] = api_keys.give(
            session,
            caller.identity,
            now=clock.now_of(session),
            name=body.name,
            scopes=body.scopes,
            user_id=body.user_id,
            expires_at=body.expires_at,
        )
        return {"id": str(key_id)}

    with unit_of_work(caller.identity) as session:
        made = once(session, caller, "api:keys", idempotency_key, body, give)
        found = document(session, caller, kinds.KEY, UUID(made["id"]))
    response = json_response(json.dumps({**json.loads(found.json), "key": shown.get("key")}), 201)
    response.headers["Location"] = f"{RESOURCE.path}/{made['id']}"
    return response


add_routes(router, RESOURCE, without=frozenset({"create"}))
