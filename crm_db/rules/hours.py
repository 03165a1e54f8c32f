"""When a team works and when a contact must not be disturbed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import holidays

from crm_db.rules.local_time import edges

HORIZON = timedelta(days=366)
_MIDNIGHT = time(0)

# Business hours as they stand in the settings: local times by ISO weekday (1 is Monday).
DEFAULT: Mapping[str, object] = {
    "zone": "UTC",
    "days": {str(weekday): [["09:00", "17:00"]] for weekday in range(1, 6)},
    "holidays": [],
}


@dataclass(frozen=True)
class BusinessHours:
    """A team's opening times in its own zone, by ISO weekday, closed on holidays.

    A pair is (opens, closes), the closing time not included; closing at 00:00 means midnight. Raises
    ValueError when no day is open or a day's times are not in order.
    """

    zone: ZoneInfo
    days: Mapping[int, tuple[tuple[time, time], ...]]
    holidays: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        if not any(self.days.values()):
            raise ValueError("business hours need at least one open day")
        for weekday, periods in self.days.items():
            _check_day(weekday, periods)

    def periods_on(self, day: date) -> tuple[tuple[time, time], ...]:
        """The opening times of a local day."""
        return () if day in self.holidays else self.days.get(day.isoweekday(), ())

    def is_open(self, instant: datetime) -> bool:
        """Whether the team works at an instant, by the clock on its wall."""
        local = instant.astimezone(self.zone)
        at = local.time()
        return any(
            opens <= at and (at < closes or closes == _MIDNIGHT)
            for opens, closes in self.periods_on(local.date())
        )

    def next_open(self, instant: datetime) -> datetime | None:
        """The first instant from this one on at which the team works; None when there is none in a year."""
        if self.is_open(instant):
            return instant
        first = instant.astimezone(self.zone).date()
        for day in (first + timedelta(days=n) for n in range(HORIZON.days)):
            opening = [opens for opens, _ in self.periods_on(day)]
            found = [
                edge for edge in edges(day, opening, self.zone) if edge >= instant and self.is_open(edge)
            ]
            if opening and found:
                return min(found)
        return None


@dataclass(frozen=True)
class QuietHours:
    """The local time in which a contact is left alone, the end not included; it may span midnight.

    Raises ValueError when start and end are the same: that could mean always or never.
    """

    start: time
    end: time

    def __post_init__(self) -> None:
        if self.start == self.end:
            raise ValueError("quiet hours need a start and an end that differ")

    def cover(self, instant: datetime, zone: ZoneInfo) -> bool:
        """Whether it is quiet at an instant, by the clock on the contact's wall."""
        at = instant.astimezone(zone).time()
        if self.start < self.end:
            return self.start <= at < self.end
        return at >= self.start or at < self.end

    def over_at(self, instant: datetime, zone: ZoneInfo) -> datetime:
        """The first instant (UTC) from this one on at which it is not quiet."""
        if not self.cover(instant, zone):
            return instant
        first = instant.astimezone(zone).date()
        days = (first + timedelta(days=n) for n in range(8))
        return next(
            edge
            for day in days
            for edge in sorted(edges(day, [self.end], zone))
            if edge > instant and not self.cover(edge, zone)
        )


def business_hours_from(data: Mapping[str, object]) -> BusinessHours:
    """Business hours from their JSON form (see DEFAULT); raises ValueError naming the part that is wrong."""
    zone, days, closed = data.get("zone"), data.get("days"), data.get("holidays", [])
    if not isinstance(zone, str) or not isinstance(days, Mapping) or not isinstance(closed, list):
        raise ValueError("business hours: zone, days and holidays are text, an object and a list")  # noqa: TRY004
    try:
        return BusinessHours(
            zone=ZoneInfo(zone),
            days={int(weekday): tuple(_period(pair) for pair in pairs) for weekday, pairs in days.items()},
            holidays=frozenset(date.fromisoformat(day) for day in closed),
        )
    except (KeyError, OSError):
        raise ValueError("business hours: zone is not a time zone") from None
    except TypeError:
        raise ValueError('business hours: a day is a list of pairs like ["09:00", "17:00"]') from None


def holidays_of(country: str | None, years: Iterable[int]) -> frozenset[date]:
    """The public holidays of a country (ISO 3166) in some years; none for a country that is not known."""
    return _holidays((country or "").upper(), tuple(sorted(set(years))))


@lru_cache(maxsize=256)
def _holidays(country: str, years: tuple[int, ...]) -> frozenset[date]:
    try:
        return frozenset(holidays.country_holidays(country, years=years))
    except NotImplementedError:
        return frozenset()


def _check_day(weekday: int, periods: tuple[tuple[time, time], ...]) -> None:
    if not 1 <= weekday <= 7:
        raise ValueError("business hours: a weekday is a number from 1 (Monday) to 7")
    if any(opens >= closes and closes != _MIDNIGHT for opens, closes in periods):
        raise ValueError("business hours: a day's closing time comes after its opening time")
    if any(closes == _MIDNIGHT or closes > opens for (_, closes), (opens, _) in pairwise(periods)):
        raise ValueError("business hours: a day's times are in order and do not overlap")


def _period(pair: Iterable[str]) -> tuple[time, time]:
    opens, closes = pair
    return time.fromisoformat(opens), _MIDNIGHT if closes == "24:00" else time.fromisoformat(closes)
