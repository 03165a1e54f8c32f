"""Frequent sweeps inside the delivery intake: scheduled runs of the work queue `sweeps`, and those that people start by hand."""

import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.responses import DeploymentResponse
from prefect.exceptions import MissingFlowError, ObjectNotFound, PrefectException
from prefect.flows import Flow, load_flow_from_entrypoint

from crm_db import clock
from deployments.lanes.in_process import Runner, no_heartbeats
from deployments.lanes.watch import is_off
from tasks import stopping

POOL, QUEUE = "crm", "sweeps"
POLL_SECONDS = 3.0
AWAY_SECONDS = 5.0
NOT_LOADABLE = (ImportError, AttributeError, SyntaxError, TypeError, ValueError, MissingFlowError)
"""What loading a flow fails with, as after an upgrade that moved it."""

log = logging.getLogger("crm.sweeps")


def run_until_stopped(instance: str) -> None:
    """Take due runs one by one until the process is asked to stop."""
    with no_heartbeats():
        while not stopping.asked():
            try:
                with get_client(sync_client=True) as client:
                    runner = Runner(client, "sweeps", instance)
                    runner.crash_leftovers()
                    while not stopping.wait(POLL_SECONDS):
                        _run_due(runner)
            except (httpx.HTTPError, PrefectException, OSError) as outage:
                log.warning("%s is away, trying again in %.0f s", type(outage).__name__, AWAY_SECONDS)
                stopping.wait(AWAY_SECONDS)


def _run_due(runner: Runner) -> None:
    due = runner.scheduled(POOL, QUEUE, before=clock.utc_now() + timedelta(seconds=1))
    wanted, needless = split_superseded(due)
    runner.cancel(needless, "superseded by a later run")
    for run in wanted:
        if stopping.asked():
            return
        _run(runner, run)


def split_superseded(due: Sequence[FlowRun]) -> tuple[list[FlowRun], list[FlowRun]]:
    """Of several due runs that a schedule made for one deployment only the latest is worth running; people's all are."""
    by_deployment: dict[UUID | None, list[FlowRun]] = defaultdict(list)
    wanted: list[FlowRun] = []
    needless: list[FlowRun] = []
    for run in due:
        if run.auto_scheduled:
            by_deployment[run.deployment_id].append(run)
        else:
            wanted.append(run)
    for runs in by_deployment.values():
        *late, last = sorted(runs, key=lambda run: (str(run.expected_start_time), str(run.id)))
        wanted.append(last)
        needless += late
    return wanted, needless


def _run(runner: Runner, run: FlowRun) -> None:
    """Run one due run, unless a schedule made it and ops paused its deployment meanwhile: people's runs they asked for.

    One that cannot be run is ended with its reason, lest it stand in the way of all others for ever.
    """
    deployment = _deployment_of(runner, run)
    if deployment is None:
        runner.cancel([run], "its deployment is gone")
        return
    if run.auto_scheduled and is_off(deployment):
        runner.cancel([run], "its deployment is paused")
        return
    try:
        flow: Flow[..., Any] = load_flow_from_entrypoint(deployment.entrypoint or "")
    except NOT_LOADABLE as trouble:
        log.warning(
            "a run of %s is ended: its flow cannot be loaded (%s)", deployment.name, type(trouble).__name__
        )
        runner.crash([run], f"its flow cannot be loaded ({type(trouble).__name__})")
        return
    if runner.take(run):
        runner.run(flow, runner.client.read_flow_run(run.id), pausable=run.auto_scheduled or False)


def _deployment_of(runner: Runner, run: FlowRun) -> DeploymentResponse | None:
    """The deployment of a run, None when somebody deleted it."""
    try:
        return runner.client.read_deployment(run.deployment_id) if run.deployment_id else None
    except ObjectNotFound:
        return None
