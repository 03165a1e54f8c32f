"""Who is in a team."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

_MEMBERS = text(
    """
    select cast(json_build_object('user_id', u.id, 'name', u.name, 'email', u.email, 'role', u.role, 'active', u.active) as text)
    from crm_memberships m join crm_users u on u.org_id = m.org_id and u.id = m.user_id
    where m.org_id = :org and m.team_id = :team and (cast(:user as uuid) is null or m.user_id = :user)
    order by u.name, u.id
    """
)


def of_team(session: Session, org_id: UUID, team_id: UUID, user_id: UUID | None = None) -> list[str]:
    """The members of a team as JSON, by name; or this one of them."""
    return list(session.scalars(_MEMBERS, {"org": org_id, "team": team_id, "user": user_id}))
