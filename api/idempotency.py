"""Idempotency-Key on POST: the first answer is kept with the work and replayed for 24 hours."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from api.errors import IdempotencyKeyReused
from crm_db.session import Identity

_CLAIM = text(
    """
    insert into crm_keys as k (org_id, scope, key, ref_id, body_hash, expires_at)
    values (:org, :scope, :key, crm_uuid7(), :hash, now() + interval '24 hours')
    on conflict on constraint pk_crm_keys do update
        set ref_id = excluded.ref_id, body_hash = excluded.body_hash, response = null,
            created_at = now(), expires_at = excluded.expires_at
        where k.expires_at <= now()
    returning 1
    """
)
_FIRST = text(
    "select body_hash, response from crm_keys where org_id = :org and scope = :scope and key = :key"
)
_KEEP = text(
    "update crm_keys set response = :response where org_id = :org and scope = :scope and key = :key"
).bindparams(bindparam("response", type_=JSONB))


@dataclass(frozen=True)
class KeyedRequest:
    """A request under a key; `fingerprint` (SHA-256) tells whether a repeat is the same, by the same user."""

    identity: Identity
    scope: str
    key: str
    fingerprint: bytes


def keyed_request(identity: Identity, scope: str, key: str, content: Mapping[str, Any]) -> KeyedRequest:
    """A request with this content (JSON values) under a key."""
    told = json.dumps([str(identity.user_id), content], sort_keys=True, default=str)
    return KeyedRequest(identity, scope, key, hashlib.sha256(told.encode()).digest())


def replay(session: Session, request: KeyedRequest) -> dict[str, Any] | None:
    """The first answer to this request, or None: then do the work in this transaction and call `remember`.

    A parallel request with the same key waits here until the first has ended. Raises IdempotencyKeyReused.
    """
    where = _where(request)
    if session.execute(_CLAIM, {**where, "hash": request.fingerprint}).first() is not None:
        return None
    row = session.execute(_FIRST, where).one()
    if bytes(row.body_hash) != request.fingerprint:
        raise IdempotencyKeyReused
    response: dict[str, Any] = row.response
    return response


def remember(session: Session, request: KeyedRequest, response: Mapping[str, Any]) -> None:
    """Keep the answer together with the work that it tells of."""
    session.execute(_KEEP, {**_where(request), "response": response})


def _where(request: KeyedRequest) -> dict[str, Any]:
    return {"org": request.identity.org_id, "scope": request.scope, "key": request.key}
