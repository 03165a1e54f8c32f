"""Flows in tests are runs on the test run's Prefect server."""

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

from deployments.lanes.in_process import no_heartbeats
from tests.prefect_server import AUTH


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
