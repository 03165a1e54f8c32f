"""Which call fails, and how: by share, drawn from a seed, and by script, one after the other.

A fault strikes before the work (nothing was accepted) or after it (accepted, and the caller never hears so). 429 and 503
promise that nothing was done, therefore they only ever come before.
"""

from __future__ import annotations

import random
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from integrations.testing import shapes

STATUSES = ("429", "500", "502", "503")
CUT, HANG = "cut", "hang"
KINDS = (*STATUSES, CUT, HANG)
KINDS_AFTER = ("500", "502", CUT, HANG)
CALLS = ("send", "lookup")
PROVIDERS = ("sendgrid", "twilio", "graph")


class BadPlan(ValueError):
    """A plan of faults that cannot be followed; the words name the field."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One failure: a status, the connection cut without an answer, or no answer until the connection is cut."""

    kind: str
    after: bool = False

    @property
    def name(self) -> str:
        """As it is counted."""
        return f"{self.kind} {'after' if self.after else 'before'}"


@dataclass(frozen=True, slots=True)
class Scripted:
    """A fault for the next calls that it fits."""

    kind: str
    after: bool = False
    provider: str | None = None
    on: str = "send"
    times: int = 1


@dataclass(frozen=True, slots=True)
class Plan:
    """What shall go wrong; the default is nothing.

    share: of the calls, how many fail; after_share: of those, how many do the work first. before, after: the kinds to
    draw from. hang_seconds: until a hanging connection is cut. retry_after: seconds that a 429 or 503 asks for. latency:
    bounds of the seconds each call takes. lag_seconds: until what was accepted shows in lookups. most_a_second: calls of
    one provider beyond it get a 429.
    """

    seed: int = 1
    share: float = 0.0
    after_share: float = 0.5
    before: tuple[str, ...] = ("500", "503", "429", CUT)
    after: tuple[str, ...] = ("500", CUT, HANG)
    on: tuple[str, ...] = ("send",)
    provider: str | None = None
    hang_seconds: float = 30.0
    retry_after: float = 1.0
    latency: tuple[float, float] = (0.0, 0.0)
    lag_seconds: float = 0.0
    most_a_second: int | None = None
    script: tuple[Scripted, ...] = field(default=())


def read_plan(value: object) -> Plan:
    """A plan from JSON; what it leaves out is as in no plan at all. Raises BadPlan."""
    problems = [*_PLAN(value, "")]
    if problems:
        raise BadPlan("; ".join(f"{problem.field}: {problem.words}" for problem in problems))
    assert isinstance(value, dict)
    given: dict[str, Any] = {
        name: tuple(part) if isinstance(part, list) else part for name, part in value.items()
    }
    given["script"] = tuple(Scripted(**one) for one in value.get("script", []))
    plan = Plan(**given)
    late = [one.kind for one in plan.script if one.after and one.kind not in KINDS_AFTER]
    if late:
        raise BadPlan(f"script: a {late[0]} never comes after the work")
    if plan.share and not (plan.before if plan.after_share < 1 else plan.after):
        raise BadPlan("before: there is no kind to draw from")
    return plan


class Faults:
    """Follows a plan: the n-th draw of a plan is the same in every run with its seed. Safe to share between threads."""

    def __init__(self, timer: Callable[[], float] = time.monotonic) -> None:
        self._timer = timer
        self._lock = Lock()
        self.follow(Plan())

    def follow(self, plan: Plan) -> None:
        """Begin a plan; the counts begin anew."""
        with self._lock:
            self.plan = plan
            self._chance = random.Random(plan.seed)  # noqa: S311 - repeatable on purpose
            self._script = deque([[one, one.times] for one in plan.script])
            self._counts: Counter[str] = Counter()
            self._seconds: dict[str, tuple[int, int]] = {}

    def next(self, provider: str, call: str) -> Fault | None:
        """What this call meets; the script goes before chance."""
        with self._lock:
            fault = self._scripted(provider, call) or self._drawn(provider, call)
            if fault is not None:
                self._counts[f"{provider} {call} {fault.name}"] += 1
            return fault

    def latency(self) -> float:
        """Seconds that this call takes."""
        with self._lock:
            return self._chance.uniform(*self.plan.latency) if any(self.plan.latency) else 0.0

    def left_this_second(self, provider: str) -> int | None:
        """Calls that the provider still takes in this second, after this one; below zero is too many, None is no limit."""
        with self._lock:
            if self.plan.most_a_second is None:
                return None
            second = int(self._timer())
            before, count = self._seconds.get(provider, (second, 0))
            count = count + 1 if before == second else 1
            self._seconds[provider] = (second, count)
            if count > self.plan.most_a_second:
                self._counts[f"{provider} over the limit"] += 1
            return self.plan.most_a_second - count

    @property
    def counts(self) -> dict[str, int]:
        """How often each fault struck under this plan."""
        with self._lock:
            return dict(self._counts)

    def _scripted(self, provider: str, call: str) -> Fault | None:
        for slot in self._script:
            one, left = slot
            assert isinstance(one, Scripted) and isinstance(left, int)
            if one.on == call and one.provider in (None, provider):
                slot[1] = left - 1
                if left == 1:
                    self._script.remove(slot)
                return Fault(one.kind, one.after)
        return None

    def _drawn(self, provider: str, call: str) -> Fault | None:
        plan = self.plan
        if not plan.share or call not in plan.on or plan.provider not in (None, provider):
            return None
        roll, late, which = self._chance.random(), self._chance.random(), self._chance.random()
        if roll >= plan.share:
            return None
        after = late < plan.after_share
        kinds = plan.after if after else plan.before
        return Fault(kinds[int(which * len(kinds))], after) if kinds else None


_PROVIDER = shapes.one_of(*PROVIDERS, None)
_PLAN = shapes.record(
    {
        "seed": shapes.number(whole=True),
        "share": shapes.number(least=0, most=1),
        "after_share": shapes.number(least=0, most=1),
        "before": shapes.items(shapes.one_of(*KINDS)),
        "after": shapes.items(shapes.one_of(*KINDS_AFTER)),
        "on": shapes.items(shapes.one_of(*CALLS), least=1),
        "provider": _PROVIDER,
        "hang_seconds": shapes.number(least=0, most=600),
        "retry_after": shapes.number(least=0, most=3600),
        "latency": shapes.items(shapes.number(least=0, most=600), least=2, most=2),
        "lag_seconds": shapes.number(least=0, most=86_400),
        "most_a_second": shapes.either(shapes.number(least=1, whole=True), shapes.one_of(None)),
        "script": shapes.items(
            shapes.record(
                {
                    "kind": shapes.one_of(*KINDS),
                    "after": shapes.boolean,
                    "provider": _PROVIDER,
                    "on": shapes.one_of(*CALLS),
                    "times": shapes.number(least=1, whole=True),
                },
                required=("kind",),
            )
        ),
    }
)
