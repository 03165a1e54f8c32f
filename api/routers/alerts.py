"""Alerts: what a person should look at, and saying that it is dealt with."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field

from api import openapi
from api.asking import RecordQuery
from api.identity import KEY_SCHEMES, Reader, Writer
from api.record_models import page_of, shown_of
from api.records import list_answer
from crm_db.actions import alerts as alert_actions
from crm_db.queries import kinds
from crm_db.rules.asking import Condition
from crm_db.session import unit_of_work

router = APIRouter(
    prefix="/api/crm/alerts", tags=["alerts"], dependencies=KEY_SCHEMES, responses=openapi.READ_RESPONSES
)


class AlertQuery(RecordQuery):
    """Which alerts are wanted; the short forms stand for a filter each."""

    state: Literal["open", "resolved"] | None = None
    severity: Literal["info", "warning", "critical"] | None = None
    kind: Annotated[str, Field(max_length=100)] | None = None


@router.get(
    "",
    summary="List alerts",
    responses={200: {"model": page_of(kinds.ALERT, shown_of(kinds.ALERT))}},
)
def list_alerts(caller: Reader, query: Annotated[AlertQuery, Query()]) -> Response:
    """Alerts that you may see, the one with the latest case first; each counts its cases."""
    short = query.model_dump(include={"state", "severity", "kind"}, exclude_none=True)
    wanted = tuple(Condition(name, "eq", value) for name, value in short.items())
    return list_answer(caller, kinds.ALERT, query, wanted)


@router.post("/{alert_id}/resolve", status_code=204, summary="Resolve an alert")
def resolve_alert(alert_id: UUID, caller: Writer) -> None:
    """Say that it is dealt with; what happens later opens a new alert."""
    with unit_of_work(caller.identity) as session:
        alert_actions.resolve(session, caller.identity, alert_id)
