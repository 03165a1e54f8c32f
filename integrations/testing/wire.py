"""HTTP as plain values, so that a service is a function from a request to an answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs


@dataclass(frozen=True, slots=True)
class Request:
    """One request; header names are in lower case, `query` and `body` as they came."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def params(self) -> dict[str, list[str]]:
        """The query's parameters, blank ones too."""
        return parse_qs(self.query, keep_blank_values=True)

    @property
    def media_type(self) -> str:
        """The body's media type without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. accepted: the numbers of the log's entries that the request led to."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    accepted: tuple[int, ...] = ()

    @property
    def is_yes(self) -> bool:
        """Whether the caller got what it asked for."""
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server does: it waits, then answers; without an answer it cuts the connection."""

    answer: Answer | None
    wait_seconds: float = 0.0


def as_json(
    status: int, value: object, headers: Mapping[str, str] | None = None, accepted: tuple[int, ...] = ()
) -> Answer:
    """An answer with a JSON body."""
    body = json.dumps(value, ensure_ascii=False).encode()
    return Answer(status, body, {"Content-Type": "application/json", **(headers or {})}, accepted)
