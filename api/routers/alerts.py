"""Alerts: what a person should look at, and saying that it is dealt with."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from api import openapi
from api.asking import RecordQuery
from api.forms import Form
from api.identity import KEY_SCHEMES, Writer
from api.lists import add_list
from api.resource import Resource, routes_of
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

    def conditions(self) -> tuple[Condition, ...]:
        """What the short forms say."""
        short = self.model_dump(include={"state", "severity", "kind"}, exclude_none=True)
        return tuple(Condition(name, "eq", value) for name, value in short.items())


_EXAMPLE = {"kind": "dead_letters", "title": "Submissions that nobody could understand", "count": 3}
add_list(router, routes_of(Resource(kinds.ALERT, Form, _EXAMPLE)), AlertQuery)


@router.post("/{alert_id}/resolve", status_code=204, summary="Resolve an alert")
def resolve_alert(alert_id: UUID, caller: Writer) -> None:
    """Say that it is dealt with; what happens later opens a new alert."""
    with unit_of_work(caller.identity) as session:
        alert_actions.resolve(session, caller.identity, alert_id)
