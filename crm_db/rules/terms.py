"""When the terms of a subscription end: by months, whatever their lengths."""

from calendar import monthrange
from datetime import date, timedelta

ONE_DAY = timedelta(days=1)


def last_day(began: date, months: int) -> date:
    """The last day of so many months that began with a day: the one before the day of the same number.

    Where that month has no such day it ends with the month, as in German law (BGB, section 188): a month from January 31st
    ends with February's last day, a year from February 29th on February 28th. Raises OverflowError beyond the year 9999.
    """
    count = began.month - 1 + months
    year, month = began.year + count // 12, count % 12 + 1
    if year > date.max.year:
        raise OverflowError
    if began.day == 1:
        return date(year, month, 1) - ONE_DAY
    return date(year, month, min(began.day - 1, monthrange(year, month)[1]))


def end_of_term(start: date, months: int, began: date) -> date:
    """The last day of a term; one that follows on the terms since `began` ends as counted from there, so that none slips."""
    first, last = term_that_holds(began, months, start)
    return last if first == start else last_day(start, months)


def term_that_holds(began: date, months: int, day: date) -> tuple[date, date]:
    """The first and last day of the term in which a day lies; terms follow each other from `began` on, so none slips.

    Before `began` it is the first term.
    """
    number = max(0, ((day.year - began.year) * 12 + day.month - began.month) // months - 1)
    while last_day(began, (number + 1) * months) < day:
        number += 1
    start = began if number == 0 else last_day(began, number * months) + ONE_DAY
    return start, last_day(began, (number + 1) * months)
