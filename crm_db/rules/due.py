"""When something is done: not before it is wanted or allowed, in business hours, outside quiet hours.

Business hours count in the team's zone, quiet hours in the contact's; each move is reported. Where the two
do not meet within two weeks the quiet hours are kept and the business hours given up, with a reason: a message
may be odd for the team, but never comes at night for the contact.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from crm_db.rules.hours import DEFAULT, BusinessHours, QuietHours, business_hours_from, holidays_of
from crm_db.rules.local_time import local_moment

__all__ = [
    "DEFAULT",
    "BusinessHours",
    "Due",
    "Move",
    "QuietHours",
    "business_hours_from",
    "due",
    "holidays_of",
    "local_moment",
]

COMMON_HOURS = timedelta(days=14)
"""Who has no hours in common for so long has none worth waiting for, even if some day the clocks change."""
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True)
class Move:
    """One reason for a later moment: `words` are in the contact's local time, the instants in UTC."""

    code: str
    words: str
    moved_from: datetime
    moved_to: datetime


@dataclass(frozen=True)
class Due:
    """The moment (UTC) and how it came about; no reasons when it is the moment that was wanted."""

    at: datetime
    reasons: tuple[Move, ...]


def due(
    wanted: datetime,
    *,
    zone: ZoneInfo,
    business: BusinessHours | None = None,
    quiet: QuietHours | None = None,
    not_before: datetime | None = None,
) -> Due:
    """The first allowed moment from `wanted` on, for a contact in `zone`.

    Reason codes: not_before, holiday, business_hours, quiet_hours, no_common_hours. Raises ValueError for
    times without a zone.
    """
    if wanted.tzinfo is None or (not_before is not None and not_before.tzinfo is None):
        raise ValueError("a due time needs aware datetimes")
    at, moves = wanted.astimezone(UTC), []
    if not_before is not None and not_before > at:
        moves.append(_move("not_before", "not allowed earlier", at, not_before.astimezone(UTC), zone))
        at = moves[-1].moved_to
    found = _search(at, zone, business, quiet)
    if found is None:
        found = _search(at, zone, None, quiet) or []
        end = found[-1].moved_to if found else at
        words = "business hours given up, as they hardly ever meet outside the contact's quiet hours"
        found = [*found, _move("no_common_hours", words, end, end, zone)]
    moves += found
    return Due(moves[-1].moved_to if moves else at, tuple(moves))


def _search(
    start: datetime, zone: ZoneInfo, business: BusinessHours | None, quiet: QuietHours | None
) -> list[Move] | None:
    """The moves from `start` to the first moment that suits everybody; None when there is none in COMMON_HOURS.

    Counted from the first opening: a team that is closed for longer still has its hours.
    """
    at, first = start, None
    moves: list[Move] = []
    while first is None or at - first < COMMON_HOURS:
        opens = business.next_open(at) if business else at
        if opens is None:
            return None
        first = first or opens
        if business and opens > at:
            moves.append(_move(*_why_closed(business, at), at, opens, zone))
        at = quiet.over_at(opens, zone) if quiet else opens
        if at == opens:
            return moves
        moves.append(_move("quiet_hours", "in quiet hours", opens, at, zone))
    return None


def _why_closed(business: BusinessHours, at: datetime) -> tuple[str, str]:
    local_day = at.astimezone(business.zone).date()
    if local_day in business.holidays and business.days.get(local_day.isoweekday()):
        return "holiday", "a holiday"
    return "business_hours", "outside business hours"


def _move(code: str, why: str, moved_from: datetime, moved_to: datetime, zone: ZoneInfo) -> Move:
    far = moved_to - moved_from >= timedelta(days=6)
    span = " → ".join(_spoken(instant, zone, with_date=far) for instant in (moved_from, moved_to))
    return Move(code, f"{span}: {why}", moved_from, moved_to)


def _spoken(instant: datetime, zone: ZoneInfo, *, with_date: bool) -> str:
    """ "Fri 18:40", or "Fri 2026-12-25 18:40" where the weekday would mislead; in any locale."""
    local = instant.astimezone(zone)
    day = f" {local.date().isoformat()}" if with_date else ""
    return f"{_WEEKDAYS[local.weekday()]}{day} {local:%H:%M}"
