"""The ledger: everything that leaves, each attempt to send it, the templates it is made from, who must not be contacted."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from crm_db.models.base import (
    EMPTY_LIST,
    EMPTY_OBJECT,
    NOW,
    Base,
    InOrg,
    Json,
    Stamped,
    Visible,
    one_of,
    refers_to,
)


class Template(Base, InOrg, Stamped):
    """Words of a message with a closed list of fields to fill in."""

    __tablename__ = "crm_templates"
    __table_args__ = (UniqueConstraint("org_id", "name"),)

    name: Mapped[str]
    channel: Mapped[str] = mapped_column(server_default="email")
    subject: Mapped[str]
    body: Mapped[str]


class Message(Base, InOrg, Visible, Stamped):
    """One thing to send, once. The unique `key` says where it comes from, so that nothing is planned twice.

    A claim is a lease (`lease_token`, `lease_until`); every later write carries attempt and token, so that a worker that
    was replaced changes nothing. `claims` counts claims without an outcome: poison is set aside. An `unknown` message is looked
    up at its provider at `check_at`; null then: nothing can be looked up, a person decides.
    """

    __tablename__ = "crm_messages"
    __table_args__ = (
        UniqueConstraint("org_id", "key"),
        refers_to("crm_leads", by="lead_id"),
        refers_to("crm_users", by="user_id"),
        refers_to("crm_enrolments", by="enrolment_id"),
        refers_to("crm_steps", by="step_id"),
        one_of("channel", "email", "sms", "call", "task", "invite", "webhook"),
        one_of("recipient", "lead", "user"),
        CheckConstraint("priority in (1, 3, 5, 9)", name="priority"),  # those that a claim looks for
        one_of("status", "scheduled", "claimed", "sending", "sent", "failed", "unknown", "cancelled"),
        Index("ix_crm_messages_due", "priority", "due_at", postgresql_where=text("status = 'scheduled'")),
        Index(
            "ix_crm_messages_leased", "lease_until", postgresql_where=text("status in ('claimed', 'sending')")
        ),
        Index(
            "ix_crm_messages_check_at",
            "check_at",
            postgresql_where=text("status = 'unknown' and check_at is not null"),
        ),
        Index(
            "ix_crm_messages_entries",
            text("((rendered -> 'slot'::text) ->> 'ends'::text)"),
            postgresql_where=text("channel = 'invite' and status in ('sending', 'sent', 'unknown')"),
        ),
        Index(
            "ix_crm_messages_lacking",
            "created_at",
            postgresql_where=text("status = 'cancelled' and reason in ('no address', 'no telephone number')"),
        ),
        Index("ix_crm_messages_lead_id", "org_id", "lead_id", "id"),
        Index("ix_crm_messages_enrolment_id", "org_id", "enrolment_id"),
    )

    key: Mapped[str]
    channel: Mapped[str]
    recipient: Mapped[str]
    purpose: Mapped[str]
    lead_id: Mapped[UUID | None]
    user_id: Mapped[UUID | None]
    enrolment_id: Mapped[UUID | None]
    step_id: Mapped[UUID | None]
    template: Mapped[str]
    config: Mapped[Json] = mapped_column(server_default=EMPTY_OBJECT)
    rendered: Mapped[Json | None]
    priority: Mapped[int] = mapped_column(server_default=text("5"))
    status: Mapped[str] = mapped_column(server_default="scheduled")
    reason: Mapped[str | None]
    due_at: Mapped[datetime]
    due_reasons: Mapped[list[Json]] = mapped_column(server_default=EMPTY_LIST)
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    claims: Mapped[int] = mapped_column(server_default=text("0"))
    lease_token: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    provider: Mapped[str | None]
    provider_id: Mapped[str | None]
    check_at: Mapped[datetime | None]
    checks: Mapped[int] = mapped_column(server_default=text("0"))


class Attempt(Base, InOrg):
    """One try to send a message, written before the provider is called: a crash leaves `outcome` null, never a guess."""

    __tablename__ = "crm_message_attempts"
    __table_args__ = (
        refers_to("crm_messages", by="message_id"),
        UniqueConstraint("org_id", "message_id", "number"),
        one_of("outcome", "sent", "not_sent", "rejected", "ambiguous"),
    )

    message_id: Mapped[UUID]
    number: Mapped[int]
    lease_token: Mapped[UUID]
    provider: Mapped[str]
    started_at: Mapped[datetime] = mapped_column(server_default=NOW)
    finished_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    code: Mapped[str | None]


class Suppression(Base, InOrg):
    """An address that must not be contacted on a channel; checked in the transaction that opens an attempt."""

    __tablename__ = "crm_suppressions"
    __table_args__ = (
        UniqueConstraint("org_id", "channel", "address"),
        Index("ix_crm_suppressions_created_at", "org_id", "created_at", "id"),
    )

    channel: Mapped[str]
    address: Mapped[str]
    reason: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
