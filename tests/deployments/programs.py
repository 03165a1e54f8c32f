"""Small programs to supervise in place of the real ones."""

import os
import sys
from pathlib import Path

from deployments.embedded.accounts import leashed
from deployments.local.child import Program

SAYS_UP_AND_DRAINS = """
import signal, sys, time
def drain(*_):
    print("drained at", time.monotonic_ns(), flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, drain)
print("up", flush=True)
while True:
    time.sleep(0.02)
"""
DEAF = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
while True:
    time.sleep(0.02)
"""
ENDS_AT_ONCE = "print('no such thing as luck'); raise SystemExit(3)"
HAS_A_CHILD = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("up", child.pid, flush=True)
time.sleep(600)
"""


def program(
    logs: Path, name: str, code: str = SAYS_UP_AND_DRAINS, *, tier: int = 0, stop_seconds: float = 30.0
) -> Program:
    """A Python program that counts as ready when its log holds the word `up`."""

    def ready() -> bool:
        log = logs / f"{name}.log"
        return log.exists() and "up" in log.read_text().splitlines()[-1]

    return Program(
        name=name,
        argv=tuple(leashed([sys.executable, "-c", code])),
        environment=dict(os.environ),
        ready=ready,
        tier=tier,
        stop_seconds=stop_seconds,
    )
