"""Row `stopped-past-the-lease`: workers are stopped (SIGSTOP), others take over and finish, then the stopped ones wake."""

import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from integrations.testing import Fakes, running_fakes
from tests.databases import Server
from tests.faults import crashing
from tests.faults.bench import Bench, bench_on
from tests.faults.breaches import Breach
from tests.faults.crash_points import come_to, work_off
from tests.faults.crashing import BATCH, SHORT_LEASE, Death
from tests.faults.found import Found
from tests.faults.points import CALENDAR, EMAIL, POINTS, Point, deliver_step, point

HOLDS_ROWS = ("P2", "P4", "P10", "P12")
"""Stopped inside a transaction. The database ends those that stand still for two minutes, lest others wait for their locks."""
FENCED = ("P6", "P7", "P8", "P9")
"""Stopped between the attempt and its outcome: by then another worker has written the outcome down."""
ALONE = point(CALENDAR, "P4")
"""It holds the lock on a colleague's calendar, for which whoever comes after it waits."""
STOPPED_AT = tuple(one for one in POINTS if one.step is deliver_step and one.name not in ("P1", "P11"))


def stop_and_wake(server: Server, points: Sequence[Point], *, sleepers: int) -> Found:
    """So many workers stopped at each point of one lane; the recount comes before they wake and after.

    Whoever carries e-mail has hung up on those that stood still, as providers do long before their third look is due.
    """
    began, lane = time.monotonic(), points[0].lane
    fakes = running_fakes(Fakes(seed=1)) if lane == EMAIL else nullcontext(None)
    people = BATCH * sleepers * len(points)
    with fakes as provider, bench_on(server, people=people) as bench:
        come_to(bench, points[0], provider)
        fenced = bench.home / "fenced"
        asleep = [
            crashing.start_stopping(Death(one), fenced, bench.environment)
            for one in sorted(points, key=lambda one: one == ALONE)
            for _ in range(1 if one == ALONE else sleepers)
        ]
        time.sleep(SHORT_LEASE.total_seconds())
        bench.let_leases_end()
        before = _finish_without_them(bench)
        for sleeper in asleep:
            crashing.wake(sleeper, may_fail=any(one.name in HOLDS_ROWS for one in points))
        work_off(bench)
        times = _bytes_in(fenced)
        expected = sleepers * sum(one.name in FENCED for one in points)
        return Found.of(
            [*before, *bench.breaches()],
            wanting=[] if times >= expected else [f"the fence held {times} times instead of {expected}"],
            stopped=len(asleep),
            fenced=times,
            messages=bench.one("select count(*) from crm_messages where attempts > 0"),
            attempts=bench.one("select count(*) from crm_message_attempts"),
            seconds=round(time.monotonic() - began, 1),
        )


def _finish_without_them(bench: Bench) -> list[Breach]:
    """Others do everything; what is broken then."""
    bench.end_idle_transactions()
    if bench.fakes is not None:
        bench.fakes.hang_up()
    work_off(bench)
    return bench.breaches()


def _bytes_in(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0
