"""One stack for this folder, and what tests ask of it: callers, the owner's view of the database, waiting."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, TypeVar
from uuid import uuid4

import httpx
import psycopg
import pytest

from tests.faults.own_stack import OwnStack, Source, own_stack

PATIENCE_SECONDS = 120.0

Answer = TypeVar("Answer")


def eventually(question: Callable[[], Answer | None], seconds: float = PATIENCE_SECONDS) -> Answer:
    """Ask until the answer is something; fails after a generous time."""
    until = time.monotonic() + seconds
    while not (answer := question()):
        assert time.monotonic() < until, f"it did not happen within {seconds:.0f} s"
        time.sleep(0.2)
    return answer


class Caller:
    """The administrator's way into the API, and the ways of a source of this test."""

    def __init__(self, stack: OwnStack, client: httpx.Client, source: Source) -> None:
        self.stack, self.client, self._source = stack, client, source

    def capture(self, body: Any, **query: str) -> httpx.Response:
        """Post JSON to the source."""
        headers = {"X-API-Key": self._source.api_key}
        return self.client.post(self._source.url, json=body, headers=headers, params=query)

    def event(self, body: Any, **query: str) -> str:
        """Post one lead; the id of its event."""
        answer = self.capture(body, **query)
        assert answer.status_code == httpx.codes.ACCEPTED, answer.text
        return str(answer.json()["event_id"])

    def get(self, path: str, **query: str) -> Any:
        """What the API answers to the administrator."""
        return self.client.get(path, params=query).raise_for_status().json()

    def lead_of(self, event_id: str) -> str:
        """The lead that an event became, once it is done."""
        done = eventually(lambda: self._done(event_id))
        assert (done["status"], len(done["lead_ids"])) == ("done", 1)
        return str(done["lead_ids"][0])

    def prepared(self, lead_id: str) -> dict[str, Any]:
        """The lead, once it was scored and assigned."""
        return eventually(lambda: self._scored(lead_id))

    def _done(self, event_id: str) -> dict[str, Any] | None:
        found: dict[str, Any] = self.get(f"/api/crm/events/{event_id}")
        return None if found["status"] == "pending" else found

    def _scored(self, lead_id: str) -> dict[str, Any] | None:
        found: dict[str, Any] = self.get(f"/api/crm/leads/{lead_id}")
        return found if found["score"] is not None and found["owner_id"] is not None else None


class Ops:
    """Prefect's own API, as ops use it through the UI."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def deployment(self, name: str) -> dict[str, Any]:
        """A deployment by the name of its flow."""
        found: dict[str, Any] = self._client.get(f"/deployments/name/{name}/{name}").raise_for_status().json()
        return found

    def pause(self, name: str, *, paused: bool) -> None:
        """Pause or resume a deployment."""
        path = f"/deployments/{self.deployment(name)['id']}"
        self._client.patch(path, json={"paused": paused}).raise_for_status()

    def state_of_run(self, run_id: str) -> str:
        """The state of a flow run, such as COMPLETED."""
        return str(self._client.get(f"/flow_runs/{run_id}").raise_for_status().json()["state_type"])

    def answers(self) -> bool:
        """Whether Prefect's server is there."""
        try:
            return self._client.get("/health").status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False


@pytest.fixture(scope="package")
def stack() -> Iterator[OwnStack]:
    """A ready stack, stopped and removed after the last test; who breaks it waits till it is whole."""
    with own_stack() as stack:
        stack.add_reps()
        yield stack


@pytest.fixture(scope="package")
def caller(stack: OwnStack) -> Iterator[Caller]:
    """A caller with a source."""
    credentials = stack.credentials
    source = stack.add_source("website")
    headers = {"X-API-Key": credentials["api_key"]}
    with httpx.Client(
        base_url=credentials["api_url"], headers=headers, timeout=30, trust_env=False
    ) as client:
        yield Caller(stack, client, source)


@pytest.fixture(scope="package")
def ops(stack: OwnStack) -> Iterator[Ops]:
    """Somebody who is logged in to Prefect."""
    credentials = stack.credentials
    user, _, password = credentials["prefect_auth"].partition(":")
    with httpx.Client(
        base_url=f"{credentials['prefect_url']}/api", auth=(user, password), timeout=30, trust_env=False
    ) as client:
        yield Ops(client)


@pytest.fixture
def owner(stack: OwnStack) -> Iterator[psycopg.Connection]:
    """The database as its owner sees it: everything."""
    with psycopg.connect(stack.owner_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def person() -> Callable[..., dict[str, Any]]:
    """Makes a person nobody knows yet, as JSON."""

    def make(**more: Any) -> dict[str, Any]:
        email = f"grace.{uuid4().hex[:10]}@navy.example"
        return {"first_name": "Grace", "last_name": "Hopper", "email": email, "country": "US", **more}

    return make


def sign_of_life(stack: OwnStack, lane: str) -> datetime:
    """When an intake last said that it lives; it does so each time it has looked at its deployment."""
    path = stack.home / "run" / f"intake-{lane}.json"
    return datetime.fromisoformat(json.loads(path.read_text(encoding="utf-8"))["at"])
