"""The rows: which process is killed, what the providers do meanwhile, and one run of it from an empty stack to the recount."""

import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Any, LiteralString

import psycopg

from deployments.fakes.process import environment
from integrations.testing import Fakes, running_fakes
from integrations.testing.contracts import load_contracts
from integrations.testing.faults import Plan
from tests.faults.invariants import LOST, STUCK, TWICE, Accepted, Breach, recount, taken_of
from tests.faults.own_stack import OwnStack, own_stack
from tests.faults.sender import Sender, Submission, submissions

RATE = 40.0
KILLS = 3
KILL_AFTER_SECONDS = (0.3, 2.0)
WORK_COMES_SECONDS = 15.0
SETTLE_SECONDS = 1_200.0
"""Longer than the longest lease, a back-off after it, and the restart of the slowest process."""
QUIET_LOOKS = 4
_UNSETTLED = """
    select (select count(*) from crm_inbox where status = 'pending') as submissions,
           (select count(*) from crm_messages where status = 'unknown' and check_at is not null) as in_doubt,
           (select count(*) from crm_leads where automation = 'pending' and deleted_at is null) as leads,
           (select count(*) from crm_messages where status in ('claimed', 'sending')
            or status = 'scheduled' and (due_at <= now() or attempts > 0)) as messages,
           (select count(*) from crm_enrolments where state = 'active' and plan_at <= now()) as enrolments
"""


CAPTURING = "select exists (select from crm_inbox where status = 'pending' and lease_until > now())"
DELIVERING = (
    "select exists (select from crm_messages where status in ('claimed', 'sending') and lease_until > now())"
)


@dataclass(frozen=True)
class Row:
    """A fault: the process of `crm status` that is killed, and by which signal.

    in_hand: the question whether it has work in hand just now. A kill at any odd moment rarely hits the ones that matter.
    fakes: e-mail goes to the provider fakes, which follow this plan; settings: what the stack is told in addition.
    """

    name: str
    process: str
    by: signal.Signals = signal.SIGKILL
    in_hand: LiteralString | None = None
    fakes: Plan | None = None
    settings: Mapping[str, str] = field(default_factory=dict)


HURRIED = {"CRM_HTTP_TIMEOUT": "3"}
FAILING = Plan(share=0.3, after_share=0.5, hang_seconds=5, latency=(0.0, 0.05))
LAG_SECONDS = 8.0

ROWS = (
    Row("kill-intake-capture", "intake-capture", in_hand=CAPTURING),
    Row("kill-intake-delivery", "intake-delivery", in_hand=DELIVERING),
    Row("kill-api", "api"),
    Row("kill-worker", "worker"),
    Row("kill-prefect", "prefect"),
    Row("stop-postgres-immediately", "postgres", signal.SIGQUIT),
    Row(
        "fakes",
        "intake-delivery",
        in_hand=DELIVERING,
        fakes=FAILING,
        settings={**HURRIED, "CRM_SETTLE_SECONDS": "2"},
    ),
    Row(
        "lag",
        "intake-delivery",
        in_hand=DELIVERING,
        fakes=replace(FAILING, lag_seconds=LAG_SECONDS),
        settings={**HURRIED, "CRM_SETTLE_SECONDS": f"{1.25 * LAG_SECONDS:g}"},
    ),
)


