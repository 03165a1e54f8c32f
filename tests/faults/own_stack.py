"""The whole product for one run: `crm up` with a CRM_HOME, a data folder and ports of its own; nothing of it is left."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from crm_db import session
from crm_db.actions import orgs
from deployments.addresses import PREFECT_DATABASE, with_login
from deployments.environment import PROJECT

UP_SECONDS = 300.0
DOWN_SECONDS = 180.0
REPS = ("Ada", "Bo", "Cy", "Di")
NOT_INHERITED = ("CRM_", "PREFECT_", "PG")


@dataclass(frozen=True)
class Source:
    """A way in: where to post, with which API key."""

    url: str
    api_key: str


@dataclass(frozen=True)
class OwnStack:
    """A running `crm up`; `folder` holds everything it wrote."""

    folder: Path
    environment: Mapping[str, str]
    seconds_to_ready: float

    @property
    def home(self) -> Path:
        """CRM_HOME."""
        return self.folder / "home"

    @property
    def outbox(self) -> Path:
        """Where the local providers keep what they sent."""
        return self.home / "outbox"

    @property
    def credentials(self) -> dict[str, str]:
        """What the first `crm up` wrote for people: addresses, keys, passwords."""
        content: dict[str, str] = json.loads((self.home / "credentials.json").read_text(encoding="utf-8"))
        return content

    @property
    def owner_url(self) -> str:
        """The database, as its owner."""
        return self.credentials["database_url"]

    @property
    def prefect_url(self) -> str:
        """Prefect's database, as Prefect's server."""
        secrets = json.loads((self.home / "secrets.json").read_text(encoding="utf-8"))
        return with_login(self.owner_url, "crm_prefect", secrets["crm_prefect"], PREFECT_DATABASE)

    @property
    def admin_url(self) -> str:
        """The server's superuser."""
        secrets = json.loads((self.home / "secrets.json").read_text(encoding="utf-8"))
        return with_login(self.owner_url, "postgres", secrets["postgres"], "postgres")

    def restart(self) -> None:
        """`crm down` and `crm up`. Raises RuntimeError."""
        for arguments in (("down", "--timeout", "60"), ("up", "--detach")):
            answer = self.crm(*arguments, seconds=UP_SECONDS)
            if answer.returncode != 0:
                raise RuntimeError(f"crm {arguments[0]}: {answer.stderr.strip() or answer.stdout.strip()}")

    def crm(self, *arguments: str, seconds: float = 120.0) -> subprocess.CompletedProcess[str]:
        """Run a `crm` command on this stack."""
        return _crm(self.environment, arguments, seconds)

    def status(self) -> dict[str, Any]:
        """`crm status --json`."""
        answer: dict[str, Any] = json.loads(self.crm("status", "--json").stdout)
        return answer

    def process(self, name: str) -> tuple[int | None, str]:
        """Pid and state of one process, from `crm status --json`."""
        found = next(one for one in self.status()["processes"] if one["name"] == name)
        return found["pid"], found["state"]

    def send_signal(self, pid: int, number: signal.Signals) -> None:
        """Send a signal to a process of this stack."""
        os.kill(pid, number)

    def wait_ready(self, name: str, *, other_than: int | None = None, seconds: float = 120.0) -> int:
        """Wait until a process is ready, and is not the one with this pid; returns its pid. Raises TimeoutError."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            pid, state = self.process(name)
            if pid is not None and state == "ready" and pid != other_than:
                return pid
            time.sleep(0.5)  # asking costs a process
        raise TimeoutError(f"{name} was not ready within {seconds:.0f} s; its log is in {self.home / 'logs'}")

    def add_source(self, name: str) -> Source:
        """`crm sources add`."""
        made = json.loads(self.crm("sources", "add", name, "--json").stdout)
        return Source(f"{self.credentials['api_url']}/api/crm/capture/{name}", made["api_key"])

    def add_reps(self) -> None:
        """A team of reps who take leads."""
        with session.bound_to(self.owner_url), session.unit_of_work() as work:
            org_id = orgs.ensure_first_org(
                work,
                name=self.credentials["org_name"],
                admin_email=self.credentials["admin_email"],
                admin_password=self.credentials["admin_password"],
            ).org_id
            team = orgs.add_team(work, org_id, "Inbound", timezone="Europe/London")
            for rep in REPS:
                orgs.add_rep(work, org_id, team, name=rep, email=f"{rep.lower()}@reps.example")


@contextmanager
def own_stack(**settings: str) -> Iterator[OwnStack]:
    """Start everything, wait until it is ready, and stop and remove it at the end. `settings`: further environment variables."""
    folder = Path(tempfile.mkdtemp(prefix="crm-f-"))
    folder.chmod(0o711)  # as root the database runs under another account, which must be able to pass
    api_port, prefect_port = free_ports(2)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(NOT_INHERITED)},
        "CRM_HOME": str(folder / "home"),
        "CRM_DATA_DIR": str(folder / "pg"),
        "CRM_API_PORT": str(api_port),
        "CRM_PREFECT_PORT": str(prefect_port),
        "PYTHONPATH": str(PROJECT),
        **settings,
    }
    began = time.monotonic()
    try:
        answer = _crm(environment, ("up", "--detach"), UP_SECONDS)
        if answer.returncode != 0:
            raise RuntimeError(f"crm up: {answer.stderr.strip() or answer.stdout.strip()}")
        yield OwnStack(folder, environment, time.monotonic() - began)
    finally:
        _stop(folder, environment)


def _stop(folder: Path, environment: Mapping[str, str]) -> None:
    with suppress(subprocess.TimeoutExpired):
        _crm(environment, ("down", "--timeout", "60"), DOWN_SECONDS)
    for pid in _left(folder):
        with suppress(psutil.Error):
            psutil.Process(pid).kill()
    shutil.rmtree(folder, ignore_errors=True)


def _left(folder: Path) -> list[int]:
    """Processes that the state file still names and that belong to this very folder."""
    try:
        state = json.loads((folder / "home" / "run" / "state.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    named = [state.get("pid"), *(one.get("pid") for one in state.get("processes", []))]
    return [pid for pid in named if pid and _is_of(pid, folder)]


def _is_of(pid: int, folder: Path) -> bool:
    try:
        process = psutil.Process(pid)
        return str(folder) in " ".join([*process.cmdline(), process.environ().get("CRM_HOME", "")])
    except psutil.Error:
        return False


def _crm(
    environment: Mapping[str, str], arguments: tuple[str, ...], seconds: float
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "deployments.cli", *arguments],
        cwd=PROJECT,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on just now."""
    probes = [socket.socket(socket.AF_INET, socket.SOCK_STREAM) for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()
