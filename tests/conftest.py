"""What every test may ask for: a database of its own, a first org in it, and this process bound to it.

The schema is migrated once into a template, and a test gets a copy of it. CRM_TEST_DATABASE_URL names another server
to test on (a superuser's or a CREATEROLE login); without it an embedded one is started.
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from uuid import UUID

import hypothesis
import pytest
from argon2 import PasswordHasher

from crm_db import session
from crm_db.actions import orgs, sources
from crm_db.actions.sources import NewSource
from deployments.embedded.postgres import throwaway_cluster
from tests import prefect_server
from tests.databases import Database, Org, Server, prepared
from tests.spares import Spares

# Importing Prefect makes this folder; unset, it would stand in the home of whoever runs the tests.
PREFECT_HOME = tempfile.TemporaryDirectory(prefix="crm-prefect-", ignore_cleanup_errors=True)
os.environ["PREFECT_HOME"] = PREFECT_HOME.name

hypothesis.settings.register_profile(
    "patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("patient")  # no test is judged by how fast a shared machine is

pytest_plugins = ["tests.distribution"]
__all__ = ["Database", "Org", "Server"]


@pytest.fixture(scope="session", autouse=True)
def quick_hashes() -> Iterator[None]:
    """Passwords of tests are hashed with little effort; the real effort is a tenth of a second each."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            orgs, "PasswordHasher", partial(PasswordHasher, time_cost=1, memory_cost=8, parallelism=1)
        )
        yield


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The server of this test run, with the roles and a migrated template database."""
    outside = os.environ.get("CRM_TEST_DATABASE_URL")
    if outside:
        yield prepared(Server(outside))
        return
    with throwaway_cluster() as cluster:
        yield prepared(Server(cluster.admin_url))


@pytest.fixture(scope="session")
def prefect_url(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The API address of a real Prefect server, started once for all tests that need one."""
    name = f"prefect_test_{os.getpid()}"
    home = tmp_path_factory.mktemp("prefect")
    try:
        with prefect_server.running(server.admin_url, server.url("crm_prefect", name), name, home) as url:
            yield url
    finally:
        server.execute("drop database if exists {} with (force)", name)


@pytest.fixture(scope="session")
def spares(server: Server) -> Spares:
    """The databases that tests use one after another."""
    return Spares(server)


@pytest.fixture
def database(spares: Spares) -> Iterator[Database]:
    """A migrated, empty database of this test's own."""
    taken = spares.take()
    yield taken
    session.unbind()
    spares.give_back(taken)


@pytest.fixture
def make_org(database: Database) -> Callable[[str], Org]:
    """Makes an org by name."""

    def make(name: str) -> Org:
        with session.bound_to(database.owner_url), session.unit_of_work() as work:
            first = orgs.ensure_first_org(
                work,
                name=name,
                admin_email=f"admin@{name.lower()}.example",
                admin_password="a long enough password",
            )
        assert first.api_key is not None
        return Org(first.org_id, first.admin_id, first.api_key)

    return make


@pytest.fixture
def org(make_org: Callable[[str], Org]) -> Org:
    """One org named Acme."""
    return make_org("Acme")


@pytest.fixture
def source(database: Database, org: Org) -> NewSource:
    """A source named website, whose telephone numbers are British unless they say otherwise."""
    with session.bound_to(database.app_url), session.unit_of_work(org.identity) as work:
        return sources.add(work, org.identity, "website", region="GB")


@pytest.fixture
def reps(database: Database, org: Org) -> list[UUID]:
    """Three reps of one team, in the order of their names: Ada, Bo, Cy."""
    with session.bound_to(database.owner_url), session.unit_of_work() as work:
        team = orgs.add_team(work, org.org_id, "Inbound", timezone="Europe/London")
        return [
            orgs.add_rep(work, org.org_id, team, name=name, email=f"{name.lower()}@acme.example")
            for name in ("Ada", "Bo", "Cy")
        ]


@pytest.fixture
def as_flow(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """This process acts as the flows do: their login, for every org."""
    monkeypatch.setenv("CRM_FLOW_DATABASE_URL", database.flow_url)
    session.bind(database.flow_url, pool_size=4)
    yield database
    session.unbind()
