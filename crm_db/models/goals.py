"""Sales goals: what a person, a team or the org wants to reach in a period."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Index, Numeric
from sqlalchemy.orm import Mapped, mapped_column

from crm_db.models.base import Base, InOrg, Stamped, Visible, one_of, refers_to


class SalesGoal(Base, InOrg, Visible, Stamped):
    """A target for a period, its last day included. `owner_id` set: a person's; else `team_id` set: a team's; else the org's."""

    __tablename__ = "crm_sales_goals"
    __table_args__ = (
        refers_to("crm_teams", by="team_id"),
        refers_to("crm_users", by="owner_id"),
        one_of(
            "metric",
            "revenue",
            "deals_won",
            "leads_converted",
            "new_customers",
            "activities",
            "calls",
            "meetings",
        ),
        CheckConstraint("target > 0", name="target"),
        CheckConstraint("period_start <= period_end", name="period"),
        Index("ix_crm_sales_goals_period_end", "org_id", "period_end", "id"),
    )

    name: Mapped[str]
    metric: Mapped[str]
    target: Mapped[Decimal] = mapped_column(Numeric(20, 2))
    currency: Mapped[str | None]
    period_start: Mapped[date]
    period_end: Mapped[date]
    deleted_at: Mapped[datetime | None]
