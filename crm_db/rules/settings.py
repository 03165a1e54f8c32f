"""What a setting must look like to be of use; the words about one that is not never repeat it."""

from collections.abc import Callable, Mapping
from datetime import time
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from crm_db.rules.hours import QuietHours, business_hours_from
from crm_db.rules.scoring import Bands


def problem(key: str, value: object) -> str | None:
    """Why a setting cannot be used, None when it can; of a key that is not known nothing is asked."""
    read = _READERS.get(key)
    if read is None:
        return None
    try:
        read(value)
    except (AttributeError, LookupError, OSError, TypeError, ValueError):
        return "cannot be used; the default stands in for it"
    return None


def _business_hours(value: Mapping[str, object]) -> None:
    business_hours_from({"zone": "UTC", **value})


def _quiet_hours(value: Mapping[str, list[str]]) -> None:
    for edges in value.values():
        if edges:
            QuietHours(*(time.fromisoformat(edge) for edge in edges))


def _score_bands(value: Mapping[str, int]) -> None:
    bands = Bands(**value)
    if not 0 <= bands.warm <= bands.hot:
        raise ValueError


def _lead_defaults(value: Mapping[str, object]) -> None:
    probability = value.get("probability")
    if probability is not None and not (type(probability) is int and 0 <= probability <= 100):
        raise ValueError


_READERS: Mapping[str, Callable[[Any], object]] = MappingProxyType(
    {
        "business_hours": _business_hours,
        "quiet_hours": _quiet_hours,
        "score_bands": _score_bands,
        "lead_defaults": _lead_defaults,
        "timezone": ZoneInfo,
    }
)
