"""Keeping together what is posted at the same moment: many submissions, one transaction, one wait for the disk.

A submission that comes alone is kept at once. While a call is under way, what comes meanwhile gathers and goes with the next one,
so the busier the door, the less each lead costs. Nobody is answered before the transaction of his submission is committed.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psycopg
from anyio import CapacityLimiter, to_thread

from api.capture_store import Keyed, Receipt

CALLS_AT_ONCE = 2
MOST_ITEMS = 200
MOST_BYTES = 2 * 1024 * 1024

Keep = Callable[[Sequence[Keyed]], Sequence[Receipt]]


@dataclass(frozen=True)
class _Waiting:
    item: Keyed
    answer: asyncio.Future[Receipt]


class Gathering:
    """Gives submissions that wait to `keep`, in a thread; one for a process, used from its event loop only."""

    def __init__(self, keep: Keep, threads: CapacityLimiter) -> None:
        self._keep = keep
        self._threads = threads
        self._waiting: deque[_Waiting] = deque()
        self._working = 0
        self._workers: set[asyncio.Task[None]] = set()

    async def keep(self, item: Keyed) -> Receipt:
        """The receipt of a submission; committed when this returns. Raises what `keep` raises."""
        waiting = _Waiting(item, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._working < CALLS_AT_ONCE:
            self._working += 1
            worker = asyncio.create_task(self._work())
            self._workers.add(worker)  # a task that nobody holds may vanish
            worker.add_done_callback(self._workers.discard)
        return await waiting.answer

    async def _work(self) -> None:
        """Keep what waits until nothing does. From then on it does not count as working, lest somebody rely on it."""
        try:
            await asyncio.sleep(0)  # what else arrived in this turn of the loop goes along
            while batch := self._next_batch():
                await self._keep_batch(batch)
        finally:
            self._working -= 1

    def _next_batch(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        size = 0
        while self._waiting and len(batch) < MOST_ITEMS and (not batch or size < MOST_BYTES):
            batch.append(self._waiting.popleft())
            size += len(batch[-1].item.body)
        return batch

    async def _keep_batch(self, batch: Sequence[_Waiting]) -> None:
        """Answer everybody in a batch. Unless the database is away, a failure is one submission's: each is tried by itself."""
        try:
            items = [one.item for one in batch]
            receipts = await to_thread.run_sync(self._keep, items, limiter=self._threads)
        except psycopg.OperationalError as outage:
            _fail(batch, outage)
        except Exception as failure:  # noqa: BLE001  # whoever waits raises it
            if len(batch) == 1:
                _fail(batch, failure)
                return
            for one in batch:
                await self._keep_batch([one])
        else:
            for one, receipt in zip(batch, receipts, strict=True):
                if not one.answer.done():  # its caller may have gone
                    one.answer.set_result(receipt)


def _fail(batch: Sequence[_Waiting], failure: Exception) -> None:
    for one in batch:
        if not one.answer.done():
            one.answer.set_exception(failure)
