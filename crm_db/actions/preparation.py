"""What a new lead is owed: a score with its reasons, an owner, a place in the default sequence, and word to the owner.

The same work serves the capture lane (leads that came in just now) and the sweep (leads that an interruption left behind):
it finds leads by `automation = 'pending'` and settles them in one transaction.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from crm_db.actions import assignments, enrolments, events, messages, revivals, scores
from crm_db.queries import preparation, settings
from crm_db.queries.preparation import LeadFacts
from crm_db.rules.keys import owner_notice
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
_NOTICE_PRIORITY = 3
_STEPS_OF_A_LEAD = 10


@dataclass(frozen=True)
class Prepared:
    """How many leads were scored, given an owner, enrolled; and how many first steps were planned."""

    scored: int = 0
    assigned: int = 0
    enrolled: int = 0
    planned: int = 0


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
    counts = [_prepare_org(session, org_id, leads, now) for org_id, leads in by_org.items()]
    return Prepared(
        scored=len(pending),
        assigned=sum(assigned for assigned, _ in counts),
        enrolled=sum(enrolled for _, enrolled in counts),
        planned=enrolments.plan(session, limit=limit, now=now).planned if pending else 0,
    )


def reopen_ownerless(session: Session, *, limit: int) -> int:
    """Let leads that nobody could take be prepared again, once somebody has room; returns how many."""
    return rows_changed(session.execute(_REOPEN, {"limit": limit}))


def _prepare_org(
    session: Session, org_id: UUID, leads: Sequence[LeadFacts], now: datetime
) -> tuple[int, int]:
    """Score, assign and enrol pending leads of one org; returns how many got an owner and how many are newly enrolled."""
    decided = settings.of_org(session, org_id)
    ids = [lead.id for lead in leads]
    scores.rate(session, org_id, leads, decided.values["score_bands"], now=now)
    given = assignments.assign(session, org_id, leads, now=now)
    enrolled = enrolments.enrol(session, org_id, ids, now=now)
    messages.schedule(session, [_notice(org_id, one, now) for one in given])
    revivals.revive(session, limit=len(ids) * _STEPS_OF_A_LEAD, now=now, lead_ids=ids)
    session.execute(_DONE, {"org": org_id, "ids": ids})
    events.record(session, org_id, "lead.prepared", "lead", ids, assigned=len(given), enrolled=len(enrolled))
    return len(given), len(enrolled)


def _notice(org_id: UUID, given: assignments.Given, now: datetime) -> dict[str, Any]:
    """Word to the new owner, through the ledger like everything else."""
    return {
        "org_id": org_id,
        "key": owner_notice(given.lead_id, given.assignment_id),
        "channel": "email",
        "recipient": "user",
        "purpose": "owner-notice",
        "lead_id": given.lead_id,
        "user_id": given.user_id,
        "template": "owner-notice",
        "priority": _NOTICE_PRIORITY,
        "due_at": now,
    }
