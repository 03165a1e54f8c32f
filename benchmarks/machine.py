"""Where a figure was obtained: a number without its machine and its load says nothing."""

import os
import platform
import subprocess
from pathlib import Path
from typing import Any

import psutil

from crm_db import clock

PROJECT = Path(__file__).parent.parent


FIGURES = "docs/performance.md"
"""Written anew after each benchmark; a change of it changes no figure."""


def facts() -> dict[str, Any]:
    """Processor, memory, versions and commit; `load` is the load average (1, 5, 15 minutes) of this moment."""
    return {
        "cpus": os.cpu_count(),
        "processor": _processor(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "commit": commit(),
        "date": f"{clock.utc_now():%Y-%m-%d}",
        "load": load(),
    }


def load() -> list[float]:
    """The load average over 1, 5 and 15 minutes."""
    return [round(value, 2) for value in os.getloadavg()]


def commit() -> str:
    """The commit of the checkout, marked when the work tree differs from it in more than the page of figures."""
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", ".", f":!{FIGURES}")
    return f"{_git('rev-parse', '--short=12', 'HEAD')}{'-dirty' if changed else ''}" or "unknown"


def _git(*arguments: str) -> str:
    answer = subprocess.run(["git", *arguments], cwd=PROJECT, capture_output=True, text=True, check=False)
    return answer.stdout.strip()


def _processor() -> str:
    for line in (
        Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        if Path("/proc/cpuinfo").exists()
        else []
    ):
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()
