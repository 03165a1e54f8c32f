"""Results of rows: what is kept of a part is not run again for the same commit and seed, so an ended session loses one part."""

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import machine
from crm_db import clock
from tests.faults.found import Found

ADDED_UP = ("kills", "events", "leads", "messages", "attempts", "lost", "twice", "stuck", "undue", "seconds")


@dataclass
class Result:
    """What is known of a row: a finding for each part that has been run, on `commit` with `seed`."""

    row: str
    commit: str
    seed: int
    parts: dict[str, Found] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether no part that was run broke a promise."""
        return bool(self.parts) and all(found.holds for found in self.parts.values())

    @property
    def totals(self) -> dict[str, float]:
        """The figures that can be added up, over all parts."""
        total: Counter[str] = Counter()
        for found in self.parts.values():
            total.update({name: found.figures[name] for name in ADDED_UP if name in found.figures})
        return {name: round(number, 1) for name, number in total.items()}

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        parts = {
            name: {"figures": found.figures, "breaches": found.breaches, "wanting": found.wanting}
            for name, found in self.parts.items()
        }
        return {
            "row": self.row,
            "commit": self.commit,
            "seed": self.seed,
            "date": f"{clock.utc_now():%Y-%m-%d %H:%M}",
            "machine": machine.facts(),
            "holds": self.holds,
            "totals": self.totals,
            "parts": parts,
        }


@dataclass(frozen=True)
class Shelf:
    """The folder of the results, a JSON file a row."""

    folder: Path

    def keep(self, result: Result) -> None:
        """Write what is known of a row."""
        self.folder.mkdir(parents=True, exist_ok=True)
        draft = self.folder / f".{result.row}.json"
        draft.write_text(json.dumps(result.as_dict(), indent=2) + "\n", encoding="utf-8")
        draft.replace(self.folder / f"{result.row}.json")

    def begin(self, row: str, seed: int, *, anew: bool) -> Result:
        """What earlier runs of this very commit found out about a row; nothing when asked `anew`, or with changes at hand.

        A part that broke a promise is run again.
        """
        fresh = Result(row, machine.commit(), seed)
        if anew or "dirty" in fresh.commit:
            return fresh
        try:
            kept = json.loads((self.folder / f"{row}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return fresh
        if (kept.get("commit"), kept.get("seed")) == (fresh.commit, seed):
            parts = {name: Found(part["figures"]) for name, part in kept["parts"].items() if _held(part)}
            return Result(row, fresh.commit, seed, parts)
        return fresh


def _held(part: dict[str, Any]) -> bool:
    return not (part["breaches"] or part["wanting"])
