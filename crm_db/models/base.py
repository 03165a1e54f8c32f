"""What every table shares: names of constraints, time-ordered ids, the org wall, time stamps."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    MetaData,
    Numeric,
    Text,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, JSONB, TIMESTAMP
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

Json = dict[str, Any]
Money = Annotated[Decimal, mapped_column(Numeric(20, 2))]
NOW = text("now()")
EMPTY_OBJECT = text("'{}'::jsonb")
EMPTY_LIST = text("'[]'::jsonb")
NEW_ID = text("crm_uuid7()")


class Base(DeclarativeBase):
    """All tables of the CRM; every one carries the prefix crm_."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar = {
        str: Text,
        bytes: BYTEA,
        UUID: PG_UUID(as_uuid=True),
        datetime: TIMESTAMP(timezone=True),
        Json: JSONB,
        list[Json]: JSONB,
        list[str]: ARRAY(Text),
        list[UUID]: ARRAY(PG_UUID(as_uuid=True)),
    }


class InOrg:
    """A row behind the org wall: the org leads the primary key, so that references cannot cross it."""

    org_id: Mapped[UUID] = mapped_column(ForeignKey("crm_orgs.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=NEW_ID)


class InOrgLog:
    """A row of a log partitioned by month of its time-ordered id; it outlives what it names, so it has no foreign keys."""

    org_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=NEW_ID)


class Stamped:
    """When a row was made and last changed; the trigger crm_touch keeps both `updated_at` and `version`."""

    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    updated_at: Mapped[datetime] = mapped_column(server_default=NOW)
    version: Mapped[int] = mapped_column(server_default=text("1"))


class Visible:
    """Who may see a row inside its org. Children (activities, messages, ...) take both from their lead by trigger."""

    team_id: Mapped[UUID | None]
    owner_id: Mapped[UUID | None]


def refers_to(table: str, *, by: str) -> ForeignKeyConstraint:
    """A reference that cannot leave the org: (org_id, by) to (org_id, id)."""
    return ForeignKeyConstraint(["org_id", by], [f"{table}.org_id", f"{table}.id"])


def search_indexes(table: str, *columns: str) -> tuple[Index, Index]:
    """Finds parts of these columns, and values of `custom`, within one org. crm_find_ids reads the first one's expression."""
    words = f"COALESCE({columns[0]}, ''::text)"
    for column in columns[1:]:
        words = f"(({words} || ' '::text) || COALESCE({column}, ''::text))"
    return (
        Index(
            f"ix_{table}_search",
            "org_id",
            literal_column(f"lower{words}").label("words"),
            postgresql_using="gin",
            postgresql_ops={"words": "gin_trgm_ops"},
        ),
        Index(
            f"ix_{table}_custom",
            "org_id",
            "custom",
            postgresql_using="gin",
            postgresql_ops={"custom": "jsonb_path_ops"},
        ),
    )


def one_of(column: str, *words: str) -> CheckConstraint:
    """A closed list of words for a text column."""
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} in ({listed})", name=column)


BY_MONTH = {"postgresql_partition_by": "RANGE (id)"}
