"""API keys: made once, shown once, kept as a hash."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session

from crm_db.models import ApiKey

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
