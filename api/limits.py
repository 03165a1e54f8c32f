"""How fast a source may post, counted in this process: a token bucket for each source, and each form visitor."""

import math
from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock

MOST_BUCKETS = 10_000


class RateLimits:
    """Token buckets, each holding a minute's worth; of too many the least recently used is forgotten."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def take(self, whose: Hashable, count: int, *, per_minute: int, now: float) -> int:
        """Take `count` submissions from somebody's bucket; 0, or the whole seconds until they would fit.

        `now` is in seconds of a steady clock. More than a minute's worth at once counts as a minute's worth.
        """
        capacity = float(max(1, per_minute))
        wanted = min(float(count), capacity)
        with self._lock:
            level, since = self._buckets.pop(whose, (capacity, now))
            level = min(capacity, level + (now - since) * capacity / 60)
            missing = wanted - level
            self._buckets[whose] = (level if missing > 0 else level - wanted, now)
            while len(self._buckets) > MOST_BUCKETS:
                self._buckets.popitem(last=False)
        return math.ceil(missing * 60 / capacity) if missing > 0 else 0
