"""prefect-share: what Prefect costs of one in-process run that captures 1,000 leads.

The same work is done with a flow run around it and without, turn by turn, while the intakes are paused. Counted are the
processor seconds of the process itself, of Postgres (our database and Prefect's) and of Prefect's server; figures are medians
of the rounds.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from statistics import median
from typing import Any

import httpx
import psutil

from benchmarks import cpu, figures, machine
from benchmarks.bursting import people
from benchmarks.figures import Line
from tests.faults.own_stack import OwnStack, Source, own_stack

LEADS = 1_000
ROUNDS = 6
MOST_SHARE = 0.10
PARTS = ("process", "postgres", "prefect")
SETTLE_SECONDS = 3.0
"""Prefect writes what a run did a moment after its end; it is part of its price."""
RATE = {"CRM_CAPTURE_RATE_PER_MINUTE": "1000000"}
PAUSED = ("lead-capture", "message-delivery", "lead-scoring", "follow-up-scheduling")


def measure() -> dict[str, Any]:
    """Run it, print the table, keep the JSON; returns the result."""
    before = machine.facts()
    with own_stack(**RATE) as stack:
        stack.add_reps()
        source = stack.add_source("share")
        for flow in PAUSED:
            stack.crm("flows", "pause", flow)
        rounds = list(_rounds(stack, source))
    result = {"machine": before, "load_after": machine.load(), **_sum(rounds)}
    _print(result)
    return figures.conclude("prefect-share", result, _lines(result))


def _rounds(stack: OwnStack, source: Source) -> Iterator[dict[str, dict[str, float]]]:
    pids = {name: stack.process(name)[0] or 0 for name in ("postgres", "prefect")}
    with _worker(stack) as worker:
        for number in range(ROUNDS + 1):
            modes = ("plain", "flow") if number % 2 else ("flow", "plain")
            one = {
                mode: _turn(worker, pids, mode, source, first=(2 * number + place) * LEADS)
                for place, mode in enumerate(modes)
            }
            if number > 0:  # the first is to warm up
                yield one


@contextmanager
def _worker(stack: OwnStack) -> Iterator[subprocess.Popen[str]]:
    """A process of its own with the environment of an intake."""
    pid, _ = stack.process("intake-capture")
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.one_run"],
        cwd=machine.PROJECT,
        env=psutil.Process(pid).environ(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()
        process.wait(60)


def _turn(
    worker: subprocess.Popen[str], pids: Mapping[str, int], mode: str, source: Source, *, first: int
) -> dict[str, float]:
    """Post the leads, have them captured, and count processor seconds."""
    posts = people(LEADS, first=first)
    for start in range(0, LEADS, 100):
        answer = httpx.post(
            source.url,
            json=posts[start : start + 100],
            headers={"X-API-Key": source.api_key},
            trust_env=False,
            timeout=60,
        )
        answer.raise_for_status()
    assert worker.stdin is not None
    assert worker.stdout is not None
    before = cpu.cpu_seconds(dict(pids))
    worker.stdin.write(f"{mode}\n")
    worker.stdin.flush()
    own = json.loads(worker.stdout.readline())["cpu_seconds"]
    time.sleep(SETTLE_SECONDS)
    return {"process": own, **cpu.between(before, cpu.cpu_seconds(dict(pids)))}


def _sum(rounds: list[dict[str, dict[str, float]]]) -> dict[str, Any]:
    middle = {
        mode: {part: round(median(one[mode][part] for one in rounds), 3) for part in PARTS}
        for mode in ("plain", "flow")
    }
    return {
        "leads": LEADS,
        "median": middle,
        "share_of_process": _share(middle["plain"]["process"], middle["flow"]["process"]),
        "share_of_all": _share(sum(middle["plain"].values()), sum(middle["flow"].values())),
        "rounds": rounds,
    }


def _share(plain: float, flow: float) -> float:
    return round((flow - plain) / flow, 3)


def _print(result: dict[str, Any]) -> None:
    plain, flow = result["median"]["plain"], result["median"]["flow"]
    figures.show(
        f"Processor seconds to capture {LEADS:,} leads in one run",
        ("", "without Prefect", "as a flow run"),
        [(part, plain[part], flow[part]) for part in PARTS],
    )


def _lines(result: dict[str, Any]) -> list[Line]:
    share, plain = result["share_of_process"], result["median"]["plain"]
    return [
        Line("processor seconds of the process without Prefect", f"{plain['process']:.2f}"),
        Line(
            "Prefect's share of the process", f"{share:.1%}", f"at most {MOST_SHARE:.0%}", share <= MOST_SHARE
        ),
        Line("Prefect's share with Postgres and its own server", f"{result['share_of_all']:.1%}"),
    ]
