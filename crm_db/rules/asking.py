"""What a list is asked for: conditions, order and words, read from texts such as `value:gt:50000` and `-created_at,name`.

A condition is `field:operator:value`. Lists of values are separated by commas, or stand as a JSON array where a value holds one.
Moments may be told from now (`-7d`, `+2w`, `today`, `this_month`), in the zone of whoever asks. A field of an org's own is read
as what it was declared to be; one that nobody declared, as what is asked for looks like.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from enum import Enum
from types import MappingProxyType
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

MOST_VALUES = 200
MOST_SORTS = 5
CUSTOM = "custom."
_CUSTOM_FIELD = re.compile(r"custom\.[^\x00]{1,100}")
_FROM_NOW = re.compile(r"([+-]\d{1,5})([hdwmy])")
_BOOLEANS = {"true": True, "false": False}


class Unanswerable(ValueError):
    """A question that a list cannot answer; names the part at fault, never what was asked for."""

    def __init__(self, part: str, words: str) -> None:
        super().__init__(f"{part}: {words}")
        self.field, self.words = part, words


class Type(Enum):
    """Of what kind the values of a field are, as far as a question goes."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    MOMENT = "moment"
    ID = "id"
    TEXTS = "texts"
    CUSTOM = "custom"
    WHOLE = "whole"
    PROSE = "prose"


@dataclass(frozen=True)
class Condition:
    """One thing that must hold of a record; `value` as `crm_find_ids` takes it; `outside`: not from one value up to the next.

    `declared`: what a field of an org's own was declared to be, as a Type is called; None where nobody declared it.
    """

    field: str
    op: str
    value: Any
    declared: str | None = None

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {"field": self.field, "op": self.op, "value": self.value, "declared": self.declared}


@dataclass(frozen=True)
class Order:
    """A field by which a list is sorted; what lacks it stands at the end either way."""

    field: str
    down: bool

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {"field": self.field, "down": self.down}


@dataclass(frozen=True)
class Moment:
    """When and where somebody asks: what `today` means."""

    now: datetime
    zone: ZoneInfo


Here = Callable[[], Moment]
"""Asked only where an answer depends on it."""
Declared = Callable[[], Mapping[str, str]]
"""The types of an org's own fields by name, as they are declared; asked only where a condition is about such a field."""

_UNSORTED = frozenset({Type.TEXTS, Type.CUSTOM, Type.PROSE})
_COMPARED = frozenset({"eq", "ne", "in", "gt", "gte", "lt", "lte", "between", "null"})
OPERATORS: Mapping[Type, frozenset[str]] = MappingProxyType(
    {
        Type.TEXT: _COMPARED | {"contains"},
        Type.INTEGER: _COMPARED,
        Type.NUMBER: _COMPARED,
        Type.BOOLEAN: frozenset({"eq", "ne", "null"}),
        Type.DATE: _COMPARED,
        Type.MOMENT: _COMPARED,
        Type.ID: frozenset({"eq", "ne", "in", "null"}),
        Type.TEXTS: frozenset({"contains", "null"}),
        Type.CUSTOM: _COMPARED | {"contains"},
        Type.WHOLE: _COMPARED,
        Type.PROSE: _COMPARED | {"contains"},
    }
)
OWN_TYPES: Mapping[str, Type] = MappingProxyType(
    {
        **dict.fromkeys(("text", "choice", "email", "url"), Type.TEXT),
        "number": Type.NUMBER,
        "integer": Type.WHOLE,
        "boolean": Type.BOOLEAN,
        "date": Type.DATE,
        "datetime": Type.MOMENT,
        "choices": Type.TEXTS,
    }
)
"""What a declared field is, by the type of its declaration."""


def read_condition(text: str, types: Mapping[str, Type], here: Here) -> tuple[Condition, ...]:
    """Read one condition on fields of these types; a day of a moment becomes two, its beginning and its end."""
    field, _, rest = text.partition(":")
    op, _, given = rest.partition(":")
    kind = type_of(field, types)
    if op not in OPERATORS[kind]:
        raise Unanswerable(f"filter.{_shown(field)}", f"takes {', '.join(sorted(OPERATORS[kind]))}")
    try:
        if "\0" in given:
            raise ValueError
        conditions = _conditions(field, op, given, kind, here)
    except Unanswerable:
        raise
    except (ValueError, InvalidOperation, OverflowError, RecursionError):
        raise Unanswerable(
            f"filter.{_shown(field)}", f"cannot be compared with such a value; it is {_WORDS[kind]}"
        ) from None
    if kind is Type.CUSTOM or not field.startswith(CUSTOM):
        return conditions
    return tuple(replace(condition, declared=kind.value) for condition in conditions)


