"""Checks of an installation: each says whether it is well and, if not, what to do."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import yaml
from sqlalchemy.orm import Session

from crm_db import catalog, connections, migrate
from crm_db.queries import settings as settings_of_orgs
from crm_db.roles import ROLES
from deployments.addresses import PREFECT_DATABASE, Addresses
from deployments.environment import PROJECT
from deployments.errors import DeploymentError
from deployments.local.bootstrap import check_version
from deployments.local.locate import located_addresses
from deployments.local.ports import holder_of, is_free
from deployments.local.probes import WORK_POOL
from deployments.local.providers import check_providers
from deployments.local.status import as_running, read_status
from deployments.secret_files import known_secrets
from deployments.settings import Settings

ANSWER_SECONDS = 10.0
PREFECT_EXTENSION = "pg_trgm"
START_IT = "start everything with crm up"


@dataclass(frozen=True)
class Check:
    """One finding; `remedy` is empty when it is well."""

    name: str
    ok: bool
    finding: str
    remedy: str = ""


def examine(settings: Settings) -> list[Check]:
    """All checks; those that need a server say so when it does not answer."""
    settings = as_running(settings)
    addresses = located_addresses(settings)
    groups: list[Callable[[], list[Check]]] = [
        lambda: list(_home(settings)),
        lambda: list(_providers(settings)),
        lambda: list(_database(addresses)),
        lambda: list(_prefect(settings)),
        lambda: list(_ports(settings)),
    ]
    with ThreadPoolExecutor() as pool:
        return [check for group in pool.map(lambda group: group(), groups) for check in group]


def _home(settings: Settings) -> Iterator[Check]:
    for name in ("secrets.json", "credentials.json"):
        path = settings.home / name
        if not path.exists():
            yield Check(name, False, f"{path} is missing", START_IT)
            continue
        mode = path.stat().st_mode & 0o777
        yield Check(name, mode == 0o600, f"mode {mode:o}", "" if mode == 0o600 else f"chmod 600 {path}")


def _database(addresses: Addresses | None) -> Iterator[Check]:
    if addresses is None:
        yield Check("database", False, "there is none yet", START_IT)
        return
    try:
        check_version(addresses.owner)
    except DeploymentError as error:
        yield Check("database", False, str(error), START_IT)
        return
    with psycopg.connect(addresses.owner) as connection:
        yield Check("database", True, f"PostgreSQL {connection.info.parameter_status('server_version')}")
        yield _roles(connection)
    yield _migrations(addresses)
    yield _settings(addresses)
    problems = catalog.problems(addresses.owner)
    yield Check(
        "catalog",
        not problems,
        "; ".join(problems) or "walls and keys are whole",
        "" if not problems else "run crm migrate",
    )
    yield _extension(addresses)


def _roles(connection: psycopg.Connection[Any]) -> Check:
    well_made = """
        select rolname from pg_roles
        where rolname = any(%s) and rolcanlogin and not rolsuper and not rolbypassrls
    """
    well = {name for (name,) in connection.execute(well_made, [list(ROLES)])}
    bad = sorted(set(ROLES) - well)
    if not bad:
        return Check("roles", True, "all may log in, none may bypass the walls")
    return Check(
        "roles",
        False,
        f"missing or too mighty: {', '.join(bad)}",
        "run crm migrate as the administrator",
    )


def _migrations(addresses: Addresses) -> Check:
    waiting = migrate.pending(addresses.owner)
    if waiting:
        return Check("schema", False, f"not applied: {', '.join(waiting)}", "run crm migrate")
    return Check("schema", True, "up to date")


def _settings(addresses: Addresses) -> Check:
    engine = connections.open_engine(addresses.owner, pool_size=2)
    try:
        with Session(engine) as work:
            wrong = settings_of_orgs.unusable(work)
    finally:
        engine.dispose()
    remedy = "mend the row in crm_settings, crm_orgs or crm_teams" if wrong else ""
    return Check("settings", not wrong, "; ".join(wrong) or "all can be used", remedy)


def _providers(settings: Settings) -> Iterator[Check]:
    try:
        yield Check("providers", True, check_providers(settings.home))
    except DeploymentError as error:
        yield Check("providers", False, str(error), "correct the variable and start again")


def _extension(addresses: Addresses) -> Check:
    try:
        with psycopg.connect(addresses.prefect) as connection:
            found = connection.execute(
                "select 1 from pg_extension where extname = %s", [PREFECT_EXTENSION]
            ).fetchone()
    except psycopg.OperationalError:
        return Check("extensions", False, f"the database {PREFECT_DATABASE} does not answer", START_IT)
    if found is None:
        remedy = f"start everything once, or create extension {PREFECT_EXTENSION} in it as an administrator"
        return Check(
            "extensions", False, f"{PREFECT_EXTENSION} is missing in the database {PREFECT_DATABASE}", remedy
        )
    return Check("extensions", True, f"{PREFECT_EXTENSION} is in the database {PREFECT_DATABASE}")


def _prefect(settings: Settings) -> Iterator[Check]:
    passwords = known_secrets(settings.home)
    user, _, password = (passwords.prefect_auth if passwords else ":").partition(":")
    try:
        with httpx.Client(
            base_url=f"{settings.prefect_url}/api", auth=(user, password), timeout=ANSWER_SECONDS
        ) as client:
            yield Check("prefect", True, f"version {client.get('/admin/version').raise_for_status().json()}")
            yield _work_pool(client)
            yield _deployments(client)
    except httpx.HTTPError as error:
        yield Check(
            "prefect", False, f"{settings.prefect_url} does not answer ({type(error).__name__})", START_IT
        )


def _work_pool(client: httpx.Client) -> Check:
    answer = client.get(f"/work_pools/{WORK_POOL}")
    if answer.status_code != httpx.codes.OK:
        return Check("work pool", False, f"{WORK_POOL} is missing", "restart crm up, which registers it")
    if answer.json()["is_paused"]:
        return Check("work pool", False, f"{WORK_POOL} is paused", "resume it in the Prefect UI")
    return Check("work pool", True, f"{WORK_POOL} takes runs")


def _deployments(client: httpx.Client) -> Check:
    expected = expected_deployments(PROJECT / "prefect.yaml")
    answer = client.post("/deployments/filter", json={"limit": 200}).raise_for_status()
    known = {item["name"] for item in answer.json()}
    missing = sorted(expected - known)
    if missing:
        return Check(
            "flows", False, f"not registered: {', '.join(missing)}", "restart crm up, which registers them"
        )
    return Check("flows", True, f"{len(expected)} registered")


def expected_deployments(path: Path) -> set[str]:
    """The names of the deployments that prefect.yaml lists."""
    content = yaml.safe_load(path.read_text())
    return {str(item["name"]) for item in content["deployments"]}


def _ports(settings: Settings) -> Iterator[Check]:
    """A port is well when our own server answers on it, or when it is free for it."""
    status = read_status(settings)
    for name, port, setting, answers in (
        ("API port", settings.api_port, "CRM_API_PORT", status.api["answers"]),
        ("Prefect port", settings.prefect_port, "CRM_PREFECT_PORT", status.prefect["answers"]),
    ):
        if answers:
            yield Check(name, True, f"{port} answers")
        elif is_free(port):
            yield Check(name, True, f"{port} is free")
        else:
            holder = holder_of(port) or "another program"
            yield Check(
                name, False, f"{port} is used by {holder}", f"stop it, or set {setting} to a free port"
            )
