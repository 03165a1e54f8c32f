"""How far a goal has been reached, by hand."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from crm_db.rules.goals import period_of, progress_of

BERLIN = ZoneInfo("Europe/Berlin")


def test_a_period_has_its_last_day_and_is_as_long_as_the_clocks_say():
    march = period_of(date(2026, 3, 1), date(2026, 3, 31), BERLIN)
    assert (march.begins, march.ends) == (
        datetime(2026, 2, 28, 23, tzinfo=UTC),
        datetime(2026, 3, 31, 22, tzinfo=UTC),
    )
    assert march.ends - march.begins == timedelta(days=31, hours=-1)


@pytest.mark.parametrize(("hours", "share"), [(-5, 0.0), (0, 0.0), (6, 0.25), (24, 1.0), (99, 1.0)])
def test_what_has_passed_of_a_period_is_between_nothing_and_all(hours, share):
    day = period_of(date(2026, 1, 5), date(2026, 1, 5), ZoneInfo("UTC"))
    assert day.elapsed(datetime(2026, 1, 5, tzinfo=UTC) + timedelta(hours=hours)) == share


@pytest.mark.parametrize(
    ("reached", "elapsed", "share", "expected", "pace", "on_track"),
    [
        (0, 0.0, 0.0, 0.0, None, True),
        (50, 0.0, 0.25, 0.0, None, True),
        (50, 0.25, 0.25, 50.0, 1.0, True),
        (50, 0.5, 0.25, 100.0, 0.5, False),
        (300, 0.5, 1.5, 100.0, 3.0, True),
        (199, 1.0, 0.995, 200.0, 0.995, False),
    ],
)
def test_progress_is_held_against_an_even_pace(reached, elapsed, share, expected, pace, on_track):
    found = progress_of(Decimal(reached), Decimal(200), elapsed)
    assert (found.share, found.expected, found.pace, found.on_track) == (share, expected, pace, on_track)
