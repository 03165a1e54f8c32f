"""Graph's fake gives a lead to who proves himself, and errors in Graph's shape to everybody else."""

from __future__ import annotations

from collections.abc import Mapping

import httpx
import pytest

from integrations.testing import Fakes, FakeServer
from integrations.testing.faults import Plan
from integrations.testing.signatures import appsecret_proof

LEAD = {
    "id": "4411223344",
    "created_time": "2026-11-20T08:00:00+0000",
    "form_id": "77",
    "field_data": [{"name": "email", "values": ["jo@example.org"]}],
}


@pytest.fixture
def fakes() -> Fakes:
    """Graph has no contract."""
    return Fakes(seed=5)


@pytest.fixture
def token(server: FakeServer, http: httpx.Client) -> str:
    """A page's token, for fakes that know one lead."""
    assert http.post("/_fake/leads", json=LEAD).status_code == 201
    return server.fakes.credentials.meta_token


def ask(http: httpx.Client, lead: str = "4411223344", **params: str) -> httpx.Response:
    return http.get(f"/v24.0/{lead}", params=params)


def code_of(answer: httpx.Response) -> tuple[int, int]:
    error: Mapping[str, object] = answer.json()["error"]
    assert {"message", "type", "code", "fbtrace_id"} <= error.keys()
    return answer.status_code, int(str(error["code"]))


def test_a_lead_is_given_to_the_pages_token(http: httpx.Client, token: str) -> None:
    found = ask(http, access_token=token).json()
    assert found == {name: LEAD[name] for name in ("id", "created_time", "field_data")}
    by_header = http.get(
        "/4411223344", headers={"Authorization": f"Bearer {token}"}, params={"fields": "form_id"}
    )
    assert by_header.json() == {"id": "4411223344", "form_id": "77"}


def test_the_apps_proof_must_fit_when_it_is_given(server: FakeServer, http: httpx.Client, token: str) -> None:
    proof = appsecret_proof(server.fakes.credentials.meta_app_secret, token)
    assert ask(http, access_token=token, appsecret_proof=proof).status_code == 200
    assert code_of(ask(http, access_token=token, appsecret_proof=proof[:-1] + "x")) == (400, 100)


@pytest.mark.parametrize(
    ("params", "code"),
    [({}, 104), ({"access_token": "wrong"}, 190), ({"fields": "email"}, 100), ({"field": "id"}, 100)],
)
def test_a_bad_request_is_refused_by_graphs_number(
    http: httpx.Client, token: str, params: dict[str, str], code: int
) -> None:
    given = params if code in (104, 190) else {"access_token": token, **params}
    assert code_of(ask(http, **given)) == (400, code)


def test_an_unknown_lead_is_an_unsupported_request(http: httpx.Client, token: str) -> None:
    answer = ask(http, "1", access_token=token)
    assert (code_of(answer), answer.json()["error"]["error_subcode"]) == ((400, 100), 33)


def test_a_limit_and_a_passing_trouble_are_told_in_graphs_way(
    server: FakeServer, http: httpx.Client, token: str
) -> None:
    server.fakes.follow(Plan(share=1, after_share=0, before=("429",), on=("lookup",)))
    limited = ask(http, access_token=token)
    assert code_of(limited) == (400, 4) and "X-App-Usage" in limited.headers
    server.fakes.follow(Plan(share=1, after_share=0, before=("500",), on=("lookup",)))
    trouble = ask(http, access_token=token)
    assert code_of(trouble) == (500, 2) and trouble.json()["error"]["is_transient"] is True


@pytest.mark.parametrize(
    "lead", [{}, {"id": "x", "field_data": []}, {"id": "1"}, {**LEAD, "email": "jo@example.org"}]
)
def test_a_lead_that_is_none_is_not_put_in(
    http: httpx.Client, server: FakeServer, lead: dict[str, object]
) -> None:
    assert http.post("/_fake/leads", json=lead).status_code == 400
