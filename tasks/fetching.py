"""Asking senders for leads of which they posted only the id, outside any transaction and beside everything else.

A sender that is slow or away must not hold up the leads of others, so its questions are asked in a thread of their own while the
run goes on. What it does not tell now is put off: longer each time, never given up.
"""

import random
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from datetime import timedelta
from threading import Event
from types import TracebackType
from typing import Self
from uuid import UUID

from crm_db import clock
from crm_db.actions import fetches
from crm_db.actions.submissions import Fetch
from crm_db.rules import backoff
from integrations.errors import RateLimited, Rejected, SendError
from tasks import senders, stopping
from tasks.tally import Tally
from tasks.work import unit_of_work

LEASE = timedelta(minutes=10)
LONGEST_WAIT = timedelta(minutes=10)


class Beside:
    """The questions of one run, asked one after the other while the run does other things."""

    def __init__(self) -> None:
        self._asking = ThreadPoolExecutor(max_workers=1, thread_name_prefix="fetch-leads")
        self._batches: list[Future[Tally]] = []
        self._unheard: list[Future[Tally]] = []
        self._ending = Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self._ending.set()
        self._asking.shutdown()

    def ask_for(self, token: UUID, wanted: Sequence[Fetch]) -> None:
        """Ask for these, which are claimed under `token`, when those before are done."""
        if not wanted:
            return
        with unit_of_work() as session:
            fetches.hold(session, token, wanted, lease=LEASE)
        run = copy_context()  # so that what stops the run stops its questions
        batch = self._asking.submit(run.run, fetch_batch, token, wanted, ending=self._ending)
        self._batches.append(batch)
        self._unheard.append(batch)

    def busy(self) -> bool:
        """Whether there is something yet to ask or to hear."""
        return not all(batch.done() for batch in self._batches)

    def has_news(self) -> bool:
        """Whether there is something yet to hear, or was since this was last asked."""
        unheard, self._unheard = self._unheard, [batch for batch in self._unheard if not batch.done()]
        return bool(unheard)

    def end(self) -> None:
        """Begin no further question; what was not asked for is given back."""
        self._ending.set()

    def tally(self) -> Tally:
        """What came of them all; waits for it. Raises what went wrong unforeseen."""
        total: Tally = Counter()
        for batch in self._batches:
            total.update(batch.result())
        return total


def fetch_batch(token: UUID, wanted: Sequence[Fetch], *, ending: Event) -> Tally:
    """Ask for each lead in turn; a sender that fails once is not asked for the others of the same source."""
    total: Tally = Counter()
    away: dict[fetches.SourceId, timedelta] = {}
    with unit_of_work() as session:
        keys = fetches.keys_of(session, wanted)
    for number, fetch in enumerate(wanted):
        if ending.is_set() or stopping.asked():
            with unit_of_work() as session:
                fetches.release(session, token, wanted[number:])
            break
        source = (fetch.org_id, fetch.source_id)
        if source in away:
            _put_off(token, fetch, away[source] * (1 + random.random()), asked=False)  # noqa: S311 - spreads the herd
            total["put_off"] += 1
            continue
        word, wait = fetch_one(token, fetch, keys[source])
        total[word] += 1
        if wait is not None:
            away[source] = wait
    return total


def fetch_one(token: UUID, fetch: Fetch, keys: fetches.Keys) -> tuple[str, timedelta | None]:
    """Ask for one lead and note the answer. Returns one word for the tally and, where it was put off, for how long."""
    try:
        answer = senders.lead_fetcher().fetch(
            fetch.fetch_id, access_token=keys.access_token, app_secret=keys.app_secret
        )
    except Rejected as refusal:
        with unit_of_work() as session:
            fetches.refuse(session, token, fetch, reason=f"{refusal.code}: {refusal.words}")
        return "dead", None
    except SendError as trouble:
        wait = _wait(fetch, trouble)
        _put_off(token, fetch, wait, asked=True)
        return "put_off", wait
    with unit_of_work() as session:
        fetches.keep(session, token, fetch, answer)
    return "fetched", None


def _put_off(token: UUID, fetch: Fetch, wait: timedelta, *, asked: bool) -> None:
    with unit_of_work() as session:
        fetches.put_off(session, token, fetch, until=clock.now_of(session) + wait, asked=asked)


def _wait(fetch: Fetch, trouble: SendError) -> timedelta:
    """Longer each time up to ten minutes, spread at random, never shorter than the sender asks for."""
    now = clock.utc_now()
    asked = timedelta(seconds=trouble.retry_after) if isinstance(trouble, RateLimited) else None
    jitter = random.random()  # noqa: S311 - spreads the herd
    return backoff.next_try(fetch.fetches, now=now, jitter=jitter, retry_after=asked, cap=LONGEST_WAIT) - now
