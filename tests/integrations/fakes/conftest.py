"""Fakes on a free port, with and without the providers' contracts, and the official clients that talk to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from sendgrid import SendGridAPIClient
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from integrations.testing import Fakes, FakeServer, running_fakes
from integrations.testing.contracts import Contracts, load_contracts

PATIENCE_SECONDS = 20.0


@pytest.fixture(scope="session")
def contracts() -> Contracts:
    """The providers' contracts; a test that needs them is skipped where they are not."""
    found = load_contracts()
    if found is None:
        pytest.skip("the providers' contracts are not on this machine (CRM_CONTRACTS_DIR)")
    return found


@pytest.fixture(params=["own checks", "contracts"])
def fakes(request: pytest.FixtureRequest) -> Fakes:
    """The fakes as they are on a machine without contracts, and with them."""
    if request.param == "own checks":
        return Fakes(seed=5)
    return Fakes(seed=5, contracts=request.getfixturevalue("contracts"))


@pytest.fixture
def server(fakes: Fakes) -> Iterator[FakeServer]:
    """The fakes on a port."""
    with running_fakes(fakes) as running:
        yield running


@pytest.fixture
def plain() -> Iterator[FakeServer]:
    """The fakes on a port, once: for what has nothing to do with contracts."""
    with running_fakes(Fakes(seed=5)) as running:
        yield running


@pytest.fixture
def http(request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    """A plain client of whichever server the test has."""
    name = "server" if "server" in request.fixturenames else "plain"
    found: FakeServer = request.getfixturevalue(name)
    with httpx.Client(base_url=found.url, timeout=PATIENCE_SECONDS, trust_env=False) as client:
        yield client


def sendgrid_client(server: FakeServer, key: str | None = None) -> Any:
    """SendGrid's own library, led to the fake."""
    client = SendGridAPIClient(key or server.fakes.credentials.sendgrid_key, host=server.url)
    client.client.timeout = PATIENCE_SECONDS
    return client


def twilio_client(server: FakeServer, token: str | None = None, timeout: float = PATIENCE_SECONDS) -> Client:
    """Twilio's own library, led to the fake."""
    known = server.fakes.credentials
    client = Client(
        known.twilio_sid, token or known.twilio_token, http_client=TwilioHttpClient(timeout=timeout)
    )
    client.api.base_url = server.url
    return client
