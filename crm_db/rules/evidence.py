"""What follows when a carrier was asked about a message that may have been sent.

A carrier's own log lags behind what it accepts, so a first look that finds nothing proves nothing. The looks come after
`settle`, then 2 x settle and 4 x settle later: 1, 3 and 7 times the settle time after the attempt. Nothing at the third look:
surely not sent. Where there is no lag (a settle time of 0, as with a file on this machine) the first look decides.
"""

from datetime import timedelta

from crm_db.rules.outcomes import Ambiguous, NotSent

LOOKS = 3
SOONEST = timedelta(minutes=1)
NOT_FOUND = "not-found"


def nothing_found(code: str, *, before: int, settle: timedelta) -> NotSent | Ambiguous:
    """After a look that found nothing, when `before` of them had found nothing already.

    code: why the attempt was in doubt; it stays that until the doubt is settled.
    """
    looks = before + 1
    if looks >= LOOKS or not settle:
        return NotSent(NOT_FOUND)
    return Ambiguous(code, look_after=settle * 2**looks, looks=looks)


def not_told(code: str, *, before: int, settle: timedelta, asked_to_wait: timedelta) -> Ambiguous:
    """After a look that the carrier did not answer: it does not count, and comes again."""
    return Ambiguous(code, look_after=max(settle, asked_to_wait, SOONEST), looks=before)
