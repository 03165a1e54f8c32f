"""Pipelines, their stages, deals, and the way that each deal has gone."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from crm_db.models.base import (
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

NO_WORDS = text("'{}'")


class Pipeline(Base, InOrg, Stamped):
    """An ordered way that deals go. One is the default, where deals begin that name none."""

    __tablename__ = "crm_pipelines"
    __table_args__ = (
        Index(
            "uq_crm_pipelines_name",
            "org_id",
            "name",
            unique=True,
            postgresql_where=text("deleted_at is null"),
        ),
        Index("uq_crm_pipelines_default", "org_id", unique=True, postgresql_where=text("is_default")),
    )

    name: Mapped[str]
    is_default: Mapped[bool] = mapped_column(server_default=text("false"))
    deleted_at: Mapped[datetime | None]


class Stage(Base, InOrg, Stamped):
    """A stage of a pipeline; `probability` in percent is what a deal there is worth in a forecast.

    `kind`: what a deal is that has come here; where nothing is said, 100 percent is won, 0 is lost, the rest is open. `requires`
    names the fields that a deal must have to come here. After `rotting_days` without a sign of life a deal counts as rotting.
    A changed probability reaches the open deals that did not fix theirs. A deleted stage stays for the way that deals have gone.
    """

    __tablename__ = "crm_pipeline_stages"
    __table_args__ = (
        refers_to("crm_pipelines", by="pipeline_id"),
        Index(
            "uq_crm_pipeline_stages_name",
            "org_id",
            "pipeline_id",
            "name",
            unique=True,
            postgresql_where=text("deleted_at is null"),
        ),
        UniqueConstraint("org_id", "pipeline_id", "id", name="uq_crm_pipeline_stages_of_pipeline"),
        CheckConstraint("probability between 0 and 100", name="probability"),
        CheckConstraint("rotting_days > 0", name="rotting_days"),
        one_of("kind", "open", "won", "lost"),
    )

    org_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("crm_default_org()"))
    pipeline_id: Mapped[UUID] = mapped_column(server_default=text("crm_default_pipeline()"))
    name: Mapped[str]
    order_index: Mapped[int]
    probability: Mapped[int]
    color: Mapped[str | None]
    kind: Mapped[str]
    rotting_days: Mapped[int | None]
    requires: Mapped[list[str]] = mapped_column(server_default=NO_WORDS)
    deleted_at: Mapped[datetime | None]


class Deal(Base, InOrg, Visible, Stamped):
    """A possible sale.

    Its stage says its pipeline and status, and its probability too unless `probability_fixed`; a trigger sees to that, and keeps
    `crm_deal_stage_history`. `last_activity_at`: the last sign of life. `value` is what the sale brings once,
    `recurring_amount` what it brings each `recurring_period`.
    """

    __tablename__ = "crm_deals"
    __table_args__ = (
        refers_to("crm_teams", by="team_id"),
        refers_to("crm_users", by="owner_id"),
        refers_to("crm_leads", by="lead_id"),
        refers_to("crm_customers", by="customer_id"),
        ForeignKeyConstraint(
            ["org_id", "pipeline_id", "stage_id"],
            ["crm_pipeline_stages.org_id", "crm_pipeline_stages.pipeline_id", "crm_pipeline_stages.id"],
            name="fk_crm_deals_stage_id",
        ),
        one_of("status", "open", "won", "lost"),
        one_of("recurring_period", "month", "quarter", "year"),
        CheckConstraint("probability between 0 and 100", name="probability"),
        CheckConstraint("status <> 'lost' or lost_reason is not null", name="lost_reason"),
        CheckConstraint("(status = 'open') = (closed_at is null)", name="closed_at"),
        Index("ix_crm_deals_stage_id", "org_id", "stage_id"),
        Index("ix_crm_deals_owner_id", "org_id", "owner_id", "created_at", "id"),
        Index("ix_crm_deals_lead_id", "org_id", "lead_id"),
        Index("ix_crm_deals_customer_id", "org_id", "customer_id"),
        Index("ix_crm_deals_created_at", "org_id", "created_at", "id"),
        Index("ix_crm_deals_value", "org_id", "value", "id"),
        Index("ix_crm_deals_won", "org_id", "closed_at", postgresql_where=text("status = 'won'")),
        Index("ix_crm_deals_expected_close", "org_id", "expected_close", "id"),
        *search_indexes("crm_deals", "name", "next_step"),
    )

    name: Mapped[str]
    external_id: Mapped[str | None]
    source: Mapped[str] = mapped_column(server_default="api")
    lead_id: Mapped[UUID | None]
    customer_id: Mapped[UUID | None]
    pipeline_id: Mapped[UUID]
    stage_id: Mapped[UUID]
    stage_entered_at: Mapped[datetime] = mapped_column(server_default=NOW)
    status: Mapped[str] = mapped_column(server_default="open")
    value: Mapped[Money | None]
    currency: Mapped[str | None]
    recurring_amount: Mapped[Money | None]
    recurring_period: Mapped[str | None]
    probability: Mapped[int | None]
    probability_fixed: Mapped[bool] = mapped_column(server_default=text("false"))
    expected_close: Mapped[date | None]
    closed_at: Mapped[datetime | None]
    lost_reason: Mapped[str | None]
    competitors: Mapped[list[str]] = mapped_column(server_default=NO_WORDS)
    next_step: Mapped[str | None]
    next_step_at: Mapped[datetime | None]
    last_activity_at: Mapped[datetime | None]
    tags: Mapped[list[str]] = mapped_column(server_default=NO_WORDS)
    custom: Mapped[Json] = mapped_column(server_default=EMPTY_OBJECT)
    ai_insights: Mapped[Json] = mapped_column(server_default=EMPTY_OBJECT)
    deleted_at: Mapped[datetime | None]


class DealStageHistory(Base, InOrg):
    """A stay of a deal in a stage; `left_at` null: it is there now. Written by a trigger."""

    __tablename__ = "crm_deal_stage_history"
    __table_args__ = (
        refers_to("crm_deals", by="deal_id"),
        refers_to("crm_pipeline_stages", by="stage_id"),
        Index("ix_crm_deal_stage_history_deal_id", "org_id", "deal_id", "id"),
        Index("ix_crm_deal_stage_history_stage_id", "org_id", "stage_id", "entered_at"),
        Index(
            "uq_crm_deal_stage_history_now",
            "org_id",
            "deal_id",
            unique=True,
            postgresql_where=text("left_at is null"),
        ),
    )

    deal_id: Mapped[UUID]
    stage_id: Mapped[UUID]
    entered_at: Mapped[datetime] = mapped_column(server_default=NOW)
    left_at: Mapped[datetime | None]
    value: Mapped[Money | None]
    actor: Mapped[str]
