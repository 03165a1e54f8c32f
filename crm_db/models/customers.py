"""Customers and the people there."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from crm_db.models.base import (
    EMPTY_OBJECT,
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


class Customer(Base, InOrg, Visible, Stamped):
    """A company or person that buys. `lead_id`: the lead that it was; `health` in 0 to 100, null while nothing is known."""

    __tablename__ = "crm_customers"
    __table_args__ = (
        refers_to("crm_teams", by="team_id"),
        refers_to("crm_users", by="owner_id"),
        refers_to("crm_leads", by="lead_id"),
        one_of("status", "onboarding", "active", "paused", "churned"),
        CheckConstraint("health between 0 and 100", name="health"),
        Index("ix_crm_customers_owner_id", "org_id", "owner_id", "created_at", "id"),
        Index("ix_crm_customers_lead_id", "org_id", "lead_id"),
        Index("ix_crm_customers_created_at", "org_id", "created_at", "id"),
        Index("ix_crm_customers_name", "org_id", "name", "id"),
        Index(
            "uq_crm_customers_external_id",
            "org_id",
            "external_id",
            unique=True,
            postgresql_where=text("external_id is not null"),
        ),
        *search_indexes("crm_customers", "name", "email", "phone", "website"),
    )

    name: Mapped[str]
    external_id: Mapped[str | None]
    lead_id: Mapped[UUID | None]
    status: Mapped[str] = mapped_column(server_default="onboarding")
    email: Mapped[str | None]
    phone: Mapped[str | None]
    website: Mapped[str | None]
    industry: Mapped[str | None]
    segment: Mapped[str | None]
    country: Mapped[str | None]
    timezone: Mapped[str | None]
    language: Mapped[str | None]
    recurring_amount: Mapped[Money | None]
    currency: Mapped[str | None]
    since: Mapped[date | None]
    churned_at: Mapped[datetime | None]
    churn_reason: Mapped[str | None]
    health: Mapped[int | None]
    health_band: Mapped[str | None]
    tags: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    custom: Mapped[Json] = mapped_column(server_default=EMPTY_OBJECT)
    ai_insights: Mapped[Json] = mapped_column(server_default=EMPTY_OBJECT)
    deleted_at: Mapped[datetime | None]


class Contact(Base, InOrg, Visible, Stamped):
    """A person at a customer; who sees the customer sees its people."""

    __tablename__ = "crm_contacts"
    __table_args__ = (
        refers_to("crm_customers", by="customer_id"),
        refers_to("crm_leads", by="lead_id"),
        Index("ix_crm_contacts_customer_id", "org_id", "customer_id", "id"),
        Index("ix_crm_contacts_email", "org_id", "email"),
        Index(
            "uq_crm_contacts_primary",
            "org_id",
            "customer_id",
            unique=True,
            postgresql_where=text("is_primary and deleted_at is null"),
        ),
        *search_indexes("crm_contacts", "first_name", "last_name", "email", "phone", "title"),
    )

    customer_id: Mapped[UUID]
    lead_id: Mapped[UUID | None]
    first_name: Mapped[str | None]
    last_name: Mapped[str | None]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    title: Mapped[str | None]
    is_primary: Mapped[bool] = mapped_column(server_default=text("false"))
    language: Mapped[str | None]
    timezone: Mapped[str | None]
    consent: Mapped[Json] = mapped_column(server_default=EMPTY_OBJECT)
    tags: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    custom: Mapped[Json] = mapped_column(server_default=EMPTY_OBJECT)
    deleted_at: Mapped[datetime | None]
