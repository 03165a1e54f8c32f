"""What was or is to be done with a lead, deal or customer: calls, meetings, messages, tasks, notes, submissions."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from crm_db.models.base import (
    BY_MONTH,
    EMPTY_OBJECT,
    Base,
    InOrg,
    Json,
    Stamped,
    Visible,
    one_of,
    refers_to,
    search_indexes,
)


class Activity(Base, InOrg, Visible, Stamped):
    """One entry of a timeline. `due_at` without `done_at`: still to do. `message_id` names the message it stems from."""

    __tablename__ = "crm_activities"
    __table_args__ = (
        refers_to("crm_leads", by="lead_id"),
        refers_to("crm_deals", by="deal_id"),
        refers_to("crm_customers", by="customer_id"),
        one_of("sentiment", "positive", "neutral", "negative"),
        CheckConstraint("duration_minutes >= 0", name="duration_minutes"),
        one_of("kind", "call", "meeting", "email", "sms", "task", "note", "submission"),
        one_of("direction", "in", "out", "none"),
        Index("ix_crm_activities_lead_id", "org_id", "lead_id", "id"),
        Index("ix_crm_activities_deal_id", "org_id", "deal_id", "id"),
        Index("ix_crm_activities_customer_id", "org_id", "customer_id", "id"),
        Index("ix_crm_activities_owner_id", "org_id", "owner_id", "created_at", "id"),
        *search_indexes("crm_activities", "subject", "outcome", "next_action"),
        Index(
            "ix_crm_activities_open",
            "org_id",
            "owner_id",
            "due_at",
            postgresql_where=text("due_at is not null and done_at is null"),
        ),
        BY_MONTH,
    )

    kind: Mapped[str]
    direction: Mapped[str] = mapped_column(server_default="none")
    subject: Mapped[str]
    body: Mapped[str | None]
    outcome: Mapped[str | None]
    lead_id: Mapped[UUID | None]
    deal_id: Mapped[UUID | None]
    customer_id: Mapped[UUID | None]
    message_id: Mapped[UUID | None]
    due_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    duration_minutes: Mapped[int | None]
    sentiment: Mapped[str | None]
    next_action: Mapped[str | None]
    tags: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    custom: Mapped[Json] = mapped_column(server_default=EMPTY_OBJECT)
    ai_insights: Mapped[Json] = mapped_column(server_default=EMPTY_OBJECT)
    deleted_at: Mapped[datetime | None]
