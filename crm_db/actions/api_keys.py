"""API keys: made once, shown once, kept as a hash."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, insert, select
from sqlalchemy.orm import Session

from crm_db.actions import events
from crm_db.actions.writing import Removal, Writing
from crm_db.errors import BadValue, NotAllowed
from crm_db.models import ApiKey, User
from crm_db.rules.rights import SCOPES, exceeding
from crm_db.session import Identity

PREFIX_BYTES = 6
SECRET_BYTES = 24


@dataclass(frozen=True)
class NewKey:
    """A key as its holder writes it: crm_live_<prefix>_<secret>. It cannot be read again."""

    text: str
    prefix: str
    secret_hash: bytes


def make_key() -> NewKey:
    """A fresh key of 192 random bits; hexadecimal, so that it survives every form field."""
    prefix, secret = secrets.token_hex(PREFIX_BYTES), secrets.token_hex(SECRET_BYTES)
    return NewKey(f"crm_live_{prefix}_{secret}", prefix, sha256(secret.encode()).digest())


def give(
    session: Session,
    identity: Identity,
    *,
    name: str,
    scopes: Sequence[str],
    user_id: UUID | None,
    expires_at: datetime | None,
    now: datetime,
) -> tuple[UUID, str]:
    """A key for a person, or for a system that is nobody's; its id, and its text this once. Raises BadValue."""
    if identity.org_id is None:
        raise NotAllowed("an identity within an org")
    _check_scopes(scopes, "system" if user_id is None else _role_of(session, identity.org_id, user_id))
    _check_expiry(expires_at, now)
    key = make_key()
    values = {"name": name, "scopes": list(scopes), "user_id": user_id, "expires_at": expires_at}
    statement = insert(ApiKey).values(
        org_id=identity.org_id, prefix=key.prefix, secret_hash=key.secret_hash, **values
    )
    key_id = session.execute(statement.returning(ApiKey.id)).scalar_one()
    events.record(session, identity.org_id, "key.created", "key", [key_id])
    return key_id, key.text


def complete(writing: Writing) -> None:
    """Hold a key that is changed against what its person may do; raises BadValue."""
    before = writing.before
    if before is None:
        raise BadValue("key", "is made by itself: its text is shown this once")
    if "scopes" in writing.values:
        _check_scopes(writing.values["scopes"], _role_of_key(writing, before))
        if before["source_id"] is not None and set(writing.values["scopes"]) != {"capture"}:
            raise BadValue("scopes", "of a source's key are capture, and nothing else")
    if writing.values.get("expires_at") != before["expires_at"]:
        _check_expiry(writing.values.get("expires_at"), writing.now)


def part_with(removal: Removal) -> Mapping[str, Any]:
    """A key is revoked: it does not count any more, and what it did can still be told."""
    return {"revoked_at": removal.before["revoked_at"] or removal.now}


def add(
    session: Session,
    org_id: UUID,
    *,
    name: str,
    scopes: Sequence[str],
    user_id: UUID | None = None,
    source_id: UUID | None = None,
) -> str:
    """Keep a new key and return its text, the only time that it is known."""
    key = make_key()
    session.execute(
        insert(ApiKey).values(
            org_id=org_id,
            name=name,
            prefix=key.prefix,
            secret_hash=key.secret_hash,
            scopes=list(scopes),
            user_id=user_id,
            source_id=source_id,
        )
    )
    return key.text


def _role_of_key(writing: Writing, before: RowMapping) -> str:
    if before["user_id"] is None:
        return "system"
    return _role_of(writing.session, writing.org_id, before["user_id"])


def _role_of(session: Session, org_id: UUID, user_id: UUID) -> str:
    question = select(User.role).where(User.org_id == org_id, User.id == user_id, User.active)
    role = session.scalar(question)
    if role is None:
        raise BadValue("user_id", "names nobody who is active")
    return role


def _check_scopes(scopes: Sequence[str], role: str) -> None:
    if not scopes or not set(scopes) <= set(SCOPES):
        raise BadValue("scopes", f"are one or more of {', '.join(SCOPES)}")
    if exceeding(scopes, role):
        raise BadValue("scopes", "give more than the person may do")


def _check_expiry(expires_at: datetime | None, now: datetime) -> None:
    if expires_at is not None and expires_at <= now:
        raise BadValue("expires_at", "is over already")
