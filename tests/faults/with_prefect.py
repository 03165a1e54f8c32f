"""Rows about Prefect: five runs of every flow at once, its server gone for minutes, its database dropped."""

import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from tests.faults import prefect_server as prefect
from tests.faults.found import Found
from tests.faults.invariants import recount
from tests.faults.own_stack import OwnStack, own_stack
from tests.faults.sender import Sender, Submission, submissions
from tests.faults.settling import settle

RATE = 10.0
AT_ONCE = 5
RUNS_SECONDS = 900.0
SWEEP_SECONDS = 60.0
"""The interval of the most frequent sweep: work that an outage held up is done this long after it at the latest."""
_BUSINESS = """
    select l.id, md5(concat(l.email, l.status, l.owner_id, l.score)) from crm_leads l
    where l.created_at < %(moment)s
      and not exists (select from crm_inbox i where i.lead_id = l.id and i.received_at >= %(moment)s)
"""
"""Leads that were there at a moment, without those to which something was posted since."""


@dataclass
class Loaded:
    """A stack, whoever posts to it, and the posts that are still to come."""

    stack: OwnStack
    sender: Sender
    posts: list[Submission]

    def take(self, number: int) -> list[Submission]:
        """The next posts."""
        taken, self.posts = self.posts[:number], self.posts[number:]
        return taken

    @contextmanager
    def posting(self, number: int) -> Iterator[None]:
        """Post so many while the block lasts, and until all are answered."""
        thread = threading.Thread(target=self.sender.post, args=(self.take(number),))
        thread.start()
        try:
            yield
        finally:
            thread.join()

    def finding(self, began: float, wanting: Sequence[str] = (), **figures: Any) -> Found:
        """Wait for rest and recount."""
        unsettled = settle(self.stack.owner_url)
        breaches = recount(self.stack.owner_url, self.stack.outbox, self.sender.accepted)
        seconds = round(time.monotonic() - began, 1)
        return Found.of(
            breaches,
            wanting=[*wanting, *self.sender.wanting, *unsettled],
            leads=len({one.event_id for one in self.sender.accepted}),
            **figures,
            seconds=seconds,
        )


@contextmanager
def loaded_stack(*, posts: int, seed: int) -> Iterator[Loaded]:
    """A stack of its own with reps and a source."""
    with own_stack() as stack:
        stack.add_reps()
        sender = Sender(stack.add_source("faults"), RATE)
        yield Loaded(stack, sender, submissions(posts, seed=seed))


def five_at_once(loaded: Loaded, *, posts: int, flows: Sequence[str] = ()) -> Found:
    """Five runs of each flow at the same time, as processes of the worker, while leads come in."""
    began = time.monotonic()
    known = prefect.deployments(loaded.stack)
    chosen = {name: known[name] for name in flows or known}
    with loaded.posting(posts):
        runs = {name: prefect.start_runs(loaded.stack, which, AT_ONCE) for name, which in chosen.items()}
        ids = [run for of_flow in runs.values() for run in of_flow]
        ended = prefect.wait_for_runs(loaded.stack, ids, seconds=RUNS_SECONDS)
    states = Counter(one["state_type"] for one in ended)
    overlaps = {
        name: prefect.most_at_once(one for one in ended if one["id"] in of_flow)
        for name, of_flow in runs.items()
    }
    wanting = [f"runs of {name} never met" for name, most in overlaps.items() if most < 2]
    if states["COMPLETED"] < len(ids):
        wanting.append(f"runs ended as {dict(states)}")
    return loaded.finding(
        began, wanting, runs=len(ids), completed=states["COMPLETED"], at_once=max(overlaps.values())
    )


def gone(loaded: Loaded, *, posts: int, seconds: float) -> Found:
    """The server is killed as often as it comes back, for so long, while leads come in; capture goes on answering."""
    began, tries = time.monotonic(), loaded.sender.tries
    with loaded.posting(posts):
        down = _now(loaded.stack)
        kills = prefect.keep_down(loaded.stack, seconds)
    answered = len(loaded.sender.accepted)
    loaded.stack.wait_ready("prefect")
    back = _now(loaded.stack)
    unsettled = settle(loaded.stack.owner_url)
    delay = _latest(loaded.stack, down, back)
    wanting = [*unsettled]
    if delay > SWEEP_SECONDS:
        wanting.append(f"the last lead was ready {delay:.0f} s after the server was")
    return loaded.finding(
        began,
        wanting,
        kills=kills,
        tries=loaded.sender.tries - tries,
        answered=answered,
        outage_seconds=round((back - down).total_seconds(), 1),
        delay_seconds=round(delay, 1),
    )


def dropped(loaded: Loaded, *, posts: int) -> Found:
    """The server's database is dropped and made anew while leads come in; a restart registers everything again."""
    began, stack = time.monotonic(), loaded.stack
    settle(stack.owner_url)
    before, registered = _now(stack), set(prefect.deployments(stack))
    rows = _business(stack, before)
    with loaded.posting(posts):
        prefect.drop_database(stack)
    untouched = _business(stack, before).items() <= rows.items()
    stack.restart()
    again = set(prefect.deployments(stack))
    wanting = [] if untouched else ["rows of the business changed with Prefect's database"]
    if again != registered:
        wanting.append(f"not registered again: {sorted(registered - again)}")
    return loaded.finding(began, wanting, registered=len(again))


def _business(stack: OwnStack, moment: Any) -> dict[Any, str]:
    with psycopg.connect(stack.owner_url) as connection:
        return dict(connection.execute(_BUSINESS, {"moment": moment}).fetchall())


def _now(stack: OwnStack) -> Any:
    with psycopg.connect(stack.owner_url) as connection:
        row = connection.execute("select clock_timestamp()").fetchone()
    assert row is not None
    return row[0]


def _latest(stack: OwnStack, since: Any, back: Any) -> float:
    """Seconds from the server's return to the end of the last submission that had come while it was away."""
    question = "select max(settled_at) - %s from crm_inbox where received_at between %s and %s"
    with psycopg.connect(stack.owner_url) as connection:
        row = connection.execute(question, [back, since, back]).fetchone()
    return 0.0 if row is None or row[0] is None else float(row[0].total_seconds())
