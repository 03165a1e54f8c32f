"""Child processes that do a step of the work and die at a named point of it, by SIGKILL, as a power cut would end them.

The points stand where the outside world and the database can disagree. A child is forked from a server that has imported the
tasks already, so a crash costs milliseconds; the product itself has no hooks for this.
"""

import itertools
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from crm_db.actions import attempts, preparation, submissions
from integrations.outbox import Outbox
from tasks import capture, delivery, senders
from tasks.tally import Window

DEADLINE_SECONDS = 60.0
Step = Callable[[], object]


def capture_step() -> object:
    """Submissions become leads."""
    return capture.capture_batch(Window())


def prepare_step() -> object:
    """Leads get their score, owner, place in the sequence, and first messages."""
    return capture.prepare_batch(Window())


def deliver_step() -> object:
    """Due messages leave."""
    return delivery.deliver_due.fn(Window())


def settle_step() -> object:
    """Attempts in doubt are settled by evidence."""
    return delivery.settle_doubtful.fn(Window())


def everything() -> None:
    """One pass of all lanes."""
    capture.capture_and_prepare.fn(Window())
    deliver_step()
    settle_step()


# Point: the step, the place, and whether the child dies before or after the call it names.
POINTS: dict[str, tuple[Step, Any, str, bool]] = {
    "submissions claimed": (capture_step, submissions, "capture", True),
    "leads made, not committed": (capture_step, submissions, "capture", False),
    "leads committed, nothing prepared": (prepare_step, preparation, "prepare", True),
    "leads prepared, not committed": (prepare_step, preparation, "prepare", False),
    "messages claimed": (deliver_step, attempts, "open_attempt", True),
    "attempt written, not committed": (deliver_step, attempts, "open_attempt", False),
    "attempt committed, nothing sent": (deliver_step, senders, "send", True),
    "half the e-mail on the disk": (deliver_step, Outbox, "_publish", True),
    "e-mail sent, nothing recorded": (deliver_step, senders, "send", False),
    "outcome recorded, not committed": (deliver_step, attempts, "record", False),
}


def die_at(point: str, *, call: int, environment: dict[str, str]) -> None:
    """Run the step of a point in a child that dies at its `call`-th arrival there (from 1)."""
    child = _child(_dying, point, call, environment)
    child.join(DEADLINE_SECONDS)
    assert child.exitcode == -signal.SIGKILL, (
        f"the child ended with {child.exitcode} instead of dying at: {point}"
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


def _child(target: Callable[..., None], *arguments: object) -> BaseProcess:
    context: ForkServerContext = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.faults.crashing"])
    child = context.Process(target=target, args=arguments)
    child.start()
    return child


def _settle_in(environment: dict[str, str]) -> None:
    """Take these settings and no others: the server that children are forked from has those of the test that started it."""
    for name in [name for name in os.environ if name.startswith("CRM_")]:
        del os.environ[name]
    os.environ.update(environment)


def _dying(point: str, call: int, environment: dict[str, str]) -> None:
    step, owner, name, before = POINTS[point]
    _settle_in(environment)
    original, calls, one_at_a_time = getattr(owner, name), itertools.count(1), threading.Lock()

    def until_the_end(*args: Any, **kwargs: Any) -> Any:
        with one_at_a_time:  # deliveries come from several threads
            mine = next(calls)
        if before and mine == call:
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(*args, **kwargs)
        if mine == call:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, until_the_end)
    step()


def _poisoned(message_id: str, when: str, environment: dict[str, str]) -> None:
    _settle_in(environment)
    owner, name = (attempts, "open_attempt") if when == "opened" else (senders, "send")
    original = getattr(owner, name)

    def unless_poison(*args: Any, **kwargs: Any) -> Any:
        if message_id in {str(getattr(one, "message_id", one)) for one in args}:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*args, **kwargs)

    setattr(owner, name, unless_poison)
    deliver_step()


def _pausing(paused: str, environment: dict[str, str]) -> None:
    _settle_in(environment)
    original, one_at_a_time = senders.send, threading.Lock()

    def after_a_pause(attempt: attempts.OpenAttempt) -> Any:
        with one_at_a_time:
            if not Path(paused).exists():
                Path(paused).touch()
                os.kill(os.getpid(), signal.SIGSTOP)
        return original(attempt)

    senders.send = after_a_pause
    deliver_step()


def _running(step: Step, environment: dict[str, str]) -> None:
    _settle_in(environment)
    step()
