"""`python -m tests.faults [--row NAME] [--leads N] [--json FOLDER]` runs every row on a stack of its own; 1 when a promise broke.

A row whose result for this very commit is in the folder already is not run again, unless --row names it.
"""

import argparse
import json
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from deployments.environment import PROJECT
from tests.faults.rows import ROWS, Row, run

LEADS = 500
COLUMNS = ("row", "leads", "kills", "in_hand", "lost", "twice", "stuck", "seconds")
SHOWN_BREACHES = 20


def main() -> int:
    """Run the rows; returns the exit code."""
    chosen = _arguments()
    chosen.json.mkdir(parents=True, exist_ok=True)
    rows = [row for row in ROWS if chosen.row in (None, row.name)]
    results = [_result_of(row, chosen, again=chosen.row is not None) for row in rows]
    table = Table(title="Faults", title_justify="left")
    for column in COLUMNS:
        table.add_column(column.replace("_", " "))
    for result in results:
        table.add_row(*(str(result.get(column, "-")) for column in COLUMNS))
    Console(highlight=False).print(table)
    for result in results:
        _explain(result)
    return 0 if all(result["holds"] for result in results) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--row", choices=[row.name for row in ROWS], help="only this row")
    parser.add_argument(
        "--leads", type=int, default=LEADS, help="posts during each row (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=1, help="decides people and moments of the kills")
    parser.add_argument(
        "--json",
        type=Path,
        default=PROJECT / "build" / "faults",
        help="folder of the results (default: build/faults)",
    )
    return parser.parse_args()


def _result_of(row: Row, chosen: argparse.Namespace, *, again: bool) -> dict[str, Any]:
    """The kept result of this commit and load, or a new one, which is kept."""
    path: Path = chosen.json / f"{row.name}.json"
    mark = {"commit": _commit(), "asked_for": chosen.leads, "seed": chosen.seed}
    kept = _kept(path)
    if kept is not None and not again and "dirty" not in mark["commit"] and mark.items() <= kept.items():
        print(f"{row.name}: kept from an earlier run", flush=True)
        return kept
    print(f"{row.name} ...", flush=True)
    try:
        result = mark | run(row, leads=chosen.leads, seed=chosen.seed).as_dict()
    except (OSError, RuntimeError, TimeoutError, subprocess.SubprocessError):
        result = mark | {"row": row.name, "holds": False, "breaches": [traceback.format_exc()]}
    path.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return result


def _kept(path: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found


def _commit() -> str:
    answer = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    return answer.stdout.strip() or "unknown-dirty"


def _explain(result: dict[str, Any]) -> None:
    for words in [*result.get("breaches", []), *result.get("unanswered", [])][:SHOWN_BREACHES]:
        print(f"{result['row']}: {words}")
    if result.get("unsettled"):
        print(f"{result['row']}: not settled: {result['unsettled']}")


if __name__ == "__main__":
    sys.exit(main())
