"""Writing records of any kind: one change with its event, seen by whoever may see it, refused in words where it cannot be.

What is special about a kind stands in RULES: a function that looks at what is to be written and completes it. REMOVALS has those
that look at what is to be deleted; what such a function returns is written instead, and the record stays.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from psycopg.errors import (
    CheckViolation,
    ForeignKeyViolation,
    InsufficientPrivilege,
    NotNullViolation,
    UniqueViolation,
)
from sqlalchemy import RowMapping, delete, func, insert, select, update
from sqlalchemy.exc import DataError, IntegrityError, ProgrammingError
from sqlalchemy.orm import Session

from crm_db import clock
from crm_db.actions import (
    configuration,
    custom_fields,
    customer_edits,
    deals,
    events,
    goals,
    lead_edits,
    own_fields,
    ownership,
    pipelines,
    stages,
    success,
)
from crm_db.actions.writing import Removal, Writing
from crm_db.errors import (
    BadValue,
    CrmError,
    InUse,
    NotAllowed,
    RecordNotFound,
    Taken,
    VersionConflict,
)
from crm_db.queries.kinds import Kind
from crm_db.session import Identity, on_behalf_of_the_org, rows_changed

HELD_BEFORE: Mapping[str, Callable[[Session, UUID, list[UUID]], None]] = MappingProxyType(
    {"contact": customer_edits.hold_customers}
)
"""What is held before records of a kind are, so that two who need both do not wait for each other."""

RULES: Mapping[str, Callable[[Writing], None]] = MappingProxyType(
    {
        "contact": customer_edits.complete_contact,
        "custom_field": custom_fields.complete,
        "customer": customer_edits.complete,
        "deal": deals.complete,
        "goal": goals.complete,
        "lead": lead_edits.complete,
        "pipeline": pipelines.complete,
        "stage": stages.complete,
        "subscription": success.complete_subscription,
        "survey": success.complete_survey,
        "ticket": success.complete_ticket,
        **configuration.RULES,
    }
)
REMOVALS: Mapping[str, Callable[[Removal], Mapping[str, Any] | None]] = MappingProxyType(
    {
        "goal": goals.part_with,
        "pipeline": pipelines.part_with,
        "stage": stages.part_with,
        **configuration.REMOVALS,
    }
)
"""What deleting a record of a kind means: each raises InUse or NotAllowed, or says what is written instead of deleting it."""


@dataclass(frozen=True)
class Written:
    """A record that was written, and the version that it has now."""

    id: UUID
    version: int


def create(
    session: Session, identity: Identity, kind: Kind, values: Mapping[str, Any], *, now: datetime
) -> Written:
    """Keep a new record. Raises BadValue, AlreadyExists, NotAllowed."""
    writing = _begin(session, identity, kind, values, None, now)
    table = kind.table
    statement = (
        insert(table).values(org_id=writing.org_id, **writing.values).returning(table.c.id, _version(kind))
    )
    with _told(kind), session.begin_nested(), _reach(session, kind, writing):
        row = session.execute(statement).one()
    for then in writing.afterwards:
        then(row.id)
    events.record(session, writing.org_id, f"{kind.name}.created", kind.name, [row.id])
    return Written(row[0], row[1])


def change(
    session: Session,
    identity: Identity,
    kind: Kind,
    record_id: UUID,
    values: Mapping[str, Any],
    *,
    now: datetime,
    versions: Collection[int] | None = None,
    whole: bool = False,
) -> Written:
    """Change the named fields of a record. versions: of which it must still have one. whole: `custom` is replaced, not added to.

    Raises RecordNotFound, VersionConflict, BadValue, AlreadyExists, NotAllowed.
    """
    before = _held(session, identity, kind, record_id, versions)
    writing = _begin(session, identity, kind, values, before, now, whole=whole)
    changed = {
        name: value for name, value in writing.values.items() if name not in before or value != before[name]
    }
    if not changed:
        return Written(record_id, before["version"] if kind.is_versioned else 1)
    table = kind.table
    statement = (
        update(table)
        .where(table.c.org_id == writing.org_id, table.c.id == record_id)
        .values(**changed)
        .returning(_version(kind))
    )
    with _told(kind), session.begin_nested(), _reach(session, kind, writing):
        new_version = session.execute(statement).scalar_one()
    for then in writing.afterwards:
        then(record_id)
    events.record(session, writing.org_id, f"{kind.name}.changed", kind.name, [record_id])
    return Written(record_id, new_version)


def remove(
    session: Session,
    identity: Identity,
    kind: Kind,
    record_id: UUID,
    *,
    now: datetime,
    versions: Collection[int] | None = None,
) -> None:
    """Delete a record; softly where its kind can come back. Raises RecordNotFound, VersionConflict, InUse, NotAllowed."""
    before = _held(session, identity, kind, record_id, versions)
    table = kind.table
    one = (table.c.org_id == before["org_id"], table.c.id == record_id)
    rule = REMOVALS.get(kind.name)
    instead = rule(Removal(session, identity, before["org_id"], before, now)) if rule else None
    if instead is None and kind.is_mortal:
        instead = {"deleted_at": now}
    statement = delete(table).where(*one) if instead is None else update(table).where(*one).values(**instead)
    with _told(kind), session.begin_nested():
        gone = rows_changed(session.execute(statement))
    if not gone:
        raise NotAllowed(f"the right to delete this {kind.name.replace('_', ' ')}")
    whose = _whose(before) if instead is None else {}
    events.record(session, before["org_id"], f"{kind.name}.deleted", kind.name, [record_id], **whose)


def _whose(gone: RowMapping) -> dict[str, str]:
    """Who saw a record that nobody can look up any more: ids, for the event that tells them."""
    return {name: str(gone[name]) for name in ("owner_id", "team_id") if gone.get(name) is not None}


def restore(session: Session, identity: Identity, kind: Kind, record_id: UUID) -> Written:
    """Undo a deletion. One that is not deleted stays as it is. Raises RecordNotFound, AlreadyExists."""
    before = _held(session, identity, kind, record_id, None, deleted=True)
    if before["deleted_at"] is None:
        return Written(record_id, before["version"])
    writing = _begin(session, identity, kind, {"deleted_at": None}, before, clock.now_of(session))
    table = kind.table
    statement = (
        update(table)
        .where(table.c.org_id == before["org_id"], table.c.id == record_id)
        .values(**writing.values)
        .returning(_version(kind))
    )
    with _told(kind), session.begin_nested():
        version = session.execute(statement).scalar_one()
    events.record(session, before["org_id"], f"{kind.name}.restored", kind.name, [record_id])
    return Written(record_id, version)


def _begin(
    session: Session,
    identity: Identity,
    kind: Kind,
    values: Mapping[str, Any],
    before: RowMapping | None,
    now: datetime,
    *,
    whole: bool = False,
) -> Writing:
    """What is to be written, completed by the rules of its kind."""
    if identity.org_id is None:
        raise NotAllowed("an identity within an org")
    given = {name: _nothing(kind, name) if value is None else value for name, value in values.items()}
    writing = Writing(session, identity, identity.org_id, kind, given, before, now, whole)
    own_fields.complete(writing)
    ownership.complete(writing)
    if rule := RULES.get(kind.name):
        rule(writing)
    return writing


def _nothing(kind: Kind, name: str) -> Any:
    """What a field holds of which null is told: an empty list or document where it cannot be without one, never JSON's null."""
    column = kind.columns.get(name)
    if column is None or column.nullable:
        return None
    told = column.type.python_type
    return told() if told in {dict, list} else None


