"""Idempotency-Key on POST: the first answer is kept with the work and replayed for 24 hours."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from api.errors import BadIdempotencyKey, IdempotencyKeyReused
from api.identity import Caller
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


_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True)
class KeyedRequest:
    """A request under a key; `fingerprint` (SHA-256) tells whether a repeat is the same, by the same user."""

    identity: Identity
    scope: str
    key: str
    fingerprint: bytes


def checked_key(given: str | None) -> str | None:
    """An Idempotency-Key that can be used, or None when none was sent; raises BadIdempotencyKey."""
    if given is not None and not _IDEMPOTENCY_KEY.fullmatch(given):
        raise BadIdempotencyKey
    return given


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


def once(
    session: Session,
    caller: Caller,
    scope: str,
    key: str | None,
    body: BaseModel,
    work: Callable[[], dict[str, Any]],
) -> dict[str, Any]:
    """Do the work, or give the first answer that its key had; without a key, do it."""
    if checked_key(key) is None:
        return work()
    content = body.model_dump(mode="json", exclude_unset=True)
    request = keyed_request(caller.identity, scope, str(key), content)
    first = replay(session, request)
    if first is None:
        first = work()
        remember(session, request, first)
    return first


def _where(request: KeyedRequest) -> dict[str, Any]:
    return {"org": request.identity.org_id, "scope": request.scope, "key": request.key}
