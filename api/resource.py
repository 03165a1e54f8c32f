"""A kind of record as the API offers it, and the models that its routes take and give."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import BaseModel
from sqlalchemy.orm import Session

from api.identity import Caller
from api.record_models import page_of, patch_of, shown_of
from crm_db.queries.kinds import Kind
from crm_db.queries.records import Document


@dataclass(frozen=True, eq=False)
class Resource:
    """A kind of record as the API offers it. `form`: how one is entered whole; `by_admins`: only administrators change it;
    `by_managers`: they and managers; `removed_by_admins`: everybody who writes may enter one, and only administrators delete it.

    `farewell`: what deleting one means, where it is not gone. `enter` keeps what comes in the form `entered_as`, where entering
    is more than writing a record down.
    """

    kind: Kind
    form: type[BaseModel]
    example: Mapping[str, Any]
    by_admins: bool = False
    by_managers: bool = False
    removed_by_admins: bool = False
    tag: str = ""
    farewell: str = ""
    entered_as: type[BaseModel] | None = None
    enter: Callable[[Session, Caller, Any], tuple[int, Document]] | None = None

    @property
    def path(self) -> str:
        """Where it is."""
        return f"/api/crm/{self.kind.plural.replace('_', '-')}"

    @property
    def noun(self) -> str:
        """What people call it."""
        return self.kind.name.replace("_", " ")

    @property
    def one(self) -> str:
        """What people call one of them."""
        return f"{'an' if self.noun[0] in 'aeiou' else 'a'} {self.noun}"

    @property
    def many(self) -> str:
        """What people call several."""
        return self.kind.plural.replace("_", " ")


@dataclass(frozen=True)
class Routes:
    """The models that a resource's routes take and give."""

    resource: Resource
    patch: type[BaseModel]
    shown: type[BaseModel]
    page: type[BaseModel]


@cache
def routes_of(resource: Resource) -> Routes:
    """The models of a resource's routes."""
    shown = shown_of(resource.kind, resource.example)
    return Routes(resource, patch_of(resource.form), shown, page_of(resource.kind, shown))
