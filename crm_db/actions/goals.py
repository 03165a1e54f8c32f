"""Sales goals: amounts have a currency, numbers have none, a period ends after it began, and managers set their teams'."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from crm_db.actions.writing import Removal, Writing
from crm_db.errors import BadValue, NotAllowed
from crm_db.queries import goals
from crm_db.session import Identity

_CURRENCY = text("select currency from crm_orgs where id = :org")


def complete(writing: Writing) -> None:
    """Complete a goal that is to be written; raises BadValue, NotAllowed."""
    session, identity = writing.session, writing.identity
    if writing.before is not None:
        _check(session, identity, writing.before["owner_id"], writing.before["team_id"])
    _check(session, identity, writing.after("owner_id"), writing.after("team_id"))
    writing.need("period_start", "period_end")
    if writing.after("period_end") < writing.after("period_start"):
        raise BadValue("period_end", "is not before period_start")
    if writing.after("metric") != "revenue":
        writing.values["currency"] = None
    elif writing.after("currency") is None:
        writing.values["currency"] = writing.session.execute(_CURRENCY, {"org": writing.org_id}).scalar_one()


def part_with(removal: Removal) -> None:
    """Whoever may not set a goal may not delete it; raises NotAllowed."""
    _check(removal.session, removal.identity, removal.before["owner_id"], removal.before["team_id"])


def _check(session: Session, identity: Identity, owner_id: UUID | None, team_id: UUID | None) -> None:
    if identity.role == "manager" and not goals.is_for_manager(session, identity, owner_id, team_id):
        raise NotAllowed(
            "a goal of your own, of your teams, of who works in them, or of the whole organisation"
        )
