"""Rows on whole stacks: a process is killed under load, the providers fail meanwhile or not, and all is recounted at the end."""

import random
import signal
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, LiteralString

import psycopg

from deployments.fakes.process import environment
from integrations.testing import Fakes, running_fakes
from integrations.testing.contracts import load_contracts
from integrations.testing.faults import Plan
from tests.faults.breaches import Accepted
from tests.faults.carried import taken_of
from tests.faults.found import Found
from tests.faults.invariants import recount
from tests.faults.own_stack import OwnStack, own_stack
from tests.faults.sender import Sender, Submission, submissions
from tests.faults.settling import cut_leases, settle

RATE = 40.0
KILL_AFTER_SECONDS = (0.3, 2.0)
WORK_COMES_SECONDS = 15.0

CAPTURING = "select exists (select from crm_inbox where status = 'pending' and lease_until > now())"
DELIVERING = (
    "select exists (select from crm_messages where status in ('claimed', 'sending') and lease_until > now())"
)


@dataclass(frozen=True)
class Killing:
    """A fault: the process of `crm status` that is killed, by which signal, how often, and during how many posts.

    stacks: how many stacks one after the other have that done to them; on one, the supervisor's pauses grow with each death.

    in_hand: the question whether it has work in hand just now. A kill at any odd moment rarely hits the ones that matter.
    fakes: e-mail goes to the provider fakes, which follow this plan; settings: what the stack is told in addition.
    """

    name: str
    process: str
    by: signal.Signals = signal.SIGKILL
    kills: int = 3
    leads: int = 500
    stacks: int = 1
    in_hand: LiteralString | None = None
    fakes: Plan | None = None
    settings: Mapping[str, str] = field(default_factory=dict)


HURRIED = {"CRM_HTTP_TIMEOUT": "3"}
FAILING = Plan(share=0.3, after_share=0.5, hang_seconds=5, latency=(0.0, 0.05))
LAG_SECONDS = 8.0

KILLINGS = (
    Killing("kill-intake-capture", "intake-capture", in_hand=CAPTURING),
    Killing("kill-intake-delivery", "intake-delivery", in_hand=DELIVERING),
    Killing("api-kills", "api", kills=10, leads=400, stacks=5),
    Killing("kill-worker", "worker"),
    Killing("kill-prefect", "prefect"),
    Killing("postgres-stops", "postgres", signal.SIGQUIT, kills=10, leads=500, stacks=2),
    Killing(
        "fakes",
        "intake-delivery",
        in_hand=DELIVERING,
        fakes=FAILING,
        settings={**HURRIED, "CRM_SETTLE_SECONDS": "2"},
    ),
    Killing(
        "lag",
        "intake-delivery",
        in_hand=DELIVERING,
        fakes=replace(FAILING, lag_seconds=LAG_SECONDS),
        settings={**HURRIED, "CRM_SETTLE_SECONDS": f"{1.25 * LAG_SECONDS:g}"},
    ),
)


def run(killing: Killing, *, seed: int, hurry: bool = False) -> Found:
    """Load a stack of its own, kill the process again and again meanwhile, wait until all is quiet, recount.

    hurry: end the leases of the dead at once instead of waiting minutes for their end.
    """
    began = time.monotonic()
    with _providers(killing, seed) as (fakes, settings), own_stack(**settings) as stack:
        stack.add_reps()
        sender = Sender(stack.add_source("faults"), RATE)
        posts = submissions(killing.leads, seed=seed)
        hits = _load_and_kill(stack, killing, sender, posts, random.Random(seed))
        loaded = time.monotonic()
        if hurry:
            cut_leases(stack.owner_url)
        unsettled = settle(stack.owner_url)
        settled = time.monotonic()
        taken = taken_of({"accepted": [one.as_dict() for one in fakes.log.entries]}) if fakes else None
        breaches = recount(stack.owner_url, stack.outbox, sender.accepted, taken)
    return Found.of(
        breaches,
        wanting=[*_wanting(killing, hits), *sender.wanting, *unsettled],
        kills=len(hits),
        in_hand=sum(hits),
        posts=len(posts),
        tries=sender.tries,
        leads=len(_events(sender.accepted)),
        seconds=round(settled - began, 1),
        seconds_to_settle=round(settled - loaded, 1),
        **(_carried(fakes) if fakes else {}),
    )


def _wanting(killing: Killing, hits: Sequence[bool]) -> list[str]:
    if killing.in_hand is not None and not any(hits):
        return ["no kill hit work in hand"]
    return []


@contextmanager
def _providers(killing: Killing, seed: int) -> Iterator[tuple[Fakes | None, Mapping[str, str]]]:
    """The provider fakes of a row that has any, and the settings that lead a stack to them."""
    if killing.fakes is None:
        yield None, killing.settings
        return
    with running_fakes(Fakes(seed=seed, contracts=load_contracts())) as server:
        server.fakes.follow(replace(killing.fakes, seed=seed))
        yield server.fakes, {**environment(server.url), **killing.settings}


def _carried(fakes: Fakes) -> dict[str, Any]:
    """What the fakes met; raises RuntimeError when no answer was lost, for then the row has shown nothing."""
    summary = fakes.summary()
    if not summary["answer_lost"]:
        raise RuntimeError("no message was accepted without its caller hearing of it")
    return {name: summary[name] for name in ("accepted", "answer_lost", "twice", "faults", "refused")}


def _load_and_kill(
    stack: OwnStack, killing: Killing, sender: Sender, posts: Sequence[Submission], chance: random.Random
) -> list[bool]:
    """Post in kills + 1 parts; while each but the first is being posted, kill the process once it is ready again.

    Returns for each kill whether it hit work in hand.
    """
    size = -(-len(posts) // (killing.kills + 1))
    parts = [posts[start : start + size] for start in range(0, len(posts), size)]
    sender.post(parts[0])
    hits: list[bool] = []
    last = None
    for part in parts[1:]:
        pid = stack.wait_ready(killing.process, other_than=last)
        posting = threading.Thread(target=sender.post, args=(part,))
        posting.start()
        time.sleep(min(chance.uniform(*KILL_AFTER_SECONDS), 0.7 * len(part) / sender.rate))
        hits.append(_wait_for_work(stack.owner_url, killing.in_hand))
        stack.send_signal(pid, killing.by)
        last = pid
        posting.join()
    stack.wait_ready(killing.process, other_than=last)
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


def _events(accepted: Sequence[Accepted]) -> set[str]:
    return {one.event_id for one in accepted}
