"""The capture login's two questions to the database: which source is meant, and keep these submissions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import TypeVar
from uuid import UUID

import psycopg
from psycopg_pool import ConnectionPool

from api.identity import KeyParts
from api.memory import Memory
from api.proofs import Candidate

T = TypeVar("T")

_SOURCE = """
    select org_id, source_id, name, secret, mapping, rate_per_minute, by_token, by_key,
           format, by_form, allowed_origins, thank_you_url, verify_token
    from crm_capture_source(%s::text, %s::text, %s::bytea)
"""
_KEEP = """
    select event_id, repeated, conflict
    from crm_capture(
        %b::uuid[], %b::uuid[], %s::text[], %b::boolean[], %s::text[], %s::text[], %b::bytea[], %b::bytea[])
    order by ordinal
"""


@dataclass(frozen=True)
class Keyed:
    """A submission of a source and the key that makes a repeat harmless; `hash` tells whether a repeat is the same."""

    org_id: UUID
    source_id: UUID
    content_type: str
    automation: bool
    scope: str
    key: str
    hash: bytes
    body: bytes


_VALUES = attrgetter(*(field.name for field in fields(Keyed)))


@dataclass(frozen=True)
class Receipt:
    """The event of a submission; `repeated`: it was kept before; `conflict`: its key was used for another body."""

    event_id: UUID
    repeated: bool
    conflict: bool = False


class Conflict(Exception):
    """A key was used before with another body."""


class CaptureStore:
    """Sources and submissions over a pool of the capture login; safe to use from several threads."""

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool
        self._known: Memory[tuple[str, KeyParts | None], list[Candidate]] = Memory()

    def remembered(self, ref: str, key: KeyParts | None) -> list[Candidate] | None:
        """The active sources that `ref` may mean, as they were at most a second ago; None when nobody asked since."""
        return self._known.get((ref, key))

    def candidates(self, ref: str, key: KeyParts | None) -> list[Candidate]:
        """The active sources that `ref` may mean, asked of the database and remembered for a second."""
        return self._known.asked(
            (ref, key), lambda: self._retried(lambda connection: _candidates(connection, ref, key))
        )

    def keep(self, items: Sequence[Keyed]) -> list[Receipt]:
        """Keep submissions, each once by its key; committed when this returns. A key that is known is a repeat.

        An answer that was lost on the way is asked for again: the keys make that harmless.
        """
        return self._retried(lambda connection: _kept(connection, items))

    def keep_all_or_none(self, items: Sequence[Keyed]) -> list[Receipt]:
        """The same; raises Conflict, keeping none, when a key was used for another body: an array may have grown since."""
        return self._retried(lambda connection: _kept_unless_conflict(connection, items))

    def _retried(self, work: Callable[[psycopg.Connection], T]) -> T:
        """Do the work; once more on a sound connection when the one at hand turned out to be dead."""
        connection = None
        try:
            with self._pool.connection() as connection:
                return work(connection)
        except psycopg.OperationalError:
            if connection is None or not connection.closed:
                raise
        self._pool.check()
        with self._pool.connection() as connection:
            return work(connection)


def open_pool(url: str, *, size: int, wait_seconds: float) -> ConnectionPool:
    """A pool that needs no database to be up when it is opened, and finds back to one within seconds."""
    pool = ConnectionPool(
        url,
        min_size=1,
        max_size=size,
        open=False,
        timeout=wait_seconds,
        reconnect_timeout=3,
        name="capture",
        kwargs={
            "autocommit": True,
            "connect_timeout": 5,
            "tcp_user_timeout": 10_000,
            "options": "-c statement_timeout=15s -c lock_timeout=10s",
        },
    )
    pool.open(wait=False)
    return pool


def _candidates(connection: psycopg.Connection, ref: str, key: KeyParts | None) -> list[Candidate]:
    prefix, secret_hash = (key.prefix, key.secret_hash) if key else (None, None)
    return [Candidate(*row) for row in connection.execute(_SOURCE, [ref, prefix, secret_hash])]


def _kept(connection: psycopg.Connection, items: Sequence[Keyed]) -> list[Receipt]:
    if not items:
        return []
    columns = zip(*map(_VALUES, items), strict=True)
    return [Receipt(*row) for row in connection.execute(_KEEP, [list(column) for column in columns])]


def _kept_unless_conflict(connection: psycopg.Connection, items: Sequence[Keyed]) -> list[Receipt]:
    with connection.transaction():
        receipts = _kept(connection, items)
        if any(receipt.conflict for receipt in receipts):
            raise Conflict
    return receipts
