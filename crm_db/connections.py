"""Engines: how every process connects to the database, and how it notices that a connection is gone."""

import select
import time

import psycopg
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

LONG_IDLE_SECONDS = 30.0
"""After so long something on the way may have forgotten a connection without a word."""
_LEFT = "left at"


def open_engine(url: str, *, pool_size: int = 10) -> Engine:
    """An engine as every process uses it: looks before use, hides values in errors, gives up connecting after 10 s.

    At most `pool_size` connections are made and kept, and the one used last is used next: fewer are warmer. A server
    that went silent is given up after half a minute, and no setting of a server makes a commit less than durable. A process that
    stands still in the middle of a transaction loses it after two minutes, and others its locks.
    """
    engine = create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        poolclass=QueuePool,
        pool_size=pool_size,
        max_overflow=0,  # connections beyond the pool would be made and thrown away for single questions
        pool_use_lifo=True,
        pool_timeout=10,
        hide_parameters=True,
        connect_args={
            "connect_timeout": 10,
            "tcp_user_timeout": 30_000,
            "options": "-c timezone=UTC -c lock_timeout=30s -c synchronous_commit=on"
            " -c idle_in_transaction_session_timeout=2min",
        },
    )

    @event.listens_for(engine, "checkin")
    def remember(connection: psycopg.Connection | None, entry: ConnectionPoolEntry) -> None:
        entry.info[_LEFT] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def look(connection: psycopg.Connection, entry: ConnectionPoolEntry, _proxy: object) -> None:
        left = entry.info.get(_LEFT)
        if left is not None and not _is_sound(engine, connection, time.monotonic() - left):
            raise DisconnectionError  # the pool makes a new one

    return engine


def _is_sound(engine: Engine, connection: psycopg.Connection, idle_seconds: float) -> bool:
    """Whether a connection that waited can be used: nothing came while nothing was asked, and after a long wait it answers."""
    if connection.closed:
        return False
    looking = select.poll()
    looking.register(connection.fileno(), select.POLLIN)
    if looking.poll(0):  # a server that goes says so, or the socket has ended
        return False
    try:
        return idle_seconds < LONG_IDLE_SECONDS or bool(engine.dialect.do_ping(connection))  # type: ignore[arg-type]
    except psycopg.Error:
        return False
