"""Serving an application as `crm up` does, and hammering it from a process of its own."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from benchmarks import machine
from tests.faults.own_stack import free_ports

CONNECTIONS = 32
WORKERS = 2
START_SECONDS = 60.0


@contextmanager
def served(app: str, environment: dict[str, str], probe: str) -> Iterator[str]:
    """Serve an application as `crm up` does; gives its base URL."""
    (port,) = free_ports(1)
    base = f"http://127.0.0.1:{port}"
    arguments = [
        sys.executable,
        "-m",
        "uvicorn",
        app,
        "--factory",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    process = subprocess.Popen(
        [*arguments, "--workers", str(WORKERS), "--no-access-log", "--log-level", "warning"],
        cwd=machine.PROJECT,
        env={**os.environ, "PYTHONPATH": str(machine.PROJECT), **environment},
    )
    try:
        _wait_for(base + probe)
        yield base
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(url: str) -> None:
    until = time.monotonic() + START_SECONDS
    with httpx.Client(trust_env=False) as client:
        while time.monotonic() < until:
            try:
                if client.get(url).status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.2)
    raise TimeoutError(f"{url} did not answer within {START_SECONDS:.0f} s")


def hammered(url: str, api_key: str, items: int, seconds: float) -> dict[str, Any]:
    """What a client finds that posts so many leads a request, or reads (0), for so long."""
    arguments = [url, api_key, str(CONNECTIONS), str(seconds), str(items)]
    answer = subprocess.run(
        [sys.executable, "-m", "benchmarks.hammering", *arguments],
        cwd=machine.PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(answer.stdout)
    return {
        **found,
        "per_second": round(max(items, 1) * found["answered"] / found["seconds"], 1),
        "load": machine.load()[0],
    }
