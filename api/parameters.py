"""What a request may ask in its query: nothing that its route does not know, so that no slip passes for an answer."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel

from api.identity import authenticated

_REFUSAL = {"type": "extra_forbidden", "msg": "Extra inputs are not permitted"}


async def nothing_else(request: Request, _: Annotated[object, Depends(authenticated)]) -> None:
    """Refuse unknown parameters, once it is known who asks; raises RequestValidationError."""
    if not request.query_params:
        return
    unknown = request.query_params.keys() - set(_known(request.scope["route"].dependant))
    if unknown:
        raise RequestValidationError([{**_REFUSAL, "loc": ("query", name)} for name in sorted(unknown)])


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
