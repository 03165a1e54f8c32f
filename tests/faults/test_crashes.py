"""A worker that dies at the worst moments: another one finishes, nothing is lost, nothing leaves twice."""

import pytest

from integrations.testing import Fakes, running_fakes
from tests.databases import Server
from tests.faults import crashing
from tests.faults.bench import Bench
from tests.faults.conftest import PEOPLE, WorkOff
from tests.faults.crash_points import HURRIED, crash
from tests.faults.crashing import Death
from tests.faults.points import (
    CALENDAR,
    CAPTURE,
    EMAIL,
    POINTS,
    PREPARE,
    capture_step,
    everything,
    point,
    settle_step,
)
from tests.faults.stopped import STOPPED_AT, stop_and_wake
from tests.faults.storm import Storm, storm

PATIENCE_SECONDS = 60.0
NEXT = "select id::text from crm_messages where status = 'scheduled' order by priority, due_at limit 1"
# Of one e-mail whose worker died there: its status, its attempts, and whether the provider has it.
LEFT_BY = {
    "P1": ("scheduled", 0, False),
    "P2": ("scheduled", 0, False),
    "P3": ("claimed", 0, False),
    "P4": ("claimed", 0, False),
    "P5": ("sending", 1, False),
    "P6": ("sending", 1, False),
    "P7": ("sending", 1, False),
    "P8": ("sending", 1, True),
    "P9": ("sending", 1, True),
    "P10": ("sending", 1, True),
    "P11": ("sent", 1, True),
    "P12": ("claimed", 0, False),
}


@pytest.mark.parametrize("lane", [CAPTURE, PREPARE, EMAIL, CALENDAR])
def test_workers_that_are_killed_at_every_point_lose_nothing_and_send_nothing_twice(
    server: Server, lane: str
) -> None:
    points = [one for one in POINTS if one.lane == lane]
    found = crash(server, points, kills=1)
    assert found.breaches == ()
    assert found.figures["kills"] == len(points)


def test_each_channel_has_all_twelve_points() -> None:
    for lane in (EMAIL, CALENDAR):
        assert [one.name for one in POINTS if one.lane == lane] == [f"P{number}" for number in range(1, 13)]


def test_a_point_lies_where_its_name_says(bench: Bench) -> None:
    capture_step()
    with running_fakes(Fakes(seed=1)) as server:
        bench.send_through(server, **HURRIED)
        for name, left in LEFT_BY.items():
            message = bench.one(NEXT)
            crashing.die_at(Death(point(EMAIL, name)), bench.environment)
            bench.let_looks_be_due()
            status, attempts = bench.all(f"select status, attempts from crm_messages where id = '{message}'")[
                0
            ]
            accepted = message in {entry.message_id for entry in server.fakes.log.entries}
            assert (name, (status, attempts, accepted)) == (name, left)
            bench.execute(f"update crm_messages set status = 'cancelled' where id = '{message}'")
            bench.execute("update crm_messages set status = 'scheduled', claims = 0 where status = 'claimed'")


@pytest.mark.parametrize("lane", [EMAIL, CALENDAR])
def test_workers_that_slept_past_their_leases_change_nothing_when_they_wake(
    server: Server, lane: str
) -> None:
    points = [one for one in STOPPED_AT if one.lane == lane]
    found = stop_and_wake(server, points, sleepers=1)
    assert (found.breaches, found.wanting) == ((), ())
    assert found.figures["fenced"] >= 4


def test_a_storm_of_deaths_and_failures_loses_nothing_and_sends_nothing_twice(server: Server) -> None:
    found = storm(server, Storm(people=12, kills=5, workers=2), seed=3)
    assert (found.breaches, found.wanting) == ((), ())


def test_five_workers_at_once_do_everything_once(bench: Bench, work_off: WorkOff) -> None:
    workers = [crashing.start(everything, bench.environment) for _ in range(5)]
    for worker in workers:
        worker.join(PATIENCE_SECONDS)
    assert [worker.exitcode for worker in workers] == [0] * 5
    work_off()
    assert bench.breaches() == []


@pytest.mark.parametrize("when", ["opened", "sent"])
def test_a_message_that_kills_every_worker_is_set_aside_and_holds_nobody_up(bench: Bench, when: str) -> None:
    capture_step()
    poison = bench.one("select id::text from crm_messages where template = 'welcome' order by id limit 1")
    deaths = 0
    while crashing.die_of(poison, when, bench.environment):
        deaths += 1
        assert deaths < 10, "it is tried for ever"
        bench.let_leases_end()
        settle_step()
        bench.let_leases_end()
    assert bench.one(f"select status from crm_messages where id = '{poison}'") == "failed"
    others = f"select count(*) from crm_messages where status = 'sent' and id <> '{poison}'"
    assert bench.one(others) == 2 * PEOPLE - 1
