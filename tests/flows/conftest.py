"""Flows in tests are runs on the test run's Prefect server."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prefect.events.worker import EventsWorker
from prefect.logging.handlers import APILogWorker
from prefect.settings import (
    PREFECT_API_AUTH_STRING,
    PREFECT_API_URL,
    PREFECT_HOME,
    PREFECT_SERVER_ALLOW_EPHEMERAL_MODE,
    temporary_settings,
)

from deployments.lanes.in_process import no_heartbeats
from tests.prefect_server import AUTH

DRAIN_SECONDS = 20.0


@pytest.fixture(scope="session")
def drained(prefect_url: str) -> Iterator[str]:
    """The server's address; what this process still has to tell it is told before it ends, not in vain for a minute after."""
    yield prefect_url
    for worker in (APILogWorker, EventsWorker):
        worker.drain_all(timeout=DRAIN_SECONDS)


@pytest.fixture
def prefect(drained: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    """This process talks to the test server as an intake does; yields a client of its REST API."""
    settings = {
        PREFECT_API_URL: drained,
        PREFECT_API_AUTH_STRING: AUTH,
        PREFECT_HOME: tmp_path,
        PREFECT_SERVER_ALLOW_EPHEMERAL_MODE: False,
    }
    monkeypatch.setenv("PREFECT_SERVER_ALLOW_EPHEMERAL_MODE", "false")
    with (
        temporary_settings(settings),
        no_heartbeats(),
        httpx.Client(base_url=drained, auth=httpx.BasicAuth(*AUTH.split(":")), timeout=30) as client,
    ):
        yield client
