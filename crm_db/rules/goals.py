"""How far a sales goal has been reached, and whether that is as far as the time."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Period:
    """A time from an instant up to another, which is not included."""

    begins: datetime
    ends: datetime

    def elapsed(self, now: datetime) -> float:
        """How much of it has passed, in 0 to 1."""
        return min(1.0, max(0.0, (now - self.begins) / (self.ends - self.begins)))


@dataclass(frozen=True)
class Progress:
    """`share`: of the target, 1 is all of it. `elapsed`: of the period. `expected`: what an even pace would have reached by now.

    `pace`: what was reached for each part of that, None before the period begins; from 1 on the goal is on track.
    """

    reached: Decimal
    share: float
    elapsed: float
    expected: float
    pace: float | None
    on_track: bool


def period_of(first: date, last: date, zone: ZoneInfo) -> Period:
    """The days from the first to the last, both included, in a zone."""
    return Period(*(_midnight(day, zone) for day in (first, last + timedelta(days=1))))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """When a day begins, in UTC: there a period is as long as it takes."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def progress_of(reached: Decimal, target: Decimal, elapsed: float) -> Progress:
    """How far a target has been reached after a part of its period."""
    expected = float(target) * elapsed
    pace = float(reached) / expected if expected else None
    return Progress(
        reached=reached,
        share=round(float(reached / target), 4),
        elapsed=round(elapsed, 4),
        expected=round(expected, 2),
        pace=None if pace is None else round(pace, 4),
        on_track=float(reached) >= expected,
    )
