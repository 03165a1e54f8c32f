"""What was asked of the database a moment ago, so that a burst of requests asks once: a bounded memory, safe for threads."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

SECONDS = 1.0
MOST = 2_000


class Memory(Generic[K, V]):
    """Keeps each value for a second, and at most `MOST` of them."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: OrderedDict[K, tuple[float, V | None]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: K) -> V | None:
        """What was kept for this key at most a second ago."""
        with self._lock:
            until, value = self._known.get(key, (-math.inf, None))
        return value if until > self._clock() else None

    def asked(self, key: K, ask: Callable[[], V]) -> V:
        """Ask, and keep the answer for a second from when it was asked for."""
        until = self._clock() + SECONDS
        value = ask()
        with self._lock:
            self._known.pop(key, None)
            self._known[key] = (until, value)
            while len(self._known) > MOST:
                self._known.popitem(last=False)
        return value
