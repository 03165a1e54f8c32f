"""GET /api/crm/messages: what was sent, what will be, and why not."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response

from api import openapi
from api.cursors import position_of
from api.documents import ListQuery, list_response
from api.identity import KEY_SCHEMES, Reader
from crm_db.queries import messages
from crm_db.session import unit_of_work

router = APIRouter(tags=["messages"], dependencies=KEY_SCHEMES, responses=openapi.READ_RESPONSES)

Status = Literal["scheduled", "claimed", "sending", "sent", "failed", "unknown", "cancelled"]
Channel = Literal["email", "sms", "call", "task", "invite", "webhook"]


class MessageQuery(ListQuery):
    """Which messages are wanted; an unknown parameter is refused rather than ignored."""

    lead_id: UUID | None = None
    status: Status | None = None
    channel: Channel | None = None


@router.get("/api/crm/messages", summary="List messages of the ledger, newest first")
def list_messages(caller: Reader, query: Annotated[MessageQuery, Query()]) -> Response:
    """Messages of the org: those about a lead, in a state, on a channel."""
    wanted = messages.MessageFilter(query.lead_id, query.status, query.channel)
    after = position_of(query.cursor, UUID)
    with unit_of_work(caller.identity) as session:
        page = messages.listed(session, caller.org_id, wanted, after=after, limit=query.limit)
    return list_response(page)
