"""`python -m tests.faults.page [FOLDER]` writes the figures of the last runs into docs/reliability.md, between its two marks.

A row of which the folder has no result keeps the line that it has.
"""

import json
import sys
from pathlib import Path
from typing import Any

from deployments.environment import PROJECT
from tests.faults.rows import ROWS

PAGE = PROJECT / "docs" / "reliability.md"
BEGIN, END = "<!-- figures -->\n", "<!-- end of figures -->"
HEAD = "| row | figures | lost | twice | stuck | undue | seconds | commit, date |\n|---|---|---:|---:|---:|---:|---:|---|\n"
NOT_FIGURES = ("lost", "twice", "stuck", "undue", "seconds")


def table(told: str, folder: Path) -> str:
    """The results as a table, a line a row in the order of the rows; told: the table as it was."""
    lines = {line.split("`")[1]: f"{line}\n" for line in told.splitlines() if line.startswith("| `")}
    for path in folder.glob("*.json"):
        result = json.loads(path.read_text(encoding="utf-8"))
        lines[result["row"]] = _line(result)
    return HEAD + "".join(lines[row.name] for row in ROWS if row.name in lines)


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
    told, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n{table(told, folder)}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
