"""Scores on leads: the number, its band and reasons, and a history of every change."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm_db.actions import bulk
from crm_db.models import Lead, ScoreHistory
from crm_db.queries.preparation import LeadFacts
from crm_db.rules import scoring

UNSCORED: Mapping[str, Any] = {
    "score": None,
    "score_band": None,
    "score_reasons": [],
    "scored_at": None,
    "rescore_at": None,
}
"""The columns of a lead that nobody scored yet."""


def columns(facts: scoring.LeadFacts, scale: scoring.Scale, now: datetime) -> dict[str, Any]:
    """The columns of a lead that its score decides."""
    score = scoring.score_lead(facts, now, scale.bands, scale.weights)
    return {
        "score": score.score,
        "score_band": score.band,
        "score_reasons": [vars(reason) for reason in score.reasons],
        "scored_at": now,
        "rescore_at": scoring.rescore_at(facts, now, scale.weights),
    }


def rate(
    session: Session,
    org_id: UUID,
    leads: Sequence[LeadFacts],
    scale: scoring.Scale,
    *,
    now: datetime,
    dry_run: bool = False,
) -> dict[UUID, int]:
    """Score these leads of one org and return each score; history is written for those that changed."""
    rated = [{"org_id": org_id, "id": lead.id, **columns(_facts(lead), scale, now)} for lead in leads]
    if not dry_run:
        bulk.update(session, Lead, rated)
        changed = [
            (row, lead.score)
            for row, lead in zip(rated, leads, strict=True)
            if (row["score"], row["score_band"]) != (lead.score, lead.score_band)
        ]
        remember(session, org_id, changed, now=now)
    return {row["id"]: row["score"] for row in rated}


def remember(
    session: Session, org_id: UUID, scored: Sequence[tuple[Mapping[str, Any], int | None]], *, now: datetime
) -> None:
    """Write the history of scores: the columns of each lead as they are now, and its score before."""
    rows = [
        {
            "org_id": org_id,
            "lead_id": lead["id"],
            "score": lead["score"],
            "previous": previous,
            "band": lead["score_band"],
            "reasons": lead["score_reasons"],
            "scorecard": "base",
            "at": now,
        }
        for lead, previous in scored
    ]
    bulk.insert(session, ScoreHistory, rows)


def _facts(lead: LeadFacts) -> scoring.LeadFacts:
    return scoring.LeadFacts(lead.probability, lead.value, lead.last_contact)
