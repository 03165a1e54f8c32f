"""steady: 20 leads a second against a stack of its own.

From post to first message, runs of the hot flows, growth of Prefect's database, CPU seconds of each process.
"""

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psycopg

from benchmarks import cpu, figures, machine
from benchmarks.figures import Line
from benchmarks.lead_times import STAGES, LeadTime, lead_times, moments_of
from benchmarks.prefect_runs import Run, most_in_a_second, runs_between
from tests.faults.own_stack import OwnStack, own_stack

RATE = 20.0
SECONDS = 300.0
TARGET_P95_SECONDS = 2.0
MOST_RUNS_PER_SECOND = 1.0
SETTLE_SECONDS = 180.0
WARM_UP_SECONDS = 10.0
WARM_UP_FIRST = 900_000
"""Number of the first warm-up person: nobody is in both loads."""
SUPERVISOR = "crm up"
HOT_FLOWS = ("lead-capture", "message-delivery")
SWEEPS = ("lead-scoring", "follow-up-scheduling")
_UNSENT = """
    select (select count(*) from crm_inbox where status = 'pending')
         + (select count(*) from crm_leads where automation = 'pending')
         + (select count(*) from crm_messages where status in ('claimed', 'sending')
            or status = 'scheduled' and due_at <= now())
"""
_SIZES = """
    select 'whole', pg_database_size(current_database())
    union all
    select relname, pg_total_relation_size(oid) from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace
"""


def measure(seconds: float = SECONDS, rate: float = RATE) -> dict[str, Any]:
    """Run it, print the tables, keep the JSON; returns the result."""
    before = machine.facts()
    with own_stack() as stack:
        stack.add_reps()
        result = _load(stack, seconds, rate)
    result = {"machine": before, "load_after": machine.load(), **result}
    _print(result)
    return figures.conclude("steady", result, _lines(result))


def _load(stack: OwnStack, seconds: float, rate: float) -> dict[str, Any]:
    source = stack.add_source("benchmark")
    _post(stack, source.url, source.api_key, rate, WARM_UP_SECONDS, first=WARM_UP_FIRST)
    _settle(stack.owner_url)
    pids = _pids(stack)
    cpu_before, size_before, began = (
        cpu.cpu_seconds(pids, alone=SUPERVISOR),
        _prefect_bytes(stack),
        time.time(),
    )
    posts = _post(stack, source.url, source.api_key, rate, seconds)
    loaded = time.time()
    size_after, used = _prefect_bytes(stack), cpu.between(cpu_before, cpu.cpu_seconds(pids, alone=SUPERVISOR))
    settled = _settle(stack.owner_url)
    runs = {flow: _runs(stack, flow, began, time.time()) for flow in (*HOT_FLOWS, *SWEEPS)}
    moments = moments_of(stack.owner_url, [post["event"] for post in posts if post.get("event")])
    times = lead_times(posts, moments, runs["lead-capture"], runs["message-delivery"])
    return {
        "rate": rate,
        "seconds": round(loaded - began, 1),
        "settled": settled,
        "posts": len(posts),
        "accepted": sum(post["status"] == 202 for post in posts),
        "with_first_message": len(times),
        "seconds_to_first_message": _latencies(times),
        "stages": {stage: figures.spread([one.stages[stage] for one in times]) for stage in STAGES},
        "runs": {flow: _run_figures(found, began, loaded) for flow, found in runs.items()},
        "prefect_mib_per_hour": _mib_per_hour(size_before, size_after, loaded - began),
        "cpu_seconds": used,
        "cpu_share_of_machine": round(sum(used.values()) / (loaded - began) / (os.cpu_count() or 1), 3),
        "by_quarter": _by_quarter(times),
        "stack_ready_after": round(stack.seconds_to_ready, 1),
    }


def _post(
    stack: OwnStack, url: str, api_key: str, rate: float, seconds: float, *, first: int = 0
) -> list[dict[str, Any]]:
    out = stack.folder / "posts.jsonl"
    arguments = [url, api_key, str(rate), str(seconds), str(first), str(out)]
    subprocess.run([sys.executable, "-m", "benchmarks.posting", *arguments], check=True, cwd=machine.PROJECT)
    return [json.loads(line) for line in Path(out).read_text(encoding="utf-8").splitlines()]


def _settle(owner_url: str) -> bool:
    """Wait until nothing is left to do; False when that takes too long."""
    until = time.monotonic() + SETTLE_SECONDS
    with psycopg.connect(owner_url, autocommit=True) as connection:
        while time.monotonic() < until:
            row = connection.execute(_UNSENT).fetchone()
            if row is not None and row[0] == 0:
                return True
            time.sleep(0.5)
    return False


def _pids(stack: OwnStack) -> dict[str, int]:
    found = {one["name"]: one["pid"] for one in stack.status()["processes"] if one["pid"]}
    state = json.loads((stack.home / "run" / "state.json").read_text(encoding="utf-8"))
    return {**found, SUPERVISOR: state["pid"]}


