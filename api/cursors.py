"""Cursors: the place where a list goes on, as one opaque word."""

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from uuid import UUID

from api.errors import BadCursor
from crm_db.queries.pages import Position
from crm_db.rules.asking import Unanswerable

MAX_CHARS = 200
MAX_CHARS_SORTED = 24_000
"""As long as the longest that five fields of a line each come to, and well within what a server takes as a URL."""


def cursor_of(position: Position | None) -> str | None:
    """The cursor of a place in a list; None after the last page."""
    if position is None:
        return None
    parts = [value.isoformat() if isinstance(value, datetime) else str(value) for value in position]
    return urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def position_of(cursor: str | None, *kinds: type[datetime] | type[UUID]) -> Position | None:
    """The place that a cursor names, its values being of these kinds; raises BadCursor for any other word."""
    if cursor is None:
        return None
    try:
        parts = json.loads(urlsafe_b64decode(cursor[:MAX_CHARS] + "=" * (-len(cursor) % 4)))
        position = tuple(_value(kind, part) for kind, part in zip(kinds, parts, strict=True))
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise BadCursor from None
    return position


def cursor_after(order: str, places: tuple[str | None, ...] | None) -> str | None:
    """The cursor of a place in a list that is sorted so; None after the last page. Raises Unanswerable rather than give one out
    that would not be taken.
    """
    if places is None:
        return None
    told = json.dumps([order, *places], separators=(",", ":"), ensure_ascii=False).encode()
    cursor = urlsafe_b64encode(told).decode().rstrip("=")
    if len(cursor) > MAX_CHARS_SORTED:
        raise Unanswerable("sort", "cannot go on after texts as long as these; sort by another field")
    return cursor


def places_of(cursor: str | None, order: str, length: int) -> tuple[str | None, ...] | None:
    """The place that a cursor names in a list that is sorted so; raises BadCursor for any other word."""
    if cursor is None:
        return None
    try:
        known, *places = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise BadCursor from None
    fits = known == order and len(places) == length
    if not fits or not all(
        place is None or (isinstance(place, str) and "\0" not in place) for place in places
    ):
        raise BadCursor
    return tuple(places)


def _value(kind: type[datetime] | type[UUID], part: object) -> datetime | UUID:
    if not isinstance(part, str):
        raise TypeError
    if kind is UUID:
        return UUID(part)
    moment = datetime.fromisoformat(part)
    if moment.tzinfo is None:
        raise ValueError
    return moment
