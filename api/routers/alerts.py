"""Alerts: what a person should look at, and saying that it is dealt with."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field

from api import openapi
from api.cursors import position_of
from api.documents import ListQuery, list_response
from api.identity import KEY_SCHEMES, Reader, Writer
from api.record_models import page_of, shown_of
from crm_db.actions import alerts as alert_actions
from crm_db.models import Alert
from crm_db.queries import alerts
from crm_db.queries.kinds import Kind
from crm_db.session import unit_of_work

router = APIRouter(
    prefix="/api/crm/alerts", tags=["alerts"], dependencies=KEY_SCHEMES, responses=openapi.READ_RESPONSES
)


class AlertQuery(ListQuery):
    """Which alerts are wanted; an unknown parameter is refused rather than ignored."""

    state: Literal["open", "resolved"] | None = None
    severity: Literal["info", "warning", "critical"] | None = None
    kind: Annotated[str, Field(max_length=100)] | None = None


_KIND = Kind("alert", "alerts", Alert, tuple(alerts.FIELDS.split()))
PAGE = page_of(_KIND, shown_of(_KIND))


@router.get("", summary="List alerts, the one with the latest case first", responses={200: {"model": PAGE}})
def list_alerts(caller: Reader, query: Annotated[AlertQuery, Query()]) -> Response:
    """Alerts of the org; each counts its cases."""
    wanted = alerts.AlertFilter(query.state, query.kind, query.severity)
    after = position_of(query.cursor, datetime, UUID)
    with unit_of_work(caller.identity) as session:
        page = alerts.listed(session, caller.org_id, wanted, after=after, limit=query.limit)
    return list_response(page)


@router.post("/{alert_id}/resolve", status_code=204, summary="Resolve an alert")
def resolve_alert(alert_id: UUID, caller: Writer) -> None:
    """Say that it is dealt with; what happens later opens a new alert."""
    with unit_of_work(caller.identity) as session:
        alert_actions.resolve(session, caller.identity, alert_id)
