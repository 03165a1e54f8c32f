"""Child processes that do a step of the work and die at a named point of it, by SIGKILL, as a power cut would end them.

A child is forked from a server that has imported the tasks already, so a crash costs milliseconds.
"""

import itertools
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import psutil

from crm_db.actions import attempts
from tasks import capture, delivery, senders
from tasks.guard import TaskFailed
from tests.faults.points import POINTS, Die, Point, Step, change, deliver_step, settle_step

DEADLINE_SECONDS = 120.0
SHORT_LEASE = timedelta(seconds=1)
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


def start_stopping(death: Death, fenced: Path, environment: dict[str, str]) -> BaseProcess:
    """A child that stops (SIGSTOP) where the death says, under a short lease, and has stopped when this returns.

    Woken, it goes on to the end of its step. For each outcome that it then may not write down it adds a byte to `fenced`.
    """
    child = _child(_stopping, POINTS.index(death.point), death.call, str(fenced), environment)
    assert child.pid is not None
    process, until = psutil.Process(child.pid), time.monotonic() + DEADLINE_SECONDS
    while process.status() != psutil.STATUS_STOPPED:
        assert child.is_alive() and time.monotonic() < until, f"it does not come by {death.point}"
        time.sleep(0.005)
    return child


def wake(sleeper: BaseProcess, *, may_fail: bool = False) -> None:
    """Let a stopped child go on, and wait for its end. may_fail: its database connection may be gone by then."""
    assert sleeper.pid is not None
    os.kill(sleeper.pid, signal.SIGCONT)
    sleeper.join(DEADLINE_SECONDS)
    assert sleeper.exitcode in (0, 1 if may_fail else 0), (
        f"the child ended with {sleeper.exitcode} after it had slept"
    )


def start(step: Step, environment: dict[str, str]) -> BaseProcess:
    """A child that runs a step to its end."""
    return _child(_running, step, environment)


def start_calling(
    work: Callable[..., None], arguments: tuple[object, ...], environment: dict[str, str]
) -> BaseProcess:
    """A child that calls a function of a module with these arguments."""
    return _child(_calling, work, arguments, environment)


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


def _stopping(index: int, call: int, fenced: str, environment: dict[str, str]) -> None:
    point, original = POINTS[index], attempts.record
    settle_in(environment)
    _take_small_batches(again=False)
    change(senders, "LOCAL_LEASE", SHORT_LEASE)

    def counted(*args: Any, **kwargs: Any) -> str | None:
        status = original(*args, **kwargs)
        if status is None:
            with Path(fenced).open("ab") as file:
                file.write(b".")
        return status

    change(attempts, "record", counted)
    point.arm(_at(call, lambda: os.kill(os.getpid(), signal.SIGSTOP)))
    try:
        point.step()
    except TaskFailed:  # its transaction was ended while it slept
        sys.exit(1)


def start_working(
    end: Path, death: Death | None, lease: timedelta, environment: dict[str, str]
) -> BaseProcess:
    """A child that delivers and settles until `end` exists, under short leases, or dies as told or of what comes from outside."""
    doom = None if death is None else (POINTS.index(death.point), death.call)
    return _child(_working, str(end), doom, lease, environment)


def _working(end: str, doom: tuple[int, int] | None, lease: timedelta, environment: dict[str, str]) -> None:
    settle_in(environment)
    for owner, name in ((senders, "LOCAL_LEASE"), (delivery, "CLAIM_LEASE"), (delivery, "EVIDENCE_LEASE")):
        change(owner, name, lease)
    if doom is not None:
        index, call = doom
        POINTS[index].arm(_at(call, lambda: os.kill(os.getpid(), signal.SIGKILL)))
    while not Path(end).exists():
        done = {**deliver_step(), **settle_step()}
        if not any(done.values()):
            time.sleep(0.1)


def _calling(work: Callable[..., None], arguments: tuple[object, ...], environment: dict[str, str]) -> None:
    settle_in(environment)
    work(*arguments)


def _running(step: Step, environment: dict[str, str]) -> None:
    settle_in(environment)
    step()
