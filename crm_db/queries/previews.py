"""What a submission would become, before anybody sends it: read as a source reads it, matched against the leads there are."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from crm_db.queries import identities
from crm_db.queries.sources import SourceRow
from crm_db.rules import formats
from crm_db.rules.diagnosis import Diagnosis, diagnose
from crm_db.rules.matching import match_batch
from crm_db.rules.normalise import LeadDraft, Unusable
from crm_db.rules.parsing import Unreadable
from crm_db.rules.understanding import FilledInByARobot, Understood, understand


@dataclass(frozen=True)
class Preview:
    """What one submission would become.

    outcome: new, merged, dead or fetch (it brings only an id, by which the lead is fetched from the sender). merges_into: the
    lead there is; same_as: the place (from 1) in the same file of who is the same person. diagnosis: of a dead one.
    """

    outcome: str
    format: str | None
    sender_id: str | None
    is_test: bool
    fetch_id: str | None
    lead: Mapping[str, Any]
    custom: Mapping[str, Any]
    remarks: tuple[str, ...]
    matched: str | None
    merges_into: UUID | None
    same_as: int | None
    diagnosis: Diagnosis | None


def previews(
    session: Session, org_id: UUID, source: SourceRow, content_type: str, body: bytes, *, now: datetime
) -> list[Preview]:
    """One for each submission in a body; writes nothing. Raises Unreadable and TooMany for a body that is refused whole."""
    batch = formats.split(source.format, content_type, body)
    read = [_understood(source, batch.content_type, item, now) for item in batch.items]
    drafts = [one.draft for one in read if isinstance(one, Understood) and one.draft is not None]
    places = [
        place for place, one in enumerate(read, 1) if isinstance(one, Understood) and one.draft is not None
    ]
    decisions = iter(match_batch(identities.candidates(session, org_id, drafts), drafts))
    found = []
    for one in read:
        if isinstance(one, Diagnosis):
            found.append(_preview("dead", None, None, diagnosis=one))
        elif one.draft is None:
            found.append(_preview("fetch", one, None))
        else:
            decision = next(decisions)
            found.append(
                _preview(
                    "new" if decision.kind == "create" else "merged",
                    one,
                    one.draft,
                    matched=decision.reason,
                    merges_into=decision.lead_id,
                    same_as=None if decision.same_as is None else places[decision.same_as],
                )
            )
    return found


def _understood(source: SourceRow, content_type: str, item: bytes, now: datetime) -> Understood | Diagnosis:
    try:
        return understand(source.rules, content_type, item, now=now)
    except (Unreadable, FilledInByARobot, Unusable):
        return diagnose(source.rules, content_type, item, now=now)


def _preview(
    outcome: str,
    understood: Understood | None,
    draft: LeadDraft | None,
    *,
    diagnosis: Diagnosis | None = None,
    matched: str | None = None,
    merges_into: UUID | None = None,
    same_as: int | None = None,
) -> Preview:
    reading = understood.reading if understood else None
    return Preview(
        outcome=outcome,
        format=reading.format if reading else diagnosis.format if diagnosis else None,
        sender_id=reading.sender_id if reading else None,
        is_test=reading.is_test if reading else False,
        fetch_id=reading.fetch_id if reading else None,
        lead=_told(draft) if draft else {},
        custom=dict(draft.custom) if draft else {},
        remarks=draft.remarks if draft else (),
        matched=matched,
        merges_into=merges_into,
        same_as=same_as,
        diagnosis=diagnosis,
    )


def _told(draft: LeadDraft) -> dict[str, Any]:
    """The lead's own fields that have a value."""
    values = {
        one.name: getattr(draft, one.name) for one in fields(draft) if one.name not in {"custom", "remarks"}
    }
    return {
        name: str(value) if isinstance(value, Decimal) else list(value) if isinstance(value, tuple) else value
        for name, value in values.items()
        if value not in (None, (), {})
    }
