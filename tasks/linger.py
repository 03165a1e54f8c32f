"""How long a run of a hot flow stays for more work.

Starting a run costs far more than a look at the database, so a run that an intake started waits a moment for what comes next
and ends when nothing came, or when it has lasted its time. Runs started otherwise end as soon as there is nothing to do.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from tasks import stopping

LOOK_AGAIN_SECONDS = 0.2
MOST_SECONDS = 8.0  # a pause set in Prefect is seen between two runs and obeyed within 10 s


@dataclass
class _Process:
    idle_seconds: float = 0.0


_process = _Process()
_turns = count(1)


def stay(idle_seconds: float) -> None:
    """Let the runs of this process wait so long for more work; an intake does."""
    _process.idle_seconds = idle_seconds


@dataclass
class Rounds:
    """The rounds of one run: `for turn in rounds(): … turn.worked(anything)`; they end when none found work for long enough."""

    until: float
    idle_since: float | None = None

    def worked(self, anything: bool) -> None:
        """Say whether this round found work; one that found none is followed by a short wait, if by any round at all."""
        if anything:
            self.idle_since = None
            return
        self.idle_since = self.idle_since or time.monotonic()
        if self._may_go_on():
            stopping.wait(LOOK_AGAIN_SECONDS)

    def __iter__(self) -> Iterator["Rounds"]:
        yield self
        while self._may_go_on():
            yield self

    def _may_go_on(self) -> bool:
        now = time.monotonic()
        patient = self.idle_since is None or now - self.idle_since < _process.idle_seconds
        return patient and now < self.until and not stopping.asked()


def is_tenth_turn() -> bool:
    """True every tenth time that this process asks, over all its runs: then what was claimed before goes first."""
    return next(_turns) % 10 == 0


def rounds() -> Rounds:
    """Rounds that begin now."""
    return Rounds(until=time.monotonic() + MOST_SECONDS)
