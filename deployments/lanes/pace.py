"""How often a lane may start a run: at most one a second, and more slowly when load lasts."""

from dataclasses import dataclass

CAPTURE_SPACING = 1.05  # a little slower than delivery, so that delivery falls in step right behind it
DELIVERY_SPACING = 1.0
LASTING_LOAD = 600.0
LASTING_SPACING = 5.0
REST = 3.0


@dataclass
class Pace:
    """Seconds between the starts of two runs: `spacing`, and LASTING_SPACING once runs followed each other for ten minutes."""

    spacing: float
    last_start: float = float("-inf")
    busy_since: float = float("-inf")

    def may_start(self, at: float) -> bool:
        """Whether a run may start at `at` (monotonic seconds)."""
        return at - self.last_start >= self._wanted(at)

    def started(self, at: float) -> None:
        """A run starts at `at`; a rest of some seconds before it ends the time of load."""
        if at - self.last_start > LASTING_SPACING + REST:
            self.busy_since = at
        self.last_start = at

    def _wanted(self, at: float) -> float:
        lasting = (
            self.last_start - self.busy_since > LASTING_LOAD and at - self.last_start < LASTING_SPACING + REST
        )
        return LASTING_SPACING if lasting else self.spacing
