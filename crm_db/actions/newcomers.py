"""New leads that automation looks after: written once, whole, with score and owner, and enrolled in the same transaction.

Leads that somebody entered, or that came back, are there already; `preparation` does the same for them afterwards.
"""

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm_db.actions import assignments, bulk, enrolments, events, messages, scores
from crm_db.models import Lead
from crm_db.queries import settings
from crm_db.rules import scoring
from crm_db.rules.assignment import Assignment
from crm_db.rules.keys import owner_notice

_NOTICE_PRIORITY = 3


@dataclass(frozen=True)
class Prepared:
    """How many leads were scored, given an owner, enrolled; and how many first steps were planned."""

    scored: int = 0
    assigned: int = 0
    enrolled: int = 0
    planned: int = 0


def total(parts: Iterable[Prepared]) -> Prepared:
    """The sum of what was prepared in parts."""
    sums = [sum(column) for column in zip(*map(astuple, parts), strict=True)]
    return Prepared(*sums)


def write(session: Session, org_id: UUID, leads: Sequence[dict[str, Any]], *, now: datetime) -> Prepared:
    """Write these new leads (columns of crm_leads, all the same) of one org; what waits for automation gets all of it at once."""
    waiting = [lead for lead in leads if lead["automation"] == "pending"]
    scale = _scale(session, org_id) if waiting else scoring.Scale()
    for lead in leads:
        lead.update(scores.UNSCORED, owner_id=None)
    for lead in waiting:
        facts = scoring.LeadFacts(lead["probability"], lead["value"], last_contact=None)
        lead.update(scores.columns(facts, scale, now), automation="done")
    chosen = assignments.choose(session, org_id, [lead["team_id"] for lead in waiting])
    for lead, one in zip(waiting, chosen, strict=True):
        lead.update(owner_id=one.user_id, team_id=lead["team_id"] or one.team_id)
    bulk.insert(session, Lead, leads)
    return _hand_on(session, org_id, waiting, chosen, now)


def _scale(session: Session, org_id: UUID) -> scoring.Scale:
    return scoring.scale_from(settings.values_of(session, org_id, "score_bands", "scoring_weights"))


def _hand_on(
    session: Session,
    org_id: UUID,
    leads: Sequence[dict[str, Any]],
    chosen: Sequence[Assignment],
    now: datetime,
) -> Prepared:
    """The history of what was decided, a place in the sequence and its first step, word to the owner."""
    if not leads:
        return Prepared()
    ids = [lead["id"] for lead in leads]
    scores.remember(session, org_id, [(lead, None) for lead in leads], now=now)
    given = assignments.remember(session, org_id, ids, chosen, now=now)
    enrolled = enrolments.enrol(session, org_id, ids, now=now)
    planned = enrolments.plan_for(session, org_id, enrolled, now=now).planned
    messages.schedule(session, [notice(org_id, one, now) for one in given])
    events.record(session, org_id, "lead.prepared", "lead", ids, assigned=len(given), enrolled=len(enrolled))
    return Prepared(len(leads), len(given), len(enrolled), planned)


def notice(org_id: UUID, given: assignments.Given, now: datetime) -> dict[str, Any]:
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
