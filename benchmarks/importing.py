"""import: seconds of `crm import leads` for 100,000 made-up rows, next to a raw COPY of the rows that it leaves in crm_leads.

The baseline writes the finished rows, nothing beside them, into the same table of another fresh database, with the same indexes
and constraints, as the table's owner; it is the median of its rounds. Peak memory is that of the command and its workers, and
must be alike for 10,000 rows and for 100,000.
"""

import json
import resource
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from statistics import median
from typing import Any

import psutil
import psycopg
from psycopg import sql

from benchmarks import cpu, figures, leads_file, machine
from benchmarks.figures import Line
from benchmarks.own_database import OwnDatabase, own_database

SIZES = (10_000, 100_000)
TARGET_RATIO = 25.0
COPY_ROUNDS = 3
MEMORY_LEEWAY = 0.1
SAMPLE_SECONDS = 0.05
_PARENTS = ("crm_orgs", "crm_teams", "crm_users")
_LEFT = (
    "crm_leads",
    "crm_activities",
    "crm_score_history",
    "crm_assignments",
    "crm_keys",
    "crm_events",
    "crm_changes",
)
_BLOCK_BYTES = 1 << 20


def measure() -> dict[str, Any]:
    """Run it, print the tables, keep the JSON; returns the result."""
    before = machine.facts()
    imports: list[dict[str, Any]] = []
    final: dict[str, bytes] = {}
    for rows in SIZES:
        with own_database() as here:
            here.add_reps(here.org_id)
            imports.append(_import(here, rows))
            final = _exported(here)
    with own_database() as there:
        copies = [_copy(there, final) for _ in range(COPY_ROUNDS)]
    seconds, baseline = imports[-1]["seconds"], median(copies)
    result = {
        "machine": before,
        "load_after": machine.load(),
        "rows": SIZES[-1],
        "seconds": seconds,
        "baseline_seconds": round(baseline, 3),
        "baseline_rounds": [round(one, 3) for one in copies],
        "ratio": round(seconds / baseline, 2),
        "target_ratio": TARGET_RATIO,
        "imports": imports,
    }
    _print(result)
    return figures.conclude("import", result, _lines(result))


def _import(here: OwnDatabase, rows: int) -> dict[str, Any]:
    """Import so many rows by the command line; what it answered, and what it took."""
    table, mapping = here.folder / "leads.csv", here.folder / "mapping.toml"
    leads_file.write(table, rows)
    mapping.write_text(leads_file.MAPPING, encoding="utf-8")
    server = {"postgres": here.postgres_pid}
    busy_before, used_before, began = cpu.cpu_seconds(server), _children_cpu_seconds(), time.monotonic()
    command = here.begin_crm("import", "leads", str(table), "--mapping", str(mapping), "--json")
    with _watched(command.pid) as seen:
        answer, _ = command.communicate()
    seconds = time.monotonic() - began
    if command.returncode != 0:
        raise RuntimeError(f"crm import ended with code {command.returncode}")
    counts = json.loads(answer)
    return {
        **{name: counts[name] for name in ("rows", "new", "merged", "repeated", "rejected")},
        "seconds": round(seconds, 3),
        "rows_per_second": round(rows / seconds, 1),
        "peak_mib": {name: round(size / 2**20, 1) for name, size in seen.items()},
        "command_cpu_seconds": round(_children_cpu_seconds() - used_before, 2),
        "postgres_cpu_seconds": cpu.between(busy_before, cpu.cpu_seconds(server))["postgres"],
        "load": machine.load(),
        "left": _left(here),
    }


