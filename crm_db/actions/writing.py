"""A record that is about to be written: what the rules of its kind look at and complete."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.orm import Session

from crm_db.errors import BadValue
from crm_db.queries.kinds import Kind
from crm_db.session import Identity


@dataclass(frozen=True)
class Removal:
    """A record that is about to be deleted: what the rules of its kind look at."""

    session: Session
    identity: Identity
    org_id: UUID
    before: RowMapping
    now: datetime


@dataclass
class Writing:
    """`values` are the fields to be written; `before` is the record as it stands, None when it is new.

    `afterwards`: what is done once it is written, in the same transaction, with its id.
    """

    session: Session
    identity: Identity
    org_id: UUID
    kind: Kind
    values: dict[str, Any]
    before: RowMapping | None
    now: datetime
    whole: bool = False
    afterwards: list[Callable[[UUID], None]] = field(default_factory=list)

    @property
    def is_new(self) -> bool:
        """Whether there is no such record yet."""
        return self.before is None

    def after(self, name: str) -> Any:
        """What a field will hold."""
        if name in self.values:
            return self.values[name]
        return None if self.before is None else self.before.get(name)

    def need(self, *names: str) -> None:
        """Raise BadValue for the first of these fields that will hold nothing."""
        for name in names:
            if self.after(name) is None:
                raise BadValue(name, "is needed")

    def record(self) -> dict[str, Any]:
        """All fields as they will be."""
        return {**(self.before or {}), **self.values}
