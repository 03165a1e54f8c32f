"""Automations: list them and start one, through Prefect's REST API."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request
from pydantic import BaseModel, ConfigDict, Field

from api import idempotency, openapi
from api.examples import ID
from api.idempotency import checked_key
from api.identity import KEY_SCHEMES, Admin, Reader
from api.services import services_of
from crm_db.session import unit_of_work

router = APIRouter(
    prefix="/api/crm/flows", tags=["flows"], dependencies=KEY_SCHEMES, responses=openapi.READ_RESPONSES
)


class LastRun(BaseModel):
    """The run that began last."""

    id: str
    state: str | None
    at: str | None
    ui_url: str


class FlowOut(BaseModel):
    """An automation: what runs, when, and how it went last."""

    model_config = openapi.like(
        name="lead-scoring",
        description="Score leads again.",
        schedules=[{"cron": "15 3 * * *", "timezone": "UTC", "active": True}],
        tags=["leads"],
        ui_url=f"http://127.0.0.1:4200/deployments/deployment/{ID}",
    )

    name: str
    description: str | None
    paused: bool
    schedules: list[dict[str, Any]]
    tags: list[str]
    last_run: LastRun | None
    ui_url: str


class FlowList(BaseModel):
    """All automations on one page."""

    items: list[FlowOut]
    next_cursor: None = None


class RunIn(BaseModel):
    """How to run it."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"parameters": {"dry_run": True}}]}
    )

    parameters: dict[str, Any] = Field(
        default_factory=dict, description="Ids, dates and switches; no personal data"
    )


class RunOut(BaseModel):
    """A run that was accepted."""

    model_config = openapi.like(
        run_id=ID,
        state="Scheduled",
        ui_url=f"http://127.0.0.1:4200/runs/flow-run/{ID}",
    )

    run_id: str
    state: str
    ui_url: str


@router.get("", summary="List automations")
def list_flows(caller: Reader, request: Request) -> FlowList:
    """What Prefect knows of each automation."""
    return FlowList(items=[FlowOut(**flow) for flow in services_of(request).prefect.flows()])


@router.post("/{name}/runs", status_code=202, summary="Start an automation")
def start_flow(
    name: str,
    caller: Admin,
    request: Request,
    body: RunIn | None = None,
    idempotency_key: Annotated[str | None, Header()] = None,
) -> RunOut:
    """Start a run; it shows in Prefect's UI at once and works when a worker takes it.

    With an Idempotency-Key a repeat gets the first answer for 24 hours.
    """
    key, parameters = checked_key(idempotency_key), body.parameters if body else {}
    prefect = services_of(request).prefect
    if key is None:
        return RunOut(**asdict(prefect.start(name, parameters)))
    with unit_of_work(caller.identity) as session:
        keyed = idempotency.keyed_request(caller.identity, f"api:flows:{name}", key, parameters)
        first = idempotency.replay(session, keyed)
        if first is None:  # Prefect knows the key too, should this transaction fail after the run was made
            made = prefect.start(name, parameters, idempotency_key=f"api:{caller.org_id}:{name}:{key}")
            first = asdict(made)
            idempotency.remember(session, keyed, first)
    return RunOut(**first)
