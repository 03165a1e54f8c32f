"""Who PostgreSQL runs as, and folders made for that account; no folder that was there before is touched."""

import os
import pwd
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from deployments.errors import ClusterError

ACCOUNT_NAMES = ("postgres", "nobody")
CLEAN_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
LEASH = Path(__file__).with_name("leash.py")


@dataclass(frozen=True)
class Account:
    """An unprivileged account of this machine."""

    name: str
    uid: int
    gid: int


def account_for_postgres() -> Account | None:
    """The account PostgreSQL must run as when we are root, which it refuses; None when we are not."""
    if os.geteuid() != 0:
        return None
    for name in ACCOUNT_NAMES:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        if found.pw_uid != 0:
            return Account(name, found.pw_uid, found.pw_gid)
    raise ClusterError(
        "PostgreSQL does not run as root and this machine has neither a postgres nor a nobody account; "
        "run crm as an ordinary user, or set CRM_DATABASE_URL to a database of yours."
    )


def own_folder(path: Path, account: Account | None = None, *, mode: int = 0o700, above: int = 0o700) -> Path:
    """Make the folder with exactly this mode and owner, or accept the one that is there as it is.

    Missing ancestors are made with the mode `above`, for 0711 where another account has to get through.
    """
    if path.is_dir():
        return path
    if not path.parent.is_dir():
        own_folder(path.parent, mode=above, above=above)
    path.mkdir(mode=0o700, exist_ok=True)
    if account is not None:
        os.chown(path, account.uid, account.gid)
    path.chmod(mode)
    return path


def safe_private_folder(path: Path, account: Account | None) -> Path:
    """A 0700 folder in a place others can write to (a temporary folder): refused unless it is surely ours."""
    own_folder(path, account)
    found = path.lstat()
    owner = account.uid if account else os.geteuid()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or stat.S_IMODE(found.st_mode) != 0o700:
        raise ClusterError(f"{path} is there and is not a private folder of ours; remove it and start again.")
    return path


def run_as(
    account: Account | None, argv: list[str], *, timeout: float = 120.0
) -> subprocess.CompletedProcess[str]:
    """Run a short program as the account, with a clean environment, no extra groups and umask 077."""
    return subprocess.run(
        argv,
        cwd="/",
        env=CLEAN_ENVIRONMENT,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        umask=0o077,
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def can_run(account: Account | None, argv: list[str]) -> bool:
    """Whether the account can reach and start this program."""
    try:
        return run_as(account, argv).returncode == 0
    except OSError:
        return False


def leashed(argv: list[str], *, death_signal: str = "SIGTERM", account: Account | None = None) -> list[str]:
    """The command with a leash: it ends with its parent, and runs as the account (see leash.py)."""
    who = [str(account.uid), str(account.gid)] if account else ["-", "-"]
    return [sys.executable, "-I", "-S", str(LEASH), death_signal, str(os.getpid()), *who, *argv]
