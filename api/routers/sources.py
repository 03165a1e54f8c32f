"""Sources: the systems that may post leads. Their proofs are shown once, when they are made."""

import json
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from api import openapi
from api.configuration_forms import Rotation, SourceEdit, SourceIn
from api.documents import json_response
from api.idempotency import once
from api.identity import KEY_SCHEMES, Admin, Caller
from api.records import IdempotencyKey, add_routes, document
from api.resource import Resource, routes_of
from api.services import services_of
from crm_db import clock
from crm_db.actions import records, sources
from crm_db.errors import BadValue
from crm_db.queries import kinds
from crm_db.queries.records import Document
from crm_db.session import unit_of_work

_EXAMPLE = {
    "name": "website",
    "format": "form",
    "region": "DE",
    "allowed_origins": ["https://www.example.com"],
}


def _not_here(session: Session, caller: Caller, body: Any) -> tuple[int, Document]:
    raise BadValue("op", "cannot be create: a source's secret is shown once, so each is made by itself")


RESOURCE = Resource(
    kinds.SOURCE,
    SourceEdit,
    _EXAMPLE,
    by_admins=True,
    farewell="It takes nothing more and its keys are revoked; what it sent stays. Its name is free again.",
    entered_as=SourceIn,
    enter=_not_here,
)
router = APIRouter(
    prefix=RESOURCE.path, tags=["sources"], dependencies=KEY_SCHEMES, responses=openapi.READ_RESPONSES
)


class Proofs(BaseModel):
    """What a sender may prove itself by; null where there is none, or it was not made anew."""

    secret: str | None = Field(default=None, description="Signs the body (HMAC-SHA256)")
    api_key: str | None = Field(
        default=None, description="A key with the scope capture, for this source alone"
    )
    url: str | None = Field(default=None, description="Where to post; the token in it is a proof")
    form_token: str | None = None
    form_url: str | None = Field(default=None, description="The action of a browser form; it may be public")
    verify_token: str | None = Field(default=None, description="What Meta asks for")


class NewSource(Proofs, routes_of(RESOURCE).shown):  # type: ignore[misc]  # made from its kind
    """A source with its proofs, which are shown this once."""


@router.post(
    "",
    status_code=201,
    summary="Let a system post leads",
    responses={201: {"model": NewSource}, 409: openapi.FAILURES[409]},
    openapi_extra=openapi.body_example(_EXAMPLE),
)
def create_source(
    body: SourceIn, caller: Admin, request: Request, idempotency_key: IdempotencyKey = None
) -> Response:
    """Its proofs are shown this once. A repeat with the same Idempotency-Key makes no other one, and does not show them again."""
    shown: dict[str, str] = {}

    def add() -> dict[str, Any]:
        given = body.model_dump(exclude={"name", "team_id"})
        made = sources.add(session, caller.identity, body.name, **given)
        if body.team_id is not None:
            records.change(
                session, caller.identity, kinds.SOURCE, made.id, {"team_id": body.team_id}, now=clock.now_of(session)
            )  # fmt: skip
        shown.update(made.proofs(body.format, _capture_url(request)))
        return {"id": str(made.id)}

    with unit_of_work(caller.identity) as session:
        kept = once(session, caller, "api:sources", idempotency_key, body, add)
        found = document(session, caller, kinds.SOURCE, UUID(kept["id"]))
    told = {name: shown.get(name) for name in Proofs.model_fields}
    response = json_response(json.dumps({**json.loads(found.json), **told}), 201)
    response.headers["Location"] = f"{RESOURCE.path}/{kept['id']}"
    return response


@router.post("/{source_id}/rotate", summary="Make a source's proofs anew", response_model=Proofs)
def rotate_source(source_id: UUID, caller: Admin, request: Request, body: Rotation | None = None) -> Proofs:
    """The former ones stop counting: keys at once, the others within a second. The new ones are shown this once."""
    wanted = body or Rotation()
    with unit_of_work(caller.identity) as session:
        now = clock.now_of(session)
        fresh, form = sources.rotate(session, caller.identity, source_id, wanted.parts, now=now)
    here = _capture_url(request)
    token, form_token = fresh.get("token"), fresh.get("form_token")
    return Proofs(
        secret=fresh.get("secret"),
        api_key=fresh.get("api_key"),
        url=f"{here}/{token}" if token else None,
        form_token=form_token,
        form_url=f"{here}/{form_token}" if form_token else None,
        verify_token=token if form == "meta" else None,
    )


def _capture_url(request: Request) -> str:
    return f"{services_of(request).settings.public_url}/api/crm/capture"


add_routes(router, RESOURCE, without=frozenset({"create"}))
