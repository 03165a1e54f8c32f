"""People who use the CRM: who they are, what they may do, and what becomes of their work when they leave."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

from crm_db.actions import events, spelling
from crm_db.actions.teams import check_zone
from crm_db.actions.writing import Removal, Writing
from crm_db.errors import BadValue, LastAdministrator
from crm_db.rules import normalise
from crm_db.rules.money import Unreadable

# Two administrators who take the right from each other at once would leave none.
_ONE_AT_A_TIME = text("select pg_advisory_xact_lock(hashtextextended('crm_administrators:' || :org, 0))")
_ANOTHER_ADMIN = text(
    "select exists (select from crm_users where org_id = :org and role = 'admin' and active and id <> :user)"
)
_NEW_OWNER = text(
    """
    select (select m.team_id from crm_memberships m where m.org_id = u.org_id and m.user_id = u.id order by m.team_id limit 1)
    from crm_users u where u.org_id = :org and u.id = :to and u.active
    """
)
_REMEMBER = text(
    "insert into crm_assignments (org_id, lead_id, user_id, rule, verdicts)"
    " select :org, lead_id, :to, 'handed over', '[]' from unnest(cast(:leads as uuid[])) as lead_id"
)
_OPEN_WORK = {
    "lead": "deleted_at is null and status in ('new', 'contacted', 'qualified')",
    "deal": "deleted_at is null and status = 'open'",
    "customer": "deleted_at is null and status <> 'churned'",
    "activity": "deleted_at is null and done_at is null and due_at is not null"
    " and lead_id is null and deal_id is null and customer_id is null",
}
_TABLES = {
    "lead": "crm_leads",
    "deal": "crm_deals",
    "customer": "crm_customers",
    "activity": "crm_activities",
}


def complete(writing: Writing) -> None:
    """Hold a person against what can be kept, and the org against being left without an administrator."""
    values = writing.values
    check_zone(values.get("timezone"))
    try:
        if values.get("email") is not None:
            values["email"] = normalise.email_address(values["email"])
    except Unreadable:
        raise BadValue("email", "is not an e-mail address") from None
    try:
        if values.get("phone") is not None:
            values["phone"] = spelling.phone_number(writing, values["phone"])
    except Unreadable as problem:
        raise BadValue("phone", str(problem)) from None
    if writing.before is None:
        return
    if writing.after("role") != "admin" or not writing.after("active"):
        _keep_an_administrator(writing.session, writing.org_id, writing.before)
    if writing.before["active"] and not writing.after("active"):
        hand_over(writing.session, writing.org_id, writing.before["id"], None)


def part_with(removal: Removal) -> Mapping[str, Any]:
    """A person is never deleted: what they did stays theirs. Their keys stop counting, their open work is nobody's."""
    _keep_an_administrator(removal.session, removal.org_id, removal.before)
    hand_over(removal.session, removal.org_id, removal.before["id"], None)
    return {"active": False, "takes_leads": False}


def hand_over(session: Session, org_id: UUID, user_id: UUID, to: UUID | None) -> None:
    """Give somebody's open leads, deals, customers and tasks to a colleague, or to nobody; then their team keeps them.

    Raises BadValue when there is no such colleague.
    """
    team_id = None if to is None else _team_of(session, org_id, user_id, to)
    values = {"org": org_id, "user": user_id, "to": to, "team": team_id}
    for noun, table in _TABLES.items():
        ids = session.scalars(
            text(
                f"update {table} set owner_id = :to, team_id = coalesce(:team, team_id)"  # noqa: S608  # only words of ours
                f" where org_id = :org and owner_id = :user and {_OPEN_WORK[noun]} returning id"
            ),
            values,
        ).all()
        events.record(session, org_id, f"{noun}.changed", noun, ids)
        if noun == "lead" and ids:
            session.execute(_REMEMBER, {"org": org_id, "to": to, "leads": list(ids)})


def _team_of(session: Session, org_id: UUID, user_id: UUID, to: UUID) -> UUID | None:
    found = session.execute(_NEW_OWNER, {"org": org_id, "to": to}).one_or_none()
    if found is None or to == user_id:
        raise BadValue("hand_to", "names no colleague who is active")
    team_id: UUID | None = found[0]
    return team_id


def _keep_an_administrator(session: Session, org_id: UUID, before: RowMapping) -> None:
    if before["role"] != "admin" or not before["active"]:
        return
    session.execute(_ONE_AT_A_TIME, {"org": str(org_id)})
    if not session.execute(_ANOTHER_ADMIN, {"org": org_id, "user": before["id"]}).scalar_one():
        raise LastAdministrator
