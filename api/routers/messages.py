"""Messages: what was sent, what will be and why not; write one, take one back, give a meeting another time."""

from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

from fastapi import APIRouter, Header
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from api import idempotency, openapi
from api.asking import RecordQuery
from api.examples import ID
from api.forms import Form, Moment
from api.identity import KEY_SCHEMES, Caller, Writer
from api.lists import add_list
from api.resource import Resource, routes_of
from crm_db import clock
from crm_db.actions import outgoing
from crm_db.queries import kinds
from crm_db.rules.asking import Condition
from crm_db.session import unit_of_work

router = APIRouter(
    prefix="/api/crm/messages",
    tags=["messages"],
    dependencies=KEY_SCHEMES,
    responses=openapi.READ_RESPONSES,
)

Status = Literal["scheduled", "claimed", "sending", "sent", "failed", "unknown", "cancelled"]
Channel = Literal["email", "sms", "call", "task", "invite", "webhook"]


class MessageQuery(RecordQuery):
    """Which messages are wanted; the short forms stand for a filter each."""

    lead_id: UUID | None = None
    status: Status | None = None
    channel: Channel | None = None

    def conditions(self) -> tuple[Condition, ...]:
        """What the short forms say."""
        short = self.model_dump(mode="json", include={"lead_id", "status", "channel"}, exclude_none=True)
        return tuple(Condition(name, "eq", value) for name, value in short.items())


class MessageIn(BaseModel):
    """A message in somebody's own words. It leaves when it is due, within the hours in which it may."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [openapi.MESSAGE_EXAMPLE]})

    lead_id: UUID
    channel: Literal["email", "sms", "call", "invite", "task"]
    subject: Annotated[str, Field(max_length=500)] = ""
    text: Annotated[str, Field(max_length=100_000)] = ""
    due_at: Moment | None = Field(default=None, description="Not before this; now when not given")
    starts_at: Moment | None = Field(default=None, description="When a meeting begins")
    minutes: int | None = Field(default=None, description="How long a meeting takes; 30 when not given")

    def words(self) -> dict[str, Any]:
        """What was given, by our names."""
        return self.model_dump(exclude_none=True)


class Move(BaseModel):
    """Another time for a meeting or a task."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [openapi.MOVE_EXAMPLE]})

    starts_at: Moment
    minutes: int | None = Field(default=None, description="How long it takes; as before when not given")


class MessageOut(BaseModel):
    """The message that does what was asked for."""

    id: UUID


_EXAMPLE = {
    "lead_id": ID,
    "key": f"step:{ID}:1",
    "channel": "email",
    "recipient": "ada@analytical.example",
    "purpose": "follow-up",
    "due_at": "2026-12-01T09:00:00Z",
}
add_list(router, routes_of(Resource(kinds.MESSAGE, Form, _EXAMPLE)), MessageQuery)


@router.post("", status_code=201, summary="Write a message")
def write_message(
    body: MessageIn, caller: Writer, idempotency_key: Annotated[str | None, Header()] = None
) -> MessageOut:
    """Plan an e-mail, a text, a call, a meeting or a task about a lead.

    With an Idempotency-Key a repeat is answered with the same message, however often and late it comes.
    """
    key = idempotency.checked_key(idempotency_key)
    with unit_of_work(caller.identity) as session:
        if key is None:
            return MessageOut(id=_write(session, caller, body, str(uuid4())))
        return MessageOut(id=_write_once(session, caller, body, key))


@router.post("/{message_id}/cancel", summary="Cancel a message")
def cancel_message(message_id: UUID, caller: Writer) -> MessageOut:
    """Let a message not leave; a meeting that was sent is called off by another message, which is answered."""
    with unit_of_work(caller.identity) as session:
        done = outgoing.cancel(session, caller.identity, message_id, now=clock.utc_now())
    return MessageOut(id=done)


@router.post("/{message_id}/move", summary="Move a meeting or a task")
def move_message(message_id: UUID, body: Move, caller: Writer) -> MessageOut:
    """Give it another time; a meeting that was sent is moved by another message, which is answered."""
    with unit_of_work(caller.identity) as session:
        done = outgoing.move(
            session,
            caller.identity,
            message_id,
            starts_at=body.starts_at,
            minutes=body.minutes,
            now=clock.utc_now(),
        )
    return MessageOut(id=done)


def _write_once(session: Session, caller: Caller, body: MessageIn, key: str) -> UUID:
    """Plan the message, or give the one that this key stands for.

    The ledger's key holds what was asked for: it lasts for ever, and an Idempotency-Key may be used anew after a day.
    """
    content = body.model_dump(mode="json", exclude_unset=True)
    request = idempotency.keyed_request(caller.identity, "api:messages", key, content)
    first = idempotency.replay(session, request)
    if first is None:
        message_id = _write(session, caller, body, f"{key}:{request.fingerprint.hex()}")
        idempotency.remember(session, request, {"id": str(message_id)})
        return message_id
    return UUID(first["id"])


def _write(session: Session, caller: Caller, body: MessageIn, key: str) -> UUID:
    return outgoing.write(session, caller.identity, key=key, now=clock.utc_now(), **body.words())
