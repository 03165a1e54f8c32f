"""Scoring leads again: those whose facts changed, those whose bonus ran out, or all of a period."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from crm_db.actions import events, scores
from crm_db.queries import preparation, settings
from crm_db.queries.preparation import LeadFacts
from crm_db.rules.scoring import scale_from

Mark = tuple[UUID, UUID]
START: Mark = (UUID(int=0), UUID(int=0))


@dataclass(frozen=True)
class Rescored:
    """How many leads were looked at, how many scores differ, and where the next batch starts."""

    rescored: int
    changed: int
    mark: Mark


def rescore(
    session: Session,
    *,
    limit: int,
    now: datetime,
    since: datetime | None = None,
    until: datetime | None = None,
    after: Mark = START,
    dry_run: bool = False,
) -> Rescored:
    """Score one batch again. Without a period it takes what is due, with one what was made in it, after `after`.

    dry_run: write nothing, so that only a period has a next batch.
    """
    if since is None and until is None:
        leads = preparation.stale(session, limit=limit, now=now)
    else:
        floor = since or datetime.min.replace(tzinfo=now.tzinfo)
        leads = preparation.scored_between(session, since=floor, until=until or now, after=after, limit=limit)
    by_org: dict[UUID, list[LeadFacts]] = defaultdict(list)
    for lead in leads:
        by_org[lead.org_id].append(lead)
    changed = 0
    for org_id, of_org in by_org.items():
        scale = scale_from(settings.of_org(session, org_id).values)
        rated = scores.rate(session, org_id, of_org, scale, now=now, dry_run=dry_run)
        moved = [lead.id for lead in of_org if lead.score != rated[lead.id]]
        if not dry_run:
            events.record(session, org_id, "lead.scored", "lead", moved)
        changed += len(moved)
    mark = (leads[-1].org_id, leads[-1].id) if leads else after
    return Rescored(len(leads), changed, mark)
