"""Questions about records of any kind, as the API asks them: JSON built in Postgres, inside one org, only what one may see."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import ColumnElement, bindparam, select, text, tuple_
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from crm_db.models import CustomField
from crm_db.queries.kinds import Kind
from crm_db.queries.pages import json_of
from crm_db.rules.asking import Condition, Order
from crm_db.session import ACTING, Identity, answered

COUNT_AT_MOST = 100_000
_COUNT = text("select crm_count_found(:kind, :filter, :most)").bindparams(bindparam("filter", type_=JSONB))


@dataclass(frozen=True)
class Question:
    """What a list is asked for. `after`: the place where the page before ended; `fields`: what is shown, all when empty."""

    where: tuple[Condition, ...] = ()
    words: str = ""
    order: tuple[Order, ...] = ()
    after: tuple[str | None, ...] | None = None
    deleted: bool = False
    fields: tuple[str, ...] = ()
    limit: int = 50

    def full_order(self, kind: Kind) -> tuple[Order, ...]:
        """The order with the id at its end, so that no two records share a place."""
        order = self.order or kind.order
        return order if any(one.field == "id" for one in order) else (*order, Order("id", order[-1].down))

    def document(self, kind: Kind) -> dict[str, Any]:
        """As crm_find_ids takes it."""
        return {
            "where": [condition.document() for condition in self.where],
            "q": self.words,
            "sort": [
                {**order.document(), "nullable": kind.columns[order.field].nullable}
                for order in self.full_order(kind)
            ],
            "after": self.after,
            "deleted": self.deleted,
        }


@dataclass(frozen=True)
class Found:
    """A page of records as JSON texts, and the place after which the next one begins; None on the last page."""

    rows: tuple[str, ...]
    next: tuple[str | None, ...] | None


@dataclass(frozen=True)
class Document:
    """One record as JSON text, and the version it shows."""

    id: UUID
    json: str
    version: int = field(default=1)


def listed(identity: Identity, org_id: UUID, kind: Kind, asked: Question) -> Found:
    """The records that a question lets through, in its order, in one statement. One more than the page is read."""
    order = tuple(one.field for one in asked.full_order(kind))
    values = {
        "org_id": org_id,
        "kind": kind.name,
        "filter": Jsonb(asked.document(kind)),
        "limit": asked.limit + 1,
    }
    rows = answered(identity, _list(kind, asked.fields or kind.shown, order), values)
    page = rows[: asked.limit]
    following = tuple(page[-1][1:]) if len(rows) > asked.limit else None
    return Found(tuple(row[0] for row in page), following)


@lru_cache(maxsize=500)
def _list(kind: Kind, fields: tuple[str, ...], order: tuple[str, ...]) -> bytes:
    """The statement of a list; names come from the kind, never from whoever asks. Each record is read by its key (limit 1).

    What is to be found is told by the row that says who asks, so that this is said first.
    """
    assert {*fields, *order} <= kind.columns.keys()
    shown = ", ".join(f"t.{name}" for name in fields)
    needed = ", ".join(sorted({*fields, *order}))
    places = "".join(f", cast(t.{name} as text)" for name in order)
    return f"""
        select cast(row_to_json(shown) as text){places}
        from (select cast(%(kind)s as text) as kind, {ACTING}) as me
        cross join lateral crm_find_ids(me.kind, %(filter)s, %(limit)s) with ordinality as found(id, place)
        cross join lateral (
            select {needed} from {kind.table.name} r where r.org_id = %(org_id)s and r.id = found.id limit 1
        ) t
        cross join lateral (select {shown}) shown
        order by found.place
    """.encode()  # noqa: S608 - names of our own columns


def counted(session: Session, kind: Kind, asked: Question) -> int:
    """How many records a question lets through, counted up to COUNT_AT_MOST."""
    values = {"kind": kind.name, "filter": asked.document(kind), "most": COUNT_AT_MOST}
    return int(session.execute(_COUNT, values).scalar_one())


def declared_types(session: Session, org_id: UUID, kind: Kind) -> dict[str, str]:
    """The types of the org's own fields of a kind by name, those that are asked for when a record is written."""
    rows = session.execute(
        select(CustomField.name, CustomField.type).where(
            CustomField.org_id == org_id, CustomField.entity == kind.name, CustomField.active
        )
    )
    return {row.name: row.type for row in rows}


def document(
    session: Session,
    org_id: UUID,
    kind: Kind,
    record_id: UUID,
    fields: Sequence[str] = (),
    *,
    deleted: bool = False,
) -> Document | None:
    """One record by its id; None when there is none that this identity may see. deleted: one that was deleted, too."""
    table = kind.table.c
    version: ColumnElement[Any] = table.version if kind.is_versioned else text("1")  # type: ignore[assignment]
    question = select(shown(kind, fields), version).where(table.org_id == org_id, table.id == record_id)
    if kind.is_mortal and not deleted:
        question = question.where(table.deleted_at.is_(None))
    row = session.execute(question).one_or_none()
    return None if row is None else Document(record_id, row[0], row[1])


def documents(session: Session, org_id: UUID, kind: Kind, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Records by their ids, those that this identity may see."""
    table = kind.table.c
    question = select(table.id, shown(kind)).where(
        tuple_(table.org_id, table.id).in_([(org_id, one) for one in ids])
    )
    return {row[0]: row[1] for row in session.execute(question)}


def shown(kind: Kind, fields: Sequence[str] = ()) -> ColumnElement[str]:
    """A record as one JSON object with these fields, or all that are shown of its kind."""
    return json_of(kind.model, " ".join(fields or kind.shown))
