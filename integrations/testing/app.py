"""The providers behind one door: who is asked, what goes wrong, and the fake's own pages below /_fake/."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from threading import Lock
from typing import Any, Protocol

from integrations.clock import postmark
from integrations.testing.accepted import Accepted, Log
from integrations.testing.contracts import Contracts
from integrations.testing.credentials import Credentials
from integrations.testing.fake_graph import FakeGraph
from integrations.testing.fake_sendgrid import FakeSendGrid
from integrations.testing.fake_twilio import FakeTwilio
from integrations.testing.faults import CUT, HANG, BadPlan, Fault, Faults, Plan, read_plan
from integrations.testing.webhooks import MANNER, Manner, Newsroom
from integrations.testing.wire import Answer, Reply, Request, as_json

OWN = "/_fake/"
KEPT_REFUSALS = 1000


class Service(Protocol):
    """One provider."""

    @property
    def name(self) -> str: ...

    def call_of(self, request: Request) -> str | None:
        """`send` or `lookup`; None for what it does not know."""

    def answer(self, request: Request) -> Answer:
        """The real thing's answer, without faults."""

    def failure(self, status: int, retry_after: float) -> Answer:
        """An error in its own shape."""

    def limits(self, most: int, left: int) -> dict[str, str]:
        """The headers that tell of a limit."""


