"""Who plays in the demo: teams and reps of the first organisation, and three sources of this run's own."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from crm_db.actions import orgs, sources
from crm_db.actions.sources import NewSource
from crm_db.queries import story
from crm_db.session import Identity

NAME_START = "demo "
HONEYPOT = "website_url_confirm"


@dataclass(frozen=True)
class Rep:
    """Somebody who takes leads; `capacity` is the most open ones, None for any number."""

    name: str
    capacity: int | None


TEAMS: tuple[tuple[str, str, tuple[Rep, ...]], ...] = (
    ("Demo Americas", "America/New_York", (Rep("Rosa Castellanos", None), Rep("Dwight Achebe", 60))),
    ("Demo Europe", "Europe/Berlin", (Rep("Hanne Vestergaard", None), Rep("Tomasz Wilk", 40))),
    ("Demo Pacific", "Australia/Sydney", (Rep("Kirra Donnelly", None), Rep("Wei Sutanto", 5_000))),
)


@dataclass(frozen=True)
class Channels:
    """The sources of one run: one posts with an API key, one signs, one has a form with a path token."""

    website: NewSource
    partner: NewSource
    form: NewSource

    @property
    def ids(self) -> list[UUID]:
        """Their ids."""
        return [self.website.id, self.partner.id, self.form.id]

    @property
    def names(self) -> list[str]:
        """Their names."""
        return [self.website.name, self.partner.name, self.form.name]


@dataclass(frozen=True)
class Run:
    """One demo on this CRM_HOME: the how-manieth it is, and its sources."""

    number: int
    org_id: UUID
    channels: Channels


def ensure_reps(session: Session, org_id: UUID) -> None:
    """Teams in three time zones with two reps each; those of an earlier run stay as they are."""
    for team, zone, reps in TEAMS:
        team_id = orgs.add_team(session, org_id, team, timezone=zone)
        for rep in reps:
            email = f"{rep.name.lower().replace(' ', '.')}@sales.example"
            orgs.add_rep(session, org_id, team_id, name=rep.name, email=email, capacity=rep.capacity)


def open_run(session: Session, identity: Identity, today: date) -> Run:
    """Make the sources of the next run; raises AlreadyExists when another demo does so at this moment."""
    assert identity.org_id is not None
    number = story.sources_named(session, identity.org_id, f"{NAME_START}website ") + 1

    def source(what: str, region: str, form: str, honeypot: str | None = None) -> NewSource:
        name = f"{NAME_START}{what} {today.isoformat()} {number}"
        return sources.add(session, identity, name, format=form, region=region, honeypot=honeypot)

    channels = Channels(
        website=source("website", "GB", "json"),
        partner=source("partner", "US", "json"),
        form=source("form", "DE", "form", HONEYPOT),
    )
    return Run(number, identity.org_id, channels)
