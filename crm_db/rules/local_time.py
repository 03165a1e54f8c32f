"""Wall-clock time in a zone, with its gaps and its repeated hours.

A time that daylight saving skips means the first valid instant after it; a time that comes twice means its
first occurrence. Instants are in UTC.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_SECOND = timedelta(seconds=1)


def local_moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The instant (UTC) of a wall-clock time on a local day."""
    wall = datetime.combine(day, at.replace(tzinfo=None, fold=0), zone)
    instant = wall.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return instant
    return _transition(wall.replace(fold=1).astimezone(UTC), instant, zone)


def later(start: datetime, delay: timedelta, zone: ZoneInfo) -> datetime:
    """The instant (UTC) a delay after `start`: whole days by the clock on the wall of `zone`, the rest as time that passes."""
    local = start.astimezone(zone)
    same_time = local_moment(local.date() + timedelta(days=delay.days), local.time(), zone)
    return same_time + timedelta(seconds=delay.seconds, microseconds=delay.microseconds)


def edges(day: date, times: Iterable[time], zone: ZoneInfo) -> Iterator[datetime]:
    """The instants of a local day at which one of the times is passed or the clocks change."""
    for at in times:
        yield local_moment(day, at, zone)
        yield datetime.combine(day, at.replace(fold=1), zone).astimezone(UTC)
    start, end = (local_moment(day + timedelta(days=n), time(0), zone) for n in (0, 1))
    if _offset(start, zone) != _offset(end, zone):
        yield _transition(start, end, zone)


def _transition(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The whole second, after `before` and not after `after`, at which the offset changes."""
    old = _offset(before, zone)
    while after - before > _SECOND:
        middle = before + (after - before) / 2
        before, after = (middle, after) if _offset(middle, zone) == old else (before, middle)
    return after.replace(microsecond=0)


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta | None:
    return instant.astimezone(zone).utcoffset()
