"""burst: 5,000 leads posted at once, one in ten of a person who is in the burst already, captured by two intakes.

From the first post until the last lead has its score, owner and enrolment, and until the last welcome is out; how many flow
runs that took. A lead that is missing, or there twice, makes the figures worthless, and so is counted first.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil
import psycopg
from psycopg.rows import dict_row

from benchmarks import cpu, figures, machine
from benchmarks.figures import Line
from benchmarks.prefect_runs import runs_between
from tests.faults.own_stack import OwnStack, Source, own_stack

POSTS = 5_000
CONNECTIONS = 16
WARM_UP = 50
WARM_UP_FIRST = 900_000
TARGET_PER_SECOND = 300.0
MOST_RUNS = 100
WELCOMES_WITHIN_SECONDS = 120.0
PATIENCE_SECONDS = 600.0
FLOWS = (
    "lead-capture",
    "message-delivery",
    "lead-scoring",
    "follow-up-scheduling",
    "housekeeping",
    "janitor",
)
RATE = {"CRM_CAPTURE_RATE_PER_MINUTE": "1000000"}
_UNCAPTURED = """
    select (select count(*) from crm_inbox where status = 'pending')
         + (select count(*) from crm_leads where automation = 'pending')
"""
_UNWELCOMED = """
    select count(*) from crm_messages
    where purpose = 'sequence' and channel = 'email' and priority = 1 and status not in ('sent', 'failed', 'cancelled')
"""
_RECOUNT = """
    with answered as (select status, lead_id from crm_inbox where id = any (%s))
    select (select count(*) from answered where status = 'done') as done,
           (select count(distinct lead_id) from answered) as leads,
           (select count(*) from crm_leads l
            where l.id in (select lead_id from answered) and l.score is not null and l.owner_id is not null
              and (select count(*) from crm_enrolments e where e.org_id = l.org_id and e.lead_id = l.id) = 1) as whole
"""


def measure(posts: int = POSTS) -> dict[str, Any]:
    """Run it, print the tables, keep the JSON; returns the result."""
    before = machine.facts()
    with own_stack(**RATE) as stack, _second_intake(stack):
        stack.add_reps()
        result = _burst(stack, posts)
    result = {"machine": before, "load_after": machine.load(), **result}
    figures.show("Runs", ("flow", "runs"), [(flow, one["runs"]) for flow, one in result["runs"].items()])
    figures.show("CPU seconds until all were captured", ("process", "s"), list(result["cpu_seconds"].items()))
    return figures.conclude("burst", result, _lines(result))


@contextmanager
def _second_intake(stack: OwnStack) -> Iterator[None]:
    """One more intake of the lane capture beside the one of `crm up`, with its environment."""
    pid, _ = stack.process("intake-capture")
    environment = psutil.Process(pid).environ()
    with (stack.folder / "second-intake.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "deployments.lanes.intake", "capture"],
            cwd=machine.PROJECT,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)


def _burst(stack: OwnStack, posts: int) -> dict[str, Any]:
    source = stack.add_source("burst")
    _post(stack, source, WARM_UP, first=WARM_UP_FIRST)
    _wait_until_none(stack.owner_url, _UNCAPTURED)
    _wait_until_none(stack.owner_url, _UNWELCOMED)
    pids = {one["name"]: one["pid"] for one in stack.status()["processes"] if one["pid"]}
    used, began = cpu.cpu_seconds(pids), time.time()
    answers = _post(stack, source, posts)
    first = min(one["sent"] for one in answers)
    captured = _wait_until_none(stack.owner_url, _UNCAPTURED)
    spent = cpu.between(used, cpu.cpu_seconds(pids))
    welcomed = _wait_until_none(stack.owner_url, _UNWELCOMED)
    runs = _runs(stack, began, welcomed)
    counted = _recount(stack.owner_url, answers)
    return {
        "posts": len(answers),
        "accepted": sum(one["status"] == 202 for one in answers),
        "people": len({one["email"] for one in answers}),
        **counted,
        "seconds_to_answer_all": round(max(one["answered"] for one in answers) - first, 2),
        "seconds_to_capture_all": round(captured - first, 2),
        "leads_per_second": round(len(answers) / (captured - first), 1),
        "seconds_to_welcome_all": round(welcomed - first, 2),
        "runs": runs,
        "cpu_seconds": spent,
    }


def _post(stack: OwnStack, source: Source, posts: int, *, first: int = 0) -> list[dict[str, Any]]:
    out = stack.folder / "posts.jsonl"
    arguments = [source.url, source.api_key, str(posts), str(CONNECTIONS), str(first), str(out)]
    subprocess.run([sys.executable, "-m", "benchmarks.bursting", *arguments], check=True, cwd=machine.PROJECT)
    return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]


def _wait_until_none(owner_url: str, question: str) -> float:
    """Wait until a count is 0; returns when that was seen, in seconds since 1970. Raises TimeoutError."""
    until = time.monotonic() + PATIENCE_SECONDS
    with psycopg.connect(owner_url, autocommit=True) as connection:
        while time.monotonic() < until:
            row = connection.execute(question.encode()).fetchone()
            if row is not None and row[0] == 0:
                return time.time()
            time.sleep(0.1)
    raise TimeoutError("the work of the burst did not end")


def _runs(stack: OwnStack, since: float, until: float) -> dict[str, dict[str, int]]:
    """How many runs each flow had in the period, and how many of them failed."""
    credentials = stack.credentials
    api, auth = f"{credentials['prefect_url']}/api", credentials["prefect_auth"]
    found = {flow: runs_between(api, auth, flow, since, until) for flow in FLOWS}
    return {
        flow: {"runs": len(runs), "failed": sum(run.state in {"FAILED", "CRASHED"} for run in runs)}
        for flow, runs in found.items()
        if runs
    }


def _recount(owner_url: str, answers: list[dict[str, Any]]) -> dict[str, int]:
    """The 202s whose event is done, the leads they made, and how many of these are whole."""
    with psycopg.connect(owner_url, row_factory=dict_row) as connection:
        row = connection.execute(_RECOUNT.encode(), [[one["event"] for one in answers]]).fetchone()
    assert row is not None
    return dict(row)


def _lines(result: dict[str, Any]) -> list[Line]:
    runs = sum(one["runs"] for one in result["runs"].values())
    failed = sum(one["failed"] for one in result["runs"].values())
    posts, people, rate = result["posts"], result["people"], result["leads_per_second"]
    welcomed = result["seconds_to_welcome_all"]
    return [
        Line("posts answered with 202", str(result["accepted"]), str(posts), result["accepted"] == posts),
        Line("of these, events done", str(result["done"]), str(posts), result["done"] == posts),
        Line("leads, one a person", str(result["leads"]), str(people), result["leads"] == people),
        Line(
            "leads with score, owner and one enrolment",
            str(result["whole"]),
            str(people),
            result["whole"] == people,
        ),
        Line("seconds until all were answered", f"{result['seconds_to_answer_all']:.1f}"),
        Line("seconds until all were captured", f"{result['seconds_to_capture_all']:.1f}"),
        Line("leads/s", f"{rate:,.0f}", f"at least {TARGET_PER_SECOND:g}", rate >= TARGET_PER_SECOND),
        Line(
            "seconds until all welcomes were out",
            f"{welcomed:.1f}",
            f"at most {WELCOMES_WITHIN_SECONDS:g}",
            welcomed <= WELCOMES_WITHIN_SECONDS,
        ),
        Line("flow runs", str(runs), f"at most {MOST_RUNS}", runs <= MOST_RUNS),
        Line("failed flow runs", str(failed), "0", failed == 0),
    ]