def hold(session: Session, identity: Identity, kind: Kind, ids: Collection[UUID]) -> None:
    """Hold records until the transaction ends, in the order of their ids: who changes many does not wait crosswise for others."""
    if kind.is_versioned and ids and identity.org_id is not None:
        if kind.name in HELD_BEFORE:
            HELD_BEFORE[kind.name](session, identity.org_id, list(ids))
        table = kind.table
        question = select(table.c.id).where(table.c.org_id == identity.org_id, table.c.id.in_(ids))
        session.execute(question.order_by(table.c.id).with_for_update())


def _held(
    session: Session,
    identity: Identity,
    kind: Kind,
    record_id: UUID,
    versions: Collection[int] | None,
    *,
    deleted: bool = False,
) -> RowMapping:
    """The record as it is, held until the transaction ends; only one that this identity may change."""
    if identity.org_id is None:
        raise NotAllowed("an identity within an org")
    table = kind.table
    readable = [table.c[name] for name in ("org_id", *kind.shown) if name in table.c]
    question = select(*readable).where(table.c.org_id == identity.org_id, table.c.id == record_id)
    if kind.name in HELD_BEFORE:
        HELD_BEFORE[kind.name](session, identity.org_id, [record_id])
    if kind.is_mortal and not deleted:
        question = question.where(table.c.deleted_at.is_(None))
    found = session.execute(question.with_for_update()).mappings().one_or_none()
    if found is None and session.execute(question).first() is not None:
        raise NotAllowed(f"the right to change this {kind.name.replace('_', ' ')}")
    if found is None:
        raise RecordNotFound(kind.name, record_id)
    if versions is not None and kind.is_versioned and found["version"] not in versions:
        raise VersionConflict(kind.name)
    return found


@contextmanager
def _reach(session: Session, kind: Kind, writing: Writing) -> Iterator[None]:
    """Whoever may change a record may give it to a colleague, and does not see it any more afterwards."""
    gives = kind.is_handed_on and bool({"owner_id", "team_id"} & writing.values.keys())
    with on_behalf_of_the_org(session) if gives else nullcontext():
        yield


@contextmanager
def _told(kind: Kind) -> Iterator[None]:
    """Refusals of the database in the CRM's own words, which never repeat a value."""
    try:
        yield
    except IntegrityError as error:
        raise _refusal(kind, error) from None
    except DataError:
        raise BadValue(kind.name, "a value is too large, or cannot be stored") from None
    except ProgrammingError as error:  # a policy, where the rules above it let something pass
        if isinstance(error.orig, InsufficientPrivilege):
            raise NotAllowed("a role that may do this") from None
        raise


def _refusal(kind: Kind, error: IntegrityError) -> CrmError:
    cause = error.orig
    diagnosis = getattr(cause, "diag", None)
    constraint = (
        (getattr(diagnosis, "constraint_name", "") or "")
        .removeprefix("ck_")
        .removeprefix("uq_")
        .removeprefix("fk_")
    )
    place = constraint.removeprefix(f"{kind.model.__tablename__}_").removeprefix("org_id_")
    match cause:
        case UniqueViolation():
            return Taken(kind.name, place or "value")
        case NotNullViolation():
            return BadValue(getattr(diagnosis, "column_name", None) or kind.name, "is needed")
        case CheckViolation():
            return BadValue(place or kind.name, "is not a value that can be kept")
        case ForeignKeyViolation() if "still referenced" in str(cause):
            return InUse(kind.name)
        case ForeignKeyViolation():
            return BadValue(place or kind.name, "names nothing that is there")
        case _:
            pass
    return BadValue(kind.name, "cannot be kept so")


def _version(kind: Kind) -> Any:
    return kind.table.c.version if kind.is_versioned else func.coalesce(1)
