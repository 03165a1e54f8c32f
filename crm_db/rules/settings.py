"""The settings of an org: what each is for and what it must look like. Words about one that does not fit never repeat it."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from crm_db.rules.hours import QuietHours, business_hours_from
from crm_db.rules.money import CURRENCIES

MOST_TEXT = 500
MOST_LISTED = 1000
CHANNELS = ("email", "sms", "call", "task", "invite", "webhook")
SENSITIVITIES = ("low", "normal", "high")
_TIME = re.compile(r"\d\d:\d\d(:\d\d)?", re.ASCII)
_HOURS = 'takes pairs such as ["09:00", "17:00"], in order and not overlapping'


class Unfit(ValueError):
    """A setting that cannot be used; names the part at fault ("" for the whole), never its value."""

    def __init__(self, part: str, words: str) -> None:
        super().__init__(f"{part}: {words}" if part else words)
        self.part, self.words = part, words


@dataclass(frozen=True)
class Known:
    """A setting: what it is for, and what holds a value against what it must look like."""

    description: str
    check: Callable[[Mapping[str, Any]], None]


def check(key: str, value: object) -> None:
    """Raise Unfit for a value of a known setting that cannot be used."""
    if not isinstance(value, Mapping):
        raise Unfit("", "takes an object")
    KNOWN[key].check(value)


def problem(key: str, value: object) -> str | None:
    """Why a setting cannot be used, None when it can; of a key that is not known nothing is asked."""
    try:
        if key == "timezone":
            _zone("", value)
        elif key in KNOWN:
            check(key, value)
    except Unfit:
        return "cannot be used; the default stands in for it"
    return None


def _business_hours(value: Mapping[str, Any]) -> None:
    _only(value, "zone", "days", "holidays")
    if "zone" in value:
        _zone("zone", value["zone"])
    days, closed = value.get("days"), value.get("holidays", [])
    if not isinstance(days, Mapping) or not days.keys() <= set("1234567"):
        raise Unfit("days", "takes an object with weekdays from 1 (Monday) to 7")
    for weekday, pairs in days.items():
        _opening_times(f"days.{weekday}", weekday, pairs)
    if not any(days.values()):
        raise Unfit("days", "needs a day that is open")
    if not _is_texts(closed) or not all(_reads(date.fromisoformat, day) for day in closed):
        raise Unfit("holidays", "takes a list of dates such as 2026-12-25")


def _opening_times(part: str, weekday: str, pairs: object) -> None:
    if not isinstance(pairs, list) or len(pairs) > MOST_LISTED or not all(map(_is_pair, pairs)):
        raise Unfit(part, _HOURS)
    if pairs and not _reads(business_hours_from, {"zone": "UTC", "days": {weekday: pairs}}):
        raise Unfit(part, _HOURS)


def _quiet_hours(value: Mapping[str, Any]) -> None:
    _only(value, *CHANNELS)
    for channel, edges in value.items():
        if edges and not (_is_pair(edges) and _reads(_quiet, edges)):
            raise Unfit(channel, 'takes two times that differ, such as ["21:00", "08:00"]')


def _quiet(edges: Sequence[str]) -> QuietHours:
    return QuietHours(*(time.fromisoformat(edge) for edge in edges))


def _score_bands(value: Mapping[str, Any]) -> None:
    _only(value, "hot", "warm")
    for part, score in value.items():
        _whole(part, score, 0, 1000)
    if value.get("warm", 40) > value.get("hot", 75):
        raise Unfit("warm", "is not above hot")


def _lead_defaults(value: Mapping[str, Any]) -> None:
    _only(value, *_LEAD_FIELDS)
    for part, told in value.items():
        if told is not None:
            _LEAD_FIELDS[part](part, told)


def _scoring_weights(value: Mapping[str, Any]) -> None:
    points, limits = ("high_value", "good_value", "recent_contact"), ("high_value_above", "good_value_above")
    _only(value, *points, *limits, "recent_days")
    for part, told in value.items():
        if part in points:
            _whole(part, told, -100, 100)
        elif part in limits:
            _number(part, told, 0, 10**15)
        else:
            _whole(part, told, 1, 365)
    if value.get("good_value_above", 25_000) > value.get("high_value_above", 50_000):
        raise Unfit("good_value_above", "is not above high_value_above")


def _confidence_threshold(value: Mapping[str, Any]) -> None:
    _only(value, "minimum")
    _number("minimum", value.get("minimum"), 0, 1)


def _alert_sensitivity(value: Mapping[str, Any]) -> None:
    _only(value, "level")
    if value.get("level") not in SENSITIVITIES:
        raise Unfit("level", f"takes {', '.join(SENSITIVITIES)}")


def _update_frequency(value: Mapping[str, Any]) -> None:
    _only(value, "minutes")
    _whole("minutes", value.get("minutes"), 5, 10_080)


def _only(value: Mapping[str, Any], *parts: str) -> None:
    if not value.keys() <= set(parts):
        raise Unfit("", f"takes {', '.join(parts)}")


def _whole(part: str, told: object, low: int, high: int) -> None:
    if type(told) is not int or not low <= told <= high:
        raise Unfit(part, f"takes a whole number from {low} to {high}")


def _number(part: str, told: object, low: int, high: int) -> None:
    if type(told) not in {int, float} or not low <= told <= high:  # type: ignore[operator]
        raise Unfit(part, f"takes a number from {low} to {high}")


def _zone(part: str, told: object) -> None:
    if not isinstance(told, str) or not _reads(ZoneInfo, told):
        raise Unfit(part, "takes a time zone such as Europe/Berlin")


def _currency(part: str, told: object) -> None:
    if told not in CURRENCIES:
        raise Unfit(part, "takes a currency of ISO 4217")


def _country(part: str, told: object) -> None:
    if not isinstance(told, str) or not re.fullmatch("[A-Z]{2}", told):
        raise Unfit(part, "takes a country of ISO 3166, such as DE")


def _text(part: str, told: object) -> None:
    if not _is_text(told):
        raise Unfit(part, f"takes a text of up to {MOST_TEXT} characters")


def _texts(part: str, told: object) -> None:
    if not _is_texts(told):
        raise Unfit(part, f"takes a list of up to {MOST_LISTED} texts")


def _is_text(told: object) -> bool:
    return isinstance(told, str) and len(told) <= MOST_TEXT and "\0" not in told


def _is_texts(told: object) -> bool:
    return isinstance(told, list) and len(told) <= MOST_LISTED and all(map(_is_text, told))


def _is_pair(told: object) -> bool:
    if not isinstance(told, list) or len(told) != len(("from", "to")):
        return False
    return all(isinstance(edge, str) and _TIME.fullmatch(edge) for edge in told)


def _reads(reader: Callable[[Any], object], told: object) -> bool:
    try:
        reader(told)
    except (LookupError, OSError, TypeError, ValueError):
        return False
    return True


_LEAD_FIELDS: Mapping[str, Callable[[str, object], None]] = MappingProxyType(
    {
        "probability": lambda part, told: _whole(part, told, 0, 100),
        "value": lambda part, told: _number(part, told, 0, 10**15),
        "currency": _currency,
        "country": _country,
        "timezone": _zone,
        "language": _text,
        "company": _text,
        "title": _text,
        "tags": _texts,
    }
)
KNOWN: Mapping[str, Known] = MappingProxyType(
    {
        "business_hours": Known(
            "When the team works: `days` by ISO weekday (1 is Monday) with pairs of opening and closing time, `holidays` that"
            " are closed, and the `zone` of the times; the team's zone, else the organisation's, when it is not given.",
            _business_hours,
        ),
        "quiet_hours": Known(
            "By channel: from when to when nobody is contacted, in the contact's own zone. A channel that is not named has none.",
            _quiet_hours,
        ),
        "score_bands": Known("The lowest score of each band; what is below `warm` is cold.", _score_bands),
        "lead_defaults": Known("Values of a new lead that nothing was said about.", _lead_defaults),
        "scoring_weights": Known(
            "The points of each bonus of a lead's score, above which value and within how many days of contact they are given."
            " The SQL function calculate_lead_score keeps to the given formula.",
            _scoring_weights,
        ),
        "confidence_threshold": Known(
            "Recommendations that are less sure than `minimum`, from 0 to 1, are not made.",
            _confidence_threshold,
        ),
        "alert_sensitivity": Known(
            "How soon quiet counts: at the `level` high after half of the usual days, at low after one and a half times as many.",
            _alert_sensitivity,
        ),
        "update_frequency": Known(
            "How many `minutes` pass between refreshes of insights.", _update_frequency
        ),
    }
)
"""Every setting by its key."""
