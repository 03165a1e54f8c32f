"""The route that lists records: asked far more often than any other, so it takes its query and its key apart by itself."""

import json
from collections.abc import Callable, Coroutine
from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from api import openapi
from api.asking import RecordQuery, query_in, signature
from api.cursors import cursor_after
from api.documents import json_response
from api.identity import Caller, reader_of
from api.resource import Routes
from api.services import services_of
from crm_db import clock
from crm_db.queries import records, settings
from crm_db.queries.kinds import Kind
from crm_db.queries.records import Question
from crm_db.rules.asking import Moment
from crm_db.session import unit_of_work


class _Bare(APIRoute):
    """A route whose endpoint takes the request and gives the answer, with nothing in between."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The endpoint itself."""
        endpoint: Callable[[Request], Coroutine[Any, Any, Response]] = self.endpoint
        return endpoint


def add_list(router: APIRouter, routes: Routes, form: type[RecordQuery] = RecordQuery) -> None:
    """Add the list of a resource, which is asked for in this form."""
    kind = routes.resource.kind
    not_taken = [
        name for name, is_taken in (("q", kind.is_searched), ("deleted", kind.is_mortal)) if not is_taken
    ]

    async def list_records(request: Request) -> Response:
        caller = await reader_of(request)
        query = query_in(form, request.query_params)
        threads = services_of(request).list_threads
        return await to_thread.run_sync(_listed, caller, kind, query, limiter=threads)

    list_records.__doc__ = (
        f"{routes.resource.many.capitalize()} that you may see, in the order asked for;"
        " `next_cursor` of a page is the `cursor` of the next."
    )
    router.routes.append(
        _Bare(
            router.prefix,
            list_records,
            methods=["GET"],
            tags=router.tags,
            summary=f"List {routes.resource.many}",
            operation_id=f"list_records_{router.tags[0]}",
            responses={**openapi.READ_RESPONSES, 200: {"model": routes.page}},
            openapi_extra={
                "parameters": openapi.parameters_of(form, without=not_taken),
                "security": openapi.BY_KEY,
            },
        )
    )


def _listed(caller: Caller, kind: Kind, query: RecordQuery) -> Response:
    """A page of records as JSON."""
    asked = query.question(kind, lambda: _here(caller), lambda: _declared(caller, kind))
    found = records.listed(caller.identity, caller.org_id, kind, asked)
    cursor = cursor_after(signature(asked.full_order(kind)), found.next)
    told = f', "count": {_count(caller, kind, asked)}' if query.count else ""
    return json_response(f'{{"items": [{", ".join(found.rows)}], "next_cursor": {json.dumps(cursor)}{told}}}')


def _count(caller: Caller, kind: Kind, asked: Question) -> int:
    with unit_of_work(caller.identity) as session:
        return records.counted(session, kind, asked)


def _here(caller: Caller) -> Moment:
    """When and where a caller asks."""
    with unit_of_work(caller.identity) as session:
        return Moment(clock.now_of(session), settings.zone_of(session, caller.org_id))


def _declared(caller: Caller, kind: Kind) -> dict[str, str]:
    """The types of a kind's fields of the org's own by name, as they are declared."""
    with unit_of_work(caller.identity) as session:
        return records.declared_types(session, caller.org_id, kind)
