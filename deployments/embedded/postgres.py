"""The embedded PostgreSQL: made once, then run as one child process, reached by a socket in a private folder.

Nobody is trusted: every login needs a password (scram), no port is opened. As root the server runs as an
unprivileged account with data in a folder of its own. A half-finished start is thrown away by the next one.
"""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psycopg

from crm_db.clock import utc_now
from deployments.embedded import files as pg_files
from deployments.embedded import initdb as pg_initdb
from deployments.embedded import places as pg_places
from deployments.embedded.accounts import CLEAN_ENVIRONMENT, leashed
from deployments.embedded.binaries import Binaries, reachable_binaries
from deployments.embedded.initdb import SUPERUSER
from deployments.embedded.places import Places
from deployments.errors import ClusterError

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "max_locks_per_transaction": "256",
    "shared_buffers": "256MB",
    "wal_compression": "on",
    "max_wal_size": "2GB",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    # Details and statements carry personal data; the log says what went wrong without them.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}
FAST_SETTINGS = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "64MB", "max_wal_size": "256MB"}
MEMORY = Path("/dev/shm")  # noqa: S108  # A private folder in it, as in any other place for temporary files.
ROOM_IN_MEMORY = 4 * 1024**3
"""Bytes that have to be free there: several clusters are in use at once, one of them with 100,000 leads."""
STOP_SIGNALS = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT}


class Cluster:
    """One database cluster of one CRM_HOME.

    `password` is the superuser's; `fast` gives up durability for speed and is for tests only.
    """

    def __init__(
        self, home: Path, password: str, *, data_dir: Path | None = None, fast: bool = False
    ) -> None:
        self.home = home.absolute()
        self.fast = fast
        self.places: Places = pg_places.places_for(self.home, data_dir.absolute() if data_dir else None)
        self.set_aside: Path | None = None
        """Where prepare() moved a data folder that belonged to an earlier CRM_HOME at this path."""
        self._password = password
        self._binaries: Binaries | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def prepare(self) -> None:
        """Make the folders and the database where they are missing, and clear the locks of a dead server.

        Raises ClusterError when a server runs on the data already, or when the data cannot be ours.
        """
        pg_places.make(self.places)
        pg_places.record(self.home, self.places)
        self._binaries = reachable_binaries(self.places.account, self.places.base)
        self._check_running()
        if self.places.data.exists() and not pg_initdb.is_made_with(self._password, self.places.data):
            self._move_aside()
        if not self.places.data.exists():
            pg_initdb.make_data(self.places, self._binaries, self._password, fast=self.fast)
        self._check_version()
        pg_files.clear_stale_locks(self.places)

    def running(self) -> int | None:
        """The process id of the live server of this data folder, whoever started it."""
        return pg_files.live_postmaster(self.places.data)

    def command(self) -> list[str]:
        """The arguments that run the server as a child that shuts down with its parent."""
        settings = {**SETTINGS, **(FAST_SETTINGS if self.fast else {})}
        settings["unix_socket_directories"] = str(self.places.socket)
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        argv = [self._programs().program("postgres"), "-D", str(self.places.data), *options]
        return leashed(argv, death_signal="SIGINT", account=self.places.account)

    def spawn(self, log: IO[bytes] | None = None) -> subprocess.Popen[bytes]:
        """Start the server in a session of its own, when an earlier one has ended; it writes to `log`."""
        if self._process is not None:
            self._process.wait()
        pg_files.clear_stale_locks(self.places)
        self._process = subprocess.Popen(
            self.command(),
            cwd="/",
            env=CLEAN_ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=log or subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        return self._process

    def answers(self) -> bool:
        """Whether the server accepts a login now."""
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(self.admin_url, connect_timeout=5).close()
            return True
        return False

    def wait_ready(self, timeout: float) -> None:
        """Wait until the server accepts logins, crash recovery included.

        Raises ClusterError when it ends or `timeout` seconds are over.
        """
        deadline = time.monotonic() + timeout
        while not self.answers():
            if self._process is not None and self._process.poll() is not None:
                raise ClusterError(f"PostgreSQL ended with code {self._process.returncode} at its start.")
            if time.monotonic() > deadline:
                raise ClusterError(f"PostgreSQL did not accept logins within {timeout:.0f} s.")
            time.sleep(0.05)

    def stop(self, mode: str = "fast", timeout: float = 60.0) -> None:
        """Stop the server if one runs: `fast` ends sessions and checkpoints, `immediate` is like a crash."""
        pid = self.running()
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, STOP_SIGNALS[mode])
        if self._process is not None:
            self._process.wait(timeout)
        elif pid is not None:
            pg_files.wait_gone(pid, timeout)

    def url(self, user: str, password: str, database: str) -> str:
        """The address for libpq, and with another scheme for SQLAlchemy and asyncpg."""
        login = f"{quote(user, safe='')}:{quote(password, safe='')}"
        return f"postgresql://{login}@/{quote(database)}?host={quote(str(self.places.socket))}"

    @property
    def admin_url(self) -> str:
        """The superuser's address; only roles and databases are made with it."""
        return self.url(SUPERUSER, self._password, "postgres")

    def _programs(self) -> Binaries:
        if self._binaries is None:
            self._binaries = reachable_binaries(self.places.account, self.places.base)
        return self._binaries

    def _check_running(self) -> None:
        pid = self.running()
        if pid is not None:
            raise ClusterError(
                f"PostgreSQL already runs on {self.places.data} as process {pid}; stop it with crm down."
            )

    def _move_aside(self) -> None:
        """Data elsewhere outlives a removed CRM_HOME: a new one must not meet it, and nothing may be lost."""
        if self.places.inside_home:
            raise ClusterError(
                f"{self.home / 'secrets.json'} does not belong to the database in {self.places.data}; "
                "bring the old secrets.json back, or move that folder away to start with an empty database."
            )
        stamp = f"{utc_now():%Y%m%d-%H%M%S}"
        self.set_aside = self.places.data.with_name(f"data-{stamp}-{secrets.token_hex(2)}")
        self.places.data.rename(self.set_aside)

    def _check_version(self) -> None:
        made_by = (self.places.data / "PG_VERSION").read_text().strip()
        found = str(self._programs().major)
        if made_by != found:
            raise ClusterError(
                f"The database in {self.places.data} was made by PostgreSQL {made_by}, not {found}; "
                f"install PostgreSQL {made_by}, or dump and restore into a new CRM_HOME."
            )


@contextlib.contextmanager
def throwaway_cluster(*, timeout: float = 120.0) -> Iterator[Cluster]:
    """A running cluster for tests and benchmarks: not durable, in a temporary folder removed at the end.

    It lies in memory where the machine has enough: file systems are slow at making and deleting databases by the hundred.
    """
    folder = Path(tempfile.mkdtemp(prefix="crm-pg-", dir=_roomy_memory()))
    folder.chmod(0o711)
    cluster = Cluster(folder / "home", secrets.token_urlsafe(24), data_dir=folder / "pg", fast=True)
    try:
        cluster.prepare()
        cluster.spawn()
        cluster.wait_ready(timeout)
        yield cluster
    finally:
        cluster.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)


def _roomy_memory() -> Path | None:
    """A file system in memory with room for a cluster's data and its log; none is no failure."""
    with contextlib.suppress(OSError):
        if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ROOM_IN_MEMORY:
            return MEMORY
    return None
