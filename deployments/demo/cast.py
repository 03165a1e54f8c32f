"""Who plays in the demo: teams and reps of the first organisation, and sources of this run's own."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm_db.actions import orgs, sources
from crm_db.actions.sources import NewSource
from crm_db.models import User
from crm_db.queries import story
from crm_db.session import Identity
from deployments.demo import formats
from integrations.testing import Credentials

NAME_START = "demo"
WEBSITES = ("demo-website-", "demo website ")
"""How the first source of a run is called; runs before names had to fit an address count too."""
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
    """The sources of one run: one posts with an API key, one signs, one has a form with a path token.

    senders: and one for each maker of forms and ads, by its format.
    """

    website: NewSource
    partner: NewSource
    form: NewSource
    senders: Mapping[str, NewSource]

    @property
    def every(self) -> list[NewSource]:
        """All of them."""
        return [self.website, self.partner, self.form, *self.senders.values()]

    @property
    def ids(self) -> list[UUID]:
        """Their ids."""
        return [source.id for source in self.every]

    @property
    def names(self) -> list[str]:
        """Their names."""
        return [source.name for source in self.every]


@dataclass(frozen=True)
class Run:
    """One demo on this CRM_HOME: the how-manieth it is, and its sources."""

    number: int
    org_id: UUID
    channels: Channels


DOMAIN = "@sales.example"
_OTHERS = select(func.count()).where(User.takes_leads, User.active, User.email.not_like(f"%{DOMAIN}"))


def others_work_here(session: Session, org_id: UUID) -> bool:
    """Whether people take leads here who are none of the demo's: its leads and reps get among theirs."""
    return bool(session.scalar(_OTHERS.where(User.org_id == org_id)))


def ensure_reps(session: Session, org_id: UUID) -> None:
    """Teams in three time zones with two reps each; those of an earlier run stay as they are."""
    for team, zone, reps in TEAMS:
        team_id = orgs.add_team(session, org_id, team, timezone=zone)
        for rep in reps:
            email = f"{rep.name.lower().replace(' ', '.')}{DOMAIN}"
            orgs.add_rep(session, org_id, team_id, name=rep.name, email=email, capacity=rep.capacity)


def open_run(session: Session, identity: Identity, today: date, *, with_graph: bool = False) -> Run:
    """Make the sources of the next run; raises AlreadyExists when another demo does so at this moment.

    with_graph: the secret of Meta's source is that of the fake Graph's app, which everybody may know: for the fakes' stack only.
    """
    assert identity.org_id is not None
    number = sum(story.sources_named(session, identity.org_id, start) for start in WEBSITES) + 1

    def source(what: str, region: str, form: str, honeypot: str | None = None) -> NewSource:
        name = f"{NAME_START}-{what}-{today.isoformat()}-{number}"
        secret = Credentials().meta_app_secret if with_graph and form == "meta" else None
        return sources.add(
            session, identity, name, format=form, region=region, honeypot=honeypot, secret=secret
        )

    channels = Channels(
        website=source("website", "GB", "json"),
        partner=source("partner", "US", "json"),
        form=source("form", "DE", "form", HONEYPOT),
        senders={name: source(name, "US", name) for name in formats.NAMES},
    )
    return Run(number, identity.org_id, channels)
