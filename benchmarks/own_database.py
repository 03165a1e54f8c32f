"""A CRM_HOME with a database and nothing else running on it: durable (fsync on), migrated, with its first organisation."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from benchmarks import machine
from crm_db import session
from crm_db.actions import orgs
from deployments.addresses import Addresses
from deployments.local.bootstrap import Bootstrap
from deployments.local.locate import addresses_of, cluster_of
from deployments.secret_files import load_secrets, read_json
from deployments.settings import Settings

REPS = ("Ada", "Bo", "Cy", "Di")
START_SECONDS = 60.0
NOT_INHERITED = ("CRM_", "PREFECT_", "PG")


@dataclass(frozen=True)
class OwnDatabase:
    """The database and its home; `folder` is for whatever else a measurement writes."""

    folder: Path
    addresses: Addresses
    environment: Mapping[str, str]
    postgres_pid: int

    @property
    def org_id(self) -> UUID:
        """The first organisation."""
        return UUID(read_json(self.folder / "home" / "credentials.json")["org_id"])

    def add_reps(self, org_id: UUID) -> None:
        """A team of reps who take leads."""
        with session.bound_to(self.addresses.owner), session.unit_of_work() as work:
            team = orgs.add_team(work, org_id, "Inbound", timezone="Europe/London")
            for rep in REPS:
                orgs.add_rep(work, org_id, team, name=rep, email=f"{rep.lower()}@reps.example")

    def begin_crm(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start a `crm` command on this home; its answer is on stdout."""
        return subprocess.Popen(
            [sys.executable, "-m", "deployments.cli", *arguments],
            cwd=machine.PROJECT,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )


@contextmanager
def own_database() -> Iterator[OwnDatabase]:
    """Start it, and remove it at the end."""
    folder = Path(tempfile.mkdtemp(prefix="crm-b-"))
    folder.chmod(0o711)  # as root the database runs under another account, which must be able to pass
    settings = Settings(home=folder / "home", data_dir=folder / "pg")
    secrets = load_secrets(settings.home)
    cluster = cluster_of(settings.model_copy(update={"database_url": None}), secrets)
    assert cluster is not None
    try:
        cluster.prepare()
        cluster.spawn()
        cluster.wait_ready(START_SECONDS)
        bootstrap = Bootstrap(settings, secrets, addresses_of(settings, secrets, cluster))
        bootstrap.make_databases()
        bootstrap.migrate()
        bootstrap.ensure_credentials()
        yield OwnDatabase(folder, bootstrap.addresses, _environment(settings), cluster.running() or 0)
    finally:
        cluster.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)


def _environment(settings: Settings) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(NOT_INHERITED)}
    return {
        **inherited,
        "CRM_HOME": str(settings.home),
        "CRM_DATA_DIR": str(settings.data_dir),
        "PYTHONPATH": str(machine.PROJECT),
    }
