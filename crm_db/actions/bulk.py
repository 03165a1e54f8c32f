"""Many rows in one statement: the rows travel as one JSON document, and Postgres gives each column its type.

COPY would be the other way, but COPY FROM is refused where row-level security applies, and no login of ours may make temporary
tables.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from crm_db.models import Base


def insert(
    session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]], *, or_leave: bool = False
) -> None:
    """Insert rows that all name the same columns; or_leave: a row that is there already is left as it is."""
    if not rows:
        return
    table, columns = model.__tablename__, ", ".join(rows[0])
    statement = (
        f"insert into {table} ({columns})"  # noqa: S608 - names of our own tables and columns
        f" select {columns} from json_populate_recordset(cast(null as {table}), cast(:rows as json))"
        + (" on conflict do nothing" if or_leave else "")
    )
    session.execute(text(statement), {"rows": _document(rows)})


def update(session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Change rows by `org_id` and `id`; all name the same columns, with the values that they have then."""
    if not rows:
        return
    table = model.__tablename__
    changed = ", ".join(f"{column} = n.{column}" for column in rows[0] if column not in {"org_id", "id"})
    statement = (
        f"update {table} t set {changed}"  # noqa: S608
        f" from json_populate_recordset(cast(null as {table}), cast(:rows as json)) n"
        " where t.org_id = n.org_id and t.id = n.id"
    )
    session.execute(text(statement), {"rows": _document(rows)})


def _document(rows: Sequence[Mapping[str, Any]]) -> str:
    return json.dumps(rows, default=_as_text, separators=(",", ":"))


def _as_text(value: object) -> object:
    """Ids, moments and amounts as Postgres reads them; a read-only mapping as what it is."""
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    return dict(value) if isinstance(value, Mapping) else str(value)
