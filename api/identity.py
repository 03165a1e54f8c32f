"""Who calls: API keys, what they may do, and on whose behalf the work is done.

A route opens its unit of work in its own body, not as a dependency: a dependency holds its connection while
the route waits for a thread, and with more requests than threads all of them would wait for each other. Who calls is asked in
a thread, unless that was known a moment ago: then the request does not wait for one.
"""

import re
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader, HTTPBearer
from sqlalchemy import Row, bindparam, text
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers

from api.errors import Unauthenticated
from api.memory import Memory
from crm_db.errors import NotAllowed
from crm_db.rules.rights import RIGHTS
from crm_db.session import Identity, unit_of_work

_KEY = re.compile(r"crm_live_([A-Za-z0-9]{4,64})_([A-Za-z0-9_-]{16,200})", re.ASCII)
_AUTHENTICATE = text(
    "select org_id, user_id, role, scopes, source_id, team_ids from crm_authenticate(:prefix, :secret_hash)"
).bindparams(bindparam("prefix"), bindparam("secret_hash"))
_AUTHENTICATE_MANY = text(
    "select k.place, a.org_id, a.user_id, a.role, a.scopes, a.source_id, a.team_ids"
    " from unnest(cast(:prefixes as text[]), cast(:hashes as bytea[])) with ordinality as k (prefix, hash, place)"
    " cross join lateral crm_authenticate(k.prefix, k.hash) as a"
).bindparams(bindparam("prefixes"), bindparam("hashes"))

_READING = frozenset({"GET", "HEAD"})
# Only for the description of the API; the keys are read by `key_in`.
_BY_HEADER = APIKeyHeader(name="X-API-Key", scheme_name="ApiKey", auto_error=False)
_BY_BEARER = HTTPBearer(scheme_name="Bearer", auto_error=False)
KEY_SCHEMES = [Security(_BY_HEADER), Security(_BY_BEARER)]


MANAGING = frozenset({"admin", "manager", "system"})
"""Roles that may set aims for others."""


@dataclass(frozen=True)
class KeyParts:
    """An API key taken apart; the secret is known by its SHA-256 only."""

    prefix: str
    secret_hash: bytes


@dataclass(frozen=True)
class Caller:
    """The holder of an API key. `source_id`: the key belongs to one source and sees nothing else."""

    identity: Identity
    scopes: frozenset[str]
    source_id: UUID | None

    @property
    def org_id(self) -> UUID:
        """The org that the key belongs to."""
        assert self.identity.org_id is not None
        return self.identity.org_id

    def may(self, *scopes: str) -> bool:
        """Whether the key has one of these scopes, and its person such a right; the scope admin has all that the person may."""
        rights = RIGHTS.get(self.identity.role, frozenset())
        return bool(
            rights.intersection(scopes or {"admin"})
            & (self.scopes | (rights if "admin" in self.scopes else set()))
        )


def key_in(headers: Headers) -> KeyParts | None:
    """The API key in X-API-Key, or else in Authorization: Bearer; None when there is none of our form."""
    given = headers.get("x-api-key")
    if given is None:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
    return key_of(given)


def key_of(words: str) -> KeyParts | None:
    """An API key from its text; None of what is none of our form."""
    found = _KEY.fullmatch(words.strip())
    return KeyParts(found[1], sha256(found[2].encode()).digest()) if found else None


async def authenticated(request: Request) -> Caller:
    """Who calls; raises Unauthenticated. A revoked key stops counting at once for what writes, for reading within a second."""
    key = key_in(request.headers)
    if key is None:
        raise Unauthenticated
    callers: Memory[KeyParts, Caller] = request.app.state.callers
    if request.method in _READING and (known := callers.get(key)) is not None:
        return known
    return await run_in_threadpool(callers.asked, key, lambda: _caller_with(key))


def _caller_with(key: KeyParts) -> Caller:
    with unit_of_work() as session:
        row = session.execute(
            _AUTHENTICATE, {"prefix": key.prefix, "secret_hash": key.secret_hash}
        ).one_or_none()
    if row is None:
        raise Unauthenticated
    return _caller(row)


def callers_of(keys: Collection[KeyParts]) -> dict[KeyParts, Caller]:
    """The holders of these keys; without those that do not count."""
    asked = list(keys)
    values = {"prefixes": [key.prefix for key in asked], "hashes": [key.secret_hash for key in asked]}
    with unit_of_work() as session:
        rows = session.execute(_AUTHENTICATE_MANY, values).all()
    return {asked[row.place - 1]: _caller(row) for row in rows}


def _caller(row: Row[Any]) -> Caller:
    identity = Identity(row.org_id, row.user_id, row.role, tuple(row.team_ids))
    return Caller(identity, frozenset(row.scopes), row.source_id)


def allowed(*scopes: str) -> Callable[[Caller], Awaitable[Caller]]:
    """A dependency: the caller, when its key has one of the scopes; raises NotAllowed."""

    async def caller_with_scope(caller: Annotated[Caller, Depends(authenticated)]) -> Caller:
        return _with_scope(caller, *scopes)

    return caller_with_scope


async def reader_of(request: Request) -> Caller:
    """Who calls, when the key may read; for routes that are asked too often for dependencies."""
    return _with_scope(await authenticated(request), "read")


def _with_scope(caller: Caller, *scopes: str) -> Caller:
    if not caller.may(*scopes):
        raise NotAllowed(f"an API key with the scope {' or '.join((*scopes, 'admin'))}")
    return caller


async def managing(caller: Annotated[Caller, Depends(allowed("write"))]) -> Caller:
    """A dependency: the caller, when it may set aims for others; raises NotAllowed."""
    if caller.identity.role not in MANAGING:
        raise NotAllowed("the role of a manager or administrator")
    return caller


Reader = Annotated[Caller, Depends(allowed("read"))]
Writer = Annotated[Caller, Depends(allowed("write"))]
Manager = Annotated[Caller, Depends(managing)]
Admin = Annotated[Caller, Depends(allowed())]
EventReader = Annotated[Caller, Depends(allowed("read", "capture"))]
