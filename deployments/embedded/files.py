"""The lock files PostgreSQL leaves behind, and whether the server they name still lives."""

import contextlib
import os
import time
from pathlib import Path

import psutil

from deployments.embedded.accounts import Account
from deployments.embedded.places import SOCKET_FILE, Places
from deployments.errors import ClusterError

ORPHANS_SECONDS = 60.0


def live_postmaster(data: Path) -> int | None:
    """The pid in postmaster.pid, when that process serves this data folder and did not just get its pid."""
    try:
        pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
        process = psutil.Process(pid)
    except (OSError, ValueError, psutil.NoSuchProcess):
        return None
    return pid if _works_in(process, data) else None


def clear_stale_locks(places: Places) -> None:
    """Remove lock files of a dead server, after the last of its own children is gone.

    PostgreSQL does this by itself except when another program got the old pid. It must not be done while an
    orphaned backend still uses the shared memory, so that is waited for.
    """
    if live_postmaster(places.data) is not None:
        return
    deadline = time.monotonic() + ORPHANS_SECONDS
    while orphans := _processes_in(places.data):
        if time.monotonic() > deadline:
            raise ClusterError(
                f"Processes {orphans} of a dead PostgreSQL still use {places.data}; end them and start again."
            )
        time.sleep(0.1)
    socket = places.socket / SOCKET_FILE
    for path in (places.data / "postmaster.pid", socket, socket.with_name(f"{SOCKET_FILE}.lock")):
        path.unlink(missing_ok=True)


def wait_gone(pid: int, timeout: float) -> None:
    """Wait until a process that is not our child has ended."""
    with contextlib.suppress(psutil.NoSuchProcess):
        try:
            psutil.Process(pid).wait(timeout)
        except psutil.TimeoutExpired:
            raise ClusterError(f"PostgreSQL (process {pid}) did not end within {timeout:.0f} s.") from None


def write_private(path: Path, text: str, account: Account | None) -> None:
    """Write a file that only the account may read."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
        if account is not None:
            os.fchown(file.fileno(), account.uid, account.gid)


def _processes_in(data: Path) -> list[int]:
    return [process.pid for process in psutil.process_iter() if _works_in(process, data)]


def _works_in(process: psutil.Process, data: Path) -> bool:
    """A server and its children work in their data folder, which tells them from any other program."""
    try:
        if process.status() == psutil.STATUS_ZOMBIE or "postgres" not in process.name():
            return False
        return Path(process.cwd()) == data.resolve()
    except (psutil.Error, OSError):
        return False
