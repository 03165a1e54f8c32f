"""What a request may ask in its query: nothing that its route does not know, and nothing twice, so that no slip is half heard."""

from collections.abc import Collection, Iterator
from typing import Annotated

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.datastructures import QueryParams

from api.identity import authenticated

MOST_NAMED = 20
_UNKNOWN = {"type": "extra_forbidden", "msg": "Extra inputs are not permitted"}
_TWICE = {"type": "given_twice", "msg": "is given more than once"}


async def nothing_else(request: Request, _: Annotated[object, Depends(authenticated)]) -> None:
    """Refuse unknown parameters, and what is given twice, once it is known who asks; raises RequestValidationError."""
    if not request.query_params:
        return
    unknown = request.query_params.keys() - set(_known(request.scope["route"].dependant))
    if unknown:
        some = sorted(unknown)[:MOST_NAMED]
        raise RequestValidationError([{**_UNKNOWN, "loc": ("query", name)} for name in some])
    once_each(request.query_params)


def once_each(given: QueryParams, *, lists: Collection[str] = ()) -> None:
    """Refuse what is given more than once, which only `lists` may be; raises RequestValidationError."""
    if len(given.multi_items()) == len(given):
        return
    twice = [name for name in given if name not in lists and len(given.getlist(name)) > 1][:MOST_NAMED]
    if twice:
        raise RequestValidationError([{**_TWICE, "loc": ("query", name)} for name in twice])


def _known(taken: Dependant) -> Iterator[str]:
    """The names of a route's parameters, those of a form's fields and of what the route depends on among them."""
    for parameter in taken.query_params:
        form = parameter.field_info.annotation
        if isinstance(form, type) and issubclass(form, BaseModel):
            yield from form.model_fields
        else:
            yield parameter.alias
    for needed in taken.dependencies:
        yield from _known(needed)
