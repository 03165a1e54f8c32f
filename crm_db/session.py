"""Units of work: the only place that commits, and the only place that says on whose behalf a transaction acts."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

import psycopg
from psycopg.errors import DeadlockDetected
from psycopg.pq import TransactionStatus
from sqlalchemy import CursorResult, Engine, Result, bindparam, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from crm_db.connections import open_engine

T = TypeVar("T")


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

ACTING = """
    set_config('crm.org_id', %(org)s, true), set_config('crm.user_id', %(user)s, true),
    set_config('crm.role', %(role)s, true), set_config('crm.team_ids', %(teams)s, true),
    set_config('crm.actor', %(actor)s, true)
"""
"""Columns that say on whose behalf the transaction acts from then on, of an identity's values."""
_IDENTITY = ("org", "user", "role", "teams", "actor")
_SET_IDENTITY = text(re.sub(r"%\((\w+)\)s", r":\1", f"select {ACTING}, now() as now")).bindparams(
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


def bind(url: str, *, pool_size: int = 10) -> None:
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
    before, _process.engine = _process.engine, open_engine(url, pool_size=2)
    try:
        yield
    finally:
        unbind()
        _process.engine = before


@contextmanager
def unit_of_work(identity: Identity = SERVICE) -> Iterator[Session]:
    """One piece of work, one transaction: committed when the block ends, rolled back when it raises."""
    if _process.engine is None:
        raise NotBound
    with Session(_process.engine, expire_on_commit=False) as session, session.begin():
        session.info["identity"] = identity
        session.info["now"] = session.execute(_SET_IDENTITY, _settings_of(identity)).one().now
        yield session


def repeated(work: Callable[[], T], *, times: int = 3) -> T:
    """Do a piece of work, and again where Postgres ended it because two waited for each other. It opens its own unit of work."""
    for _ in range(times - 1):
        try:
            return work()
        except OperationalError as error:
            if not isinstance(error.orig, DeadlockDetected):
                raise
    return work()


def answered(identity: Identity, question: bytes, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """The rows of one statement, in one exchange with the database: for what is asked more often than anything else.

    question: a statement that says by the columns ACTING, before it reads anything, on whose behalf it is asked.
    """
    if _process.engine is None:
        raise NotBound
    pooled = _process.engine.raw_connection()
    try:
        connection = pooled.driver_connection
        assert isinstance(connection, psycopg.Connection)
        connection.autocommit = True
        try:
            return connection.execute(question, {**values, **_settings_of(identity)}).fetchall()
        finally:
            connection.autocommit = False
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
