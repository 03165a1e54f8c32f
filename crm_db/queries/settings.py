"""An org's settings, and the hours of its teams."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from crm_db.rules.due import BusinessHours, QuietHours, business_hours_from

_SETTINGS = text("select key, value from crm_settings where org_id = :org")
_ONE = text("select value from crm_settings where org_id = :org and key = :key")
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

    def quiet_of(self, channel: str) -> QuietHours | None:
        """When nobody may be contacted on a channel; None when the org set no such time."""
        quiet = self.values.get("quiet_hours", {}).get(channel)
        return QuietHours(*(time.fromisoformat(edge) for edge in quiet)) if quiet else None


def value_of(session: Session, org_id: UUID, key: str) -> Mapping[str, Any]:
    """One setting of an org; empty when the org has none by that key."""
    found: Mapping[str, Any] | None = session.execute(_ONE, {"org": org_id, "key": key}).scalar_one_or_none()
    return found or {}


def of_org(session: Session, org_id: UUID) -> OrgSettings:
    """The settings of one org, in three small reads."""
    org = session.execute(_ORG, {"org": org_id}).one()
    teams = session.execute(_TEAMS, {"org": org_id}).all()
    return OrgSettings(
        org_id=org_id,
        name=org.name,
        zone=ZoneInfo(org.timezone),
        values={row.key: row.value for row in session.execute(_SETTINGS, {"org": org_id})},
        team_zones={team.id: ZoneInfo(team.timezone) for team in teams if team.timezone},
        team_hours={team.id: team.business_hours for team in teams if team.business_hours},
    )
