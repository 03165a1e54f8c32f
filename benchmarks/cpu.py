"""CPU seconds of the processes of a stack, their children and their former children included."""

from contextlib import suppress

import psutil


def cpu_seconds(pids: dict[str, int], *, alone: str | None = None) -> dict[str, float]:
    """CPU seconds so far by name, with children; of those that ended, what their parent counted when it reaped them.

    alone: the process whose children are counted under names of their own.
    """
    return {name: _own(pid) if name == alone else _with_children(pid) for name, pid in pids.items()}


def between(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    """What was used from one reading to the next."""
    return {name: round(after[name] - before[name], 2) for name in before if name in after}


def _own(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


def _with_children(pid: int) -> float:
    total = 0.0
    with suppress(psutil.Error):
        root = psutil.Process(pid)
        for process in [root, *root.children(recursive=True)]:
            with suppress(psutil.Error):
                times = process.cpu_times()
                total += times.user + times.system + times.children_user + times.children_system
    return total
