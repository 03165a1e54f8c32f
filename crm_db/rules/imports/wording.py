"""What no mapping may hold, wherever it stands: told before the rest of it is understood."""

import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from crm_db.rules.mapping import MAX_ITEMS, MAX_TEXT_CHARS
from crm_db.rules.text import one_line

MAX_DEPTH = 10
MAX_INTEGER = 10**30
MAX_FORMAT_CHARS = 100
MAX_SHOWN_CHARS = 100
_HALF = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]")
_SOME_DAY = datetime(2001, 2, 3, 16, 5, 6, tzinfo=UTC)


def unfit_parts(mapping: Mapping[str, object]) -> list[str]:
    """A sentence for each part that holds what cannot be kept or shown, however deep inside it stands."""
    return [
        f"{one_line(name, MAX_SHOWN_CHARS)} {why}."
        for name, value in mapping.items()
        for why in sorted({*_unfit(name, value)})
    ]


def unfit_constant(value: object) -> str | None:
    """Why a value cannot be a constant; None when it can."""
    if isinstance(value, list):
        if len(value) > MAX_ITEMS:
            return f"has more than {MAX_ITEMS} items"
        whys = (_unfit_scalar(item) for item in value)
        return next((f"has an item that {why}" for why in whys if why), None)
    if why := _unfit_scalar(value):
        return "is neither a text, a number, yes or no, nor a list" if why == _NO_SCALAR else why
    return None


def unfit_format(form: str) -> str | None:
    """Why a date format can read no date; None when it can."""
    if form == "iso":
        return None
    if len(form) > MAX_FORMAT_CHARS:
        return f"is longer than {MAX_FORMAT_CHARS} characters"
    try:
        read = datetime.strptime(_SOME_DAY.strftime(form), form)  # noqa: DTZ007 - no moment is meant
    except (ValueError, OverflowError, LookupError, re.error):
        return "is none that strptime knows, nor iso"
    return None if read.year == _SOME_DAY.year else "has no year"


_NO_SCALAR = "is neither a text nor a number"


def _unfit(name: str, value: object) -> Iterator[str]:
    """What is wrong inside a part; nothing here goes down by calling itself, so that no depth is too much."""
    left: list[tuple[object, int]] = [(name, 0), (value, 0)]
    while left:
        one, depth = left.pop()
        if depth > MAX_DEPTH:
            yield f"holds lists or tables more than {MAX_DEPTH} deep"
        elif isinstance(one, Mapping):
            left += [(item, depth + 1) for pair in one.items() for item in pair]
        elif isinstance(one, list):
            left += [(item, depth + 1) for item in one]
        elif isinstance(one, str) and _HALF.search(one):
            yield "holds half a character (a surrogate without its other half)"
        elif isinstance(one, int) and abs(one) >= MAX_INTEGER:
            yield "holds a number of more than 30 digits"


def _unfit_scalar(value: object) -> str | None:
    if isinstance(value, str):
        if len(value) > MAX_TEXT_CHARS:
            return f"is longer than {MAX_TEXT_CHARS:,} characters"
        return "holds control characters" if _CONTROL.search(value) else None
    if isinstance(value, float) and not math.isfinite(value):
        return "is no number that can be kept"
    return None if isinstance(value, (int, float)) else _NO_SCALAR
