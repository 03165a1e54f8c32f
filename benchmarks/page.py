"""The page docs/performance.md, written from the results of the last runs: `python -m benchmarks.page`."""

import json
from pathlib import Path
from typing import Any

from benchmarks.figures import RESULTS
from benchmarks.machine import FIGURES, PROJECT

PAGE = PROJECT / FIGURES
WORDS = {
    "capture": "Taking leads in, next to the least that could (`benchmarks/minimal_capture.py`), on two API workers.",
    "burst": "5,000 posts at once, one in ten by somebody who is in the burst already, captured by two intakes.",
    "steady": "20 leads a second for five minutes.",
    "prefect-share": "One in-process run that captures 1,000 leads, with Prefect and without, turn by turn.",
    "lists": "Reading a list of 100,000 leads behind row-level security (`benchmarks/minimal_list.py`), and what filters take.",
    "scoring": "The sweep that scores leads again, next to a plain UPDATE without reasons and history.",
    "import": "`crm import leads` of 100,000 rows next to a raw COPY of the leads that it leaves.",
}
"""What each measurement is, in the order of the page."""
_HEAD = """# Performance

This page is written by `make bench` from the results of its last runs; do not edit it. How each figure is obtained stands at the
head of its module in `benchmarks/`. A baseline is measured in the same run as what it is held against; figures without one depend
on the machine, which is named below each table. `make bench ONLY=name` measures one.
"""


def write() -> Path:
    """Write the page anew; a measurement that was not run yet says so. Returns where it is."""
    parts = [_HEAD, *(_section(name) for name in WORDS)]
    PAGE.write_text("\n".join(parts), encoding="utf-8")
    return PAGE


def _section(name: str) -> str:
    head = f"## {name}\n\n{WORDS[name]}\n"
    try:
        result = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    except OSError:
        return f"{head}\nNot measured yet.\n"
    rows = [_row(line) for line in result["lines"]]
    table = "\n".join(["| | figure | asked | holds |", "|---|---:|---:|---|", *rows])
    return f"{head}\n{table}\n\n{_where(result)}\n"


def _row(line: dict[str, Any]) -> str:
    holds = {None: "", True: "yes", False: "no"}[line["holds"]]
    return f"| {line['what']} | {line['figure']} | {line['against']} | {holds} |"


def _where(result: dict[str, Any]) -> str:
    machine = result["machine"]
    before, after = machine["load"][0], result["load_after"][0]
    return (
        f"{machine['cpus']} processors ({machine['processor']}), {machine['memory_gib']} GiB, Python {machine['python']},"
        f" commit {machine['commit']}, {machine['date']}; load {before} before, {after} after."
    )


if __name__ == "__main__":
    print(write())
