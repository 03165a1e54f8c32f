"""Pipelines, their stages, and deals (bare for now: the columns that later issues build on)."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from crm_db.models.base import EMPTY_OBJECT, Base, InOrg, Json, Money, Stamped, Visible, one_of, refers_to


class Pipeline(Base, InOrg, Stamped):
    """An ordered way that deals go."""

    __tablename__ = "crm_pipelines"
    __table_args__ = (
        UniqueConstraint("org_id", "name"),
        Index("uq_crm_pipelines_default", "org_id", unique=True, postgresql_where=text("is_default")),
    )

    name: Mapped[str]
    is_default: Mapped[bool] = mapped_column(server_default=text("false"))


class Stage(Base, InOrg, Stamped):
    """A stage of a pipeline; `probability` in percent is what a deal there is worth in a forecast."""

    __tablename__ = "crm_pipeline_stages"
    __table_args__ = (
        refers_to("crm_pipelines", by="pipeline_id"),
        UniqueConstraint("org_id", "pipeline_id", "name"),
        CheckConstraint("probability between 0 and 100", name="probability"),
    )

    org_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("crm_default_org()"))
    pipeline_id: Mapped[UUID] = mapped_column(server_default=text("crm_default_pipeline()"))
    name: Mapped[str]
    order_index: Mapped[int]
    probability: Mapped[int]
    color: Mapped[str | None]


class Deal(Base, InOrg, Visible, Stamped):
    """A possible sale."""

    __tablename__ = "crm_deals"
    __table_args__ = (
        refers_to("crm_teams", by="team_id"),
        refers_to("crm_users", by="owner_id"),
        refers_to("crm_leads", by="lead_id"),
        refers_to("crm_pipeline_stages", by="stage_id"),
        one_of("status", "open", "won", "lost"),
        CheckConstraint("probability between 0 and 100", name="probability"),
        Index("ix_crm_deals_stage_id", "org_id", "stage_id"),
        Index("ix_crm_deals_owner_id", "org_id", "owner_id", "id"),
    )

    name: Mapped[str]
    lead_id: Mapped[UUID | None]
    stage_id: Mapped[UUID]
    status: Mapped[str] = mapped_column(server_default="open")
    value: Mapped[Money | None]
    currency: Mapped[str | None]
    probability: Mapped[int | None]
    expected_close: Mapped[date | None]
    closed_at: Mapped[datetime | None]
    custom: Mapped[Json] = mapped_column(server_default=EMPTY_OBJECT)
    ai_insights: Mapped[Json] = mapped_column(server_default=EMPTY_OBJECT)
    deleted_at: Mapped[datetime | None]
