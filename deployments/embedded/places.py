"""Where an embedded PostgreSQL keeps its data, programs and socket for a given CRM_HOME."""

import contextlib
import hashlib
import json
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from deployments.embedded.accounts import Account, account_for_postgres, own_folder, safe_private_folder
from deployments.errors import ClusterError

ROOT_FOLDER = Path("/var/lib/essentials-crm")
LAST_RESORT = Path("/tmp")  # noqa: S108  # Only a private folder in it is used, and refused if it is not ours.
SOCKET_FILE = ".s.PGSQL.5432"
SOCKET_PATH_LIMIT = 103
"""Bytes of a socket's path that every system we run on accepts."""


@dataclass(frozen=True)
class Places:
    """Folders of one cluster. What is in `base` is made by us; `account` runs PostgreSQL when we are root."""

    base: Path
    data: Path
    socket: Path
    account: Account | None
    inside_home: bool


def places_for(home: Path, data_dir: Path | None = None) -> Places:
    """Decide the folders for CRM_HOME (absolute); nothing is created yet."""
    account = account_for_postgres()
    base = data_dir or (_root_base(home) if account else home / "postgres")
    run_folder = home / "run" / "pg" if account is None else base / "socket"
    socket = run_folder if fits_a_socket(run_folder) else _short_folder(home)
    return Places(base, base / "data", socket, account, base.is_relative_to(home))


def fits_a_socket(folder: Path) -> bool:
    """Whether PostgreSQL's socket in this folder has a path short enough for the system."""
    return len(os.fsencode(folder / SOCKET_FILE)) <= SOCKET_PATH_LIMIT


def make(places: Places) -> None:
    """Create what is missing, with our modes; never changes a folder that was there before."""
    passable = 0o711 if places.account else 0o700
    own_folder(places.base, mode=passable, above=passable)
    if places.socket.is_relative_to(places.base) or places.socket.parent.name == "run":
        own_folder(places.socket, places.account)
    else:
        safe_private_folder(places.socket, places.account)


def drop_short_folder(places: Places) -> None:
    """Remove the socket's folder outside CRM_HOME, when it is empty: nothing of ours stays in other people's folders."""
    if not places.socket.is_relative_to(places.base) and places.socket.parent.name != "run":
        with contextlib.suppress(OSError):
            places.socket.rmdir()


def record(home: Path, places: Places) -> None:
    """Write to CRM_HOME/run where data and socket are, for people and for tools."""
    run = own_folder(home / "run")
    text = json.dumps({"data": str(places.data), "socket": str(places.socket)})
    (run / "postgres.json").write_text(text + "\n")


def _root_base(home: Path) -> Path:
    named = home.parent.name if home.name.startswith(".") else home.name
    name = re.sub(r"[^A-Za-z0-9]+", "-", named).strip("-")[:24] or "home"
    return ROOT_FOLDER / f"{name}-{_hash(home)}"


def _short_folder(home: Path) -> Path:
    """A private folder with a short path, for a CRM_HOME that is too deep."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    parents = [Path(runtime)] if runtime and account_for_postgres() is None else []
    for parent in (*parents, Path(tempfile.gettempdir()), LAST_RESORT):
        folder = parent / f"crm-{os.geteuid()}-{_hash(home)}"
        if parent.is_dir() and fits_a_socket(folder):
            return folder
    raise ClusterError(
        f"No folder has a path short enough for a socket; set CRM_HOME to a shorter one than {home}."
    )


def _hash(home: Path) -> str:
    return hashlib.sha256(os.fsencode(home.resolve())).hexdigest()[:10]
