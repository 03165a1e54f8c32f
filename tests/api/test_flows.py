"""Automations over HTTP, on a real Prefect server that knows what prefect.yaml lists."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.api.conftest import Serve
from tests.api.serving import client_of, is_problem
from tests.conftest import Org
from tests.prefect_server import AUTH

FLOWS = "/api/crm/flows"
RUNS = f"{FLOWS}/lead-scoring/runs"


@pytest.fixture(scope="module")
def registered(prefect_url: str) -> str:
    """The address of Prefect's API, with our deployments registered as `crm up` does it."""
    environment = {**os.environ, "PREFECT_API_URL": prefect_url, "PREFECT_API_AUTH_STRING": AUTH}
    subprocess.run(
        [sys.executable, "-m", "deployments.lanes.register"], env=environment, check=True, timeout=120
    )
    return prefect_url


@pytest.fixture
def operator(registered: str, serve: Serve, org: Org) -> Iterator[httpx.Client]:
    """An administrator's client of an API that knows this Prefect server."""
    with client_of(serve(prefect_api_url=registered, prefect_auth=AUTH), org.api_key) as client:
        yield client


@pytest.fixture
def prefect(registered: str) -> Iterator[httpx.Client]:
    """Prefect's own API."""
    user, _, password = AUTH.partition(":")
    with httpx.Client(base_url=registered, auth=(user, password), timeout=30) as client:
        yield client


def listed(client: httpx.Client, name: str) -> dict[str, Any]:
    flows = {flow["name"]: flow for flow in client.get(FLOWS).json()["items"]}
    found: dict[str, Any] = flows[name]
    return found


def test_automations_are_listed_with_their_schedule_and_a_link(
    operator: httpx.Client, registered: str
) -> None:
    answer = operator.get(FLOWS).json()
    assert answer["next_cursor"] is None
    names = [flow["name"] for flow in answer["items"]]
    assert {"lead-capture", "message-delivery", "lead-scoring", "follow-up-scheduling"} <= set(names)
    scoring = listed(operator, "lead-scoring")
    assert scoring["description"]
    assert scoring["tags"] == ["lane:sweeps"]
    assert [(one["interval"], one["active"]) for one in scoring["schedules"]] == [(300, True)]
    assert scoring["ui_url"].startswith(registered.removesuffix("/api") + "/deployments/deployment/")


def test_a_run_is_started_and_shows_as_the_last_one_once_it_began(
    operator: httpx.Client, prefect: httpx.Client
) -> None:
    answer = operator.post(RUNS, json={"parameters": {"dry_run": True}})
    assert answer.status_code == 202, answer.text
    run_id, ui_url = answer.json()["run_id"], answer.json()["ui_url"]
    assert ui_url.endswith(f"/runs/flow-run/{run_id}")
    run = prefect.get(f"flow_runs/{run_id}").json()
    assert run["parameters"]["dry_run"] is True
    prefect.post(f"flow_runs/{run_id}/set_state", json={"state": {"type": "RUNNING"}, "force": True})
    last = listed(operator, "lead-scoring")["last_run"]
    assert (last["id"], last["state"], last["ui_url"]) == (run_id, "Running", ui_url)
    assert last["at"]


def test_a_run_may_be_limited_to_a_time(operator: httpx.Client, prefect: httpx.Client) -> None:
    parameters = {"since": "2026-11-22T00:00:00Z", "until": "2026-11-23T00:00:00+01:00"}
    answer = operator.post(RUNS, json={"parameters": parameters})
    assert answer.status_code == 202, answer.text
    kept = prefect.get(f"flow_runs/{answer.json()['run_id']}").json()["parameters"]
    assert parameters.items() <= kept.items()


def test_a_run_needs_no_body(operator: httpx.Client) -> None:
    assert operator.post(RUNS).status_code == 202


def test_a_repeat_with_the_same_key_is_the_same_run(operator: httpx.Client) -> None:
    started = [
        operator.post(RUNS, json={}, headers={"Idempotency-Key": key}).json()["run_id"]
        for key in ("a", "a", "b")
    ]
    assert started[0] == started[1] != started[2]


BAD_PARAMETERS: list[dict[str, Any]] = [
    {"dry_run": "secret perhaps"},
    {"since": "secret yesterday"},
    {"secret": 1},
    {"dry_run": {"__prefect_kind": "workspace_variable", "variable_name": "secret"}},
    {"dry_run": {"__prefect_kind": "jinja", "template": "{{ secret }}"}},
]


def test_parameters_that_the_flow_does_not_take_are_refused_without_repeating_them(
    operator: httpx.Client,
) -> None:
    for parameters in BAD_PARAMETERS:
        answer = operator.post(RUNS, json={"parameters": parameters})
        assert answer.status_code == 422, parameters
        problem = is_problem(answer, 422, "bad_parameters")
        assert "dry_run" in problem["detail"] and "since" in problem["detail"]
        assert "secret" not in answer.text
    is_problem(operator.post(RUNS, json={"parameter": {}}), 422, "invalid_request")


def test_an_unknown_flow_is_not_found(operator: httpx.Client) -> None:
    for name in ("no-such-flow", "x" * 200, "%20", "lead-scoring%3Fx"):
        is_problem(operator.post(f"{FLOWS}/{name}/runs", json={}), 404, "unknown_flow")


def test_starting_a_run_needs_an_administrators_key(
    operator: httpx.Client, org: Org, make_key: Callable[..., str]
) -> None:
    headers = {"X-API-Key": make_key(org, "read", "write", "capture")}
    is_problem(operator.post(RUNS, json={}, headers=headers), 403, "forbidden")
    assert operator.get(FLOWS, headers=headers).status_code == 200


def test_when_prefect_is_away_or_refuses_us_it_is_503_and_all_else_goes_on(
    serve: Serve, org: Org, registered: str, free_port: Callable[[], int]
) -> None:
    nobody = {"prefect_api_url": f"http://127.0.0.1:{free_port()}/api", "prefect_auth": AUTH}
    refused = {"prefect_api_url": registered, "prefect_auth": "admin:wrong"}
    for settings in (nobody, refused):
        with client_of(serve(**settings), org.api_key) as client:
            for answer in (client.get(FLOWS), client.post(RUNS, json={})):
                is_problem(answer, 503, "prefect_unavailable")
                assert int(answer.headers["retry-after"]) >= 1
            assert client.get("/api/crm/leads").status_code == 200
            assert client.get("/api/crm/health").status_code == 200


def test_a_key_that_was_used_for_another_run_is_refused(operator: httpx.Client) -> None:
    headers = {"Idempotency-Key": "key-of-a-dry-run"}
    assert operator.post(RUNS, json={"parameters": {"dry_run": True}}, headers=headers).status_code == 202
    again = operator.post(RUNS, json={"parameters": {"dry_run": False}}, headers=headers)
    is_problem(again, 422, "idempotency_key_reused")
