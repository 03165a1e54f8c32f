"""Values of an org's own fields: whether they fit what was declared. Names that nobody declared stay free."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# RFC 3339, section 5.6, as far as Postgres compares it: no leap seconds, and offsets of less than 16 hours.
_MOMENT = re.compile(
    rf"{_DATE.pattern}T[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}(\.[0-9]{{1,9}})?(Z|[+-](0[0-9]|1[0-5]):[0-5][0-9])"
)


@dataclass(frozen=True)
class Declared:
    """A declared field: its name, type, what may be chosen, and whether it must be there."""

    name: str
    type: str
    options: Sequence[str] = ()
    required: bool = False


class Misfit(ValueError):
    """A value that does not fit what was declared; names the field, never the value."""

    def __init__(self, name: str, words: str) -> None:
        super().__init__(f"custom.{name}: {words}")
        self.field, self.words = f"custom.{name}", words


def check(values: Mapping[str, Any], declared: Sequence[Declared]) -> None:
    """Raise Misfit for the first value that does not fit, or that is needed and not there."""
    for field in declared:
        value = values.get(field.name)
        if value is None:
            if field.required:
                raise Misfit(field.name, "is needed")
            continue
        fits, words = _TYPES[field.type]
        if not fits(value, field.options):
            raise Misfit(field.name, words.format(options=", ".join(field.options)))


def _is_number(value: Any, _: Sequence[str]) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_whole(value: Any, _: Sequence[str]) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_date(value: Any, _: Sequence[str]) -> bool:
    return isinstance(value, str) and bool(_DATE.fullmatch(value)) and _is_read(date.fromisoformat, value)


def _is_moment(value: Any, _: Sequence[str]) -> bool:
    told = value.upper() if isinstance(value, str) else ""
    return bool(_MOMENT.fullmatch(told)) and _is_read(datetime.fromisoformat, told)


def _is_read(reader: Callable[[str], object], value: str) -> bool:
    try:
        reader(value)
    except ValueError:
        return False
    return True


def _is_url(value: Any, _: Sequence[str]) -> bool:
    if not isinstance(value, str):
        return False
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def _is_choices(value: Any, options: Sequence[str]) -> bool:
    return isinstance(value, list) and all(one in options for one in value) and len(set(value)) == len(value)


_Check = tuple[Callable[[Any, Sequence[str]], bool], str]
_TYPES: Mapping[str, _Check] = MappingProxyType(
    {
        "text": (lambda value, _: isinstance(value, str), "takes a text"),
        "number": (_is_number, "takes a number"),
        "integer": (_is_whole, "takes a whole number"),
        "boolean": (lambda value, _: isinstance(value, bool), "takes true or false"),
        "date": (_is_date, "takes a date such as 2026-12-31"),
        "datetime": (_is_moment, "takes a moment such as 2026-12-31T09:00:00+01:00"),
        "choice": (lambda value, options: value in options, "takes one of {options}"),
        "choices": (_is_choices, "takes a list of {options}"),
        "email": (
            lambda value, _: (
                isinstance(value, str) and bool(re.fullmatch(r"[^@\s]{1,64}@[^@\s]{1,255}", value))
            ),
            "takes an e-mail address",
        ),
        "url": (_is_url, "takes a web address that begins with https:// or http://"),
    }
)
