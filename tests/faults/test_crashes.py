"""A worker that dies at the worst moments: another one finishes, nothing is lost, nothing leaves twice."""

import os
import signal
import time
from pathlib import Path

import pytest

from tests.faults import crashing
from tests.faults.conftest import PEOPLE, Bench, WorkOff

PATIENCE_SECONDS = 60.0
DELIVERING = [point for point, (step, *_) in crashing.POINTS.items() if step is crashing.deliver_step]


def advance_to(step: crashing.Step) -> None:
    """Do the work that comes before a step."""
    for earlier in (crashing.capture_step, crashing.prepare_step):
        if earlier is step:
            return
        earlier()


@pytest.mark.parametrize("point", crashing.POINTS)
def test_a_worker_that_is_killed_loses_nothing_and_sends_nothing_twice(
    bench: Bench, work_off: WorkOff, point: str
) -> None:
    step, *_ = crashing.POINTS[point]
    advance_to(step)
    crashing.die_at(point, call=3 if step is crashing.deliver_step else 1, environment=bench.environment)
    assert bench.breaches() != []
    work_off()
    assert bench.breaches() == []


@pytest.mark.parametrize("point", DELIVERING)
def test_dying_again_and_again_while_sending_changes_nothing(
    bench: Bench, work_off: WorkOff, point: str
) -> None:
    advance_to(crashing.deliver_step)
    for call in (1, 2, 1):
        crashing.die_at(point, call=call, environment=bench.environment)
        bench.let_leases_end()
        crashing.settle_step()
        bench.let_leases_end()
    work_off()
    assert bench.breaches() == []


def test_a_worker_that_slept_past_its_lease_changes_nothing_when_it_wakes(
    bench: Bench, work_off: WorkOff, tmp_path: Path
) -> None:
    advance_to(crashing.deliver_step)
    sleeper = crashing.start_pausing(tmp_path / "paused", bench.environment)
    until = time.monotonic() + PATIENCE_SECONDS
    while not (tmp_path / "paused").exists():
        assert time.monotonic() < until and sleeper.is_alive()
        time.sleep(0.01)
    work_off()
    assert bench.breaches() == []
    assert sleeper.pid is not None
    os.kill(sleeper.pid, signal.SIGCONT)
    sleeper.join(PATIENCE_SECONDS)
    assert sleeper.exitcode == 0
    assert bench.breaches() == []


def test_five_workers_at_once_do_everything_once(bench: Bench, work_off: WorkOff) -> None:
    workers = [crashing.start(crashing.everything, bench.environment) for _ in range(5)]
    for worker in workers:
        worker.join(PATIENCE_SECONDS)
    assert [worker.exitcode for worker in workers] == [0] * 5
    work_off()
    assert bench.breaches() == []


@pytest.mark.parametrize("when", ["opened", "sent"])
def test_a_message_that_kills_every_worker_is_set_aside_and_holds_nobody_up(bench: Bench, when: str) -> None:
    advance_to(crashing.deliver_step)
    poison = bench.one("select id::text from crm_messages where template = 'welcome' order by id limit 1")
    deaths = 0
    while crashing.die_of(poison, when, bench.environment):
        deaths += 1
        assert deaths < 10, "it is tried for ever"
        bench.let_leases_end()
        crashing.settle_step()
        bench.let_leases_end()
    assert bench.one(f"select status from crm_messages where id = '{poison}'") == "failed"
    others = f"select count(*) from crm_messages where status = 'sent' and id <> '{poison}'"
    assert bench.one(others) == 2 * PEOPLE - 1
