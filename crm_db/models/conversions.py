"""Leads that became deals: what was made of each, and what is needed to take it back."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from crm_db.models.base import NOW, Base, InOrg, refers_to


class Conversion(Base, InOrg):
    """A lead that was converted. `undone_at` null: it stands.

    `customer_id`, `contact_id`: those that it made, not those that were there. `lead_status`, `lead_closed_at`: as they were
    before.
    """

    __tablename__ = "crm_conversions"
    __table_args__ = (
        refers_to("crm_leads", by="lead_id"),
        refers_to("crm_deals", by="deal_id"),
        refers_to("crm_customers", by="customer_id"),
        refers_to("crm_contacts", by="contact_id"),
        Index("ix_crm_conversions_lead_id", "org_id", "lead_id", "id"),
        Index(
            "uq_crm_conversions_standing",
            "org_id",
            "lead_id",
            unique=True,
            postgresql_where=text("undone_at is null"),
        ),
    )

    lead_id: Mapped[UUID]
    deal_id: Mapped[UUID]
    customer_id: Mapped[UUID | None]
    contact_id: Mapped[UUID | None]
    lead_status: Mapped[str]
    lead_closed_at: Mapped[datetime | None]
    actor: Mapped[str]
    at: Mapped[datetime] = mapped_column(server_default=NOW)
    undone_at: Mapped[datetime | None]
