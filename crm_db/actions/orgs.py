"""The first org: who administers it, its pipeline, its words, and the sequence that new leads enter."""

from dataclasses import dataclass
from uuid import UUID

from argon2 import PasswordHasher
from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from crm_db import seed
from crm_db.actions import api_keys
from crm_db.models import (
    ApiKey,
    Membership,
    Org,
    Sequence,
    SequenceVersion,
    Setting,
    Stage,
    Step,
    Team,
    Template,
    User,
)


@dataclass(frozen=True)
class FirstOrg:
    """The org and its administrator; `api_key` is known only when it was made by this call."""

    org_id: UUID
    admin_id: UUID
    api_key: str | None


def ensure_first_org(session: Session, *, name: str, admin_email: str, admin_password: str) -> FirstOrg:
    """Make the org `name` with its administrator, settings, stages, templates and default sequence, once.

    Run as the owner. A second call changes nothing and returns what is there, without a key.
    """
    session.execute(text("select pg_advisory_xact_lock(hashtext('crm_first_org'))"))
    org_id = session.scalar(select(Org.id).where(Org.name == name))
    if org_id is None:
        org_id = _make_org(session, name)
    admin_id = session.scalar(select(User.id).where(User.org_id == org_id, User.email == admin_email.lower()))
    if admin_id is None:
        admin_id = _make_admin(session, org_id, admin_email.lower(), admin_password)
    held = select(ApiKey.id).where(
        ApiKey.org_id == org_id, ApiKey.user_id == admin_id, ApiKey.revoked_at.is_(None)
    )
    if session.scalar(held) is not None:
        return FirstOrg(org_id, admin_id, None)
    key = api_keys.add(session, org_id, name="administrator", scopes=["admin"], user_id=admin_id)
    return FirstOrg(org_id, admin_id, key)


def renew_admin_key(session: Session, org: FirstOrg) -> str:
    """A further key for the administrator, for when the first was lost."""
    return api_keys.add(session, org.org_id, name="administrator", scopes=["admin"], user_id=org.admin_id)


def add_team(session: Session, org_id: UUID, name: str, *, timezone: str | None = None) -> UUID:
    """A team by that name; an existing one is returned as it is."""
    known = session.scalar(select(Team.id).where(Team.org_id == org_id, Team.name == name))
    if known is not None:
        return known
    values = {"org_id": org_id, "name": name, "timezone": timezone}
    return session.execute(insert(Team).values(values).returning(Team.id)).scalar_one()


def add_rep(
    session: Session, org_id: UUID, team_id: UUID, *, name: str, email: str, capacity: int | None = None
) -> UUID:
    """A rep of the team who takes leads; an existing one (by e-mail) is returned as it is."""
    known = session.scalar(select(User.id).where(User.org_id == org_id, User.email == email.lower()))
    if known is not None:
        return known
    values = {
        "org_id": org_id,
        "email": email.lower(),
        "name": name,
        "takes_leads": True,
        "capacity": capacity,
    }
    user_id = session.execute(insert(User).values(values).returning(User.id)).scalar_one()
    session.execute(insert(Membership).values(org_id=org_id, team_id=team_id, user_id=user_id))
    return user_id


def _make_org(session: Session, name: str) -> UUID:
    org_id = session.execute(insert(Org).values(name=name).returning(Org.id)).scalar_one()
    session.execute(text("select set_config('crm.org_id', :org, true)"), {"org": str(org_id)})
    session.execute(
        insert(Setting), [{"org_id": org_id, "key": k, "value": v} for k, v in seed.SETTINGS.items()]
    )
    session.execute(insert(Stage), [{"org_id": org_id, **stage} for stage in seed.STAGES])
    session.execute(insert(Template), [{"org_id": org_id, **template} for template in seed.TEMPLATES])
    _make_sequence(session, org_id)
    return org_id


def _make_sequence(session: Session, org_id: UUID) -> None:
    """The default sequence, live in its first version."""
    sequence = insert(Sequence).values(org_id=org_id, name=seed.SEQUENCE_NAME, is_default=True)
    sequence_id = session.execute(sequence.returning(Sequence.id)).scalar_one()
    version = insert(SequenceVersion).values(org_id=org_id, sequence_id=sequence_id, number=1, state="live")
    version_id = session.execute(version.returning(SequenceVersion.id)).scalar_one()
    steps = [{"org_id": org_id, "version_id": version_id, **step} for step in seed.STEPS]
    session.execute(insert(Step), steps)


def _make_admin(session: Session, org_id: UUID, email: str, password: str) -> UUID:
    values = {
        "org_id": org_id,
        "email": email,
        "name": "Administrator",
        "role": "admin",
        "password_hash": PasswordHasher().hash(password),
    }
    return session.execute(insert(User).values(values).returning(User.id)).scalar_one()
