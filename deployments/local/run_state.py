"""What `crm up` writes about itself in CRM_HOME/run, for `crm status`, `crm down` and the next `crm up`."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from deployments.embedded.accounts import own_folder
from deployments.errors import AlreadyRunning, DeploymentError
from deployments.local.child import State, View
from deployments.secret_files import read_json, write_json

SAME_START_SECONDS = 2.0
"""Two readings of one process's start differ by rounding; those of two processes with one pid by more."""


@dataclass(frozen=True)
class RunState:
    """One `crm up`: phase (starting, ready, stopping, stopped), ports, the id its children carry."""

    instance: str
    pid: int
    create_time: float
    phase: str
    ports: dict[str, int]
    processes: tuple[View, ...]

    @property
    def alive(self) -> bool:
        """Whether that supervisor still runs."""
        return is_process(self.pid, self.create_time)


@contextmanager
def exclusive(home: Path) -> Iterator[None]:
    """Hold CRM_HOME for one `crm up` (or a migration); raises AlreadyRunning when another holds it."""
    path = own_folder(home / "run") / "up.lock"
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(handle, "r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(str(home), lock_holder(home)) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def lock_holder(home: Path) -> int | None:
    """The pid in the lock file, when that process holds the lock."""
    path = home / "run" / "up.lock"
    if not path.exists():
        return None
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            words = file.read().strip()
            return int(words) if words.isdigit() else None
    return None


def write_state(home: Path, state: RunState) -> None:
    """Replace run/state.json."""
    write_json(home / "run" / "state.json", asdict(state))


def read_state(home: Path) -> RunState | None:
    """What the last `crm up` wrote, whether or not it still runs; None when there is nothing readable."""
    try:
        content = read_json(home / "run" / "state.json")
        views = tuple(_view(item) for item in content.pop("processes", []))
        return RunState(**content, processes=views)
    except (DeploymentError, TypeError, ValueError):
        return None


def is_process(pid: int, create_time: float) -> bool:
    """Whether this very process runs, and not a later one with its pid."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return abs(process.create_time() - create_time) < SAME_START_SECONDS
    except psutil.Error:
        return False


def _view(item: dict[str, Any]) -> View:
    return View(**{**item, "state": State(item["state"])})
