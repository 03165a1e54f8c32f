"""What happened: domain events for consumers, and former values of what was changed or deleted."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import UserDefinedType

from crm_db.models.base import BY_MONTH, EMPTY_OBJECT, NOW, Base, InOrgLog, Json


class Xid8(UserDefinedType[int]):
    """Postgres's 64-bit transaction id: the only safe cursor of an append-only log."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "xid8"


ischema_names["xid8"] = Xid8  # so that Alembic knows the type when it compares
THIS_TRANSACTION = text("pg_current_xact_id()")


class Event(Base, InOrgLog):
    """One thing that happened to a set of records. Ids and numbers only: no personal data."""

    __tablename__ = "crm_events"
    __table_args__ = (Index("ix_crm_events_xid_id", "xid", "id"), BY_MONTH)

    kind: Mapped[str]
    entity: Mapped[str]
    entity_ids: Mapped[list[UUID]]
    data: Mapped[Json] = mapped_column(server_default=EMPTY_OBJECT)
    actor: Mapped[str]
    at: Mapped[datetime] = mapped_column(server_default=NOW)
    xid: Mapped[int] = mapped_column(Xid8(), server_default=THIS_TRANSACTION)


class Change(Base, InOrgLog):
    """Former values of tracked columns, written by one trigger on UPDATE and DELETE."""

    __tablename__ = "crm_changes"
    __table_args__ = (Index("ix_crm_changes_record", "org_id", "kind", "record_id"), BY_MONTH)

    kind: Mapped[str]
    record_id: Mapped[UUID]
    operation: Mapped[str]
    old: Mapped[Json]
    actor: Mapped[str]
    at: Mapped[datetime] = mapped_column(server_default=NOW)
    xid: Mapped[int] = mapped_column(Xid8(), server_default=THIS_TRANSACTION)
