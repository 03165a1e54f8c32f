"""Questions about the systems that post leads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

from crm_db.rules.understanding import SourceRules

_ALL = text(
    """
    select s.id, s.name, s.format, s.region, s.active, s.created_at, s.mapping, s.honeypot, s.rate_per_minute,
           s.allowed_origins, s.thank_you_url
    from crm_sources s
    where s.org_id = :org
    order by s.name
    """
)
_READING = text(
    """
    select s.org_id, s.id, s.name, s.format, s.region, s.mapping, s.defaults, s.honeypot, s.team_id
    from crm_sources s
    where (s.org_id, s.id) in (select * from unnest(cast(:orgs as uuid[]), cast(:ids as uuid[])))
    """
)


@dataclass(frozen=True)
class SourceRow:
    """A source as a list shows it; its proofs are never read back."""

    id: UUID
    name: str
    format: str
    region: str | None
    active: bool
    created_at: datetime
    mapping: Mapping[str, str]
    honeypot: str | None
    rate_per_minute: int | None
    allowed_origins: Sequence[str]
    thank_you_url: str | None

    @property
    def rules(self) -> SourceRules:
        """How its posts are read."""
        return SourceRules(self.format, self.mapping, self.region, self.honeypot)


def every(session: Session, org_id: UUID) -> list[SourceRow]:
    """All sources of the org, by name."""
    return [SourceRow(**row) for row in session.execute(_ALL, {"org": org_id}).mappings()]


def named(session: Session, org_id: UUID, name: str) -> SourceRow | None:
    """One source of the org by its name."""
    return next((source for source in every(session, org_id) if source.name == name), None)


def identified(session: Session, org_id: UUID, source_id: UUID) -> SourceRow | None:
    """One source of the org by its id, closed ones too."""
    return next((source for source in every(session, org_id) if source.id == source_id), None)


def reading_rules(session: Session, keys: Sequence[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], RowMapping]:
    """How to read what each (org, source) posts: name, format, region, mapping, defaults, honeypot, team."""
    orgs, ids = [org for org, _ in keys], [source for _, source in keys]
    rows = session.execute(_READING, {"orgs": orgs, "ids": ids})
    return {(row["org_id"], row["id"]): row for row in rows.mappings()}
