"""Scores on leads: the number, its band and reasons, and a history of every change."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, insert, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from crm_db.models import ScoreHistory
from crm_db.queries.preparation import LeadFacts
from crm_db.rules import scoring

_WRITE = text(
    """
    update crm_leads set score = :score, score_band = :band, score_reasons = :reasons, scored_at = :at,
           rescore_at = :rescore_at
    where org_id = :org and id = :id
    """
).bindparams(bindparam("reasons", type_=JSONB))


def rate(
    session: Session,
    org_id: UUID,
    leads: Sequence[LeadFacts],
    bands: Mapping[str, int],
    *,
    now: datetime,
    dry_run: bool = False,
) -> dict[UUID, scoring.LeadScore]:
    """Score these leads of one org and return each score; history is written for those that changed."""
    limits = scoring.Bands(**bands)
    scores = {lead.id: scoring.score_lead(_facts(lead), now, bands=limits) for lead in leads}
    if dry_run or not leads:
        return scores
    session.execute(_WRITE, [_written(org_id, lead, scores[lead.id], now) for lead in leads])
    changed = [lead for lead in leads if (lead.score, lead.score_band) != _shown(scores[lead.id])]
    if changed:
        session.execute(
            insert(ScoreHistory), [_history(org_id, lead, scores[lead.id], now) for lead in changed]
        )
    return scores


def as_json(reasons: Sequence[scoring.Reason]) -> list[dict[str, Any]]:
    """Reasons as records keep them: code, points, words."""
    return [asdict(reason) for reason in reasons]


def _facts(lead: LeadFacts) -> scoring.LeadFacts:
    return scoring.LeadFacts(lead.probability, lead.value, lead.last_contact)


def _shown(score: scoring.LeadScore) -> tuple[int, str]:
    return score.score, score.band


def _written(org_id: UUID, lead: LeadFacts, score: scoring.LeadScore, now: datetime) -> dict[str, Any]:
    return {
        "org": org_id,
        "id": lead.id,
        "score": score.score,
        "band": score.band,
        "reasons": as_json(score.reasons),
        "at": now,
        "rescore_at": scoring.rescore_at(_facts(lead), now),
    }


def _history(org_id: UUID, lead: LeadFacts, score: scoring.LeadScore, now: datetime) -> dict[str, Any]:
    return {
        "org_id": org_id,
        "lead_id": lead.id,
        "score": score.score,
        "previous": lead.score,
        "band": score.band,
        "reasons": as_json(score.reasons),
        "at": now,
    }
