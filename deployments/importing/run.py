"""One import from beginning to end: batches in, counts out, in the order of the file."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

from crm_db.actions.imports import Kept
from crm_db.rules.imports.table import RawRow
from deployments.errors import DeploymentError
from deployments.importing.pool import ImportRows, WorkerGone
from deployments.importing.rejects import Rejects

ROWS_PER_BATCH = 500
"""Three locks a row at the most: two imports at once, of two processes each, stay within what Postgres holds by default."""
BATCHES_AHEAD = 2


@dataclass
class Counts:
    """What became of the rows so far; every row is one of the four."""

    rows: int = 0
    new: int = 0
    merged: int = 0
    repeated: int = 0
    rejected: int = 0

    def as_dict(self) -> dict[str, Any]:
        """By name."""
        return asdict(self)


def run(
    rows: Iterable[RawRow],
    import_rows: ImportRows,
    rejects: Rejects,
    *,
    batches_ahead: int,
    progress: Callable[[Counts], None],
    counts: Counts,
) -> None:
    """Share rows out and collect what became of them; no more than `batches_ahead` batches are in hand at once.

    Counts are kept in `counts`, so that they tell how far it came where it is interrupted.
    """
    waiting: deque[tuple[Sequence[RawRow], Future[Kept]]] = deque()
    batches = _batches(rows)
    try:
        while True:
            for batch in islice(batches, batches_ahead - len(waiting)):
                waiting.append((batch, import_rows([row for row in batch if row.fault is None])))
            if not waiting:
                return
            kept = waiting[0][1].result()
            _count(waiting.popleft()[0], kept, rejects, counts)
            progress(counts)
    except WorkerGone:
        raise DeploymentError(
            "A process of the import ended all at once. What it had committed stays; run the same command again."
        ) from None
    finally:
        for batch, result in waiting:  # work in hand is finished, and counted where it can be
            if not result.cancel() and result.exception() is None:
                _count(batch, result.result(), rejects, counts)


def _batches(rows: Iterable[RawRow]) -> Iterator[Sequence[RawRow]]:
    source = iter(rows)
    while batch := tuple(islice(source, ROWS_PER_BATCH)):
        yield batch


def _count(batch: Sequence[RawRow], kept: Kept, rejects: Rejects, counts: Counts) -> None:
    """Add what became of a batch; its rejects go to their file in the order of the rows."""
    faults = {row.number: row.fault for row in batch if row.fault is not None} | dict(kept.refused)
    for row in batch:
        if fault := faults.get(row.number):
            rejects.add(row.number, fault, row.cells)
    counts.rows += len(batch)
    counts.new += kept.new
    counts.merged += kept.merged
    counts.repeated += kept.repeated
    counts.rejected += len(faults)
