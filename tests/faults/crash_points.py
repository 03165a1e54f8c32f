"""Row `crash-points`: a worker dies at a named point again and again, others go on, and the recount finds nothing missing."""

import time
from collections.abc import Sequence
from contextlib import nullcontext

from integrations.testing import Fakes, FakeServer, running_fakes
from tests.databases import Server
from tests.faults import crashing
from tests.faults.bench import Bench, bench_on
from tests.faults.crashing import Death
from tests.faults.found import Found
from tests.faults.points import (
    CALENDAR,
    CAPTURE,
    EMAIL,
    PREPARE,
    Point,
    capture_step,
    deliver_step,
    everything,
    point,
)

CALLS = (1, 2, 3)
EACH = {CAPTURE: 6, PREPARE: 7, EMAIL: 3, CALENDAR: 3}
ROOM = 6
"""People for each kill, and some more: enough that no worker runs out of work before it dies."""
PASSES = 12
HURRIED = {"CRM_HTTP_TIMEOUT": "20", "CRM_SETTLE_SECONDS": "600"}
MOST_CLAIMED = """
    select coalesce(max(claims), 0) from (
        select claims from crm_inbox where status = 'pending'
        union all select claims from crm_messages where status in ('scheduled', 'claimed')
    ) as waiting
"""
SPARED = 3
"""Claims without an outcome; after five the product sets a message aside, and rightly."""
AT_REST = """
    select not exists (select from crm_inbox where status = 'pending')
       and not exists (select from crm_leads where automation = 'pending')
       and not exists (select from crm_messages where status in ('claimed', 'sending', 'unknown')
                       or status = 'scheduled' and (due_at <= now() or attempts > 0))
"""


def crash(server: Server, points: Sequence[Point], *, kills: int) -> Found:
    """So many kills at each point of one lane, each of a new worker; then whole workers until all is done, and the recount.

    Every other worker begins with what had killed one before, until that has been claimed so often that it would soon be poison.
    """
    began, lane = time.monotonic(), points[0].lane
    fakes = running_fakes(Fakes(seed=1)) if lane == EMAIL else nullcontext(None)
    people = EACH[lane] * kills * len(points) + ROOM
    with fakes as provider, bench_on(server, people=1 if lane == PREPARE else people) as bench:
        come_to(bench, points[0], provider)
        if lane == PREPARE:
            bench.enter([f"entered{number}@faults.example" for number in range(people)])
        for number, where in enumerate(where for where in points for _ in range(kills)):
            death = Death(where, CALLS[number // 2 % len(CALLS)], again=number % 2 == 1)
            crashing.die_at(death, bench.environment)
            bench.let_leases_end()
            spare(bench, lane)
        work_off(bench)
        return Found.of(
            bench.breaches(),
            kills=kills * len(points),
            events=len(bench.accepted),
            messages=bench.one("select count(*) from crm_messages where attempts > 0"),
            attempts=bench.one("select count(*) from crm_message_attempts"),
            seconds=round(time.monotonic() - began, 1),
        )


def spare(bench: Bench, lane: str) -> None:
    """Let what was claimed too often be done by workers that each die with empty hands, when they come for more."""
    comes_for_more = Death(point(CAPTURE if lane == CAPTURE else EMAIL, "P1"), call=2, again=True)
    while bench.one(MOST_CLAIMED) >= SPARED:
        crashing.die_at(comes_for_more, bench.environment)
        bench.let_leases_end()


def work_off(bench: Bench) -> None:
    """Whole workers, one after the other, each coming when leases, back-offs and settle times are over."""
    for _ in range(PASSES):
        crashing.run(everything, bench.environment)
        bench.let_leases_end()
        bench.let_looks_be_due()
        if bench.one(AT_REST):
            return
    # What is not at rest now never will be; the recount says what it is.


def come_to(bench: Bench, first: Point, provider: FakeServer | None) -> None:
    """Do the work that comes before the point's step."""
    if provider is not None:
        bench.send_through(provider, **HURRIED)
    if first.lane != CAPTURE:
        crashing.run(capture_step, bench.environment)
    if first.lane == CALENDAR:
        crashing.run(deliver_step, bench.environment)
        bench.invite_everybody(2)
