"""Leads, why they have their score, and why they have their owner."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from crm_db.models.base import (
    EMPTY_LIST,
    EMPTY_OBJECT,
    NOW,
    Base,
    InOrg,
    Json,
    Money,
    Stamped,
    Visible,
    one_of,
    refers_to,
    search_indexes,
)


class Lead(Base, InOrg, Visible, Stamped):
    """A person who may become a customer.

    `automation` says what the capture lane still owes the lead: `pending` until it was scored, assigned and enrolled,
    then `done`; `off` when the caller opted out of it. `closed_at`: when it was converted or lost, where that is known.
    """

    __tablename__ = "crm_leads"
    __table_args__ = (
        refers_to("crm_teams", by="team_id"),
        refers_to("crm_users", by="owner_id"),
        refers_to("crm_sources", by="source_id"),
        one_of("status", "new", "contacted", "qualified", "converted", "lost", "unqualified"),
        one_of("automation", "pending", "done", "off"),
        CheckConstraint("probability between 0 and 100", name="probability"),
        CheckConstraint("score between 0 and 100", name="score"),
        Index("ix_crm_leads_email", "org_id", "email"),
        Index("ix_crm_leads_phone", "org_id", "phone"),
        Index("ix_crm_leads_owner_id", "org_id", "owner_id", "created_at", "id"),
        Index(
            "ix_crm_leads_open",
            "org_id",
            "owner_id",
            postgresql_where=text("deleted_at is null and status in ('new', 'contacted', 'qualified')"),
        ),
        Index("ix_crm_leads_created_at", "org_id", "created_at", "id"),
        Index("ix_crm_leads_score", "org_id", "score", "id"),
        Index("ix_crm_leads_value", "org_id", "value", "id"),
        *search_indexes("crm_leads", "first_name", "last_name", "email", "phone", "company", "title"),
        Index("ix_crm_leads_pending", "created_at", postgresql_where=text("automation = 'pending'")),
        Index("ix_crm_leads_rescore_at", "rescore_at", postgresql_where=text("rescore_at is not null")),
        Index(
            "uq_crm_leads_external_id",
            "org_id",
            "source",
            "external_id",
            unique=True,
            postgresql_where=text("external_id is not null"),
        ),
    )

    external_id: Mapped[str | None]
    source: Mapped[str] = mapped_column(server_default="api")
    source_id: Mapped[UUID | None]
    first_name: Mapped[str | None]
    last_name: Mapped[str | None]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    company: Mapped[str | None]
    title: Mapped[str | None]
    status: Mapped[str] = mapped_column(server_default="new")
    value: Mapped[Money | None]
    currency: Mapped[str | None]
    probability: Mapped[int | None]
    score: Mapped[int | None]
    score_band: Mapped[str | None]
    score_reasons: Mapped[list[Json]] = mapped_column(server_default=EMPTY_LIST)
    scored_at: Mapped[datetime | None]
    rescore_at: Mapped[datetime | None]
    last_contact: Mapped[datetime | None]
    next_action_at: Mapped[datetime | None]
    country: Mapped[str | None]
    timezone: Mapped[str | None]
    language: Mapped[str | None]
    utm: Mapped[Json] = mapped_column(server_default=EMPTY_OBJECT)
    consent: Mapped[Json] = mapped_column(server_default=EMPTY_OBJECT)
    tags: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    custom: Mapped[Json] = mapped_column(server_default=EMPTY_OBJECT)
    ai_insights: Mapped[Json] = mapped_column(server_default=EMPTY_OBJECT)
    automation: Mapped[str] = mapped_column(server_default="pending")
    closed_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]


class ScoreHistory(Base, InOrg):
    """One change of a lead's score: from what, to what, by which rule, and its parts."""

    __tablename__ = "crm_score_history"
    __table_args__ = (
        refers_to("crm_leads", by="lead_id"),
        Index("ix_crm_score_history_lead_id", "org_id", "lead_id", "id"),
    )

    lead_id: Mapped[UUID]
    score: Mapped[int]
    previous: Mapped[int | None]
    band: Mapped[str]
    reasons: Mapped[list[Json]]
    scorecard: Mapped[str] = mapped_column(server_default="base")
    at: Mapped[datetime] = mapped_column(server_default=NOW)


class LeadAssignment(Base, InOrg):
    """One decision about a lead's owner, with the verdict on every candidate; `user_id` null: nobody could take it."""

    __tablename__ = "crm_assignments"
    __table_args__ = (
        refers_to("crm_leads", by="lead_id"),
        refers_to("crm_users", by="user_id"),
        Index("ix_crm_assignments_lead_id", "org_id", "lead_id", "id"),
    )

    lead_id: Mapped[UUID]
    user_id: Mapped[UUID | None]
    rule: Mapped[str] = mapped_column(server_default="least-open-load")
    verdicts: Mapped[list[Json]]
    at: Mapped[datetime] = mapped_column(server_default=NOW)
