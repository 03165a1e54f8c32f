"""The provider's own truth: what it accepted, in order, whatever it told the caller afterwards."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from threading import Lock
from typing import Any

TOLD_YES = "yes"


@dataclass(frozen=True, slots=True)
class Accepted:
    """One message that is on its way now and cannot be called back.

    message_id: the caller's id for it, empty where it gave none. fingerprint: of the recipient and the words.
    seconds: since the provider started. told: what the caller was answered, `yes` or the fault's name.
    """

    number: int
    provider: str
    kind: str
    message_id: str
    provider_id: str
    to: str
    fingerprint: str
    at: datetime
    seconds: float
    told: str = TOLD_YES

    @property
    def key(self) -> str:
        """What makes two entries the same message: the caller's id, else recipient and words."""
        return self.message_id or f"{self.kind}:{self.fingerprint}"

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        shown = {"at": self.at.isoformat(), "seconds": round(self.seconds, 3), "key": self.key}
        return {**asdict(self), **shown}


class Log:
    """What was accepted; it only grows. Safe to share between threads."""

    def __init__(self, clock: Callable[[], datetime], timer: Callable[[], float]) -> None:
        self._clock, self._timer, self._began = clock, timer, timer()
        self._entries: list[Accepted] = []
        self._lock = Lock()

    @property
    def entries(self) -> tuple[Accepted, ...]:
        """All of it, oldest first."""
        with self._lock:
            return tuple(self._entries)

    def accept(
        self, provider: str, kind: str, *, message_id: str, provider_id: str, to: str, words: str
    ) -> Accepted:
        """Take a message; from now on it counts."""
        with self._lock:
            entry = Accepted(
                number=len(self._entries),
                provider=provider,
                kind=kind,
                message_id=message_id,
                provider_id=provider_id,
                to=to,
                fingerprint=fingerprint(to, words),
                at=self._clock(),
                seconds=self._timer() - self._began,
            )
            self._entries.append(entry)
            return entry

    def age(self, entry: Accepted) -> float:
        """Seconds since it was accepted."""
        return self._timer() - self._began - entry.seconds

    def told(self, numbers: tuple[int, ...], what: str) -> None:
        """Note that the caller of these entries did not hear yes."""
        with self._lock:
            for number in numbers:
                self._entries[number] = replace(self._entries[number], told=what)

    def summary(self) -> dict[str, Any]:
        """How often each message was accepted, counted anew from the entries."""
        entries = self.entries
        times = Counter(entry.key for entry in entries)
        return {
            "accepted": dict(Counter(entry.kind for entry in entries)),
            "answer_lost": dict(Counter(entry.kind for entry in entries if entry.told != TOLD_YES)),
            "ids": dict(times),
            "twice": {key: count for key, count in times.items() if count > 1},
        }


def fingerprint(to: str, words: str) -> str:
    """A short stable name of who gets which words."""
    return hashlib.sha256(f"{to}\n{words}".encode()).hexdigest()[:24]
