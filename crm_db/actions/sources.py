"""Sources: who may post leads, and how what they post is read."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from crm_db.actions import api_keys
from crm_db.errors import AlreadyExists, BadValue, RecordNotFound
from crm_db.models import ApiKey, Source
from crm_db.session import Identity

FORMATS = ("auto", "json", "form")
TOKEN_BYTES = 24


@dataclass(frozen=True)
class NewSource:
    """A source with everything a sender may prove itself by; token, secret and key are shown this once."""

    id: UUID
    name: str
    token: str
    secret: str
    api_key: str


def add(
    session: Session,
    identity: Identity,
    name: str,
    *,
    format: str = "auto",
    secret: str | None = None,
    region: str | None = None,
    mapping: Mapping[str, str] | None = None,
    honeypot: str | None = None,
    rate_per_minute: int | None = None,
) -> NewSource:
    """Let a system post leads as `name`.

    region: ISO-2 country that telephone numbers without a prefix belong to. mapping: lead field to path in the payload.
    honeypot: name of the field that people never see. rate_per_minute: most submissions a minute and API process.
    Raises AlreadyExists for a taken name, BadValue for an unknown format.
    """
    org_id = _org_of(identity)
    if format not in FORMATS:
        raise BadValue("format", f"is one of {', '.join(FORMATS)}")
    if session.scalar(select(Source.id).where(Source.org_id == org_id, Source.name == name)) is not None:
        raise AlreadyExists("source", name)
    made = NewSource(
        id=session.execute(select(func.crm_uuid7())).scalar_one(),
        name=name,
        token=secrets.token_urlsafe(TOKEN_BYTES),
        secret=secret or secrets.token_urlsafe(TOKEN_BYTES),
        api_key="",
    )
    reading = {"format": format, "region": region, "mapping": dict(mapping or {}), "honeypot": honeypot}
    session.execute(
        insert(Source).values(_row(made, org_id) | reading | {"rate_per_minute": rate_per_minute})
    )
    key = api_keys.add(session, org_id, name=f"source {name}", scopes=["capture"], source_id=made.id)
    return NewSource(made.id, made.name, made.token, made.secret, key)


def remove(session: Session, identity: Identity, name: str, *, now: datetime) -> None:
    """Stop taking leads from `name` and revoke its keys; what it sent stays. Raises RecordNotFound."""
    org_id = _org_of(identity)
    closed = session.execute(
        update(Source)
        .where(Source.org_id == org_id, Source.name == name, Source.active)
        .values(active=False, name=f"{name} (removed {now:%Y-%m-%d %H:%M:%S})")
        .returning(Source.id)
    ).scalar_one_or_none()
    if closed is None:
        raise RecordNotFound("source", name)
    session.execute(
        update(ApiKey)
        .where(ApiKey.org_id == org_id, ApiKey.source_id == closed, ApiKey.revoked_at.is_(None))
        .values(revoked_at=now)
    )


def _org_of(identity: Identity) -> UUID:
    if identity.org_id is None:
        raise BadValue("org", "a source belongs to one org")
    return identity.org_id


def _row(made: NewSource, org_id: UUID) -> dict[str, Any]:
    return {
        "org_id": org_id,
        "id": made.id,
        "name": made.name,
        "token": made.token,
        "secret": made.secret,
    }
