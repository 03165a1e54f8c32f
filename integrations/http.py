"""Requests to providers over HTTP: explicit time-outs, no retry, no redirect, and a meaning for every way they end.

What cannot reach the provider was surely not done, and so was what it refused by one of the answers listed here.
Whatever else goes wrong after the request may have left is ambiguous.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from integrations.clock import postmark
from integrations.errors import Ambiguous, RateLimited, Rejected, SendError, Unavailable
from integrations.settings import IntegrationSettings

MOST_BYTES = 4 * 1024 * 1024
WAIT_SECONDS = 30.0
MOST_WAIT_SECONDS = 86_400.0
STEPS_OF_A_REQUEST = 3
"""Parts of a request that may each last the time-out: writing, the answer's head, its body."""

ABOUT_THE_MESSAGE = frozenset({400, 413, 415, 422})
ABOUT_US = frozenset({401, 402, 403, 404, 405})
"""Answers to a request that was refused unread: our key, our account, our address of the provider."""

_NEVER_LEFT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
_FAILURES = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ValueError)

# At their more talkative levels these write addresses, numbers and keys.
for _talkative in ("httpx", "httpcore", "python_http_client", "twilio"):
    logging.getLogger(_talkative).setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whole."""

    status: int
    headers: httpx.Headers = field(repr=False)
    body: bytes = field(repr=False)

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; empty when it is none."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}


def client(settings: IntegrationSettings, *, patience: float) -> httpx.Client:
    """The one way a client is made; `patience`: seconds to wait for each part of an exchange.

    A connection serves one request: a kept one may turn out to be dead only after the request left.
    """
    return httpx.Client(
        timeout=httpx.Timeout(patience, connect=min(patience, settings.http_connect_timeout)),
        limits=httpx.Limits(max_keepalive_connections=0),
        follow_redirects=False,
    )


class Wire:
    """Carries one provider's requests, each once; `patience` shortens the time-out where less will do."""

    def __init__(
        self, provider: str, settings: IntegrationSettings, *, patience: float | None = None
    ) -> None:
        self.provider = provider
        self._patience = min(settings.http_timeout, patience or settings.http_timeout)
        self._client = client(settings, patience=self._patience)

    def exchange(self, method: str, url: str, **request: Any) -> Answer:
        """Ask once and read the whole answer; `request` holds httpx's headers, params, content, data and auth.

        Raises `Unavailable` where the request surely never left, else `Ambiguous`.
        """
        try:
            with self._client.stream(method, url, **request) as response:
                return Answer(response.status_code, response.headers, self._body(response))
        except _NEVER_LEFT as error:
            raise Unavailable(self.provider, _code(error), "the provider cannot be reached") from None
        except _FAILURES as error:
            words = "the connection failed before the whole answer was read"
            raise Ambiguous(self.provider, _code(error), words) from None

    def _body(self, response: httpx.Response) -> bytes:
        """The body within its limits of size and time, which a trickling answer cannot stretch."""
        body, until = bytearray(), time.monotonic() + self._patience
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > MOST_BYTES or time.monotonic() > until:
                raise httpx.StreamError("the answer is too long")
        return bytes(body)


def unsent(provider: str, answer: Answer) -> SendError:
    """What an answer other than success means for something that was to be done once."""
    status, code = answer.status, f"http-{answer.status}"
    if status == 429 or (status == 503 and "Retry-After" in answer.headers):
        return RateLimited(
            provider, code, "the provider wants us to wait", retry_after=seconds_to_wait(answer)
        )
    if status in ABOUT_THE_MESSAGE:
        return Rejected(provider, code, "the provider refused the message")
    if status in ABOUT_US:
        return Unavailable(provider, code, "the provider refused our account, key or address of it")
    return Ambiguous(provider, code, "the provider's answer does not say what became of the message")


def untold(provider: str, answer: Answer) -> SendError:
    """What an answer other than success means for a question, which may be asked again at will."""
    status, code = answer.status, f"http-{answer.status}"
    if status in {429, 503}:
        return RateLimited(
            provider, code, "the provider wants us to wait", retry_after=seconds_to_wait(answer)
        )
    if status in {400, 403, 404, 405, 410}:
        return Rejected(provider, code, "the provider does not answer this question")
    return Unavailable(provider, code, "the provider does not answer now")


def doubtless(question: Ambiguous) -> Unavailable:
    """A question whose answer was lost has done nothing: it may be asked again."""
    return Unavailable(question.provider, question.code, "the provider did not answer")


def seconds_to_wait(answer: Answer) -> float:
    """How long the provider asks us to wait: Retry-After as seconds or date, X-RateLimit-Reset as Unix time; at most a day."""
    headers: Mapping[str, str] = answer.headers
    asked, reset = headers.get("Retry-After", ""), headers.get("X-RateLimit-Reset", "")
    if asked.isdecimal():
        wait = float(asked)
    elif asked:
        wait = (_moment(asked) or 0.0) - _their_now(headers)
    elif reset.isdecimal():
        wait = float(reset) - _their_now(headers)
    else:
        wait = WAIT_SECONDS
    return min(MOST_WAIT_SECONDS, wait) if wait > 0 else WAIT_SECONDS


def _their_now(headers: Mapping[str, str]) -> float:
    """The provider's own time, so that a wrong clock on either side changes nothing."""
    return _moment(headers.get("Date", "")) or postmark().timestamp()


def _moment(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).replace(tzinfo=UTC).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def _code(error: Exception) -> str:
    return f"http-{type(error).__name__.lower()}"
