"""The capture login's two questions to the database: which source is meant, and keep these submissions."""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import TypeVar
from uuid import UUID

import psycopg
from psycopg_pool import ConnectionPool

from api.identity import KeyParts
from api.proofs import Candidate

T = TypeVar("T")

REMEMBERED_SECONDS = 1.0
MOST_REMEMBERED = 2_000
_SOURCE = """
    select org_id, source_id, name, secret, mapping, rate_per_minute, by_token, by_key,
           format, by_form, allowed_origins, thank_you_url, verify_token
    from crm_capture_source(%s::text, %s::text, %s::bytea)
"""
_KEEP = """
    select event_id, repeated, conflict
    from crm_capture(
        %s::uuid, %s::uuid, %s::text, %s::boolean, %s::text[], %s::text[], %s::bytea[], %s::bytea[])
    order by ordinal
"""


@dataclass(frozen=True)
class Keyed:
    """A submission and the key that makes a repeat harmless; `hash` tells whether a repeat is the same."""

    body: bytes
    scope: str
    key: str
    hash: bytes


@dataclass(frozen=True)
class Receipt:
    """The event of a submission; `repeated`: it was kept before."""

    event_id: UUID
    repeated: bool


class Conflict(Exception):
    """A key was used before with another body."""


class CaptureStore:
    """Sources and submissions over a pool of the capture login; safe to use from several threads."""

    def __init__(self, pool: ConnectionPool, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._pool = pool
        self._clock = clock
        self._known: OrderedDict[tuple[str, KeyParts | None], tuple[float, list[Candidate]]] = OrderedDict()
        self._lock = Lock()

    def candidates(self, ref: str, key: KeyParts | None) -> list[Candidate]:
        """The active sources that `ref` may mean, as they were at most a second ago."""
        now = self._clock()
        with self._lock:
            until, known = self._known.get((ref, key), (now, []))
        if until > now:
            return known
        found = self._retried(lambda connection: _candidates(connection, ref, key))
        with self._lock:
            self._known.pop((ref, key), None)
            self._known[ref, key] = (now + REMEMBERED_SECONDS, found)
            while len(self._known) > MOST_REMEMBERED:
                self._known.popitem(last=False)
        return found

    def keep(
        self,
        source: Candidate,
        content_type: str,
        items: Sequence[Keyed],
        *,
        automation: bool,
        same_bodies: bool,
    ) -> list[Receipt]:
        """Keep submissions, each once by its key; committed when this returns.

        same_bodies: raise Conflict, keeping none, when a key was used for another body; else it is a repeat.
        An answer that was lost on the way is asked for again: the keys make that harmless.
        """
        values = [
            source.org_id,
            source.source_id,
            content_type,
            automation,
            [item.scope for item in items],
            [item.key for item in items],
            [item.hash for item in items],
            [item.body for item in items],
        ]
        if same_bodies:
            return self._retried(lambda connection: _keep_unless_conflict(connection, values))
        return self._retried(lambda connection: _receipts(_kept(connection, values)))

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


def _kept(connection: psycopg.Connection, values: Sequence[object]) -> list[tuple[UUID, bool, bool]]:
    return connection.execute(_KEEP, values).fetchall()


def _keep_unless_conflict(connection: psycopg.Connection, values: Sequence[object]) -> list[Receipt]:
    """Keep all items or, on a conflict, none: an array may have grown since its key was used."""
    with connection.transaction():
        rows = _kept(connection, values)
        if any(conflict for _, _, conflict in rows):
            raise Conflict
    return _receipts(rows)


def _receipts(rows: Sequence[tuple[UUID, bool, bool]]) -> list[Receipt]:
    return [Receipt(event_id, repeated) for event_id, repeated, _ in rows]
