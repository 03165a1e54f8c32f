"""The table of all rows: what each is called, what it shows, and the parts that it is run in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from tests.faults import (
    clocks,
    crash_points,
    exhaustion,
    fuzz,
    stack_kills,
    stopped,
    storm,
    walls,
    with_prefect,
)
from tests.faults.found import Found
from tests.faults.ground import Ground
from tests.faults.points import POINTS, Point
from tests.faults.stack_kills import KILLINGS, Killing
from tests.faults.stopped import STOPPED_AT
from tests.faults.storm import Storm

Part = Callable[[Ground], Found]
KILLS_AT_A_POINT = 50
SLEEPERS_AT_A_POINT = 6


@dataclass(frozen=True)
class Row:
    """Parts are run one after the other, and each one's finding is kept when it is there."""

    name: str
    shows: str
    parts: Mapping[str, Part]


def _crash(point: Point, ground: Ground) -> Found:
    return crash_points.crash(ground.server, [point], kills=KILLS_AT_A_POINT)


def _stop_and_wake(point: Point, ground: Ground) -> Found:
    return stopped.stop_and_wake(ground.server, [point], sleepers=SLEEPERS_AT_A_POINT)


def _storm(ground: Ground) -> Found:
    return storm.storm(ground.server, Storm(), seed=ground.seed)


def _step_about(ground: Ground) -> Found:
    return clocks.step_about(ground.server, people=150, workers=3, steps=100, seed=ground.seed)


def _step_about_faked(ground: Ground) -> Found:
    library = clocks.faketime()
    if library is None:
        return Found({}, wanting=("libfaketime is not installed; see the Debian package of that name",))
    return clocks.step_about(ground.server, people=50, workers=1, steps=100, seed=ground.seed, faked=library)


def _five_at_once(ground: Ground) -> Found:
    with with_prefect.loaded_stack(posts=600, seed=ground.seed) as loaded:
        return with_prefect.five_at_once(loaded, posts=600)


def _gone(ground: Ground) -> Found:
    with with_prefect.loaded_stack(posts=600, seed=ground.seed) as loaded:
        return with_prefect.gone(loaded, posts=600, seconds=180.0)


def _dropped(ground: Ground) -> Found:
    with with_prefect.loaded_stack(posts=300, seed=ground.seed) as loaded:
        loaded.sender.post(loaded.take(100))
        return with_prefect.dropped(loaded, posts=200)


def _disk_full(ground: Ground) -> Found:
    return exhaustion.disk_full(ground.server, posts=200)


def _connections(ground: Ground) -> Found:
    return exhaustion.connections_exhausted(ground.server, posts=60)


def _kill(killing: Killing, number: int, ground: Ground) -> Found:
    return stack_kills.run(killing, seed=ground.seed + number)


ROWS: tuple[Row, ...] = (
    Row(
        "crash-points",
        "workers die at P1 to P12, in capture, on an e-mail and on a calendar channel",
        {str(point): partial(_crash, point) for point in POINTS},
    ),
    Row(
        "ledger-storm",
        "3,000 e-mails, 200 deaths at named and random moments, 30 of 100 calls fail, half of them after their work",
        {"storm": _storm},
    ),
    Row(
        "stopped-past-the-lease",
        "workers stand still between claim and outcome, others finish, then they wake",
        {str(point): partial(_stop_and_wake, point) for point in STOPPED_AT},
    ),
    Row(
        "clock-steps",
        "the clocks of workers jump by an hour and by a day while they sweep",
        {"injected": _step_about, "libfaketime": _step_about_faked},
    ),
    Row(
        "five-at-once",
        "five runs of every flow at the same time while leads come in",
        {"stack": _five_at_once},
    ),
    Row("prefect-gone", "Prefect's server is away for three minutes while leads come in", {"stack": _gone}),
    Row(
        "prefect-database-dropped",
        "Prefect's database is dropped and made anew while leads come in",
        {"stack": _dropped},
    ),
    Row("disk-full", "the disk under the database is full for a while", {"tablespace": _disk_full}),
    Row("connections-exhausted", "somebody takes every connection of the server", {"hog": _connections}),
    Row("walls", "holes are made in the walls between orgs and teams", {"mutants": walls.break_walls}),
    Row(
        "api-fuzz",
        "10,000 requests that schemathesis makes at random from the API's own description",
        {"cases": fuzz.fuzz},
    ),
    *(
        Row(
            killing.name,
            f"{killing.process} is killed {killing.kills * killing.stacks} times under load",
            {f"stack {number + 1}": partial(_kill, killing, number) for number in range(killing.stacks)},
        )
        for killing in KILLINGS
    ),
)
