"""Prefect's server as a row meets it: flow runs by its REST API, its absence, and its database."""

import json
import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
import psycopg

from deployments.addresses import PREFECT_DATABASE
from tests.faults.own_stack import OwnStack

TERMINAL = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
POLL_SECONDS = 1.0
KILL_AGAIN_SECONDS = 0.2


def client_of(stack: OwnStack) -> httpx.Client:
    """A client of the server's REST API."""
    user, _, password = stack.credentials["prefect_auth"].partition(":")
    return httpx.Client(
        base_url=f"{stack.credentials['prefect_url']}/api", auth=(user, password), timeout=60, trust_env=False
    )


def deployments(stack: OwnStack) -> dict[str, UUID]:
    """The registered deployments, by name."""
    with client_of(stack) as client:
        found = client.post("/deployments/filter", json={}).raise_for_status().json()
    return {one["name"]: UUID(one["id"]) for one in found}


def start_runs(stack: OwnStack, deployment: UUID, number: int) -> list[str]:
    """Ask for so many runs at once, each of them in a process of its own."""
    wanted = {"state": {"type": "SCHEDULED"}, "work_queue_name": "default"}
    with client_of(stack) as client:
        return [
            client.post(f"/deployments/{deployment}/create_flow_run", json=wanted)
            .raise_for_status()
            .json()["id"]
            for _ in range(number)
        ]


def wait_for_runs(stack: OwnStack, runs: Iterable[str], *, seconds: float) -> list[dict[str, Any]]:
    """Wait until these runs have ended; what they are then, ended or not."""
    asked, until = {"flow_runs": {"id": {"any_": list(runs)}}, "limit": 200}, time.monotonic() + seconds
    with client_of(stack) as client:
        while True:
            found: list[dict[str, Any]] = client.post("/flow_runs/filter", json=asked).json()
            if all(one["state_type"] in TERMINAL for one in found) or time.monotonic() > until:
                return found
            time.sleep(POLL_SECONDS)


def most_at_once(runs: Iterable[dict[str, Any]]) -> int:
    """How many of these runs were under way at the same moment at most."""
    changes = []
    for one in runs:
        if one["start_time"] and one["end_time"]:
            changes += [(_moment(one["start_time"]), 1), (_moment(one["end_time"]), -1)]
    now = most = 0
    for _, change in sorted(changes):
        now += change
        most = max(most, now)
    return most


def keep_down(stack: OwnStack, seconds: float) -> int:
    """Kill the server, and each that the supervisor puts in its place, for so long; returns how many were killed."""
    killed: set[int] = set()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pid = _pid(stack)
        if pid is not None and pid not in killed:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                killed.add(pid)
        time.sleep(KILL_AGAIN_SECONDS)
    return len(killed)


def drop_database(stack: OwnStack) -> None:
    """Drop the server's database while it runs, and make an empty one in its place."""
    with psycopg.connect(stack.admin_url, autocommit=True) as operator:
        operator.execute(f"drop database {PREFECT_DATABASE} with (force)")
        operator.execute(f"create database {PREFECT_DATABASE} owner crm_prefect")


def _pid(stack: OwnStack) -> int | None:
    """From the supervisor's own file, which is cheaper to read than `crm status` is to run."""
    with suppress(OSError, ValueError):
        state = json.loads((stack.home / "run" / "state.json").read_text(encoding="utf-8"))
        for one in state["processes"]:
            if one["name"] == "prefect":
                pid: int | None = one["pid"]
                return pid
    return None


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
