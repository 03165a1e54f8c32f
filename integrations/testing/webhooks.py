"""News of what became of accepted messages, told as badly as real providers tell it: several times, out of order, in batches.

What is due is worked out here; `server.Courier` posts it.
"""

from __future__ import annotations

import base64
import hashlib
import heapq
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any
from urllib.parse import urlencode

from integrations.testing import shapes
from integrations.testing.fake_sendgrid import Mail
from integrations.testing.fake_twilio import Resource
from integrations.testing.signatures import EventKey, twilio_signature

MOST_TRIES = 4
TRY_AGAIN_SECONDS = 0.5
SMS_STATUSES = ("queued", "sent", "delivered")
CALL_STATUSES = {
    "initiated": "initiated",
    "ringing": "ringing",
    "answered": "in-progress",
    "completed": "completed",
}
ENDINGS = {
    "bounce": ("processed", "bounce"),
    "drop": ("dropped",),
    "spam": ("processed", "delivered", "spamreport"),
    "late": ("processed", "deferred", "delivered"),
    "": ("processed", "delivered", "open"),
}
"""How a mail ends, by the first letters of its recipient's address; the last row is everybody else's."""
_DETAILS: dict[str, dict[str, str]] = {
    "bounce": {"reason": "550 5.1.1 no such user", "status": "5.1.1", "type": "bounce"},
    "dropped": {"reason": "Bounced Address"},
    "deferred": {"response": "451 4.7.1 try later", "attempt": "1"},
    "delivered": {"response": "250 OK"},
    "open": {"useragent": "fake", "ip": "127.0.0.1"},
}


@dataclass(frozen=True, slots=True)
class Manner:
    """How news are told. url: where SendGrid's events go, none for nowhere; Twilio's go where each message says.

    copies: how often each event is told. spread_seconds: over which the tellings are scattered, so that they overtake one
    another. batch: most events in one post.
    """

    url: str | None = None
    copies: int = 1
    spread_seconds: float = 0.0
    batch: int = 100


@dataclass(frozen=True, slots=True)
class Delivery:
    """One post that is to be made."""

    url: str
    body: bytes
    headers: dict[str, str]
    tries: int = 0


@dataclass(order=True, slots=True)
class _Waiting:
    due: float
    number: int
    event: dict[str, Any] | Delivery = field(compare=False)


MANNER = shapes.record(
    {
        "url": shapes.either(shapes.text(least=1), shapes.one_of(None)),
        "copies": shapes.number(least=1, most=50, whole=True),
        "spread_seconds": shapes.number(least=0, most=3600),
        "batch": shapes.number(least=1, most=1000, whole=True),
    }
)


class Newsroom:
    """Collects news as messages are taken, and hands out what is due. Safe to share between threads."""

    def __init__(
        self, seed: int, twilio_token: str, clock: Callable[[], datetime], timer: Callable[[], float]
    ) -> None:
        self.key = EventKey(seed)
        self.manner = Manner()
        self.counts = {"posted": 0, "tried_again": 0, "given_up": 0}
        self._token, self._clock, self._timer = twilio_token, clock, timer
        self._chance = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self._waiting: list[_Waiting] = []
        self._number = 0
        self._lock = Lock()

    def mail_taken(self, mail: Mail) -> None:
        """SendGrid's events of one mail."""
        if self.manner.url is None:
            return
        at = int(self._clock().timestamp())
        for step, event in enumerate(_ending(mail)):
            named = hashlib.sha256(f"{mail.msg_id} {event}".encode()).digest()[:16]
            told = {
                **mail.events,
                "event": event,
                "timestamp": at + step,
                "sg_event_id": base64.urlsafe_b64encode(named).decode().rstrip("="),
                **_DETAILS.get(event, {}),
            }
            self._scatter(told, self.manner.copies)

    def resource_taken(self, resource: Resource) -> None:
        """Twilio's status callbacks of one text or call, if its caller named a place for them."""
        if not resource.callback:
            return
        for params in _statuses(resource):
            body = urlencode(params).encode()
            headers = {
                "Content-Type": "application/x-www-form-urlencoded",
                "X-Twilio-Signature": twilio_signature(self._token, resource.callback, params),
            }
            self._scatter(Delivery(resource.callback, body, headers), self.manner.copies)

    def due(self) -> list[Delivery]:
        """What is to be posted now; events of SendGrid in signed batches."""
        with self._lock:
            ready = []
            while self._waiting and self._waiting[0].due <= self._timer():
                ready.append(heapq.heappop(self._waiting).event)
            manner = self.manner
        events = [one for one in ready if isinstance(one, dict)]
        deliveries = [one for one in ready if isinstance(one, Delivery)]
        if manner.url is not None:
            for start in range(0, len(events), manner.batch):
                deliveries.append(self._batch(manner.url, events[start : start + manner.batch]))
        return deliveries

    def not_taken(self, delivery: Delivery) -> None:
        """A post failed: it is made again a little later, a few times."""
        again = delivery.tries + 1 < MOST_TRIES
        with self._lock:
            self.counts["tried_again" if again else "given_up"] += 1
        if again:
            later = Delivery(delivery.url, delivery.body, delivery.headers, delivery.tries + 1)
            self._wait(later, TRY_AGAIN_SECONDS * later.tries)

    def was_taken(self) -> None:
        """A post was answered with a yes."""
        with self._lock:
            self.counts["posted"] += 1

    @property
    def left(self) -> int:
        """Tellings that still wait."""
        with self._lock:
            return len(self._waiting)

    def forget(self) -> None:
        """Drop what waits."""
        with self._lock:
            self._waiting.clear()
            self.counts = dict.fromkeys(self.counts, 0)

    def _batch(self, url: str, events: list[dict[str, Any]]) -> Delivery:
        # Real batches end in a line break, which is part of what is signed.
        body = json.dumps(events).encode() + b"\r\n"
        signed = self.key.headers(int(self._clock().timestamp()), body)
        return Delivery(url, body, {"Content-Type": "application/json", **signed})

    def _scatter(self, event: dict[str, Any] | Delivery, copies: int) -> None:
        for _ in range(copies):
            with self._lock:
                after = self._chance.uniform(0, self.manner.spread_seconds)
            self._wait(event, after)

    def _wait(self, event: dict[str, Any] | Delivery, seconds: float) -> None:
        with self._lock:
            self._number += 1
            heapq.heappush(self._waiting, _Waiting(self._timer() + seconds, self._number, event))


def _ending(mail: Mail) -> tuple[str, ...]:
    return next(events for start, events in ENDINGS.items() if mail.entry.to.lower().startswith(start))


def _statuses(resource: Resource) -> Iterator[dict[str, str]]:
    common = {
        "AccountSid": resource.account,
        "ApiVersion": "2010-04-01",
        "From": resource.sender,
        "To": resource.entry.to,
    }
    if resource.what == "Messages":
        for status in SMS_STATUSES:
            ids = {"MessageSid": resource.sid, "SmsSid": resource.sid}
            yield {**common, **ids, "MessageStatus": status, "SmsStatus": status}
        return
    wanted = resource.events or ("completed",)
    for number, (event, status) in enumerate(CALL_STATUSES.items()):
        if event in wanted:
            ids = {"CallSid": resource.sid, "SequenceNumber": str(number)}
            yield {**common, **ids, "CallStatus": status, "Direction": "outbound-api"}
