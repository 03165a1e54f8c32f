"""`crm up` in the background, and stopping it from another terminal."""

import os
import signal
import subprocess
import sys
import time
from typing import Protocol

import psutil

from deployments.embedded.accounts import leashed
from deployments.environment import PROJECT
from deployments.errors import AlreadyRunning, DeploymentError, StartFailed
from deployments.local.child import View
from deployments.local.locate import cluster_of
from deployments.local.orphans import stop_orphans
from deployments.local.process_logs import last_line, open_log
from deployments.local.run_state import lock_holder, read_state
from deployments.secret_files import Secrets, known_secrets, load_secrets
from deployments.settings import Settings

POLL_SECONDS = 0.1
HURRIED_SECONDS = 60.0
LOG_BYTES = 1_000_000


class Watcher(Protocol):
    """Whoever shows how the start goes."""

    def processes(self, views: tuple[View, ...]) -> None:
        """How the processes are."""

    def ready(self, settings: Settings, secrets: Secrets, seconds: float) -> None:
        """Everything is up."""


def start_detached(settings: Settings, watcher: Watcher, *, tied: bool = False) -> None:
    """Start `crm up` in a session of its own and wait until it is ready; raises what it fails with.

    `tied`: it ends when this process does, however that ends. Ctrl-C while waiting ends the start.
    """
    holder = lock_holder(settings.home)
    if holder is not None:
        raise AlreadyRunning(str(settings.home), holder)
    began = time.monotonic()
    log = settings.home / "logs" / "up.log"
    command = [sys.executable, "-m", "deployments.cli", "up"]
    with open_log(log, LOG_BYTES) as file:
        process = subprocess.Popen(
            leashed(command) if tied else command,
            cwd=PROJECT,
            env={**os.environ, **_absolute(settings)},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        if _becomes_ready(settings, process, watcher):
            watcher.ready(settings, load_secrets(settings.home), time.monotonic() - began)
            return
    except KeyboardInterrupt:
        process.terminate()
        process.wait()
        raise
    winner = lock_holder(settings.home)
    if winner is not None and winner != process.pid:
        raise AlreadyRunning(str(settings.home), winner)
    raise StartFailed(last_line(log) or f"crm up ended with code {process.returncode}; see {log}.")


def _becomes_ready(settings: Settings, process: subprocess.Popen[bytes], watcher: Watcher) -> bool:
    """Wait until this `crm up` is ready, or has ended."""
    while process.poll() is None:
        state = read_state(settings.home)
        if state is not None and state.pid == process.pid:
            watcher.processes(state.processes)
            if state.phase == "ready":
                return True
        time.sleep(POLL_SECONDS)
    return False


def stop_running(settings: Settings, timeout: float) -> str:
    """Stop the `crm up` of this CRM_HOME, or what a killed one left; returns what was done as a sentence."""
    pid = lock_holder(settings.home)
    if pid is None:
        return _stop_leftovers(settings)
    for patience in (timeout, HURRIED_SECONDS):
        try:
            os.kill(pid, signal.SIGTERM)
            psutil.Process(pid).wait(patience)
        except (ProcessLookupError, psutil.NoSuchProcess):
            return "Stopped."
        except psutil.TimeoutExpired:
            continue
        return "Stopped."
    raise DeploymentError(f"crm up (process {pid}) did not end; its log is in {settings.home / 'logs'}.")


def _stop_leftovers(settings: Settings) -> str:
    state = read_state(settings.home)
    stopped = stop_orphans(state) if state is not None else []
    passwords = known_secrets(settings.home)
    cluster = cluster_of(settings, passwords) if passwords is not None else None
    if cluster is not None and (pid := cluster.running()) is not None:
        cluster.stop("fast")
        stopped.append(f"postgres ({pid})")
    return (
        f"Stopped what a killed crm up had left: {', '.join(stopped)}." if stopped else "Nothing was running."
    )


def _absolute(settings: Settings) -> dict[str, str]:
    """Paths that the user gave relative to the folder this command runs in."""
    paths = {"CRM_HOME": str(settings.home)}
    return paths | ({"CRM_DATA_DIR": str(settings.data_dir)} if settings.data_dir else {})
