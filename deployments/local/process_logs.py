"""A log file per process, put aside when it is large, while the process goes on writing to it."""

import os
import re
import shutil
from pathlib import Path
from typing import IO

from deployments.embedded.accounts import own_folder

NOTE = "crm: "
"""How lines begin that the supervisor itself adds to a process's log."""
ERROR = re.compile(r"[A-Za-z_.]*(Error|Exception)\b.*: ")
KEPT = 3
"""Old logs of a process beside the present one: NAME.log.1 is the youngest."""


def open_log(path: Path, most_bytes: int) -> IO[bytes]:
    """Open for appending, after putting a large one aside."""
    own_folder(path.parent)
    put_aside_when_large(path, most_bytes)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    return os.fdopen(handle, "ab")


def put_aside_when_large(path: Path, most_bytes: int) -> None:
    """Copy the log to NAME.log.1 and empty it; its writer appends, so it goes on at the new end."""
    try:
        if path.stat().st_size < most_bytes:
            return
    except FileNotFoundError:
        return
    for number in range(KEPT, 1, -1):
        older = path.with_name(f"{path.name}.{number - 1}")
        if older.exists():
            older.replace(path.with_name(f"{path.name}.{number}"))
    shutil.copy2(path, path.with_name(f"{path.name}.1"))
    os.truncate(path, 0)


def last_line(path: Path) -> str:
    """The last thing the process itself said, for the sentence about a process that does not start.

    The line that ends a traceback says more than what a program may print after it.
    """
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 8192))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return ""
    said = [line.strip() for line in lines if line.strip() and not line.startswith(NOTE)]
    errors = [line for line in said[-20:] if ERROR.match(line)]
    return (errors or said or [""])[-1]