def type_of(field: str, types: Mapping[str, Type]) -> Type:
    """The type of a field; raises Unanswerable for one that the list does not have."""
    known = types.get(field)
    if known is not None and known is not Type.CUSTOM:
        return known
    if Type.CUSTOM in types.values() and _CUSTOM_FIELD.fullmatch(field):
        return Type.CUSTOM
    raise Unanswerable("filter", f"takes the fields {', '.join(_names(types))}")


def _names(types: Mapping[str, Type]) -> list[str]:
    """The fields that can be asked for, in words."""
    return [
        f"{name}.<name>" if kind is Type.CUSTOM else name
        for name, kind in sorted(types.items())
        if not name.startswith(CUSTOM)
    ]


def read_sort(text: str, types: Mapping[str, Type]) -> tuple[Order, ...]:
    """Read an order such as `-created_at,name`; a minus sorts downwards."""
    orders = [Order(part.strip().lstrip("+-"), part.strip().startswith("-")) for part in text.split(",")]
    sortable = sorted(name for name, kind in types.items() if kind not in _UNSORTED)
    if len(orders) > MOST_SORTS or len({order.field for order in orders}) < len(orders):
        raise Unanswerable("sort", f"takes at most {MOST_SORTS} fields, each once")
    if any(order.field not in sortable for order in orders):
        raise Unanswerable("sort", f"takes the fields {', '.join(sortable)}")
    return tuple(orders)


def _conditions(field: str, op: str, given: str, kind: Type, here: Here) -> tuple[Condition, ...]:
    if kind is Type.MOMENT and op in {"eq", "ne"} and (day := _day(given, here)) is not None:
        begin, end = (_begin_of(one, here).isoformat() for one in (day, day + timedelta(days=1)))
        if op == "ne":
            return (Condition(field, "outside", [begin, end]),)
        return Condition(field, "gte", begin), Condition(field, "lt", end)
    if kind is Type.MOMENT and op == "in" and any(_day(text, here) for text in _listed(given)):
        raise Unanswerable(
            f"filter.{_shown(field)}",
            "takes moments in a list, never days; a day is asked for with eq, several with between",
        )
    return (Condition(field, op, _value(op, given, kind, here)),)


def _value(op: str, given: str, kind: Type, here: Here) -> Any:
    if op == "null":
        return _boolean(given or "true")
    if op == "contains":
        return given
    if op == "in":
        return [value for text in _listed(given) for value in _candidates(text, kind, here)]
    if op == "between":
        low, high = _listed(given)
        return [_one(low, kind, here), _one(high, kind, here)]
    if kind is Type.CUSTOM and op in {"eq", "ne"}:
        return _candidates(given, kind, here)
    return _one(given, kind, here)


def _listed(given: str) -> list[str]:
    """The values of a list: a JSON array, or texts between commas."""
    if given.startswith("["):
        told = json.loads(given)
        if any(isinstance(value, list | dict) for value in told):
            raise ValueError
        values = [value if isinstance(value, str) else json.dumps(value) for value in told]
    else:
        values = given.split(",")
    if not 0 < len(values) <= MOST_VALUES or any("\0" in value for value in values):
        raise ValueError
    "".join(values).encode()  # what JSON can spell, and no text can hold, is a ValueError
    return values


def _candidates(text: str, kind: Type, here: Here) -> list[Any]:
    """What a value may stand for: of a custom field a text may be meant, and a number or truth value that is written like it."""
    if kind is not Type.CUSTOM:
        return [_one(text, kind, here)]
    return [text, *([_one(text, kind, here)] if not isinstance(_one(text, kind, here), str) else [])]


def _one(text: str, kind: Type, here: Here) -> Any:
    return _READERS[kind](text, here)


