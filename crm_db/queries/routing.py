"""Who could take a lead?"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from crm_db.rules.assignment import Rep

_REPS = text(
    """
    select u.id as user_id, u.name, m.team_id, u.active, u.capacity, u.last_assigned_at,
           (select count(*) from crm_leads l
            where l.org_id = u.org_id and l.owner_id = u.id and l.deleted_at is null
              and l.status in ('new', 'contacted', 'qualified')) as open_leads
    from crm_users u
    left join lateral (select team_id from crm_memberships m where m.org_id = u.org_id and m.user_id = u.id
                       order by m.id limit 1) as m on true
    where u.org_id = :org and u.takes_leads
    order by u.id
    """
)


def reps(session: Session, org_id: UUID) -> Sequence[Rep]:
    """The org's people who take leads, with what each has open: new, contacted and qualified leads."""
    return [Rep(**row) for row in session.execute(_REPS, {"org": org_id}).mappings()]
