"""What a lead is owed: a score with its reasons, an owner, a place in the default sequence, and word to the owner.

Leads that were captured as new have it from the start (`newcomers`). Those that somebody entered, that came back, or that
nobody could take are found by `automation = 'pending'` and settled in one transaction, by the capture lane or the sweep.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from crm_db.actions import assignments, enrolments, events, messages, newcomers, revivals, scores
from crm_db.actions.newcomers import Prepared, total
from crm_db.queries import preparation, settings
from crm_db.queries.preparation import LeadFacts
from crm_db.rules.scoring import scale_from
from crm_db.session import rows_changed

_DONE = text("update crm_leads set automation = 'done' where org_id = :org and id = any (:ids)")
_REOPEN = text(
    """
    update crm_leads set automation = 'pending'
    where (org_id, id) in (
        select l.org_id, l.id from crm_leads l
        where l.owner_id is null and l.automation = 'done' and l.deleted_at is null
          and l.status in ('new', 'contacted', 'qualified')
          and exists (
              select from crm_users u
              where u.org_id = l.org_id and u.takes_leads and u.active
                and (u.capacity is null or u.capacity > (
                    select count(*) from crm_leads o
                    where o.org_id = u.org_id and o.owner_id = u.id and o.deleted_at is null
                      and o.status in ('new', 'contacted', 'qualified'))))
        limit :limit for update skip locked
    )
    """
)
_STEPS_OF_A_LEAD = 10


def prepare(
    session: Session,
    *,
    limit: int,
    now: datetime,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Prepared:
    """Settle the oldest pending leads; those that another worker is settling are passed over."""
    pending = preparation.pending(session, limit=limit, since=since, until=until)
    by_org: dict[UUID, list[LeadFacts]] = defaultdict(list)
    for lead in sorted(pending, key=lambda lead: lead.org_id):  # orgs in one order: their locks are
        by_org[lead.org_id].append(lead)
    return total(_prepare_org(session, org_id, leads, now) for org_id, leads in by_org.items())


def reopen_ownerless(session: Session, *, limit: int) -> int:
    """Let leads that nobody could take be prepared again, once somebody has room; returns how many."""
    return rows_changed(session.execute(_REOPEN, {"limit": limit}))


def _prepare_org(session: Session, org_id: UUID, leads: Sequence[LeadFacts], now: datetime) -> Prepared:
    """Score, assign and enrol pending leads of one org."""
    decided = settings.of_org(session, org_id)
    ids = [lead.id for lead in leads]
    scores.rate(session, org_id, leads, scale_from(decided.values), now=now)
    given = assignments.assign(session, org_id, leads, now=now)
    enrolled = enrolments.enrol(session, org_id, ids, now=now)
    messages.schedule(session, [newcomers.notice(org_id, one, now) for one in given])
    revivals.revive(session, limit=len(ids) * _STEPS_OF_A_LEAD, now=now, lead_ids=ids)
    planned = enrolments.plan_for(session, org_id, ids, now=now).planned
    session.execute(_DONE, {"org": org_id, "ids": ids})
    events.record(session, org_id, "lead.prepared", "lead", ids, assigned=len(given), enrolled=len(enrolled))
    return Prepared(len(leads), len(given), len(enrolled), planned)
