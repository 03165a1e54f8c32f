"""Percentiles, and how results are printed and kept."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Line:
    """One figure of a result for people: what it is, what it is held against, and whether it holds (None: nothing is asked)."""

    what: str
    figure: str
    against: str = ""
    holds: bool | None = None


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` (0 to 1) of all values do not exceed; NaN of none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan


def spread(values: Sequence[float]) -> dict[str, float]:
    """p50, p95, p99, highest and mean, in the unit of the values."""
    if not values:
        return {}
    shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
    mean = sum(values) / len(values)
    return {name: round(percentile(values, share), 3) for name, share in shares.items()} | {
        "mean": round(mean, 3)
    }


def show(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print a table."""
    table = Table(title=title, title_justify="left")
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number == 0 else "right")
    for row in rows:
        table.add_row(*("-" if value is None else str(value) for value in row))
    Console(width=140, highlight=False).print(table)


def conclude(name: str, result: dict[str, Any], lines: Sequence[Line]) -> dict[str, Any]:
    """Print the lines of a result, keep it as JSON for the page, and return it."""
    whole = {"benchmark": name, "lines": [asdict(line) for line in lines], **result}
    show(name, ("", "figure", "against", "holds"), [tuple(_shown(line).values()) for line in lines])
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(whole, indent=2, default=str) + "\n", encoding="utf-8")
    print(f"load {result['machine']['load']}; kept in {path}")
    return whole


def _shown(line: Line) -> dict[str, Any]:
    holds = {None: "", True: "yes", False: "NO"}[line.holds]
    return {**asdict(line), "holds": holds}
