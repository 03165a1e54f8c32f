"""Numbers and moments as one table writes them all."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from crm_db.rules.local_time import local_moment
from crm_db.rules.money import MAX_INTEGER_DIGITS

_OLDEST = datetime(1970, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(days=1)


def read_number(text: str, decimal: str) -> Decimal | None:
    """The number of a cell; decimal: the mark before its fraction, "" where only the plain form counts."""
    thousands = {".": ",", ",": "."}.get(decimal, "")
    packed = text.replace(" ", "").replace("\u00a0", "").replace("'", "")
    plain = packed.replace(thousands, "") if thousands else packed
    try:
        number = Decimal(plain.replace(decimal, ".") if decimal else plain)
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number) < 10**MAX_INTEGER_DIGITS else None


def plain(number: Decimal) -> int | float:
    """The number as JSON has it: whole where it is whole."""
    return int(number) if number == number.to_integral_value() else float(number)


def read_moment(text: str, formats: Sequence[str], zone: ZoneInfo, *, now: datetime) -> datetime | None:
    """The moment (UTC) of a cell, by the first format that fits; without an offset it is the time on the wall of `zone`.

    formats: of `strptime`, or "iso". None for what fits no format, lies before 1970, or a day or more ahead of `now`.
    """
    for form in formats:
        try:
            read = datetime.fromisoformat(text) if form == "iso" else datetime.strptime(text, form)  # noqa: DTZ007
            moment = (
                local_moment(read.date(), read.time(), zone) if read.tzinfo is None else read.astimezone(UTC)
            )
        except (ValueError, OverflowError):
            continue
        if _OLDEST <= moment <= now + _AHEAD:
            return moment
    return None