class Fakes:
    """SendGrid, Twilio and Graph in one: the same by the same `seed`, as far as the calls come in the same order.

    Safe to share between threads.
    """

    def __init__(
        self,
        *,
        seed: int = 1,
        credentials: Credentials | None = None,
        contracts: Contracts | None = None,
        clock: Callable[[], datetime] = postmark,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self.credentials = credentials or Credentials()
        self.has_contracts = contracts is not None
        self._seed, self._contracts, self._clock, self._timer = seed, contracts, clock, timer
        self._one_at_a_time = Lock()
        self._begin()

    def reply(self, request: Request) -> Reply:
        """What this request meets."""
        if request.path.startswith(OWN):
            return Reply(self._own_page(request))
        for service in self._services:
            call = service.call_of(request)
            if call is not None:
                return self._call(service, call, request)
        return Reply(as_json(404, {"errors": [{"message": "not found", "field": None}]}))

    def _begin(self) -> None:
        """A provider that has taken nothing yet."""
        known = self.credentials
        self.log = Log(self._clock, self._timer)
        self.faults = Faults(self._timer)
        self.newsroom = Newsroom(self._seed, known.twilio_token, self._clock, self._timer)
        self.graph = FakeGraph(known.meta_token, known.meta_app_secret)
        self._requests: Counter[str] = Counter()
        self._refused: list[dict[str, Any]] = []
        shared: dict[str, Any] = {"contracts": self._contracts, "is_visible": self._is_visible}
        self._services: tuple[Service, ...] = (
            FakeSendGrid(
                known.sendgrid_key, self.log, taken=self.newsroom.mail_taken, clock=self._clock, **shared
            ),
            FakeTwilio(
                known.twilio_sid,
                known.twilio_token,
                self.log,
                taken=self.newsroom.resource_taken,
                **shared,
            ),
            self.graph,
        )

    def _is_visible(self, entry: Accepted) -> bool:
        """Whether lookups show it already."""
        return self.log.age(entry) >= self.faults.plan.lag_seconds

    def _call(self, service: Service, call: str, request: Request) -> Reply:
        wait, plan = self.faults.latency(), self.faults.plan
        left = self.faults.left_this_second(service.name)
        if left is not None and left < 0:
            return Reply(service.failure(429, plan.retry_after), wait)
        fault = self.faults.next(service.name, call)
        if fault is not None and not fault.after:
            return self._failed(service, fault, wait)
        with self._one_at_a_time:
            self._requests[f"{service.name} {call}"] += 1
            answer = service.answer(request)
            if not answer.is_yes:
                self._note_refusal(service.name, call, answer)
        if fault is not None and answer.is_yes:
            self.log.told(answer.accepted, fault.kind)
            return self._failed(service, fault, wait)
        limits = service.limits(plan.most_a_second or 0, left) if left is not None else {}
        return Reply(Answer(answer.status, answer.body, {**answer.headers, **limits}, answer.accepted), wait)

    def _failed(self, service: Service, fault: Fault, wait: float) -> Reply:
        plan = self.faults.plan
        if fault.kind == CUT:
            return Reply(None, wait)
        if fault.kind == HANG:
            return Reply(None, wait + plan.hang_seconds)
        return Reply(service.failure(int(fault.kind), plan.retry_after), wait)

    def _note_refusal(self, provider: str, call: str, answer: Answer) -> None:
        del self._refused[: -KEPT_REFUSALS + 1]
        because = json.loads(answer.body) if answer.body else None
        self._refused.append(
            {"provider": provider, "call": call, "status": answer.status, "because": because}
        )

    def _own_page(self, request: Request) -> Answer:
        pages: dict[tuple[str, str], Callable[[Request], Answer]] = {
            ("GET", "status"): lambda _: as_json(200, self.status()),
            ("GET", "log"): self._show_log,
            ("GET", "summary"): lambda _: as_json(200, self.summary()),
            ("POST", "faults"): self._take_plan,
            ("POST", "webhooks"): self._take_manner,
            ("POST", "leads"): self._take_lead,
            ("POST", "reset"): self._reset,
        }
        page = pages.get((request.method, request.path.removeprefix(OWN)))
        if page is None:
            return as_json(
                404, {"error": f"there are {', '.join(f'{how} {OWN}{name}' for how, name in pages)}"}
            )
        return page(request)

    def status(self) -> dict[str, Any]:
        """What it does and has met so far."""
        return {
            "requests": dict(self._requests),
            "faults": self.faults.counts,
            "plan": asdict(self.faults.plan),
            "webhooks": {**asdict(self.newsroom.manner), **self.newsroom.counts, "left": self.newsroom.left},
            "event_webhook_public_key": self.newsroom.key.public,
            "contracts": self.has_contracts,
            "refused": len(self._refused),
        }

    def summary(self) -> dict[str, Any]:
        """How often each message was accepted, and what the callers met."""
        return {**self.log.summary(), "faults": self.faults.counts, "refused": len(self._refused)}

    def _show_log(self, request: Request) -> Answer:
        since = request.params.get("since", ["0"])[-1]
        if not since.isdecimal():
            return as_json(400, {"error": "since: must be the number of an entry"})
        entries = [entry.as_dict() for entry in self.log.entries[int(since) :]]
        return as_json(200, {"accepted": entries, "refused": self._refused})

    def _take_plan(self, request: Request) -> Answer:
        try:
            plan = read_plan(_json_of(request))
        except BadPlan as error:
            return as_json(400, {"error": str(error)})
        self.faults.follow(plan)
        return as_json(200, asdict(plan))

    def follow(self, plan: Plan) -> None:
        """Begin a plan of faults."""
        self.faults.follow(plan)

    def _take_manner(self, request: Request) -> Answer:
        value = _json_of(request)
        problems = [*MANNER(value, "")]
        if problems or not isinstance(value, dict):
            return as_json(400, {"error": "; ".join(f"{one.field}: {one.words}" for one in problems)})
        self.newsroom.manner = Manner(**value)
        return as_json(200, asdict(self.newsroom.manner))

    def _take_lead(self, request: Request) -> Answer:
        value = _json_of(request)
        try:
            self.graph.put(value if isinstance(value, dict) else {})
        except ValueError as error:
            return as_json(400, {"error": str(error)})
        return as_json(201, {"ok": True})

    def _reset(self, _: Request) -> Answer:
        with self._one_at_a_time:
            self._begin()
        return as_json(200, {"ok": True})


def _json_of(request: Request) -> object:
    """The body as JSON; an unreadable one is nothing that any page takes."""
    try:
        value: object = json.loads(request.body or b"{}")
    except ValueError:
        return None
    return value
