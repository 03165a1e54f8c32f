"""Meta: a lead by its id, and what each refusal of Graph means."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any

import pytest

from integrations import registry
from integrations.errors import RateLimited, Rejected, SendError, Unavailable
from integrations.settings import IntegrationSettings
from tests.integrations.test_http import settings_for
from tests.integrations.web_servers import Reply, WebServer, as_json

LEAD = {
    "id": "4711",
    "created_time": "2026-11-20T10:00:00+0000",
    "field_data": [{"name": "email", "values": ["a@b.example"]}],
}


@pytest.fixture
def site() -> Iterator[WebServer]:
    with WebServer(as_json(200, LEAD)).running() as server:
        yield server


def refusal(code: int, *, status: int = 400, headers: dict[str, str] | None = None, **more: Any) -> Reply:
    """An error as Graph words it."""
    error = {
        "message": "about a@b.example",
        "type": "OAuthException",
        "code": code,
        "fbtrace_id": "x",
        **more,
    }
    return Reply(status, json.dumps({"error": error}).encode(), headers or {})


def test_a_lead_is_asked_for_once_with_the_sources_own_token_and_its_proof(site: WebServer) -> None:
    answer = registry.lead_fetcher(settings_for(site.url)).fetch(
        "4711", access_token="page", app_secret="app"
    )
    assert json.loads(answer) == LEAD
    (asked,) = site.asked
    assert asked.path.startswith("/v24.0/4711?")
    assert asked.headers["Authorization"] == "Bearer page"
    assert "page" not in asked.path
    assert asked.query["appsecret_proof"] == hmac.new(b"app", b"page", hashlib.sha256).hexdigest()
    assert "field_data" in asked.query["fields"].split(",")


def test_the_installations_token_stands_in_for_the_sources(site: WebServer) -> None:
    registry.lead_fetcher(settings_for(site.url)).fetch("4711", access_token="", app_secret="")
    (asked,) = site.asked
    assert asked.headers["Authorization"] == "Bearer meta-secret"
    assert "appsecret_proof" not in asked.query


def test_without_any_token_nobody_is_asked(site: WebServer) -> None:
    settings = IntegrationSettings(meta_base_url=site.url, meta_access_token=None)
    with pytest.raises(Rejected, match="no-token"):
        registry.lead_fetcher(settings).fetch("4711", access_token="", app_secret="")
    assert site.asked == []


@pytest.mark.parametrize("lead_id", ["", "me", "4711/../me", "4711?fields=x", "٤٧"])
def test_an_id_that_is_no_number_is_not_asked_for(site: WebServer, lead_id: str) -> None:
    with pytest.raises(Rejected):
        registry.lead_fetcher(settings_for(site.url)).fetch(lead_id, access_token="t", app_secret="")
    assert site.asked == []


@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        (refusal(190), Rejected, "meta-190"),
        (refusal(104), Rejected, "meta-104"),
        (refusal(100, error_subcode=33), Rejected, "meta-100"),
        (refusal(10), Rejected, "meta-10"),
        (refusal(200, status=403), Rejected, "meta-200"),
        (refusal(4), RateLimited, "meta-4"),
        (refusal(613), RateLimited, "meta-613"),
        (refusal(80005), RateLimited, "meta-80005"),
        (refusal(1, status=500), Unavailable, "meta-1"),
        (refusal(2, status=503, is_transient=True), Unavailable, "meta-2"),
        (refusal(999, is_transient=True), Unavailable, "meta-999"),
        (Reply(403, b"<html>a proxy</html>"), Unavailable, "http-403"),
        (Reply(404, b"<html>a proxy</html>"), Unavailable, "http-404"),
        (as_json(200, {"id": "4712", "field_data": []}), Unavailable, "answer"),
        (as_json(200, {"id": "4711"}), Unavailable, "answer"),
    ],
)
def test_what_is_refused_for_good_is_told_from_what_may_come_later(
    site: WebServer, reply: Reply, kind: type[SendError], code: str
) -> None:
    site.reply = reply
    with pytest.raises(SendError) as caught:
        registry.lead_fetcher(settings_for(site.url)).fetch("4711", access_token="t", app_secret="s")
    assert (type(caught.value), caught.value.code) == (kind, code)
    assert "a@b.example" not in str(caught.value)


def test_graph_says_how_many_minutes_to_wait(site: WebServer) -> None:
    usage = {"1": [{"type": "leadgen", "call_count": 100, "estimated_time_to_regain_access": 7}], "2": []}
    site.reply = refusal(80005, headers={"X-Business-Use-Case-Usage": json.dumps(usage)})
    with pytest.raises(RateLimited) as caught:
        registry.lead_fetcher(settings_for(site.url)).fetch("4711", access_token="t", app_secret="s")
    assert caught.value.retry_after == 7 * 60
