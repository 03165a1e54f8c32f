"""Whether the work in hand shall end: the whole process was asked to stop, or this one run (ops cancelled or paused it).

Long tasks look between two pieces of work, finish the one in hand, and end.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Event

_process = Event()
_runs: set[Event] = set()
_this_run: ContextVar[Event | None] = ContextVar("this_run", default=None)


def ask() -> None:
    """Let every task of this process come to an end."""
    _process.set()
    for run in tuple(_runs):
        run.set()


def asked() -> bool:
    """True once the process, or the run that asks, is to stop."""
    return _now().is_set()


def wait(seconds: float) -> bool:
    """Sleep, but not past a request to stop; returns whether there was one."""
    return _now().wait(seconds)


@contextmanager
def one_run() -> Iterator[Event]:
    """What runs inside stops also when the event that this gives is set; runs in other threads do not."""
    end = Event()
    _runs.add(end)
    if _process.is_set():
        end.set()
    token = _this_run.set(end)
    try:
        yield end
    finally:
        _this_run.reset(token)
        _runs.discard(end)


def _now() -> Event:
    return _this_run.get() or _process
