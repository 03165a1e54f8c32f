"""The routes that all kinds of record have in common: list, read, enter, replace, change, delete, restore, many at once.

A kind of record brings its `Kind` and the form in which it is entered; the routes, the patch and the description of what is
answered follow from these.
"""

import json
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Header, Query, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from api import openapi
from api.asking import chosen
from api.bulk import outcomes
from api.documents import json_response
from api.idempotency import once
from api.identity import KEY_SCHEMES, Admin, Caller, Manager, Reader, Writer
from api.lists import add_list
from api.preconditions import etag, is_seen, versions_in
from api.record_models import Operations, Outcomes, emptied
from api.resource import Resource, Routes, routes_of
from crm_db import clock
from crm_db.actions import records as actions
from crm_db.errors import RecordNotFound
from crm_db.queries import records
from crm_db.queries.kinds import Kind
from crm_db.queries.records import Document
from crm_db.session import on_behalf_of_the_org, repeated, unit_of_work

IfMatch = Annotated[
    str | None,
    Header(description='The version that it must still have, as its ETag: `"3"`; or several: `"3", "4"`'),
]
IdempotencyKey = Annotated[str | None, Header(description="A repeat gets the first answer for 24 hours")]
Fields = Annotated[str | None, Query(max_length=2000, description="The fields wanted, between commas")]


@cache
def router_of(resource: Resource) -> APIRouter:
    """The routes of a resource."""
    router = APIRouter(
        prefix=resource.path,
        tags=[resource.tag or resource.kind.plural],
        dependencies=KEY_SCHEMES,
        responses=openapi.READ_RESPONSES,
    )
    add_routes(router, resource)
    return router


def add_routes(router: APIRouter, resource: Resource, *, without: frozenset[str] = frozenset()) -> None:
    """Add a resource's routes to a router; without: those that it has of its own."""
    routes = routes_of(resource)
    for name, add in _ADDERS.items():
        if name not in without and (name != "restore" or resource.kind.is_mortal):
            add(router, routes)


def _add_read(router: APIRouter, routes: Routes) -> None:
    kind = routes.resource.kind

    def read_record(
        record_id: UUID,
        caller: Reader,
        fields: Fields = None,
        if_none_match: Annotated[str | None, Header()] = None,
    ) -> Response:
        with unit_of_work(caller.identity) as session:
            found = document(session, caller, kind, record_id, chosen(fields, kind))
        if is_seen(if_none_match, found.version):
            return Response(status_code=304, headers={"ETag": etag(found.version)})
        return answer(found)

    _add(
        router, "GET", "/{record_id}", read_record, f"Read {routes.resource.one}", response=routes.shown,
        words="The header ETag names its version; with If-None-Match there is no body while it is the same.",
        fails=(304,),
    )  # fmt: skip


def _add_create(router: APIRouter, routes: Routes) -> None:
    kind = routes.resource.kind

    def create_record(body: BaseModel, caller: Caller, idempotency_key: IdempotencyKey = None) -> Response:
        values = body.model_dump(exclude_unset=True)
        with unit_of_work(caller.identity) as session:
            made = once(
                session,
                caller,
                f"api:{kind.plural}",
                idempotency_key,
                body,
                lambda: _created(session, caller, kind, values),
            )
        response = answer(Document(UUID(made["id"]), made["json"], made["version"]), 201)
        response.headers["Location"] = f"{routes.resource.path}/{made['id']}"
        return response

    _annotate(
        create_record, body=_body(routes.resource.form, routes.resource.example), caller=_writer(routes)
    )
    _add(
        router, "POST", "", create_record, f"Enter {routes.resource.one}", status=201, response=routes.shown,
        words="With an Idempotency-Key a repeat gets the first answer for 24 hours.", fails=(409,),
    )  # fmt: skip


def _add_replace(router: APIRouter, routes: Routes) -> None:
    kind, form = routes.resource.kind, routes.resource.form

    def replace_record(
        record_id: UUID, body: BaseModel, caller: Caller, if_match: IfMatch = None
    ) -> Response:
        values = {**emptied(kind, form), **body.model_dump(exclude_unset=True)}
        return _changed(caller, kind, record_id, values, if_match, whole=True)

    _annotate(replace_record, body=_body(form, routes.resource.example), caller=_writer(routes))
    _add(
        router, "PUT", "/{record_id}", replace_record, f"Replace {routes.resource.one}", response=routes.shown,
        words="What is not given is emptied, but for the owner. With If-Match only when it still has that version.",
        fails=(409, 412),
    )  # fmt: skip


def _add_change(router: APIRouter, routes: Routes) -> None:
    kind = routes.resource.kind

    def change_record(record_id: UUID, body: BaseModel, caller: Caller, if_match: IfMatch = None) -> Response:
        return _changed(caller, kind, record_id, body.model_dump(exclude_unset=True), if_match)

    some = dict([*routes.resource.example.items()][:1])
    _annotate(change_record, body=_body(routes.patch, some), caller=_writer(routes))
    _add(
        router, "PATCH", "/{record_id}", change_record, f"Change {routes.resource.one}", response=routes.shown,
        words="Only what is given is changed; in `custom`, null takes a field away."
        " With If-Match only when it still has that version.",
        fails=(409, 412),
    )  # fmt: skip


