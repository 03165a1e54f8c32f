"""A real Prefect server on the test run's Postgres, started once; flows in tests are runs on it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prefect.settings import (
    PREFECT_API_AUTH_STRING,
    PREFECT_API_URL,
    PREFECT_HOME,
    PREFECT_SERVER_ALLOW_EPHEMERAL_MODE,
    temporary_settings,
)

from crm_db.roles import ensure_database
from deployments.addresses import for_asyncpg
from deployments.in_process import no_heartbeats
from tests.conftest import Server

AUTH = "admin:only-for-tests"
START_SECONDS = 180.0


@pytest.fixture(scope="session")
def prefect_url(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The API address of a Prefect server with a database of its own."""
    name = f"prefect_test_{os.getpid()}"
    ensure_database(server.admin_url, name, "crm_prefect")
    port, home = _free_port(), tmp_path_factory.mktemp("prefect")
    with (home / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)],
            env=_environment(server.url("crm_prefect", name), home),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        url = f"http://127.0.0.1:{port}/api"
        _wait_healthy(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(60)
        server.execute("drop database {} with (force)", name)


@pytest.fixture
def prefect(prefect_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    """This process talks to the test server as an intake does; yields a client of its REST API."""
    settings = {
        PREFECT_API_URL: prefect_url,
        PREFECT_API_AUTH_STRING: AUTH,
        PREFECT_HOME: tmp_path,
        PREFECT_SERVER_ALLOW_EPHEMERAL_MODE: False,
    }
    monkeypatch.setenv("PREFECT_SERVER_ALLOW_EPHEMERAL_MODE", "false")
    with (
        temporary_settings(settings),
        no_heartbeats(),
        httpx.Client(base_url=prefect_url, auth=httpx.BasicAuth(*AUTH.split(":")), timeout=30) as client,
    ):
        yield client


def _environment(database_url: str, home: Path) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")},
        "PREFECT_HOME": str(home),
        "PREFECT_API_DATABASE_CONNECTION_URL": for_asyncpg(database_url),
        "PREFECT_SERVER_API_AUTH_STRING": AUTH,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_LOGGING_LEVEL": "WARNING",
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_healthy(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, "the Prefect server ended at its start"
        try:
            if httpx.get(f"{url}/health", timeout=5).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise AssertionError("the Prefect server did not become healthy")
