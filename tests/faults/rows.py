"""The table of all rows: what each is called, what it shows, and the parts that it is run in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from tests.faults import crash_points, stack_kills
from tests.faults.found import Found
from tests.faults.ground import Ground
from tests.faults.points import POINTS, Point
from tests.faults.stack_kills import KILLINGS, Killing

Part = Callable[[Ground], Found]
KILLS_AT_A_POINT = 50


@dataclass(frozen=True)
class Row:
    """Parts are run one after the other, and each one's finding is kept when it is there."""

    name: str
    shows: str
    parts: Mapping[str, Part]


def _crash(point: Point, ground: Ground) -> Found:
    return crash_points.crash(ground.server, [point], kills=KILLS_AT_A_POINT)


def _kill(killing: Killing, ground: Ground) -> Found:
    return stack_kills.run(killing, seed=ground.seed)


ROWS: tuple[Row, ...] = (
    Row(
        "crash-points",
        "workers die at P1 to P12, in capture, on an e-mail and on a calendar channel",
        {str(point): partial(_crash, point) for point in POINTS},
    ),
    *(
        Row(
            killing.name,
            f"{killing.process} is killed {killing.kills} times under load",
            {"stack": partial(_kill, killing)},
        )
        for killing in KILLINGS
    ),
)