def _children_cpu_seconds() -> float:
    """What processes used that this one began and that have ended, with all of theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def _watched(pid: int) -> Iterator[dict[str, float]]:
    """The largest resident memory of a process, and of all its children together, until the block ends (bytes)."""
    peaks = {"parent": 0.0, "workers": 0.0}
    done = threading.Event()

    def look() -> None:
        while not done.wait(SAMPLE_SECONDS):
            with suppress(psutil.Error):
                parent = psutil.Process(pid)
                workers = [child.memory_info().rss for child in parent.children(recursive=True)]
                peaks["parent"] = max(peaks["parent"], parent.memory_info().rss)
                peaks["workers"] = max(peaks["workers"], sum(workers))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield peaks
    finally:
        done.set()
        watcher.join()


def _left(here: OwnDatabase) -> dict[str, int]:
    """How many rows of each kind the import left, so that nobody has to believe that it did all the work."""
    with psycopg.connect(here.addresses.owner) as connection:
        counts = {}
        for table in _LEFT:
            row = connection.execute(
                sql.SQL("select count(*) from {}").format(sql.Identifier(table))
            ).fetchone()
            counts[table] = int(row[0]) if row else 0
        return counts


def _exported(here: OwnDatabase) -> dict[str, bytes]:
    """The leads, and whatever they refer to: table to its rows as COPY writes them."""
    exported = {}
    with psycopg.connect(here.addresses.owner) as connection:
        for table in (*_PARENTS, "crm_leads"):
            name = sql.Identifier(table)
            with connection.cursor().copy(sql.SQL("copy (select * from {}) to stdout").format(name)) as rows:
                exported[table] = b"".join(bytes(block) for block in rows)
    return exported


def _copy(there: OwnDatabase, exported: dict[str, bytes]) -> float:
    """Seconds for a COPY of the leads, committed; the table is empty before."""
    with psycopg.connect(there.addresses.owner, autocommit=True) as connection:
        connection.execute("truncate crm_orgs cascade")
        for table in exported:  # COPY FROM is refused where policies hold, and they bind the owner too
            connection.execute(
                sql.SQL("alter table {} no force row level security").format(sql.Identifier(table))
            )
        for table in _PARENTS:
            _copy_in(connection, table, exported[table])
        began = time.monotonic()
        _copy_in(connection, "crm_leads", exported["crm_leads"])
        return time.monotonic() - began


def _copy_in(connection: psycopg.Connection, table: str, rows: bytes) -> None:
    with connection.cursor().copy(sql.SQL("copy {} from stdin").format(sql.Identifier(table))) as copy:
        for place in range(0, len(rows), _BLOCK_BYTES):
            copy.write(rows[place : place + _BLOCK_BYTES])


def _print(result: dict[str, Any]) -> None:
    figures.show(
        "crm import leads, two processes, a fresh organisation with four reps",
        (
            "rows",
            "s",
            "rows/s",
            "new",
            "merged",
            "parent MiB",
            "workers MiB",
            "its CPU s",
            "Postgres CPU s",
            "load",
        ),
        [
            (
                one["rows"],
                one["seconds"],
                one["rows_per_second"],
                one["new"],
                one["merged"],
                one["peak_mib"]["parent"],
                one["peak_mib"]["workers"],
                one["command_cpu_seconds"],
                one["postgres_cpu_seconds"],
                one["load"][0],
            )
            for one in result["imports"]
        ],
    )


def _lines(result: dict[str, Any]) -> list[Line]:
    small, large = (sum(one["peak_mib"].values()) for one in result["imports"])
    ratio = result["ratio"]
    return [
        Line(f"seconds for {result['rows']:,} rows", f"{result['seconds']:.1f}"),
        Line("seconds for a raw COPY of the leads", f"{result['baseline_seconds']:.1f}"),
        Line("ratio", f"{ratio:.1f}", f"at most {TARGET_RATIO:g}", ratio <= TARGET_RATIO),
        Line(f"peak MiB of all processes at {SIZES[0]:,} rows", f"{small:.0f}"),
        Line(
            f"peak MiB of all processes at {SIZES[-1]:,} rows",
            f"{large:.0f}",
            f"at most {1 + MEMORY_LEEWAY:g} times that",
            large <= (1 + MEMORY_LEEWAY) * small,
        ),
    ]
