"""The first start of a cluster: `initdb` in a sibling folder that gets its name when all is done.

A start that is killed in the middle leaves a folder that the next one throws away.
"""

import hashlib
import json
import shutil
from locale import LC_CTYPE, Error, setlocale
from pathlib import Path

from deployments.embedded import files as pg_files
from deployments.embedded.accounts import leashed, own_folder, run_as
from deployments.embedded.binaries import Binaries
from deployments.embedded.places import Places
from deployments.errors import ClusterError

SUPERUSER = "postgres"
MARKER = "crm-cluster.json"
INITDB_SECONDS = 300.0


def make_data(places: Places, binaries: Binaries, password: str, *, fast: bool) -> None:
    """Make the data folder. `password` is the superuser's; `fast` does not wait for the disk (tests only)."""
    building = places.data.with_name("data-building")
    shutil.rmtree(building, ignore_errors=True)
    own_folder(building, places.account)
    _check_reachable(places, building)
    _run_initdb(
        places, building, password, [*_switches(binaries, building), *(["--no-sync"] if fast else [])]
    )
    pg_files.write_private(building / MARKER, json.dumps({"mark": _mark(password)}), places.account)
    building.rename(places.data)


def is_made_with(password: str, data: Path) -> bool:
    """Whether this data folder was made by us, with this superuser password."""
    try:
        content = json.loads((data / MARKER).read_text())
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and content.get("mark") == _mark(password)


def _mark(password: str) -> str:
    """Shows that data and secrets.json belong together; says nothing about the password, which is random."""
    return hashlib.sha256(f"essentials-crm:{password}".encode()).hexdigest()[:16]


def _check_reachable(places: Places, folder: Path) -> None:
    account = places.account
    if account is not None and run_as(account, ["/bin/ls", str(folder)]).returncode != 0:
        shutil.rmtree(folder)
        raise ClusterError(
            f"The account {account.name}, which PostgreSQL runs as, cannot reach {places.base}; "
            "set CRM_DATA_DIR to a folder whose parents all may pass."
        )


def _run_initdb(places: Places, folder: Path, password: str, argv: list[str]) -> None:
    password_file = places.base / "password"
    password_file.unlink(missing_ok=True)
    try:
        pg_files.write_private(password_file, password, places.account)
        leash = leashed([*argv, f"--pwfile={password_file}"], death_signal="SIGKILL", account=places.account)
        answer = run_as(None, leash, timeout=INITDB_SECONDS)
    finally:
        password_file.unlink(missing_ok=True)
    if answer.returncode != 0:
        last_line = (answer.stderr.strip().splitlines() or ["no message"])[-1]
        raise ClusterError(f"initdb could not make the database in {folder}: {last_line}")


def _switches(binaries: Binaries, folder: Path) -> list[str]:
    return [
        binaries.program("initdb"),
        f"--pgdata={folder}",
        f"--username={SUPERUSER}",
        "--auth-local=scram-sha-256",
        "--auth-host=scram-sha-256",
        "--data-checksums",
        "--no-instructions",
        "--encoding=UTF8",
        *_locale_switches(binaries.major),
    ]


def _locale_switches(major: int) -> list[str]:
    """Sorting by code point, letters by Unicode; from 17 on the server brings that along itself."""
    if major >= 17:
        return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    before = setlocale(LC_CTYPE)
    try:
        setlocale(LC_CTYPE, "C.UTF-8")
    except Error:
        return ["--locale=C"]
    finally:
        setlocale(LC_CTYPE, before)
    return ["--locale=C.UTF-8"]
