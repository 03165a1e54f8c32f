"""What Prefect keeps: finished runs and all that belongs to them go after CRM_PREFECT_HISTORY_HOURS.

Prefect's own vacuum is run here as its server runs it, on the test server's database, with the settings that the stack
gives its server. Rows are made old by hand; what is young stays.
"""

import os
import subprocess
import sys
import time

import psycopg
import pytest
from prefect.client.orchestration import get_client
from prefect.events.worker import EventsWorker
from prefect.logging.handlers import APILogWorker
from prefect.states import Cancelled, Crashed

from deployments.addresses import Addresses
from deployments.environment import Environments
from deployments.secret_files import load_secrets
from deployments.settings import Settings
from flows.lead_scoring import lead_scoring
from tests.flows.test_obeying import deployed, runs_of, seen  # noqa: F401

HOURS = 3
PATIENCE_SECONDS = 60.0
VACUUM = """
import asyncio
from prefect.server.database import provide_database_interface
from prefect.server.services import db_vacuum
from prefect.settings import get_current_settings

async def clean():
    db = provide_database_interface()
    enabled = get_current_settings().server.services.db_vacuum.enabled_vacuum_types
    assert enabled == {"events", "flow_runs", "orphans"}, enabled
    for work in (
        db_vacuum.vacuum_old_flow_runs,
        db_vacuum.vacuum_old_events,
        db_vacuum.vacuum_events_with_retention_overrides,
        db_vacuum.vacuum_orphaned_logs,
        db_vacuum.vacuum_orphaned_artifacts,
        db_vacuum.vacuum_stale_artifact_collections,
    ):
        await work(db=db)

asyncio.run(clean())
"""
OF_A_RUN = ("flow_run_state", "task_run", "log", "artifact")
MAKE_OLD = {
    "flow_run": "start_time = start_time - %(age)s::interval, end_time = end_time - %(age)s::interval where id = %(id)s",
    "events": "occurred = occurred - %(age)s::interval where resource_id = 'prefect.flow-run.' || %(id)s::text",
    "event_resources": "occurred = occurred - %(age)s::interval where resource_id = 'prefect.flow-run.' || %(id)s::text",
}


@pytest.fixture
def prefect_database(server, prefect):
    return server.url("crm_prefect", f"prefect_test_{os.getpid()}")


def counted(database, run_id):
    """Rows by table that belong to a run."""
    with psycopg.connect(database) as connection:
        found = {"flow_run": connection.execute("select count(*) from flow_run where id = %s", [run_id])}
        for table in OF_A_RUN:
            query = f"select count(*) from {table} where flow_run_id = %s"
            found[table] = connection.execute(query, [run_id])
        for table in ("events", "event_resources"):
            query = f"select count(*) from {table} where resource_id = %s"
            found[table] = connection.execute(query, [f"prefect.flow-run.{run_id}"])
        return {table: sum(row[0] for row in answer) for table, answer in found.items()}


def is_told(database, run_id):
    """Whether the server has written down all of a run, its last event included."""
    query = "select 1 from events where event = 'prefect.flow-run.Completed' and resource_id = %s"
    with psycopg.connect(database) as connection:
        ended = connection.execute(query, [f"prefect.flow-run.{run_id}"]).fetchone()
    return ended is not None and all(counted(database, run_id).values())


def make_old(database, run_id, hours):
    with psycopg.connect(database) as connection:
        for table, change in MAKE_OLD.items():
            connection.execute(f"update {table} set {change}", {"age": f"{hours} hours", "id": run_id})


def vacuum(database, tmp_path):
    """Prefect's vacuum with the settings of our server."""
    settings = Settings(home=tmp_path, prefect_history_hours=HOURS)
    addresses = Addresses(*(database for _ in range(6)))
    environment = Environments(settings, load_secrets(tmp_path), addresses, "test").prefect()
    subprocess.run([sys.executable, "-c", VACUUM], env=environment, check=True, timeout=120)


@pytest.fixture
def aged(prefect, prefect_database, as_flow):
    """The ids of two finished runs with all that runs leave: tasks, log lines, events, an artifact."""
    ids = [str(lead_scoring(return_state=True).state_details.flow_run_id) for _ in range(2)]
    for worker in (APILogWorker, EventsWorker):
        worker.drain_all(timeout=20)
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until and not all(is_told(prefect_database, one) for one in ids):
        time.sleep(0.2)
    return ids


def test_what_a_finished_run_left_goes_when_its_time_is_over(prefect_database, aged, tmp_path):
    old, young = aged
    make_old(prefect_database, old, HOURS + 1)
    make_old(prefect_database, young, HOURS - 1)
    before = {run_id: counted(prefect_database, run_id) for run_id in aged}
    assert all(before[old].values()), before[old]
    vacuum(prefect_database, tmp_path)
    assert not any(counted(prefect_database, old).values())
    left = counted(prefect_database, young)
    assert all(left[table] >= rows for table, rows in before[young].items())


def test_the_artifacts_page_shows_none_of_a_run_that_is_gone(prefect, prefect_database, aged, tmp_path):
    for run_id in aged:
        make_old(prefect_database, run_id, HOURS + 1)
    vacuum(prefect_database, tmp_path)
    wanted = {"artifacts": {"key": {"any_": ["lead-scoring"]}}}
    shown = prefect.post("/artifacts/latest/filter", json=wanted).json()
    assert not {one["flow_run_id"] for one in shown} & set(aged)


@pytest.mark.parametrize("state", [Crashed, Cancelled])
def test_a_run_that_was_ended_from_outside_goes_too(
    prefect,
    deployed,  # noqa: F811
    prefect_database,
    tmp_path,
    state,
):
    with get_client(sync_client=True) as client:
        run = client.create_flow_run_from_deployment(deployed)
        client.set_flow_run_state(run.id, state(message="its process ended"), force=True)
    make_old(prefect_database, run.id, HOURS + 1)
    vacuum(prefect_database, tmp_path)
    assert runs_of(prefect, deployed) == []
