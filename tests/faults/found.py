"""What a row showed, and a place where that is kept."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.faults.breaches import LOST, STUCK, TWICE, UNDUE, Breach

KINDS = (LOST, TWICE, STUCK, UNDUE)


@dataclass(frozen=True)
class Found:
    """What one part of a row showed. figures: counts and times; wanting: what it was to exercise and did not."""

    figures: dict[str, Any]
    breaches: tuple[str, ...] = ()
    wanting: tuple[str, ...] = ()

    @classmethod
    def of(cls, breaches: Sequence[Breach], *, wanting: Sequence[str] = (), **figures: Any) -> "Found":
        """From the recount's breaches, each kind of which is a figure too."""
        kinds = Counter(breach.kind for breach in breaches)
        counted = {kind: kinds[kind] for kind in KINDS}
        words = tuple(f"{breach.kind}: {breach.words}" for breach in breaches)
        return cls({**figures, **counted}, words, tuple(wanting))

    @property
    def holds(self) -> bool:
        """Whether every promise was kept, and there was something to keep."""
        return not (self.breaches or self.wanting)
