"""What the tests of the API ask for: the API itself, served over HTTP, and callers with keys."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from api.settings import Settings
from crm_db import session
from crm_db.actions import api_keys, sources
from crm_db.actions.sources import NewSource
from tests.api.serving import client_of, serving
from tests.conftest import Database, Org

Serve = Callable[..., str]


@pytest.fixture
def serve(database: Database) -> Iterator[Serve]:
    """Starts the API on this test's database, with settings to differ by; gives its URL."""
    with ExitStack() as running:

        def start(**differing: object) -> str:
            settings = {"app_database_url": database.app_url, "capture_database_url": database.capture_url}
            return running.enter_context(serving(Settings.model_validate({**settings, **differing})))

        yield start


@pytest.fixture
def anyone(serve: Serve, source: NewSource) -> Iterator[httpx.Client]:
    """A client of the API without a key; the org Acme has the source website."""
    with client_of(serve()) as client:
        yield client


@pytest.fixture
def admin(serve: Serve, org: Org) -> Iterator[httpx.Client]:
    """A client with the key of Acme's administrator."""
    with client_of(serve(), org.api_key) as client:
        yield client


@pytest.fixture
def make_key(database: Database) -> Callable[..., str]:
    """Makes an API key of an org with scopes, and what else crm_db.actions.api_keys.add takes."""

    def make(org: Org, *scopes: str, **more: object) -> str:
        with session.bound_to(database.owner_url), session.unit_of_work(org.identity) as work:
            return api_keys.add(work, org.org_id, name="test", scopes=scopes, **more)  # type: ignore[arg-type]

    return make


@pytest.fixture
def client_as(serve: Serve, org: Org, make_key: Callable[..., str]) -> Iterator[Callable[..., httpx.Client]]:
    """Opens clients of one API of Acme, each for a person, who may read and write."""
    with ExitStack() as running:
        url = serve()

        def open_for(user_id: UUID) -> httpx.Client:
            key = make_key(org, "read", "write", user_id=user_id)
            return running.enter_context(client_of(url, key))

        yield open_for


@pytest.fixture
def make_source(database: Database) -> Callable[..., NewSource]:
    """Makes a source of an org, with what else crm_db.actions.sources.add takes."""

    def make(org: Org, name: str, **more: object) -> NewSource:
        with session.bound_to(database.owner_url), session.unit_of_work(org.identity) as work:
            return sources.add(work, org.identity, name, **more)  # type: ignore[arg-type]

    return make


@pytest.fixture
def owner(database: Database) -> Iterator[psycopg.Connection]:
    """The database as its owner sees it: everything."""
    with psycopg.connect(database.owner_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def free_port() -> Callable[[], int]:
    """Finds a port on the loopback address that nobody uses now."""

    def find() -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
            return port

    return find


@dataclass(frozen=True)
class Colleague:
    """Somebody of the org, and how they call."""

    id: UUID
    client: httpx.Client


@pytest.fixture
def colleague(
    serve: Serve, make_key: Callable[..., str], org: Org, owner: psycopg.Connection
) -> Iterator[Callable[[str], Colleague]]:
    """Makes a person of Acme by role; their key has all that the role may."""
    url = serve()
    with ExitStack() as clients:

        def make(role: str) -> Colleague:
            row = owner.execute(
                "insert into crm_users (org_id, email, name, role) values (%s, %s, %s, %s) returning id",
                [org.org_id, f"{role}-{uuid4().hex[:6]}@acme.example", role.capitalize(), role],
            ).fetchone()
            assert row is not None
            key = make_key(org, "read", "write", "capture", "admin", user_id=row[0])
            return Colleague(row[0], clients.enter_context(client_of(url, key)))

        yield make