def _boolean(text: str) -> bool:
    if text not in _BOOLEANS:
        raise ValueError
    return _BOOLEANS[text]


def _number(text: str) -> str:
    value = Decimal(text)
    if not value.is_finite() or abs(value.adjusted()) > 30:
        raise ValueError
    return format(value, "f")


def _integer(text: str) -> int:
    value = int(text)
    if abs(value) >= 2**31:
        raise ValueError
    return value


def _whole(text: str) -> str:
    return _number(str(int(text)))


def _custom(text: str, _: Here) -> Any:
    """A number or truth value where it is written like one, else the text."""
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    try:
        number = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return number if type(number) in {int, float} and abs(number) < 1e30 else text


def _date(text: str, here: Here) -> str:
    day = _day(text, here)
    return (_moment_from(text, here).astimezone(here().zone).date() if day is None else day).isoformat()


def _moment(text: str, here: Here) -> str:
    day = _day(text, here)
    return (_moment_from(text, here) if day is None else _begin_of(day, here)).isoformat()


def _moment_from(text: str, here: Here) -> datetime:
    if text == "now":
        return here().now
    found = _FROM_NOW.fullmatch(text)
    if found is None:
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=here().zone)
    count, unit = int(found[1]), found[2]
    if unit in "my":
        return _months_later(here().now.astimezone(here().zone), count * (12 if unit == "y" else 1))
    return (
        here().now + count * {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}[unit]
    )


def _day(text: str, here: Here) -> date | None:
    """The day that a word or date names; None for what names a moment."""
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
        return date.fromisoformat(text)
    today = here().now.astimezone(here().zone).date()
    return {
        "today": today,
        "yesterday": today - timedelta(days=1),
        "tomorrow": today + timedelta(days=1),
        "this_week": today - timedelta(days=today.weekday()),
        "this_month": today.replace(day=1),
        "this_quarter": today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1),
        "this_year": today.replace(month=1, day=1),
    }.get(text)


def _begin_of(day: date, here: Here) -> datetime:
    return datetime.combine(day, time(), here().zone).astimezone(UTC)


def _months_later(moment: datetime, months: int) -> datetime:
    """The same day of another month, or its last one where it is shorter."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    first = moment.replace(year=year, month=month + 1, day=1)
    length = ((first + timedelta(days=31)).replace(day=1) - first).days
    return first.replace(day=min(moment.day, length))


def _shown(field: str) -> str:
    return CUSTOM + "*" if field.startswith(CUSTOM) else field


_READERS: Mapping[Type, Callable[[str, Here], Any]] = MappingProxyType(
    {
        Type.TEXT: lambda text, _: text,
        Type.TEXTS: lambda text, _: text,
        Type.INTEGER: lambda text, _: _integer(text),
        Type.NUMBER: lambda text, _: _number(text),
        Type.BOOLEAN: lambda text, _: _boolean(text),
        Type.DATE: _date,
        Type.MOMENT: _moment,
        Type.ID: lambda text, _: str(UUID(text)),
        Type.CUSTOM: _custom,
        Type.WHOLE: lambda text, _: _whole(text),
        Type.PROSE: lambda text, _: text,
    }
)
_WORDS: Mapping[Type, str] = MappingProxyType(
    {
        Type.TEXT: "a text",
        Type.TEXTS: "a list of texts",
        Type.INTEGER: "a whole number",
        Type.NUMBER: "a number",
        Type.BOOLEAN: "true or false",
        Type.DATE: "a date, or a word such as today or -7d",
        Type.MOMENT: "a moment with its offset from UTC, or a word such as today or -7d",
        Type.ID: "an id",
        Type.CUSTOM: "a field of your own",
        Type.WHOLE: "a whole number",
        Type.PROSE: "a text",
    }
)


def read_conditions(
    texts: Sequence[str], types: Mapping[str, Type], here: Here, declared: Declared = dict
) -> tuple[Condition, ...]:
    """All conditions of a question; every one must hold."""
    if Type.CUSTOM in types.values() and any(text.startswith(CUSTOM) for text in texts):
        own = {f"{CUSTOM}{name}": OWN_TYPES[kind] for name, kind in declared().items()}
        types = {**types, **own}
    return tuple(condition for text in texts for condition in read_condition(text, types, here))