def _add_delete(router: APIRouter, routes: Routes) -> None:
    kind = routes.resource.kind

    def delete_record(record_id: UUID, caller: Caller, if_match: IfMatch = None) -> None:
        with unit_of_work(caller.identity) as session:
            actions.remove(
                session,
                caller.identity,
                kind,
                record_id,
                now=clock.now_of(session),
                versions=versions_in(if_match),
            )

    by_admins = routes.resource.by_admins or routes.resource.removed_by_admins
    _annotate(delete_record, caller=Admin if by_admins else Writer)
    _add(
        router, "DELETE", "/{record_id}", delete_record, f"Delete {routes.resource.one}", status=204,
        words=routes.resource.farewell or ("It can be restored." if kind.is_mortal else "For good."), fails=(409, 412),
    )  # fmt: skip


def _add_restore(router: APIRouter, routes: Routes) -> None:
    kind = routes.resource.kind

    def restore_record(record_id: UUID, caller: Caller) -> Response:
        with unit_of_work(caller.identity) as session:
            actions.restore(session, caller.identity, kind, record_id)
            return answer(document(session, caller, kind, record_id))

    _annotate(restore_record, caller=_writer(routes))
    _add(
        router, "POST", "/{record_id}/restore", restore_record, f"Restore {routes.resource.one}", response=routes.shown,
        words="Undo its deletion; one that was not deleted stays as it is.", fails=(409,),
    )  # fmt: skip


def _add_bulk(router: APIRouter, routes: Routes) -> None:
    def write_many(body: Operations, caller: Caller, idempotency_key: IdempotencyKey = None) -> Response:
        def work() -> dict[str, Any]:
            with unit_of_work(caller.identity) as session:
                return once(
                    session, caller, f"api:{routes.resource.kind.plural}:bulk", idempotency_key, body,
                    lambda: {"items": outcomes(session, caller, routes, body.items)},
                )  # fmt: skip

        return json_response(json.dumps(repeated(work)))

    items = [
        {"op": "create", "values": dict(routes.resource.example)},
        {"op": "delete", "id": str(UUID(int=0))},
    ]
    _annotate(write_many, body=_body(Operations, {"items": items}), caller=_writer(routes))
    _add(
        router, "POST", "/bulk", write_many, f"Write many {routes.resource.many}", response=Outcomes,
        words="Up to 1,000 at once, each with its own outcome; what is refused leaves the others as they are.",
    )  # fmt: skip


_ADDERS: Mapping[str, Callable[[APIRouter, Routes], None]] = MappingProxyType(
    {
        "list": add_list,
        "bulk": _add_bulk,
        "create": _add_create,
        "read": _add_read,
        "replace": _add_replace,
        "change": _add_change,
        "delete": _add_delete,
        "restore": _add_restore,
    }
)


def document(
    session: Session, caller: Caller, kind: Kind, record_id: UUID, fields: tuple[str, ...] = ()
) -> Document:
    """A record that the caller may see; raises RecordNotFound."""
    found = records.document(session, caller.org_id, kind, record_id, fields)
    if found is None:
        raise RecordNotFound(kind.name, record_id)
    return found


def answer(found: Document, status: int = 200) -> Response:
    """A record with its version as ETag."""
    response = json_response(found.json, status)
    response.headers["ETag"] = etag(found.version)
    return response


def _created(session: Session, caller: Caller, kind: Kind, values: Mapping[str, Any]) -> dict[str, Any]:
    """Keep a record; what is answered, as a key remembers it. Who enters one for a colleague sees it this once."""
    written = actions.create(session, caller.identity, kind, values, now=clock.now_of(session))
    with on_behalf_of_the_org(session):
        made = document(session, caller, kind, written.id)
    return {"id": str(made.id), "json": made.json, "version": made.version}


def _changed(
    caller: Caller,
    kind: Kind,
    record_id: UUID,
    values: Mapping[str, Any],
    if_match: str | None,
    *,
    whole: bool = False,
) -> Response:
    """Change a record; who gives one away sees it this once more."""
    versions = versions_in(if_match)

    def work() -> Response:
        with unit_of_work(caller.identity) as session:
            now = clock.now_of(session)
            actions.change(
                session, caller.identity, kind, record_id, values, now=now, versions=versions, whole=whole
            )
            with on_behalf_of_the_org(session):
                return answer(document(session, caller, kind, record_id))

    return repeated(work)


def _add(
    router: APIRouter,
    method: str,
    path: str,
    endpoint: Callable[..., Any],
    summary: str,
    *,
    words: str,
    status: int = 200,
    response: type[BaseModel] | None = None,
    fails: tuple[int, ...] = (),
) -> None:
    described: dict[int | str, dict[str, Any]] = {code: openapi.FAILURES[code] for code in fails}
    if response is not None:
        described[status] = {"model": response}
    endpoint.__doc__ = words
    router.add_api_route(
        path,
        endpoint,
        methods=[method],
        summary=summary,
        status_code=status,
        responses=described,
        operation_id=f"{endpoint.__name__}_{router.tags[0]}",
    )


def _annotate(endpoint: Callable[..., Any], **types: Any) -> None:
    """Say what an endpoint takes where only its resource knows."""
    endpoint.__annotations__.update(types)


def _body(form: type[BaseModel], example: Mapping[str, Any]) -> Any:
    """A body with an example that can be tried as it is."""
    return Annotated[form, Body(examples=[dict(example)])]


def _writer(routes: Routes) -> Any:
    if routes.resource.by_admins:
        return Admin
    return Manager if routes.resource.by_managers else Writer
