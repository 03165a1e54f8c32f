"""How the stack is, read from the outside: the written state, and whether things answer now."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

import httpx
import psycopg
from sqlalchemy.exc import DBAPIError

from crm_db import session
from crm_db.queries.backlog import Backlog, backlog
from deployments.addresses import without_password
from deployments.errors import DeploymentError
from deployments.lanes.overview import paused_by_ops
from deployments.lanes.prefect_api import PrefectApi
from deployments.local.child import State
from deployments.local.locate import located_addresses
from deployments.local.probes import http_ok
from deployments.local.programs import NAMES
from deployments.local.run_state import RunState, is_process, read_state
from deployments.secret_files import known_secrets
from deployments.settings import Settings

ANSWER_SECONDS = 5.0


@dataclass(frozen=True)
class ProcessStatus:
    """One process; `pid` is None when it does not run, or when the database is not ours to run."""

    name: str
    pid: int | None
    state: str
    restarts: int = 0


@dataclass(frozen=True)
class Status:
    """What `crm status` shows. `backlog` is None while the database does not answer."""

    phase: str
    processes: tuple[ProcessStatus, ...]
    ports: dict[str, int]
    database: dict[str, Any]
    prefect: dict[str, Any]
    api: dict[str, Any]
    backlog: Backlog | None

    @property
    def ready(self) -> bool:
        """Whether every process is ready and the servers answer now."""
        ready_states = {State.READY.value, "external"}
        everything = all(process.state in ready_states for process in self.processes)
        return everything and all(server["answers"] for server in (self.database, self.prefect, self.api))

    def as_dict(self) -> dict[str, Any]:
        """The shape of `crm status --json`."""
        return {
            "ready": self.ready,
            "phase": self.phase,
            "processes": [asdict(process) for process in self.processes],
            "ports": self.ports,
            "database": self.database,
            "prefect": self.prefect,
            "api": self.api,
            "backlog": asdict(self.backlog) if self.backlog is not None else {},
        }


def read_status(settings: Settings) -> Status:
    """Look at everything at once; never raises because something is down.

    While nothing of this CRM_HOME runs, whoever listens on its ports is somebody else.
    """
    state = read_state(settings.home)
    settings = as_running(settings)
    runs = state is not None and state.alive
    with ThreadPoolExecutor() as pool:
        database = pool.submit(_database, settings)
        prefect = pool.submit(_prefect, settings)
        api = pool.submit(http_ok(f"{settings.api_url}/api/crm/health"))
        return Status(
            phase=state.phase if state is not None and runs else "stopped",
            processes=tuple(_process(name, state, settings) for name in NAMES),
            ports={"api": settings.api_port, "prefect": settings.prefect_port},
            database=database.result()[0],
            prefect={**prefect.result(), "answers": runs and prefect.result()["answers"]},
            api={"answers": runs and api.result(), "url": settings.api_url},
            backlog=database.result()[1],
        )


def as_running(settings: Settings) -> Settings:
    """The settings with the ports that a running `crm up` was started with, whatever this shell's say."""
    state = read_state(settings.home)
    if state is None or not state.alive:
        return settings
    return settings.model_copy(update={f"{name}_port": port for name, port in state.ports.items()})


def _process(name: str, state: RunState | None, settings: Settings) -> ProcessStatus:
    if name == "postgres" and settings.database_url is not None:
        return ProcessStatus(name, None, "external")
    view = next((view for view in state.processes if view.name == name), None) if state is not None else None
    if view is None:
        return ProcessStatus(name, None, State.STOPPED)
    lives = view.pid is not None and view.create_time is not None and is_process(view.pid, view.create_time)
    known = view.state if lives or (state is not None and state.alive) else State.STOPPED
    return ProcessStatus(name, view.pid if lives else None, known.value, view.restarts)


def _database(settings: Settings) -> tuple[dict[str, Any], Backlog | None]:
    addresses = located_addresses(settings)
    if addresses is None:
        return {"answers": False, "version": None, "address": None}, None
    shown = without_password(addresses.owner)
    try:
        with psycopg.connect(addresses.owner, connect_timeout=int(ANSWER_SECONDS)) as connection:
            version = connection.info.parameter_status("server_version")
    except psycopg.OperationalError:
        return {"answers": False, "version": None, "address": shown}, None
    return {"answers": True, "version": version, "address": shown}, _backlog(addresses.owner)


def _backlog(owner_url: str) -> Backlog | None:
    """What waits; None before the first migration has made the tables."""
    session.bind(owner_url, pool_size=2)
    try:
        with session.unit_of_work() as work:
            return backlog(work)
    except DBAPIError:
        return None
    finally:
        session.unbind()


def _prefect(settings: Settings) -> dict[str, Any]:
    """Whether it answers, and which flows ops paused; None while it cannot be asked."""
    secrets = known_secrets(settings.home)
    try:
        answers = httpx.get(f"{settings.prefect_url}/api/health", timeout=ANSWER_SECONDS).status_code == 200
    except httpx.HTTPError:
        answers = False
    paused = _paused(settings, secrets.prefect_auth) if answers and secrets is not None else None
    return {"answers": answers, "url": settings.prefect_url, "paused_by_ops": paused}


def _paused(settings: Settings, auth: str) -> list[str] | None:
    api = PrefectApi(f"{settings.prefect_url}/api", auth)
    try:
        return paused_by_ops(api)
    except DeploymentError:
        return None
    finally:
        api.close()
