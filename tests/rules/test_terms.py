"""When terms end, by hand and by a plain count of months."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_db.rules.terms import last_day, term_that_holds

BEGINNINGS = st.dates(date(2000, 1, 1), date(2090, 12, 31))
MONTHS = st.integers(1, 60)


@pytest.mark.parametrize(
    ("began", "months", "ends"),
    [
        ("2026-01-01", 12, "2026-12-31"),
        ("2026-01-15", 1, "2026-02-14"),
        ("2026-01-31", 1, "2026-02-28"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2026-01-30", 1, "2026-02-28"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2024-02-29", 48, "2028-02-28"),
        ("2026-03-01", 12, "2027-02-28"),
        ("2027-03-01", 12, "2028-02-29"),
        ("2026-10-31", 1, "2026-11-30"),
        ("2026-11-30", 3, "2027-02-28"),
    ],
)
def test_a_term_ends_on_the_day_before_that_of_the_same_number(began, months, ends):
    assert last_day(date.fromisoformat(began), months) == date.fromisoformat(ends)


def test_beyond_the_calendar_there_is_no_end():
    with pytest.raises(OverflowError):
        last_day(date(9999, 6, 1), 12)


@given(BEGINNINGS, MONTHS, st.integers(0, 12_000))
def test_every_day_lies_in_one_term_and_terms_follow_each_other(began, months, days):
    day = began + timedelta(days)
    start, end = term_that_holds(began, months, day)
    assert start <= day <= end
    assert term_that_holds(began, months, start) == term_that_holds(began, months, end) == (start, end)
    after = end + timedelta(days=1)
    assert term_that_holds(began, months, after)[0] == after


@given(BEGINNINGS, MONTHS)
def test_whoever_asks_before_it_began_hears_of_the_first_term(began, months):
    assert term_that_holds(began, months, began - timedelta(days=1)) == (began, last_day(began, months))


def test_terms_of_a_month_do_not_slip_from_the_thirty_first():
    ends = [term_that_holds(date(2026, 1, 31), 1, date(2026, month, 15))[1] for month in range(2, 7)]
    assert [end.isoformat() for end in ends] == [
        "2026-02-28", "2026-03-30", "2026-04-30", "2026-05-30", "2026-06-30"
    ]  # fmt: skip
