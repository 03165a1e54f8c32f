"""Worker processes of an import: each understands batches of rows and writes them, a batch in one transaction."""

import os
import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from multiprocessing import parent_process
from multiprocessing.connection import Connection

from sqlalchemy.exc import DataError, IntegrityError, OperationalError

from crm_db import clock, session
from crm_db.actions import imports
from crm_db.actions.imported_leads import Job
from crm_db.actions.imports import Kept
from crm_db.queries import imports as questions
from crm_db.rules.imports.deciding import is_repeated
from crm_db.rules.imports.plan import Plan
from crm_db.rules.imports.rows import Identity, ReadRow, Unfit, identify, read_row
from crm_db.rules.imports.table import Fault, RawRow
from crm_db.session import Identity as Actor

MOST_TRIES = 5
_GIVE_WAY = {"40P01", "40001", "55P03"}
"""Deadlock, serialisation failure, lock not had in time: nothing was done, and the same may be tried again."""


@dataclass(frozen=True)
class Assignment:
    """What a worker is to do and as whom; it travels to the worker once."""

    url: str
    identity: Actor
    plan: Plan
    job: Job


class _Worker:
    """This process's assignment."""

    assignment: Assignment


def serve(parent: Connection, assignment: Assignment) -> None:
    """Import what comes through the pipe, batch by batch; answers with what became of each, or with the failure."""
    begin(assignment)
    while True:
        try:
            rows = parent.recv()
        except EOFError:
            return
        try:
            answer: Kept | Exception = import_rows(rows, my_turn=lambda: _ask_for_turn(parent))
        except Exception as failure:  # noqa: BLE001  # it is raised on the other side
            answer = failure
        parent.send(answer)


def _ask_for_turn(parent: Connection) -> None:
    parent.send(None)
    parent.recv()


def begin(assignment: Assignment) -> None:
    """Take up work in a new process; it ends with the process that started it, and leaves Ctrl-C to that one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _Worker.assignment = assignment
    session.bind(assignment.url, pool_size=2)


def import_rows(rows: Sequence[RawRow], *, my_turn: Callable[[], None] = lambda: None) -> Kept:
    """Import a batch; all that can be kept of it is committed when this returns.

    my_turn: returns when the batches before this one are kept. Were a person's later row kept before the first, the two might not
    be known for one.
    """
    work = _Worker.assignment
    now = clock.utc_now()
    fresh = _not_repeated(work, identified(work, rows))
    read, refused = understand(work, fresh, now)
    my_turn()
    kept = _keep(work, read, now) if read else Kept()
    return kept + Kept(repeated=len(rows) - len(fresh), refused=refused)


def identified(work: Assignment, rows: Sequence[RawRow]) -> list[tuple[RawRow, Identity]]:
    """The rows, each with that by which it is known again."""
    return [(row, identify(work.plan, row.cells, enrol=work.job.enrol)) for row in rows]


def understand(
    work: Assignment, rows: Sequence[tuple[RawRow, Identity]], now: datetime
) -> tuple[list[ReadRow], tuple[tuple[int, Fault], ...]]:
    """The rows that make sense, and the number and fault of each that does not."""
    read: list[ReadRow] = []
    refused: list[tuple[int, Fault]] = []
    for row, identity in rows:
        try:
            read.append(read_row(work.plan, row.number, row.cells, identity, now=now))
        except Unfit as unfit:
            refused.append((row.number, unfit.fault))
    return read, tuple(refused)


def _not_repeated(work: Assignment, rows: Sequence[tuple[RawRow, Identity]]) -> list[tuple[RawRow, Identity]]:
    """The rows that were not imported before; those that were need not even be understood."""
    with session.unit_of_work(work.identity) as opened:
        known = questions.known(opened, work.job.org_id, work.job.source, [identity for _, identity in rows])
    return [(row, identity) for row, identity in rows if not is_repeated(known, identity)]


def _keep(work: Assignment, rows: Sequence[ReadRow], now: datetime) -> Kept:
    """Keep a batch; when the database refuses it, halve it until the row at fault stands alone."""
    try:
        return _kept(work, rows, now)
    except (DataError, IntegrityError) as refusal:
        if len(rows) == 1:
            words = f"the database cannot hold it ({type(refusal.orig).__name__})"
            return Kept(refused=((rows[0].number, Fault("refused", words)),))
        middle = len(rows) // 2
        return _keep(work, rows[:middle], now) + _keep(work, rows[middle:], now)


def _kept(work: Assignment, rows: Sequence[ReadRow], now: datetime) -> Kept:
    """One transaction; a batch that stood in another's way gives way and is tried again."""
    for left in reversed(range(MOST_TRIES)):
        try:
            with session.unit_of_work(work.identity) as opened:
                return imports.keep(opened, work.job, rows, now=now)
        except OperationalError as error:
            if left == 0 or getattr(error.orig, "sqlstate", None) not in _GIVE_WAY:
                raise
    raise AssertionError("the last try returns or raises")


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
