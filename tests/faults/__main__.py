"""`python -m tests.faults [--row NAME] [--part NAME] [--again] [--seed N] [--json FOLDER]` runs the rows; 1 when a promise broke.

What a row found out about this very commit is kept in the folder, part by part, and not run again without --again.
"""

import argparse
import subprocess
import sys
import traceback
from pathlib import Path

import psutil
import psycopg
from rich.console import Console
from rich.table import Table

from deployments.environment import PROJECT
from deployments.errors import DeploymentError
from tests.faults.found import Found
from tests.faults.ground import Ground
from tests.faults.kept import Result, Shelf
from tests.faults.rows import ROWS, Part, Row

COLUMNS = ("kills", "events", "leads", "messages", "lost", "twice", "stuck", "undue", "seconds")
SHOWN_BREACHES = 20
FAILURES = (
    AssertionError,
    OSError,
    psutil.Error,
    RuntimeError,
    TimeoutError,
    DeploymentError,
    subprocess.SubprocessError,
    psycopg.Error,
)


def main() -> int:
    """Run the rows; returns the exit code."""
    chosen = _arguments()
    shelf = Shelf(chosen.json)
    rows = [row for row in ROWS if chosen.row in (None, row.name)]
    with Ground(chosen.seed) as ground:
        results = [_run(row, ground, shelf, chosen) for row in rows]
    table = Table(title="Faults", title_justify="left")
    for column in ("row", "parts", *COLUMNS):
        table.add_column(column)
    for result in results:
        figures = [f"{result.totals.get(column, '-')}" for column in COLUMNS]
        table.add_row(result.row, str(len(result.parts)), *figures)
    Console(highlight=False).print(table)
    return 0 if all(result.holds for result in results) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--row", choices=[row.name for row in ROWS], help="only this row")
    parser.add_argument("--part", help="only the parts of it whose name contains this")
    parser.add_argument("--again", action="store_true", help="forget what is kept")
    parser.add_argument("--seed", type=int, default=1, help="decides people and moments of the kills")
    parser.add_argument(
        "--json",
        type=Path,
        default=PROJECT / "build" / "faults",
        help="folder of the results (default: build/faults)",
    )
    return parser.parse_args()


def _run(row: Row, ground: Ground, shelf: Shelf, chosen: argparse.Namespace) -> Result:
    """Run the parts that nothing is kept of, and keep each one's finding as soon as it is there."""
    result = shelf.begin(row.name, ground.seed, anew=chosen.again)
    print(f"{row.name}: {row.shows}", flush=True)
    for name, part in row.parts.items():
        if chosen.part is not None and chosen.part not in name:
            continue
        if name in result.parts:
            print(f"  {name}: kept from an earlier run", flush=True)
            continue
        result.parts[name] = _finding(part, ground)
        shelf.keep(result)
        _tell(name, result.parts[name])
    return result


def _finding(part: Part, ground: Ground) -> Found:
    """A row that fails to run has shown nothing, and does not keep the others from running."""
    try:
        return part(ground)
    except FAILURES:
        return Found({}, wanting=(traceback.format_exc(),))


def _tell(name: str, found: Found) -> None:
    figures = ", ".join(f"{what} {figure}" for what, figure in found.figures.items())
    print(f"  {name}: {'holds' if found.holds else 'BROKEN'}: {figures}", flush=True)
    for words in [*found.breaches, *found.wanting][:SHOWN_BREACHES]:
        print(f"    {words}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
