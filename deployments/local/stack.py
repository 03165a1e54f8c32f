"""The whole product on one machine, as `crm up` runs it: started in order, kept up, stopped in reverse."""

import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Protocol

import psutil

from deployments.embedded.accounts import own_folder
from deployments.embedded.places import drop_short_folder
from deployments.environment import PROJECT, Environments
from deployments.errors import StartFailed
from deployments.local.bootstrap import Bootstrap
from deployments.local.child import View
from deployments.local.locate import addresses_of, cluster_of
from deployments.local.orphans import stop_orphans
from deployments.local.ports import check_ports
from deployments.local.probes import WORK_POOL, http_ok
from deployments.local.programs import LANES, Programs
from deployments.local.run_state import RunState, exclusive, read_state, write_state
from deployments.local.supervisor import Supervisor
from deployments.secret_files import Secrets, load_secrets
from deployments.settings import Settings

ORPHANED_POSTGRES_SECONDS = 60.0
REGISTER_SECONDS = 120.0


class Watcher(Protocol):
    """Whoever shows a person how the start goes."""

    def step(self, sentence: str) -> None:
        """What is being done now."""

    def processes(self, views: tuple[View, ...]) -> None:
        """How the processes are."""

    def ready(self, settings: Settings, secrets: Secrets, seconds: float) -> None:
        """Everything is up."""


def run_stack(settings: Settings, watcher: Watcher) -> None:
    """Run until SIGTERM or Ctrl-C.

    Raises AlreadyRunning, PortTaken, StartFailed and other DeploymentErrors, with everything stopped.
    """
    with exclusive(settings.home):
        stack = Stack(settings, watcher)
        stack.supervisor.listen_to_signals()
        try:
            stack.start()
            stack.run()
        finally:
            stack.stop()


class Stack:
    """One `crm up`; the caller holds the lock of CRM_HOME."""

    def __init__(self, settings: Settings, watcher: Watcher) -> None:
        self._settings = settings
        self._watcher = watcher
        self._phase = "starting"
        self._views: tuple[View, ...] = ()
        self._began = time.monotonic()
        self._deadline = self._began + settings.start_seconds
        self._instance = secrets.token_hex(8)
        self._secrets = load_secrets(settings.home)
        self._cluster = cluster_of(settings, self._secrets)
        addresses = addresses_of(settings, self._secrets, self._cluster)
        self._environments = Environments(settings, self._secrets, addresses, self._instance)
        self._programs = Programs(self._environments)
        self._bootstrap = Bootstrap(settings, self._secrets, addresses)
        self.supervisor = Supervisor(
            settings.home / "logs", self._changed, most_log_bytes=int(settings.log_megabytes * 1_000_000)
        )

    def start(self) -> None:
        """Bring everything up.

        Prefect's server, the slowest, starts as early as its database allows. The worker loads while flows
        are being registered, except the first time, when the registration makes the pool it works for.
        """
        self._clear_leftovers()
        self._clear_temporary_files()
        check_ports(self._settings)
        self._write_state()
        self._start_database()
        self._do("Roles and databases", self._bootstrap.make_databases)
        self.supervisor.add(self._programs.prefect())
        self._do("Schema", self._bootstrap.migrate)
        self._do("Walls between organisations", self._bootstrap.check_walls)
        self._do("First organisation", self._bootstrap.ensure_credentials)
        self.supervisor.add(self._programs.api())
        for lane in LANES:
            self.supervisor.add(self._programs.intake(lane))
        self._watcher.step("Prefect")
        self.supervisor.wait_ready(["prefect"], self._deadline)
        self._start_worker_and_register()
        self._watcher.step("Waiting for all processes")
        self.supervisor.wait_ready([view.name for view in self._views], self._deadline)
        self._enter("ready")
        self._watcher.ready(self._settings, self._secrets, time.monotonic() - self._began)

    def _start_worker_and_register(self) -> None:
        pool = f"{self._settings.prefect_url}/api/work_pools/{WORK_POOL}"
        is_known = self.supervisor.work(http_ok(pool, self._secrets.prefect_auth), self._deadline)
        if is_known:
            self.supervisor.add(self._programs.worker())
        self._do("Flows and schedules", self._register)
        if not is_known:
            self.supervisor.add(self._programs.worker())

    def run(self) -> None:
        """Keep it up until a stop is asked for."""
        self.supervisor.run()

    def stop(self) -> None:
        """Stop what was started, in reverse order."""
        self._enter("stopping")
        if self._views:
            self._watcher.step("Stopping: work in hand is finished first, a second Ctrl-C hurries")
        self.supervisor.stop()
        if self._cluster is not None:
            drop_short_folder(self._cluster.places)
        self._enter("stopped")

    def _clear_leftovers(self) -> None:
        """A `crm up` that was killed may have left processes; they go before new ones come."""
        before = read_state(self._settings.home)
        if before is not None and (left := stop_orphans(before)):
            self._watcher.step(f"Stopped what a killed crm up had left: {', '.join(left)}")
        if self._cluster is not None and (pid := self._cluster.running()) is not None:
            self._watcher.step(f"Stopping a PostgreSQL that a killed crm up had left (process {pid})")
            self._cluster.stop("fast", ORPHANED_POSTGRES_SECONDS)

    def _clear_temporary_files(self) -> None:
        """Children get a folder of their own: Prefect's one in /tmp belongs to whoever made it first."""
        folder = self._settings.home / "tmp"
        shutil.rmtree(folder, ignore_errors=True)
        own_folder(folder)

    def _start_database(self) -> None:
        if self._cluster is None:
            return
        self._do("Database folder", self._cluster.prepare)
        if self._cluster.set_aside is not None:
            self._watcher.step(f"The data of an earlier CRM_HOME was set aside as {self._cluster.set_aside}")
        self._watcher.step("PostgreSQL")
        self.supervisor.add(self._programs.postgres(self._cluster))
        self.supervisor.wait_ready(["postgres"], self._deadline)

    def _register(self) -> None:
        """In a process of its own: importing Prefect would cost this one 80 MB for ever."""
        answer = subprocess.run(
            [sys.executable, "-m", "deployments.lanes.register"],
            cwd=PROJECT,
            env=self._environments.flows(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=REGISTER_SECONDS,
            check=False,
            start_new_session=True,
        )
        if answer.returncode != 0:
            why = (answer.stderr.strip().splitlines() or ["no message"])[-1]
            raise StartFailed(f"The flows could not be registered with Prefect: {why}")

    def _do(self, title: str, task: Callable[[], object]) -> None:
        self._watcher.step(title)
        self.supervisor.work(task, self._deadline)

    def _changed(self, views: tuple[View, ...]) -> None:
        self._views = views
        self._write_state()
        self._watcher.processes(views)

    def _enter(self, phase: str) -> None:
        self._phase = phase
        self._write_state()

    def _write_state(self) -> None:
        state = RunState(
            instance=self._instance,
            pid=os.getpid(),
            create_time=psutil.Process().create_time(),
            phase=self._phase,
            ports={"api": self._settings.api_port, "prefect": self._settings.prefect_port},
            processes=self._views,
        )
        write_state(self._settings.home, state)
