"""A listener: whom it listens for, how far it was told, and what waits for it: laid together, so that a slow one waits alone."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from uuid import UUID

from api.cursors import cursor_after, places_of
from api.errors import BadCursor
from api.identity import Caller, KeyParts
from crm_db.queries.live import Place

MOST_IDS = 200
_ORDER = "live"


@dataclass(frozen=True)
class Farewell:
    """Why a socket is closed, by a code of our own and a word for programs."""

    code: int
    word: str


@dataclass
class _Waiting:
    changes: dict[str, set[UUID] | None] = field(default_factory=dict)
    is_reset: bool = False


class Listener:
    """Told by the watcher's thread, read by its socket. `wake` is called when there is something; it must not block."""

    def __init__(
        self,
        key: KeyParts,
        caller: Caller,
        place: Place | None,
        wake: Callable[[], None],
        *,
        is_lost: bool = False,
    ) -> None:
        self.key, self.caller, self.place = key, caller, place
        self.farewell: Farewell | None = None
        self._wake = wake
        self._lock = Lock()
        self._waiting = _Waiting(is_reset=is_lost)

    def tell(self, place: Place, changes: Mapping[str, set[UUID]], *, is_lost: bool = False) -> None:
        """It has been told everything up to a place when it has read this."""
        is_new = self.place is None
        with self._lock:
            self.place = place
            if is_lost:
                self._waiting = _Waiting(is_reset=True)
            for name, ids in changes.items():
                held = self._waiting.changes.get(name, set())
                both = None if held is None else held | ids
                self._waiting.changes[name] = None if both is None or len(both) > MOST_IDS else both
        if is_new or is_lost or changes:
            self._wake()

    def dismiss(self, farewell: Farewell) -> None:
        """Its socket is to be closed."""
        self.farewell = farewell
        self._wake()

    def take(self) -> str | None:
        """What waits, as the message that is sent, with the place up to which it tells; None before the first look."""
        with self._lock:
            if self.place is None:
                return None
            waiting, self._waiting = self._waiting, _Waiting()
            place = self.place
        changes = {
            name: "many" if ids is None else sorted(str(one) for one in ids)
            for name, ids in sorted(waiting.changes.items())
        }
        told: dict[str, object] = {"cursor": cursor_at(place), "changes": changes}
        return json.dumps({**told, "reset": True} if waiting.is_reset else told)


def cursor_at(place: Place) -> str:
    """A place as one opaque word."""
    cursor = cursor_after(_ORDER, (str(place.xid), str(place.id), place.at.isoformat()))
    assert cursor is not None
    return cursor


def place_at(cursor: str) -> Place | None:
    """The place that a cursor names; None of what is no cursor of ours."""
    try:
        xid, one, moment = (str(part) for part in places_of(cursor, _ORDER, 3) or ())
        place = Place(int(xid), UUID(one), datetime.fromisoformat(moment))
    except (BadCursor, ValueError):
        return None
    return place if 0 <= place.xid < 2**63 and place.at.tzinfo is not None else None
