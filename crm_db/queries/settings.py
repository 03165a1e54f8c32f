"""An org's settings, and the hours of its teams.

Settings are data that people change, by SQL too: one that cannot be used gives way to what a new org starts with, so that
a slip of one org never stops the work of all. `unusable` names such slips, and `crm doctor` shows them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from crm_db import seed
from crm_db.rules import settings as rules
from crm_db.rules.due import BusinessHours, QuietHours, business_hours_from

_SETTINGS = text("select key, value from crm_settings where org_id = :org")
_EVERY = text(
    """
    select o.name as org, s.key, s.value from crm_settings s join crm_orgs o on o.id = s.org_id
    union all
    select o.name, 'timezone', to_jsonb(o.timezone) from crm_orgs o
    union all
    select o.name, 'timezone', to_jsonb(t.timezone) from crm_teams t join crm_orgs o on o.id = t.org_id
    where t.timezone is not null
    union all
    select o.name, 'business_hours', t.business_hours from crm_teams t join crm_orgs o on o.id = t.org_id
    where t.business_hours is not null
    order by 1, 2
    """
)
_SOME = text("select key, value from crm_settings where org_id = :org and key = any (:keys)")
_TEAMS = text("select id, timezone, business_hours from crm_teams where org_id = :org")
_ORG = text("select name, timezone, country, currency from crm_orgs where id = :org")


@dataclass(frozen=True)
class OrgSettings:
    """What an org decided: settings by key, its zone, and what its teams decided for themselves."""

    org_id: UUID
    name: str
    zone: ZoneInfo
    values: Mapping[str, Mapping[str, Any]]
    team_zones: Mapping[UUID, ZoneInfo]
    team_hours: Mapping[UUID, Mapping[str, Any]]

    def zone_of(self, team_id: UUID | None) -> ZoneInfo:
        """The zone in which a team works."""
        return self.team_zones.get(team_id, self.zone) if team_id else self.zone

    def business_of(self, team_id: UUID | None) -> BusinessHours:
        """A team's business hours, else the org's, in the zone in which the team works."""
        hours = self.team_hours.get(team_id) if team_id else None
        return business_hours_from(
            {"zone": self.zone_of(team_id).key, **(hours or self.values["business_hours"])}
        )

    def quiet_of(self, channel: str, kind: str | None = None) -> QuietHours | None:
        """When nobody may be contacted on a channel; None when the org set no such time.

        kind: of a task, what a person is to do: a call by a colleague rings at the contact's as any other.
        """
        quiet = self.values["quiet_hours"].get("call" if kind == "call" else channel)
        return QuietHours(*(time.fromisoformat(edge) for edge in quiet)) if quiet else None


def value_of(session: Session, org_id: UUID, key: str) -> Mapping[str, Any]:
    """One setting of an org."""
    return values_of(session, org_id, key)[key]


def values_of(session: Session, org_id: UUID, *keys: str) -> Mapping[str, Mapping[str, Any]]:
    """Some settings of an org by key; what it never set is what a new org starts with."""
    found = session.execute(_SOME, {"org": org_id, "keys": list(keys)}).all()
    defaults = {key: seed.SETTINGS.get(key, {}) for key in keys}
    return {**defaults, **{row.key: _usable(row.key, row.value) for row in found}}


def country_of(session: Session, org_id: UUID) -> str | None:
    """The country of an org: where telephone numbers are dialled that do not say."""
    country: str | None = session.execute(_ORG, {"org": org_id}).one().country
    return country


def currency_of(session: Session, org_id: UUID) -> str:
    """The currency of an org: that of amounts which do not say."""
    currency: str = session.execute(_ORG, {"org": org_id}).one().currency
    return currency


def zone_of(session: Session, org_id: UUID) -> ZoneInfo:
    """The zone of an org: what `today` means where nobody says otherwise."""
    return _zone(session.execute(_ORG, {"org": org_id}).one().timezone, ZoneInfo("UTC"))


def unusable(session: Session) -> list[str]:
    """A sentence for each setting, zone or team's hours that cannot be used, over all orgs that this session may see."""
    rows = session.execute(_EVERY).all()
    judged = ((row, rules.problem(row.key, row.value)) for row in rows)
    return [f"{row.org}: {row.key} {problem}" for row, problem in judged if problem]


def _usable(key: str, value: object) -> Mapping[str, Any]:
    if rules.problem(key, value) is None:
        assert isinstance(value, Mapping)
        return value
    return seed.SETTINGS.get(key, {})


def _zone(name: str | None, otherwise: ZoneInfo) -> ZoneInfo:
    return ZoneInfo(name) if name and rules.problem("timezone", name) is None else otherwise


def of_org(session: Session, org_id: UUID) -> OrgSettings:
    """The settings of one org, in three small reads."""
    org = session.execute(_ORG, {"org": org_id}).one()
    teams = session.execute(_TEAMS, {"org": org_id}).all()
    settings = session.execute(_SETTINGS, {"org": org_id}).all()
    zone = _zone(org.timezone, ZoneInfo("UTC"))
    return OrgSettings(
        org_id=org_id,
        name=org.name,
        zone=zone,
        values={**seed.SETTINGS, **{row.key: _usable(row.key, row.value) for row in settings}},
        team_zones={team.id: _zone(team.timezone, zone) for team in teams if team.timezone},
        team_hours={
            team.id: team.business_hours
            for team in teams
            if team.business_hours and rules.problem("business_hours", team.business_hours) is None
        },
    )
