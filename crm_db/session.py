"""Units of work: the only place that commits, and the only place that says on whose behalf a transaction acts."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import CursorResult, Engine, Result, bindparam, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool


@dataclass(frozen=True)
class Identity:
    """On whose behalf a transaction acts. `org_id` None is the service itself, which works for every org.

    `role`: admin, manager, rep, viewer; system (a key of no person), or service. `team_ids`: whose records it sees too.
    """

    org_id: UUID | None
    user_id: UUID | None = None
    role: str = "service"
    team_ids: tuple[UUID, ...] = ()

    @property
    def actor(self) -> str:
        """How the change log names this identity: an id, never a name."""
        return str(self.user_id) if self.user_id else self.role


SERVICE = Identity(org_id=None)

_IDENTITY = ("org", "user", "role", "teams", "actor")
_ACT_AS = """
    select set_config('crm.org_id', %(org)s, true), set_config('crm.user_id', %(user)s, true),
           set_config('crm.role', %(role)s, true), set_config('crm.team_ids', %(teams)s, true),
           set_config('crm.actor', %(actor)s, true), now() as now
"""
_SET_IDENTITY = text(re.sub(r"%\((\w+)\)s", r":\1", _ACT_AS)).bindparams(
    *(bindparam(name) for name in _IDENTITY)
)
_SET_ROLE = text("select set_config('crm.role', :role, true)").bindparams(bindparam("role"))


class NotBound(RuntimeError):
    """A unit of work was asked for before this process said which login it uses."""

    def __init__(self) -> None:
        super().__init__("no database: call crm_db.session.bind(url) first")


@dataclass
class _Process:
    engine: Engine | None = None


_process = _Process()


def bind(url: str, *, pool_size: int = 5) -> None:
    """Use `url` (any libpq form of postgresql://) for this process's units of work from now on."""
    unbind()
    _process.engine = open_engine(url, pool_size=pool_size)


def unbind() -> None:
    """Close this process's connections."""
    if _process.engine is not None:
        _process.engine.dispose()
        _process.engine = None


@contextmanager
def bound_to(url: str) -> Iterator[None]:
    """Use another login until the block ends, then the former one again."""
    before, _process.engine = _process.engine, open_engine(url, pool_size=1)
    try:
        yield
    finally:
        unbind()
        _process.engine = before


def open_engine(url: str, *, pool_size: int = 5) -> Engine:
    """An engine as every process uses it: pings before use, hides values in errors, gives up connecting after 10 s.

    A server that went silent is given up after half a minute, and no setting of a server makes a commit less than durable. A
    process that stands still in the middle of a transaction loses it after two minutes, and others its locks.
    """
    return create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        poolclass=QueuePool,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        pool_timeout=10,
        hide_parameters=True,
        connect_args={
            "connect_timeout": 10,
            "tcp_user_timeout": 30_000,
            "options": "-c timezone=UTC -c lock_timeout=30s -c synchronous_commit=on"
            " -c idle_in_transaction_session_timeout=2min",
        },
    )


@contextmanager
def unit_of_work(identity: Identity = SERVICE) -> Iterator[Session]:
    """One piece of work, one transaction: committed when the block ends, rolled back when it raises."""
    if _process.engine is None:
        raise NotBound
    with Session(_process.engine, expire_on_commit=False) as session, session.begin():
        session.info["identity"] = identity
        session.info["now"] = session.execute(_SET_IDENTITY, _settings_of(identity)).one().now
        yield session


@contextmanager
def reading(identity: Identity) -> Iterator[psycopg.Connection]:
    """A unit of work that only reads, on the bare connection: for what is read more often than anything else."""
    if _process.engine is None:
        raise NotBound
    pooled = _process.engine.raw_connection()
    try:
        connection = pooled.driver_connection
        assert isinstance(connection, psycopg.Connection)
        connection.execute(_ACT_AS, _settings_of(identity))
        yield connection
        connection.commit()  # a rollback would make psycopg forget the statements that it has prepared
    finally:
        pooled.close()


@contextmanager
def on_behalf_of_the_org(session: Session) -> Iterator[None]:
    """Let what is done inside reach all records of the org, whoever asked: for rules that are the org's.

    What it finds out must not reach the caller unless the caller may see it.
    """
    before = session.info.get("role", session.info["identity"].role)
    _act_as(session, SERVICE.role)
    try:
        yield
    finally:
        _act_as(session, before)


def _act_as(session: Session, role: str) -> None:
    """Take a role; in a transaction that broke it is taken back with everything else."""
    session.info["role"] = role
    connection = session.connection().connection.driver_connection
    assert isinstance(connection, psycopg.Connection)
    if connection.info.transaction_status != TransactionStatus.INERROR:
        session.execute(_SET_ROLE, {"role": role})


def rows_changed(result: Result[Any]) -> int:
    """How many rows an UPDATE, INSERT or DELETE touched."""
    return result.rowcount if isinstance(result, CursorResult) else 0


def _settings_of(identity: Identity) -> Mapping[str, Any]:
    return {
        "org": str(identity.org_id or ""),
        "user": str(identity.user_id or ""),
        "role": identity.role,
        "teams": "{" + ",".join(str(team) for team in identity.team_ids) + "}",
        "actor": identity.actor,
    }
