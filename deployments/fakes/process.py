"""One fakes process of a CRM_HOME: served in this process, started in the background, found, and stopped by its pid."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from deployments.embedded.accounts import leashed, own_folder
from deployments.environment import PROJECT
from deployments.errors import DeploymentError, PortTaken, StartFailed
from deployments.local.ports import holder_of, is_free
from deployments.local.process_logs import last_line, open_log
from deployments.local.run_state import is_process
from deployments.secret_files import read_json, write_json
from integrations.testing import Credentials, Fakes, FakeServer
from integrations.testing.contracts import load_contracts
from integrations.testing.credentials import TWILIO_FROM

PORT = 18155
START_SECONDS = 30.0
STOP_SECONDS = 20.0
POLL_SECONDS = 0.05
LOG_BYTES = 1_000_000
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_STARTED: dict[int, subprocess.Popen[bytes]] = {}
"""By pid, those that this process started and has to wait for when they end."""


@dataclass(frozen=True)
class Running:
    """A fakes process; `create_time` is in seconds since 1970."""

    pid: int
    create_time: float
    port: int

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"


def serve(home: Path, *, port: int, seed: int, started: Callable[[Running], None]) -> None:
    """Serve until a signal asks for the end; raises AlreadyUp and PortTaken."""
    if (other := find(home)) is not None:
        raise AlreadyUp(other)
    if not is_free(port):
        raise PortTaken(port, "--port", holder_of(port))
    # Before any thread starts, so that every signal waits for sigwait below.
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    server = FakeServer(Fakes(seed=seed, contracts=load_contracts()), port)
    server.start()
    try:
        running = Running(os.getpid(), psutil.Process().create_time(), server.port)
        own_folder(home / "run")
        write_json(_state(home), asdict(running))
        started(running)
        signal.sigwait(SIGNALS)
    finally:
        server.stop()
        _state(home).unlink(missing_ok=True)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


def start(home: Path, *, port: int, seed: int, tied: bool = False) -> Running:
    """Start the fakes in the background and wait until they answer. `tied`: they end when this process does."""
    if (other := find(home)) is not None:
        raise AlreadyUp(other)
    log = home / "logs" / "fakes.log"
    command = [
        sys.executable,
        "-m",
        "deployments.cli",
        "fakes",
        "up",
        "--port",
        str(port),
        "--seed",
        str(seed),
    ]
    with open_log(log, LOG_BYTES) as file:
        process = subprocess.Popen(
            leashed(command) if tied else command,
            cwd=PROJECT,
            env={**os.environ, "CRM_HOME": str(home)},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    until = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < until:
        running = find(home)
        if running is not None:
            _STARTED[running.pid] = process
            return running
        time.sleep(POLL_SECONDS)
    if process.poll() is None:
        process.terminate()
        process.wait()
    raise StartFailed(last_line(log) or f"The fakes did not start; their log is {log}.")


def find(home: Path) -> Running | None:
    """The fakes of this CRM_HOME, when they run."""
    try:
        running = Running(**read_json(_state(home)))
    except (DeploymentError, TypeError, ValueError):
        return None
    return running if is_process(running.pid, running.create_time) else None


def stop(home: Path) -> bool:
    """Stop the fakes of this CRM_HOME; False when none ran."""
    running = find(home)
    if running is None:
        return False
    for number in (signal.SIGTERM, signal.SIGKILL):
        if _ends(running.pid, number):
            return True
    raise DeploymentError(f"The fakes (process {running.pid}) did not end.")


def _ends(pid: int, number: signal.Signals) -> bool:
    """Whether it ends soon after this signal."""
    child = _STARTED.get(pid)
    try:
        os.kill(pid, number)
        if child is not None:
            child.wait(STOP_SECONDS)
        else:
            psutil.Process(pid).wait(STOP_SECONDS)
    except (ProcessLookupError, psutil.NoSuchProcess):
        return True
    except (psutil.TimeoutExpired, subprocess.TimeoutExpired):
        return False
    _STARTED.pop(pid, None)
    return True


def environment(url: str) -> dict[str, str]:
    """The settings with which a CRM sends through the fakes at this address."""
    known = Credentials()
    return {
        "CRM_PROVIDER_EMAIL": "sendgrid",
        "CRM_EMAIL_FROM": "Essentials CRM <crm@sales.example>",
        "CRM_SENDGRID_API_KEY": known.sendgrid_key,
        "CRM_SENDGRID_BASE_URL": url,
        "CRM_PROVIDER_PHONE": "twilio",
        "CRM_TWILIO_ACCOUNT_SID": known.twilio_sid,
        "CRM_TWILIO_AUTH_TOKEN": known.twilio_token,
        "CRM_TWILIO_FROM": TWILIO_FROM,
        "CRM_TWILIO_BASE_URL": url,
        "CRM_META_ACCESS_TOKEN": known.meta_token,
        "CRM_META_BASE_URL": url,
    }


def _state(home: Path) -> Path:
    return home / "run" / "fakes.json"


class AlreadyUp(DeploymentError):
    """The fakes of this CRM_HOME run already."""

    def __init__(self, running: Running) -> None:
        super().__init__(
            f"The fakes run already at {running.url} (process {running.pid}); stop them with crm fakes down."
        )
