"""The one place that reads the clock; everything else is told what time it is.

What is written to the database goes by the database's clock, which all processes share: a worker whose own clock is wrong, or is
set while it works, sends nothing too early, gives nothing up, and looks for no evidence before its time.
"""

import time
from datetime import UTC, datetime

from sqlalchemy.orm import Session

_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def utc_now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def now_of(session: Session) -> datetime:
    """The moment at which a unit of work began, by the database's clock."""
    now: datetime = session.info["now"]
    return now


def seconds() -> float:
    """Seconds on a clock that nobody sets, and that goes on while the machine sleeps."""
    return time.clock_gettime(_STEADY)
