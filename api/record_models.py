"""What the routes of a record take and give, made from its kind and the form in which it is entered."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Literal, get_args, get_origin, get_type_hints
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, create_model
from sqlalchemy import DefaultClause

from api.examples import ID
from api.openapi import like
from crm_db.queries.kinds import Kind

MOST_AT_ONCE = 1000


class Operation(BaseModel):
    """One of many things to do."""

    model_config = ConfigDict(extra="forbid")

    op: Literal["create", "change", "delete", "restore"]
    id: UUID | None = Field(default=None, description="Of which record; not for create")
    values: dict[str, Any] = Field(default_factory=dict, description="As for POST, or as for PATCH")
    version: int | None = Field(default=None, description="The version that it must still have")


class Operations(BaseModel):
    """Many things to do, each for itself: one that is refused does not hold up the others."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"items": [{"op": "delete", "id": str(UUID(int=0))}]}]},
    )

    items: list[Operation] = Field(min_length=1, max_length=MOST_AT_ONCE)


class Outcome(BaseModel):
    """What became of one: its id and version, or the problem."""

    model_config = like(status=201, id=ID, version=1)

    status: int
    id: UUID | None = None
    version: int | None = None
    code: str | None = None
    detail: str | None = None
    field: str | None = None


class Outcomes(BaseModel):
    """What became of each, in the order in which they were given."""

    items: list[Outcome]


_PYTHON: Mapping[type[Any], Any] = MappingProxyType(
    {dict: dict[str, Any], list: list[Any], Decimal: float, UUID: UUID, datetime: datetime, date: date}
)


def patch_of(form: type[BaseModel]) -> type[BaseModel]:
    """The form with nothing in it needed; validators of the form's bases hold for it too."""
    fields: dict[str, Any] = {}
    for name, info in form.model_fields.items():
        fields[name] = (info.rebuild_annotation() | None, Field(default=None, description=info.description))
    return create_model(
        form.__name__.removesuffix("In") + "Patch",
        __doc__=f"What is to be changed of {form.__name__}; what is left out stays.",
        __base__=form.__mro__[1],
        __module__=form.__module__,
        **fields,
    )


def shown_of(kind: Kind, example: Mapping[str, Any]) -> type[BaseModel]:
    """A record as it is answered; with `fields`, only those. example: of one that was entered."""
    fields: dict[str, Any] = {}
    for name in kind.shown:
        column = kind.columns[name]
        told = (
            list[Any]
            if _holds_a_list(kind, name)
            else _PYTHON.get(column.type.python_type, column.type.python_type)
        )
        fields[name] = (told | None, Field(default=None)) if column.nullable else (told, Field(default=None))
    told = {name: value for name, value in {**_beginning(kind), **example}.items() if name in kind.shown}
    return create_model(_name(kind), __doc__=_first_line(kind), __config__=like(**told), **fields)


def _beginning(kind: Kind) -> dict[str, str]:
    """The words that a record begins with where nothing is said."""
    given = {name: column.server_default for name, column in kind.columns.items()}
    return {
        name: default.arg
        for name, default in given.items()
        if isinstance(default, DefaultClause) and isinstance(default.arg, str)
    }


def _holds_a_list(kind: Kind, name: str) -> bool:
    """Whether a column of JSON is a list; only its declaration knows."""
    declared = get_args(get_type_hints(kind.model).get(name))
    return bool(declared) and get_origin(declared[0]) is list


def page_of(kind: Kind, shown: type[BaseModel]) -> type[BaseModel]:
    """A page of records."""
    return create_model(
        f"{_name(kind)}Page",
        __doc__="A page; `count` only when it was asked for.",
        items=(list[shown], ...),  # type: ignore[valid-type]
        next_cursor=(str | None, ...),
        count=(int | None, Field(default=None)),
    )


def emptied(kind: Kind, form: type[BaseModel]) -> dict[str, Any]:
    """What the fields of a form hold when nothing is said of them: for replacing a record whole.

    A field that is never shown, such as a secret, stays: who replaces a record cannot have read it. So does its owner: a record
    is given away by saying so.
    """
    empty: dict[str, Any] = {}
    for name in form.model_fields.keys() & kind.columns.keys() & set(kind.shown):
        column = kind.columns[name]
        if name == "owner_id" and kind.is_handed_on:
            continue
        if column.nullable:
            empty[name] = None
        elif column.type.python_type in {dict, list}:
            empty[name] = column.type.python_type()
    return empty


def _name(kind: Kind) -> str:
    return "".join(part.capitalize() for part in kind.name.split("_"))


def _first_line(kind: Kind) -> str:
    return (kind.model.__doc__ or "").partition("\n")[0]
