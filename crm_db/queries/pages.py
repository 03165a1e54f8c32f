"""Pages of lists: rows as JSON built in Postgres, and the position after which the next page begins."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, cast, func, literal, tuple_
from sqlalchemy.orm import Session

Position = tuple[datetime | UUID, ...]
"""A place in a list: the values of the columns that order it, all descending, the last one unique."""


@dataclass(frozen=True)
class Page:
    """Rows as JSON texts in the list's order; `next` is None on the last page."""

    rows: tuple[str, ...]
    next: Position | None


def json_of(model: type[Any], names: str) -> ColumnElement[str]:
    """The named columns (separated by blanks) of a row as one JSON object, written by Postgres."""
    pairs = [part for name in names.split() for part in (name, getattr(model, name))]
    return cast(func.json_build_object(*pairs), Text)


def page(
    session: Session,
    rows: Select[tuple[str]],
    *,
    order: Sequence[Any],
    after: Position | None,
    limit: int,
) -> Page:
    """One page of `rows` (one column of JSON) in one statement; `order` has the columns, largest value first.

    One row more than `limit` is read, which tells whether there is a next page.
    """
    if after is not None:
        place = (literal(value, column.type) for value, column in zip(after, order, strict=True))
        rows = rows.where(tuple_(*order) < tuple_(*place))
    ordered = rows.add_columns(*order).order_by(*(column.desc() for column in order))
    found = session.execute(ordered.limit(limit + 1)).all()
    shown = found[:limit]
    following = tuple(shown[-1][1:]) if len(found) > limit else None
    return Page(tuple(row[0] for row in shown), following)
