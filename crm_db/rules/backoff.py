"""When a failed send is tried again: exponential waits with full jitter, so that no herd forms."""

from datetime import datetime, timedelta

BASE = timedelta(seconds=30)
CAP = timedelta(hours=1)

# How long after its due time a message is still worth a retry; what a provider asks us to wait is cut to it.
MAX_AGE = timedelta(hours=24)

_MOST_DOUBLINGS = 10  # 30 s x 2^10 is far above the cap


def next_try(
    attempt: int, *, now: datetime, jitter: float, retry_after: timedelta | None = None, cap: timedelta = CAP
) -> datetime:
    """When to try again after attempt number `attempt` (from 0) failed.

    The wait is `jitter` (0 <= jitter < 1, random) times 30 s x 2^attempt, at most `cap`; never shorter than
    the provider's `retry_after`. Raises ValueError for a negative attempt or a jitter out of range.
    """
    if attempt < 0 or not 0 <= jitter < 1:
        raise ValueError("attempt is 0 or more and jitter at least 0 and below 1")
    wait = jitter * min(cap, BASE * (1 << min(attempt, _MOST_DOUBLINGS)))
    asked = min(retry_after or timedelta(0), MAX_AGE)
    return now + max(wait, asked)