@dataclass(frozen=True)
class Result:
    """What a row showed. `leads` are posts with a 202; `tries` the requests that took; `unsettled` what was left, if anything.

    in_hand: how many of the kills certainly hit work in hand. carried: what the provider fakes say of themselves.
    """

    row: str
    posts: int
    leads: int
    tries: int
    kills: int
    in_hand: int
    lost: int
    twice: int
    stuck: int
    seconds: float
    seconds_to_settle: float
    unsettled: dict[str, int] = field(default_factory=dict)
    unanswered: list[str] = field(default_factory=list)
    breaches: list[str] = field(default_factory=list)
    carried: dict[str, Any] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether every promise was kept, and every sender got its answer."""
        return not (self.lost or self.twice or self.stuck or self.unanswered)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "holds": self.holds}


def run(row: Row, *, leads: int, kills: int = KILLS, seed: int, cut_leases: bool = False) -> Result:
    """Load a stack of its own, kill the process `kills` times meanwhile, wait until all is quiet, recount.

    cut_leases: end the leases of the dead at once instead of waiting minutes for their end.
    """
    began = time.monotonic()
    with _providers(row, seed) as (fakes, settings), own_stack(**settings) as stack:
        stack.add_reps()
        sender = Sender(stack.add_source("faults"), RATE)
        posts = submissions(leads, seed=seed)
        hits = _load_and_kill(stack, row, sender, posts, kills, random.Random(seed))
        loaded = time.monotonic()
        if cut_leases:
            _cut_leases(stack.owner_url)
        unsettled = _settle(stack.owner_url)
        settled = time.monotonic()
        taken = taken_of({"accepted": [one.as_dict() for one in fakes.log.entries]}) if fakes else None
        breaches = recount(stack.owner_url, stack.outbox, sender.accepted, taken)
    result = _result(row, posts, sender, hits, breaches, unsettled, settled - began, settled - loaded)
    return replace(result, carried=_carried(fakes)) if fakes else result


@contextmanager
def _providers(row: Row, seed: int) -> Iterator[tuple[Fakes | None, Mapping[str, str]]]:
    """The provider fakes of a row that has any, and the settings that lead a stack to them."""
    if row.fakes is None:
        yield None, row.settings
        return
    with running_fakes(Fakes(seed=seed, contracts=load_contracts())) as server:
        server.fakes.follow(replace(row.fakes, seed=seed))
        yield server.fakes, {**environment(server.url), **row.settings}


def _carried(fakes: Fakes) -> dict[str, Any]:
    """What the fakes met; raises RuntimeError when no answer was lost, for then the row has shown nothing."""
    summary = fakes.summary()
    if not summary["answer_lost"]:
        raise RuntimeError("no message was accepted without its caller hearing of it")
    return {name: summary[name] for name in ("accepted", "answer_lost", "twice", "faults", "refused")}


def _load_and_kill(
    stack: OwnStack, row: Row, sender: Sender, posts: Sequence[Submission], kills: int, chance: random.Random
) -> list[bool]:
    """Post in kills + 1 parts; while each but the first is being posted, kill the process once it is ready again.

    Returns for each kill whether it hit work in hand.
    """
    size = -(-len(posts) // (kills + 1))
    parts = [posts[start : start + size] for start in range(0, len(posts), size)]
    sender.post(parts[0])
    hits: list[bool] = []
    last = None
    for part in parts[1:]:
        pid = stack.wait_ready(row.process, other_than=last)
        posting = threading.Thread(target=sender.post, args=(part,))
        posting.start()
        time.sleep(min(chance.uniform(*KILL_AFTER_SECONDS), 0.7 * len(part) / sender.rate))
        hits.append(_wait_for_work(stack.owner_url, row.in_hand))
        stack.send_signal(pid, row.by)
        last = pid
        posting.join()
    stack.wait_ready(row.process, other_than=last)
    return hits


def _wait_for_work(owner_url: str, question: LiteralString | None) -> bool:
    """Wait for a moment at which there is work in hand, for a while; False when none came or nobody asked."""
    if question is None:
        return False
    until = time.monotonic() + WORK_COMES_SECONDS
    with psycopg.connect(owner_url, autocommit=True) as connection:
        while time.monotonic() < until:
            row = connection.execute(question).fetchone()
            if row is not None and row[0]:
                return True
            time.sleep(0.002)
    return False


def _cut_leases(owner_url: str) -> None:
    with psycopg.connect(owner_url) as connection:
        connection.execute("update crm_messages set lease_until = now() where lease_until > now()")
        connection.execute("update crm_inbox set lease_until = now() where lease_until > now()")


def _settle(owner_url: str) -> dict[str, int]:
    """Wait until nothing is left to do, several looks in a row; returns what is left when that takes too long."""
    until, quiet, left = time.monotonic() + SETTLE_SECONDS, 0, {"database": 1}
    while quiet < QUIET_LOOKS and time.monotonic() < until:
        left = _left(owner_url)
        quiet = 0 if left else quiet + 1
        time.sleep(0.5)
    return left


def _left(owner_url: str) -> dict[str, int]:
    """What is still to do, by kind; only what there is."""
    try:
        with psycopg.connect(owner_url, connect_timeout=5) as connection:
            cursor = connection.execute(_UNSETTLED)
            row = cursor.fetchone() or ()
            names = [column.name for column in cursor.description or ()]
    except psycopg.OperationalError:
        return {"database": 1}
    return {name: number for name, number in zip(names, row, strict=True) if number}


def _result(
    row: Row,
    posts: Sequence[Submission],
    sender: Sender,
    hits: Sequence[bool],
    breaches: Sequence[Breach],
    unsettled: dict[str, int],
    seconds: float,
    seconds_to_settle: float,
) -> Result:
    kinds = Counter(breach.kind for breach in breaches)
    return Result(
        row=row.name,
        posts=len(posts),
        leads=len(_events(sender.accepted)),
        tries=sender.tries,
        kills=len(hits),
        in_hand=sum(hits),
        lost=kinds[LOST],
        twice=kinds[TWICE],
        stuck=kinds[STUCK],
        seconds=round(seconds, 1),
        seconds_to_settle=round(seconds_to_settle, 1),
        unsettled=unsettled,
        unanswered=sender.unanswered,
        breaches=[f"{breach.kind}: {breach.words}" for breach in breaches],
    )


def _events(accepted: Sequence[Accepted]) -> set[str]:
    return {one.event_id for one in accepted}
