"""Providers over HTTP: one request an attempt, and the right class for every way it can end."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from integrations import http, registry
from integrations.errors import Ambiguous, RateLimited, Rejected, SendError, Unavailable
from integrations.ports import Receipt, Trace
from integrations.settings import IntegrationSettings
from tests.integrations.mail_servers import closed_port
from tests.integrations.samples import make_call, make_email, make_sms, trace_of
from tests.integrations.web_servers import CUT, HALF, HANG, NOISE, Reply, WebServer, as_json

SID = "AC" + "0" * 32
SECRETS = ("SG.secret", "twilio-secret", "meta-secret")
PERSONAL = ("juergen@example.org", "Jürgen", "+4930901820", "%2B4930901820", "4930901820")


def settings_for(url: str, **changes: Any) -> IntegrationSettings:
    """Every provider over HTTP at one address, and little patience."""
    values: dict[str, Any] = {
        "sendgrid_base_url": url,
        "twilio_base_url": url,
        "meta_base_url": url,
        "sendgrid_api_key": SecretStr(SECRETS[0]),
        "twilio_auth_token": SecretStr(SECRETS[1]),
        "meta_access_token": SecretStr(SECRETS[2]),
        "twilio_account_sid": SID,
        "twilio_from": "+15005550006",
        "provider_email": "sendgrid",
        "provider_phone": "twilio",
        "http_timeout": 10,
        "http_connect_timeout": 10,
    }
    return IntegrationSettings(**(values | changes))


def send_email(settings: IntegrationSettings) -> Receipt:
    return registry.email_sender(settings).send(make_email())


def send_text(settings: IntegrationSettings) -> Receipt:
    return registry.phone_line(settings).text(make_sms())


def make_a_call(settings: IntegrationSettings) -> Receipt:
    return registry.phone_line(settings).call(make_call())


def find_email(settings: IntegrationSettings) -> Receipt | None:
    return registry.email_sender(settings).lookup(trace_of(make_email()))


def find_text(settings: IntegrationSettings) -> Receipt | None:
    trace: Trace = trace_of(make_sms())
    return registry.phone_line(settings).lookup(trace)


def fetch_lead(settings: IntegrationSettings) -> bytes:
    return registry.lead_fetcher(settings).fetch("4711", access_token="", app_secret="")


SENDS = [send_email, send_text, make_a_call]
QUESTIONS = [find_email, find_text, fetch_lead]
Act = Callable[[IntegrationSettings], object]


@pytest.fixture
def site() -> Iterator[WebServer]:
    with WebServer().running() as server:
        yield server


@pytest.mark.parametrize("send", SENDS)
@pytest.mark.parametrize("trouble", [CUT, HANG, HALF, NOISE])
def test_a_lost_answer_leaves_a_doubt_after_exactly_one_post(
    site: WebServer, send: Act, trouble: str
) -> None:
    site.reply = Reply(201, b'{"half":', trouble=trouble)
    with pytest.raises(Ambiguous):
        send(settings_for(site.url, http_timeout=0.5 if trouble == HANG else 10))
    assert [asked.method for asked in site.asked] == ["POST"]


@pytest.mark.parametrize("send", SENDS)
@pytest.mark.parametrize(
    ("status", "headers", "kind"),
    [
        (400, {}, Rejected),
        (401, {}, Unavailable),
        (402, {}, Unavailable),
        (403, {}, Unavailable),
        (404, {}, Unavailable),
        (405, {}, Unavailable),
        (408, {}, Ambiguous),
        (409, {}, Ambiguous),
        (413, {}, Rejected),
        (415, {}, Rejected),
        (418, {}, Ambiguous),
        (422, {}, Rejected),
        (429, {}, RateLimited),
        (429, {"Retry-After": "7"}, RateLimited),
        (500, {}, Ambiguous),
        (502, {}, Ambiguous),
        (503, {}, Ambiguous),
        (503, {"Retry-After": "7"}, RateLimited),
        (504, {"Retry-After": "7"}, Ambiguous),
        (301, {"Location": "/elsewhere"}, Ambiguous),
        (302, {"Location": "/elsewhere"}, Ambiguous),
        (307, {"Location": "/elsewhere"}, Ambiguous),
        (200, {}, Ambiguous),
        (204, {}, Ambiguous),
    ],
)
def test_every_answer_to_a_send_has_its_class_and_is_asked_for_once(
    site: WebServer, send: Act, status: int, headers: dict[str, str], kind: type[SendError]
) -> None:
    site.reply = Reply(status, b"" if status == 204 else b'{"message": "to juergen@example.org"}', headers)
    with pytest.raises(SendError) as caught:
        send(settings_for(site.url))
    assert type(caught.value) is kind
    assert len(site.asked) == 1
    assert "juergen" not in str(caught.value) + caught.value.code
    if isinstance(caught.value, RateLimited):
        assert caught.value.retry_after == float(headers.get("Retry-After", http.WAIT_SECONDS))


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize(
    ("reply", "kinds"),
    [
        (Reply(trouble=CUT), (Unavailable,)),
        (Reply(200, b'{"half":', trouble=HALF), (Unavailable,)),
        (Reply(trouble=NOISE), (Unavailable,)),
        (Reply(200, b"<html>"), (Unavailable,)),
        (Reply(200, b'["no object"]'), (Unavailable,)),
        (Reply(200, b"[" * 100_000), (Unavailable,)),
        (Reply(401), (Unavailable,)),
        (Reply(403), (Rejected, Unavailable)),
        (Reply(404), (Rejected, Unavailable)),
        (Reply(429), (RateLimited,)),
        (Reply(500), (Unavailable,)),
        (Reply(503), (RateLimited,)),
        (Reply(301, headers={"Location": "/elsewhere"}), (Unavailable,)),
    ],
)
def test_a_question_is_never_in_doubt(
    site: WebServer, question: Act, reply: Reply, kinds: tuple[type[SendError], ...]
) -> None:
    site.reply = reply
    with pytest.raises(SendError) as caught:
        question(settings_for(site.url))
    assert type(caught.value) in kinds
    assert [asked.method for asked in site.asked] == ["GET"]


@pytest.mark.parametrize("act", [*SENDS, *QUESTIONS])
def test_what_cannot_be_reached_was_surely_not_done(act: Act) -> None:
    with pytest.raises(Unavailable) as caught:
        act(settings_for(f"http://127.0.0.1:{closed_port()}"))
    assert caught.value.code == "http-connecterror"


TRANSPORT_ERRORS = [
    (httpx.ConnectError, Unavailable),
    (httpx.ConnectTimeout, Unavailable),
    (httpx.PoolTimeout, Unavailable),
    (httpx.ProxyError, Unavailable),
    (httpx.UnsupportedProtocol, Unavailable),
    (httpx.ReadTimeout, Ambiguous),
    (httpx.WriteTimeout, Ambiguous),
    (httpx.ReadError, Ambiguous),
    (httpx.WriteError, Ambiguous),
    (httpx.CloseError, Ambiguous),
    (httpx.LocalProtocolError, Ambiguous),
    (httpx.RemoteProtocolError, Ambiguous),
    (httpx.DecodingError, Ambiguous),
    (httpx.TooManyRedirects, Ambiguous),
]


@pytest.mark.parametrize(("error", "kind"), TRANSPORT_ERRORS)
def test_every_error_of_the_transport_has_its_class(
    monkeypatch: pytest.MonkeyPatch, error: type[httpx.RequestError], kind: type[SendError]
) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise error("to juergen@example.org", request=request)

    broken = httpx.Client(transport=httpx.MockTransport(fail))
    monkeypatch.setattr(http, "client", lambda *_, **__: broken)
    for send in SENDS:
        with pytest.raises(SendError) as caught:
            send(settings_for("https://provider.example"))
        assert type(caught.value) is kind
        assert "juergen" not in str(caught.value)


def test_no_error_of_the_transport_is_forgotten() -> None:
    def leaves(kind: type[BaseException]) -> set[type[BaseException]]:
        below = kind.__subclasses__()
        return set().union(*map(leaves, below)) if below else {kind}

    named = {error for error, _ in TRANSPORT_ERRORS}
    assert {kind for kind in leaves(httpx.RequestError) if kind.__module__.startswith("httpx")} <= named


@pytest.mark.parametrize("act", [*SENDS, *QUESTIONS])
def test_nothing_personal_and_no_secret_is_logged_at_any_level_in_use(
    site: WebServer, act: Act, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    site.reply = as_json(500, {"message": "to juergen@example.org"})
    with pytest.raises(SendError):
        act(settings_for(site.url))
    assert [text for text in (*PERSONAL, *SECRETS) if text in caplog.text] == []


def test_an_endless_answer_is_not_read_to_its_end(site: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MOST_BYTES", 1000)
    site.reply = Reply(202, b"x" * 100_000, {"X-Message-Id": "abc"})
    with pytest.raises(Ambiguous):
        send_email(settings_for(site.url))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "120"}, 120),
        ({"Retry-After": "Sun, 22 Nov 2026 12:01:00 GMT", "Date": "Sun, 22 Nov 2026 12:00:00 GMT"}, 60),
        ({"X-RateLimit-Reset": "1795348860", "Date": "Sun, 22 Nov 2026 12:00:00 GMT"}, 60),
        ({"X-RateLimit-Reset": "1", "Date": "Sun, 22 Nov 2026 12:00:00 GMT"}, http.WAIT_SECONDS),
        ({"Retry-After": "0"}, http.WAIT_SECONDS),
        ({"Retry-After": "soon"}, http.WAIT_SECONDS),
        ({"Retry-After": "99999999999"}, http.MOST_WAIT_SECONDS),
        ({}, http.WAIT_SECONDS),
    ],
)
def test_a_provider_that_wants_us_to_wait_is_understood(headers: dict[str, str], seconds: float) -> None:
    answer = http.Answer(429, httpx.Headers(headers), b"")
    assert http.seconds_to_wait(answer) == seconds
