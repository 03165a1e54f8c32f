"""What was concluded about a record, by rule or by model, and reports that were made."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Numeric
from sqlalchemy.orm import Mapped, mapped_column

from crm_db.models.base import EMPTY_OBJECT, Base, InOrg, Json, Stamped, Visible, one_of, refers_to


class AiInsight(Base, InOrg, Visible, Stamped):
    """A conclusion about one lead, deal or customer, with how sure it is (`confidence` in 0 to 1) and who drew it (`made_by`).

    Who sees the record sees the insight. `state`: what a person made of it.
    """

    __tablename__ = "crm_ai_insights"
    __table_args__ = (
        refers_to("crm_leads", by="lead_id"),
        refers_to("crm_deals", by="deal_id"),
        refers_to("crm_customers", by="customer_id"),
        one_of("kind", "risk", "recommendation", "sentiment", "prediction", "summary"),
        one_of("state", "open", "accepted", "dismissed"),
        CheckConstraint("confidence between 0 and 1", name="confidence"),
        CheckConstraint("num_nonnulls(lead_id, deal_id, customer_id) = 1", name="about"),
        Index("ix_crm_ai_insights_lead_id", "org_id", "lead_id", "id"),
        Index("ix_crm_ai_insights_deal_id", "org_id", "deal_id", "id"),
        Index("ix_crm_ai_insights_customer_id", "org_id", "customer_id", "id"),
        Index("ix_crm_ai_insights_owner_id", "org_id", "owner_id", "created_at", "id"),
    )

    kind: Mapped[str]
    lead_id: Mapped[UUID | None]
    deal_id: Mapped[UUID | None]
    customer_id: Mapped[UUID | None]
    title: Mapped[str]
    body: Mapped[str | None]
    action: Mapped[str | None]
    confidence: Mapped[Decimal | None] = mapped_column(Numeric(4, 3))
    state: Mapped[str] = mapped_column(server_default="open")
    made_by: Mapped[str] = mapped_column(server_default="rules")
    data: Mapped[Json] = mapped_column(server_default=EMPTY_OBJECT)
    expires_at: Mapped[datetime | None]


class Report(Base, InOrg, Visible, Stamped):
    """A report of a period: what was asked for (`parameters`), and once it is made, its figures and how many rows they are of."""

    __tablename__ = "crm_reports"
    __table_args__ = (
        refers_to("crm_teams", by="team_id"),
        refers_to("crm_users", by="owner_id"),
        one_of("state", "wanted", "made", "failed"),
        Index("ix_crm_reports_created_at", "org_id", "created_at", "id"),
    )

    name: Mapped[str]
    kind: Mapped[str]
    parameters: Mapped[Json] = mapped_column(server_default=EMPTY_OBJECT)
    state: Mapped[str] = mapped_column(server_default="wanted")
    reason: Mapped[str | None]
    period_start: Mapped[date | None]
    period_end: Mapped[date | None]
    row_count: Mapped[int | None]
    figures: Mapped[Json] = mapped_column(server_default=EMPTY_OBJECT)
    made_at: Mapped[datetime | None]
