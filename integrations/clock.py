"""The time stamped on envelopes: a message's `Date` and an invitation's `DTSTAMP`.

Business time comes from the CRM's own clock; this package may not import it, and decides nothing by time.
"""

from __future__ import annotations

from datetime import UTC, datetime


def postmark() -> datetime:
    """This moment in UTC, in whole seconds as both formats want it."""
    return datetime.now(UTC).replace(microsecond=0)
