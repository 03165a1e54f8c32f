"""The worker processes of an import, each with a pipe and a thread of ours that waits for it.

The pool of the standard library may hang for ever when a worker dies while a batch is written to the others (CPython before
3.11.5). Here a worker that dies is an end of its pipe, and fails the batch that it had in hand. Batches are read and understood
side by side, and kept one after the other in the order in which they were given.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from itertools import count
from multiprocessing import get_context
from multiprocessing.connection import Connection
from queue import SimpleQueue

from crm_db.actions.imports import Kept
from crm_db.rules.imports.table import RawRow
from deployments.importing import workers
from deployments.importing.workers import Assignment

ImportRows = Callable[[Sequence[RawRow]], "Future[Kept]"]
_Given = tuple[int, Sequence[RawRow], "Future[Kept]"]


class WorkerGone(Exception):
    """The process that had a batch in hand ended; what it had committed stays."""


class _Turns:
    """Whose turn it is to be kept: that of the first batch that is not over."""

    def __init__(self) -> None:
        self._over: set[int] = set()
        self._next = 0
        self._changed = threading.Condition()

    def wait_for(self, number: int) -> None:
        """Return when all batches before this one are over."""
        with self._changed:
            self._changed.wait_for(lambda: self._next == number)

    def over(self, number: int) -> None:
        """This batch is over, whatever became of it."""
        with self._changed:
            self._over.add(number)
            while self._next in self._over:
                self._over.remove(self._next)
                self._next += 1
            self._changed.notify_all()


@contextmanager
def pool(assignment: Assignment, processes: int) -> Iterator[ImportRows]:
    """Worker processes; what is given to them before the block ends is finished."""
    waiting: SimpleQueue[_Given | None] = SimpleQueue()
    turns, numbers = _Turns(), count()
    hands = [threading.Thread(target=_hand_over, args=(assignment, waiting, turns)) for _ in range(processes)]

    def import_rows(rows: Sequence[RawRow]) -> "Future[Kept]":
        result: Future[Kept] = Future()
        waiting.put((next(numbers), rows, result))
        return result

    for hand in hands:
        hand.start()
    try:
        yield import_rows
    finally:
        for _ in hands:
            waiting.put(None)
        for hand in hands:
            hand.join()


def _hand_over(assignment: Assignment, waiting: "SimpleQueue[_Given | None]", turns: _Turns) -> None:
    """Give a worker of its own one batch after the other, until there is none; it starts when there is a first one for it."""
    given = waiting.get()
    if given is None:
        return
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    worker = context.Process(target=workers.serve, args=(theirs, assignment))
    worker.start()
    theirs.close()  # else the pipe would not end with the worker
    while given is not None:
        number, rows, result = given
        try:
            if result.set_running_or_notify_cancel():
                _settle(result, _answer(ours, rows, number, turns))
        finally:
            turns.over(number)
        given = waiting.get()
    ours.close()
    worker.join()


def _answer(worker: Connection, rows: Sequence[RawRow], number: int, turns: _Turns) -> Kept | Exception:
    """What becomes of a batch; None from the worker asks for its turn."""
    try:
        worker.send(rows)
        answer: Kept | Exception | None = worker.recv()
        if answer is None:
            turns.wait_for(number)
            worker.send(None)
            answer = worker.recv()
    except (EOFError, OSError):
        return WorkerGone()
    return WorkerGone() if answer is None else answer


def _settle(result: "Future[Kept]", answer: Kept | Exception) -> None:
    if isinstance(answer, Exception):
        result.set_exception(answer)
    else:
        result.set_result(answer)