def _prefect_bytes(stack: OwnStack) -> dict[str, int]:
    """Bytes of Prefect's database as a whole, and of each table with its indexes."""
    with psycopg.connect(stack.prefect_url) as connection:
        return dict(connection.execute(_SIZES).fetchall())


def _runs(stack: OwnStack, flow: str, since: float, until: float) -> list[Run]:
    credentials = stack.credentials
    return runs_between(f"{credentials['prefect_url']}/api", credentials["prefect_auth"], flow, since, until)


def _run_figures(runs: list[Run], since: float, until: float) -> dict[str, Any]:
    starts = [run.started for run in runs if run.started is not None and run.started <= until]
    lasted = [run.ended - run.started for run in runs if run.started and run.ended]
    overhead = [run.started - run.created for run in runs if run.started]
    states = sorted({run.state for run in runs})
    return {
        "runs": len(starts),
        "per_second": round(len(starts) / (until - since), 3),
        "most_in_a_second": most_in_a_second(starts),
        "failed": sum(run.state in {"FAILED", "CRASHED"} for run in runs),
        "states": {state: sum(run.state == state for run in runs) for state in states},
        "seconds": figures.spread(lasted),
        "made_to_started": figures.spread(overhead),
    }


def _mib_per_hour(before: dict[str, int], after: dict[str, int], seconds: float) -> dict[str, float]:
    """Growth extrapolated from the load to an hour, the largest first; tables that grew by less than a MiB are left out."""
    grown = {name: round((after[name] - before.get(name, 0)) / seconds * 3600 / 2**20, 1) for name in after}
    return dict(sorted(((n, size) for n, size in grown.items() if size >= 1), key=lambda one: -one[1]))


def _latencies(times: list[LeadTime]) -> dict[str, dict[str, float]]:
    return {
        name: figures.spread([asdict(one)[name] for one in times])
        for name in ("from_due", "from_answer", "from_received")
    }


def _by_quarter(times: list[LeadTime]) -> list[dict[str, float]]:
    """The same latency for each quarter of the run: a backlog that grows shows here."""
    size = max(1, len(times) // 4)
    return [
        figures.spread([one.from_answer for one in times[start : start + size]])
        for start in range(0, 4 * size, size)
    ]


def _lines(result: dict[str, Any]) -> list[Line]:
    from_answer = result["seconds_to_first_message"]["from_answer"]
    p95 = from_answer.get("p95", float("nan"))
    most = max(result["runs"][flow]["per_second"] for flow in HOT_FLOWS)
    failed = sum(one["failed"] for one in result["runs"].values())
    posts = result["posts"]
    return [
        Line("posts answered with 202", str(result["accepted"]), str(posts), result["accepted"] == posts),
        Line("seconds from the 202 to the first message, p50", f"{from_answer.get('p50', float('nan')):.2f}"),
        Line(
            "seconds from the 202 to the first message, p95",
            f"{p95:.2f}",
            f"at most {TARGET_P95_SECONDS:g}",
            p95 <= TARGET_P95_SECONDS,
        ),
        Line(
            "runs/s of a hot flow",
            f"{most:.2f}",
            f"at most {MOST_RUNS_PER_SECOND:g}",
            most <= MOST_RUNS_PER_SECOND,
        ),
        Line("failed flow runs", str(failed), "0", failed == 0),
        Line(
            "MiB an hour by which Prefect's database grows",
            f"{result['prefect_mib_per_hour'].get('whole', 0):g}",
        ),
        Line("share of the machine's processors", f"{result['cpu_share_of_machine']:.0%}"),
    ]


def _print(result: dict[str, Any]) -> None:
    columns = ("", "p50", "p95", "p99", "max", "mean")

    def row(name: str, spread: dict[str, float]) -> tuple[Any, ...]:
        return (name, *(spread.get(column) for column in columns[1:]))

    latencies = result["seconds_to_first_message"]
    figures.show(
        f"Seconds to the first message, {result['rate']:g} leads/s",
        columns,
        [row(n, s) for n, s in latencies.items()],
    )
    figures.show("Where the seconds go", columns, [row(n, s) for n, s in result["stages"].items()])
    figures.show(
        "Runs",
        (
            "flow",
            "runs",
            "per s (target 1)",
            "most in a second",
            "failed",
            "p50 s",
            "p95 s",
            "made to started p50",
        ),
        [
            (
                flow,
                one["runs"],
                one["per_second"],
                one["most_in_a_second"],
                one["failed"],
                one["seconds"].get("p50"),
                one["seconds"].get("p95"),
                one["made_to_started"].get("p50"),
            )
            for flow, one in result["runs"].items()
        ],
    )
    figures.show("CPU seconds", ("process", "s"), list(result["cpu_seconds"].items()))
    growth = result["prefect_mib_per_hour"]
    figures.show(
        "Prefect's database (after minus before, times an hour)", ("table", "MiB/h"), list(growth.items())
    )
