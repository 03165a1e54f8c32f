"""Whom a record belongs to, and what it points at: only what is there, and what its writer may see."""

from typing import Any
from uuid import UUID

from sqlalchemy import Table, select, text
from sqlalchemy.orm import Session

from crm_db.actions.writing import Writing
from crm_db.errors import BadValue
from crm_db.models import Base, User

_TEAM_OF = text(
    "select team_id from crm_memberships where org_id = :org and user_id = :user order by team_id limit 1"
)
_OF_A_RECORD = frozenset({"activity", "contact", "insight", "subscription", "ticket", "survey"})
_IMPLIED = frozenset({"org_id", "id"})


def complete(writing: Writing) -> None:
    """Hold references against what is there; a new record belongs to the rep who enters it, unless told otherwise."""
    for column, table in _references(writing.kind.table):
        if writing.values.get(column) is not None:
            _check(writing, column, table)
    if not writing.kind.is_visible_to_some:
        return
    if _belongs_to_a_record(writing):
        if writing.values.get("owner_id") is not None:
            raise BadValue("owner_id", "is that of the lead, deal or customer to which this belongs")
        return
    if writing.kind.name == "goal":
        _aim(writing)
        return
    if writing.is_new and "owner_id" not in writing.values and writing.identity.role in {"rep", "manager"}:
        writing.values["owner_id"] = writing.identity.user_id
    if writing.values.get("owner_id") is not None and "team_id" not in writing.values:
        writing.values["team_id"] = team_of(writing, writing.values["owner_id"])


def _aim(writing: Writing) -> None:
    """A goal of nobody is the team's, and without a team the org's: never, unsaid, that of whoever sets it."""
    if writing.values.get("owner_id") is not None and writing.values.get("team_id") is None:
        writing.values["team_id"] = team_of(writing, writing.values["owner_id"])


def team_of(writing: Writing, user_id: UUID) -> UUID | None:
    """The team in which a person works; None for who is in none."""
    return team_of_person(writing.session, writing.org_id, user_id)


def team_of_person(session: Session, org_id: UUID, user_id: UUID) -> UUID | None:
    """The team in which a person of an org works; None for who is in none."""
    found: UUID | None = session.execute(_TEAM_OF, {"org": org_id, "user": user_id}).scalar_one_or_none()
    return found


def _belongs_to_a_record(writing: Writing) -> bool:
    """What is said of a lead, deal or customer belongs to whom that belongs; a trigger sees to it."""
    if writing.kind.name not in _OF_A_RECORD:
        return False
    return any(writing.after(name) is not None for name in ("lead_id", "deal_id", "customer_id"))


def _references(table: Any) -> list[tuple[str, Table]]:
    """The columns that name other records, and the tables where those are."""
    named: list[tuple[str, Table]] = []
    for constraint in table.foreign_key_constraints:
        columns = [column.name for column in constraint.columns if column.name not in _IMPLIED]
        if columns:
            named.append((columns[-1], constraint.referred_table))
    return named


def _check(writing: Writing, column: str, table: Table) -> None:
    question = select(1).where(table.c.org_id == writing.org_id, table.c.id == writing.values[column])
    if "deleted_at" in table.c:
        question = question.where(table.c.deleted_at.is_(None))
    if table is Base.metadata.tables[User.__tablename__]:
        question = question.where(table.c.active)
    if writing.session.execute(question).first() is None:
        raise BadValue(column, "names nothing that is there, or that you may see")
