"""Teams: a tree of people who work records together."""

from uuid import UUID
from zoneinfo import available_timezones

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from crm_db.actions import events
from crm_db.actions.writing import Removal, Writing
from crm_db.errors import BadValue, RecordNotFound
from crm_db.models import Membership, Team, User
from crm_db.rules import settings
from crm_db.session import Identity, rows_changed

# Two moves at once, each harmless, could close a circle together.
_ONE_AT_A_TIME = text("select pg_advisory_xact_lock(hashtextextended('crm_teams:' || :org, 0))")
_ABOVE = text(
    """
    with recursive above as (
        select id, parent_id from crm_teams where org_id = :org and id = :parent
        union
        select t.id, t.parent_id from crm_teams t join above a on t.org_id = :org and t.id = a.parent_id
    )
    select exists (select from above where id = :team)
    """
)


def complete(writing: Writing) -> None:
    """Hold a team against what a team may be; raises BadValue."""
    values = writing.values
    check_zone(values.get("timezone"))
    hours = values.get("business_hours")
    if hours is not None and settings.problem("business_hours", hours) is not None:
        raise BadValue(
            "business_hours",
            'is like {"days": {"1": [["09:00", "17:00"]]}}, by ISO weekday, a day\'s times in order',
        )
    if writing.before is not None and values.get("parent_id") is not None:
        _check_tree(writing, writing.before["id"])


def part_with(removal: Removal) -> None:
    """A team goes with its memberships; records, sources and teams below it keep it there."""
    session = removal.session
    session.execute(
        delete(Membership).where(
            Membership.org_id == removal.org_id, Membership.team_id == removal.before["id"]
        )
    )


def join(session: Session, identity: Identity, team_id: UUID, user_id: UUID) -> None:
    """Put somebody into a team; who is in it already stays. Raises RecordNotFound."""
    org_id = _both_are_there(session, identity, team_id, user_id)
    values = {"org_id": org_id, "team_id": team_id, "user_id": user_id}
    joined = insert(Membership).values(values).on_conflict_do_nothing().returning(Membership.id)
    if session.execute(joined).first() is not None:
        events.record(session, org_id, "team.joined", "team", [team_id])


def leave(session: Session, identity: Identity, team_id: UUID, user_id: UUID) -> None:
    """Take somebody out of a team; their records keep it. Raises RecordNotFound."""
    org_id = _both_are_there(session, identity, team_id, user_id)
    gone = delete(Membership).where(
        Membership.org_id == org_id, Membership.team_id == team_id, Membership.user_id == user_id
    )
    if not rows_changed(session.execute(gone)):
        raise RecordNotFound("member", user_id)
    events.record(session, org_id, "team.left", "team", [team_id])


def check_zone(name: str | None) -> None:
    """Raises BadValue for what is no time zone."""
    if name is not None and name not in available_timezones():
        raise BadValue("timezone", "is an IANA name, such as Europe/Berlin")


def _check_tree(writing: Writing, team_id: UUID) -> None:
    session, org_id = writing.session, writing.org_id
    session.execute(_ONE_AT_A_TIME, {"org": str(org_id)})
    values = {"org": org_id, "parent": writing.values["parent_id"], "team": team_id}
    if session.execute(_ABOVE, values).scalar_one():
        raise BadValue("parent_id", "is the team itself, or one below it")


def _both_are_there(session: Session, identity: Identity, team_id: UUID, user_id: UUID) -> UUID:
    for noun, model, record_id in (("team", Team, team_id), ("user", User, user_id)):
        question = select(model.id).where(model.org_id == identity.org_id, model.id == record_id)
        if session.execute(question).first() is None:
            raise RecordNotFound(noun, record_id)
    assert identity.org_id is not None
    return identity.org_id
