"""Make Prefect know what prefect.yaml lists, without undoing what ops changed in its UI.

A deployment is made when it is missing, and its code-owned fields are updated when its entry changed (the entry's
hash is kept as the deployment's version). Pauses, schedules and default parameters belong to ops from then on.
Run as `python -m deployments.lanes.register`.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate, DeploymentUpdate, WorkPoolCreate
from prefect.client.schemas.schedules import IntervalSchedule
from prefect.exceptions import ObjectNotFound
from prefect.flows import Flow, load_flow_from_entrypoint
from prefect.utilities.callables import parameter_schema

ROOT = Path(__file__).parent.parent.parent
POOL = "crm"
SWEEPS = "sweeps"


@dataclass(frozen=True)
class Registered:
    """Names of the deployments that were made, updated, and left alone."""

    made: tuple[str, ...]
    updated: tuple[str, ...]
    unchanged: tuple[str, ...]


def register() -> Registered:
    """Register everything in prefect.yaml with the server of PREFECT_API_URL. Idempotent."""
    entries = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
    outcome: dict[str, list[str]] = {"made": [], "updated": [], "unchanged": []}
    with get_client(sync_client=True) as client:
        _ensure_pool(client)
        for entry in entries:
            outcome[_register_one(client, entry)].append(entry["name"])
    return Registered(**{word: tuple(names) for word, names in outcome.items()})


def _ensure_pool(client: SyncPrefectClient) -> None:
    try:
        client.read_work_pool(POOL)
    except ObjectNotFound:
        client.create_work_pool(
            WorkPoolCreate(name=POOL, type="process", description="Runs of Essentials CRM.")
        )
    try:
        client.read_work_queue_by_name(SWEEPS, work_pool_name=POOL)
    except ObjectNotFound:
        purpose = "Frequent sweeps: run by the delivery intake."
        client.create_work_queue(name=SWEEPS, work_pool_name=POOL, description=purpose)


def _register_one(client: SyncPrefectClient, entry: Mapping[str, Any]) -> str:
    """Make or update one deployment; returns which it was: made, updated or unchanged."""
    flow: Flow[..., Any] = load_flow_from_entrypoint(entry["entrypoint"])
    ours = _code_owned(flow, entry)
    try:
        known = client.read_deployment_by_name(f"{flow.name}/{entry['name']}")
    except ObjectNotFound:
        client.create_deployment(
            flow_id=client.create_flow(flow),
            name=entry["name"],
            schedules=[_schedule(schedule) for schedule in entry.get("schedules", ())],
            **ours,
        )
        return "made"
    if known.version == ours["version"]:
        return "unchanged"
    client.update_deployment(known.id, DeploymentUpdate(**ours))
    return "updated"


def _code_owned(flow: Flow[..., Any], entry: Mapping[str, Any]) -> dict[str, Any]:
    """What the code decides about a deployment; `version` is a hash over all of it."""
    schema = parameter_schema(flow).model_dump(mode="json")
    pool = entry["work_pool"]
    fields: dict[str, Any] = {
        "entrypoint": entry["entrypoint"],
        "path": str(ROOT),
        "description": entry["description"],
        "tags": entry["tags"],
        "work_pool_name": pool["name"],
        "work_queue_name": pool["work_queue_name"],
    }
    identity = json.dumps([fields, schema, entry.get("schedules")], sort_keys=True)
    version = hashlib.sha256(identity.encode()).hexdigest()[:16]
    return {
        **fields,
        "parameter_openapi_schema": schema,
        "version": version,
        "enforce_parameter_schema": True,
    }


def _schedule(schedule: Mapping[str, Any]) -> DeploymentScheduleCreate:
    every = IntervalSchedule.model_validate({k: v for k, v in schedule.items() if k != "slug"})
    return DeploymentScheduleCreate(schedule=every, active=True, slug=schedule["slug"])


if __name__ == "__main__":
    register()
