"""Child processes that do a step of the work and die at a named point of it, by SIGKILL, as a power cut would end them.

A child is forked from a server that has imported the tasks already, so a crash costs milliseconds.
"""

import itertools
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from crm_db.actions import attempts
from tasks import capture, delivery, senders
from tests.faults.points import POINTS, Die, Point, Step, change, deliver_step

DEADLINE_SECONDS = 120.0
BATCH = 3


@dataclass(frozen=True)
class Death:
    """At the `call`-th arrival (from 1) at a point. again: what had been claimed before comes before what had not."""

    point: Point
    call: int = 1
    again: bool = False


def die_at(death: Death, environment: dict[str, str]) -> None:
    """Run the step of a point in a child that dies there."""
    index = POINTS.index(death.point)
    child = _child(_dying, index, death.call, death.again, environment)
    child.join(DEADLINE_SECONDS)
    assert child.exitcode == -signal.SIGKILL, (
        f"the child ended with {child.exitcode} instead of dying at {death.point}: {death.point.words}"
    )


def die_of(message_id: str, when: str, environment: dict[str, str]) -> bool:
    """Deliver in a child that dies of one message, when it is `opened` or `sent`; returns whether it did."""
    child = _child(_poisoned, message_id, when, environment)
    child.join(DEADLINE_SECONDS)
    return child.exitcode == -signal.SIGKILL


def start_pausing(paused: Path, environment: dict[str, str]) -> BaseProcess:
    """A child that delivers, and stops (SIGSTOP) between its first attempt and the send; `paused` exists by then."""
    return _child(_pausing, str(paused), environment)


def start(step: Step, environment: dict[str, str]) -> BaseProcess:
    """A child that runs a step to its end."""
    return _child(_running, step, environment)


def run(step: Step, environment: dict[str, str]) -> None:
    """Run a step in a child to its end."""
    child = start(step, environment)
    child.join(DEADLINE_SECONDS)
    assert child.exitcode == 0, f"the child ended with {child.exitcode}"


def settle_in(environment: dict[str, str]) -> None:
    """Take these settings and no others: the server that children are forked from has those of the test that started it."""
    for name in [name for name in os.environ if name.startswith("CRM_")]:
        del os.environ[name]
    os.environ.update(environment)


def _child(target: Callable[..., None], *arguments: object) -> BaseProcess:
    context: ForkServerContext = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pytest", "tests.faults.bench", "tests.faults.crashing"])
    child = context.Process(target=target, args=arguments)
    child.start()
    return child


def _dying(index: int, call: int, again: bool, environment: dict[str, str]) -> None:
    point = POINTS[index]
    settle_in(environment)
    _take_small_batches(again=again)
    point.arm(_at(call, lambda: os.kill(os.getpid(), signal.SIGKILL)))
    point.step()


def _take_small_batches(*, again: bool) -> None:
    """Small ones, so that few of the many arrivals at a point are in one transaction."""
    change(delivery, "MESSAGES_PER_CLAIM", BATCH)
    change(capture, "SUBMISSIONS_PER_TRANSACTION", BATCH)
    change(capture, "LEADS_PER_TRANSACTION", BATCH)
    for lane in (capture, delivery):
        change(lane, "is_tenth_turn", lambda: again)


def _at(call: int, end: Die) -> Die:
    """Counts, and ends at this call."""
    arrivals, one_at_a_time = itertools.count(1), threading.Lock()

    def die() -> None:
        with one_at_a_time:
            mine = next(arrivals)
        if mine == call:
            end()

    return die


def _poisoned(message_id: str, when: str, environment: dict[str, str]) -> None:
    settle_in(environment)
    owner, name = (attempts, "open_attempt") if when == "opened" else (senders, "send")
    original = getattr(owner, name)

    def unless_poison(*args: Any, **kwargs: Any) -> Any:
        if message_id in {str(getattr(one, "message_id", one)) for one in args}:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*args, **kwargs)

    change(owner, name, unless_poison)
    deliver_step()


def _pausing(paused: str, environment: dict[str, str]) -> None:
    settle_in(environment)
    original, one_at_a_time = senders.send, threading.Lock()

    def after_a_pause(attempt: attempts.OpenAttempt) -> Any:
        with one_at_a_time:
            if not Path(paused).exists():
                Path(paused).touch()
                os.kill(os.getpid(), signal.SIGSTOP)
        return original(attempt)

    change(senders, "send", after_a_pause)
    deliver_step()


def _running(step: Step, environment: dict[str, str]) -> None:
    settle_in(environment)
    step()
