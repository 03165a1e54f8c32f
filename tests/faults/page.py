"""`python -m tests.faults.page [FOLDER]` writes the figures of the last runs into docs/reliability.md, between its two marks."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from deployments.environment import PROJECT
from tests.faults.rows import ROWS

PAGE = PROJECT / "docs" / "reliability.md"
BEGIN, END = "<!-- figures -->\n", "<!-- end of figures -->"
HEAD = "| row | figures | lost | twice | stuck | undue | seconds | commit, date |\n|---|---|---:|---:|---:|---:|---:|---|\n"
NOT_FIGURES = ("lost", "twice", "stuck", "undue", "seconds")


def table(results: Iterator[dict[str, Any]]) -> str:
    """The results as a table, a line a row."""
    return HEAD + "".join(_line(result) for result in results)


def kept(folder: Path) -> Iterator[dict[str, Any]]:
    """The results that are in a folder, in the order of the rows."""
    for row in ROWS:
        path = folder / f"{row.name}.json"
        if path.exists():
            yield json.loads(path.read_text(encoding="utf-8"))


def _line(result: dict[str, Any]) -> str:
    totals = result["totals"]
    counts = " | ".join(f"{totals.get(name, 0):.0f}" for name in NOT_FIGURES)
    name = f"`{result['row']}`" + ("" if result["holds"] else " (broken)")
    return f"| {name} | {_figures(result)} | {counts} | {result['commit']}, {result['date']} |\n"


def _figures(result: dict[str, Any]) -> str:
    """Of a row with one part its own figures, of one with many those that add up."""
    parts = list(result["parts"].values())
    figures = parts[0]["figures"] if len(parts) == 1 else result["totals"]
    told = [
        f"{what.replace('_', ' ')} {_number(figure)}"
        for what, figure in figures.items()
        if what not in NOT_FIGURES and isinstance(figure, int | float)
    ]
    return ", ".join([*([f"parts {len(parts)}"] if len(parts) > 1 else []), *told])


def _number(figure: float) -> str:
    return f"{figure:,.0f}" if figure == int(figure) else f"{figure:,}"


def main() -> None:
    """Rewrite the part of the page that is between the marks."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else PROJECT / "build" / "faults"
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n{table(kept(folder))}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
