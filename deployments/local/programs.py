"""The six processes of one machine: what to run, with which environment, and how each shows that it works."""

import signal
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from deployments.embedded import files as pg_files
from deployments.embedded.accounts import CLEAN_ENVIRONMENT, leashed
from deployments.embedded.postgres import Cluster
from deployments.environment import PROJECT, Environments
from deployments.local import probes
from deployments.local.child import Program
from deployments.local.ports import HOST

LANES = ("capture", "delivery")
NAMES = ("postgres", "prefect", "intake-capture", "intake-delivery", "worker", "api")
DATABASE_TIER, SERVER_TIER, FLOW_TIER = 0, 1, 2
"""Stopping begins with what runs flows, then the servers they talk to, then the database."""
POSTGRES_STOP_SECONDS = 120.0
API_DRAIN_SECONDS = 15
SOCKET_MESSAGE_BYTES = 16 * 1024
"""A listener says its key and its cursor, and nothing else."""


@dataclass(frozen=True)
class Programs:
    """The programs of one `crm up`."""

    environments: Environments

    @property
    def home(self) -> Path:
        """CRM_HOME."""
        return self.environments.settings.home

    def postgres(self, cluster: Cluster) -> Program:
        """The embedded server: stopped in order or, when that takes too long, at once; never killed."""
        return Program(
            name="postgres",
            argv=tuple(cluster.command()),
            environment=CLEAN_ENVIRONMENT,
            ready=cluster.answers,
            tier=DATABASE_TIER,
            stop_seconds=POSTGRES_STOP_SECONDS,
            stop_signal=signal.SIGINT,
            hurry_signal=signal.SIGQUIT,
            before=lambda: pg_files.clear_stale_locks(cluster.places),
            folder="/",
        )

    def prefect(self) -> Program:
        """Prefect's server with its UI."""
        settings = self.environments.settings
        module = ["prefect", "server", "start", "--host", HOST, "--port", str(settings.prefect_port)]
        auth = self.environments.secrets.prefect_auth
        ready = probes.http_ok(f"{settings.prefect_url}/api/admin/version", auth)
        server = self._python("prefect", module, self.environments.prefect(), ready, SERVER_TIER)
        return replace(server, may_hang=False)

    def api(self) -> Program:
        """The API and the dashboard. No access log: it would hold the tokens of source paths."""
        settings = self.environments.settings
        module = [
            "uvicorn",
            "api.app:create_app",
            "--factory",
            "--host",
            HOST,
            "--port",
            str(settings.api_port),
        ]
        module += ["--workers", str(settings.api_workers), "--no-access-log"]
        module += ["--timeout-graceful-shutdown", str(API_DRAIN_SECONDS)]
        module += ["--ws-max-size", str(SOCKET_MESSAGE_BYTES)]
        ready = probes.http_ok(f"{settings.api_url}/api/crm/health")
        return replace(
            self._python("api", module, self.environments.api(), ready, SERVER_TIER), may_hang=False
        )

    def intake(self, lane: str) -> Program:
        """The in-process runner of the hot flows of one lane; it waits for Prefect by itself."""
        ready = probes.sign_of_life(self.sign_of(lane), self.environments.instance)
        return self._python(
            f"intake-{lane}", ["deployments.lanes.intake", lane], self.environments.flows(), ready, FLOW_TIER
        )

    def worker(self) -> Program:
        """Prefect's process worker for everything rare; started when its work pool is registered."""
        settings = self.environments.settings
        module = ["prefect", "worker", "start", "--type", "process", "--pool", probes.WORK_POOL]
        module += ["--work-queue", "default", "--name", probes.WORKER]
        online = probes.WorkerOnline(settings.prefect_url, self.environments.secrets.prefect_auth)
        worker = self._python("worker", module, self.environments.flows(), online, FLOW_TIER)
        return replace(worker, before=online.starts)

    def sign_of(self, lane: str) -> Path:
        """The file in which the intake of this lane says that it lives."""
        return self.home / "run" / f"intake-{lane}.json"

    def _python(
        self, name: str, module: list[str], environment: dict[str, str], ready: probes.Probe, tier: int
    ) -> Program:
        return Program(
            name=name,
            argv=tuple(leashed([sys.executable, "-m", *module])),
            environment=environment,
            ready=ready,
            tier=tier,
            stop_seconds=self.environments.settings.stop_seconds,
            folder=str(PROJECT),
        )
