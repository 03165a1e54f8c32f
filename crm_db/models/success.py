"""What is known of a customer once it has bought: what runs until when, what troubles it, what it says of us."""

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


def _of_a_customer(table: str) -> tuple[Index, ...]:
    """By when it came, by its customer, by who sees it, and by the sender's own id."""
    return (
        Index(f"ix_{table}_created_at", "org_id", "created_at", "id"),
        Index(f"ix_{table}_customer_id", "org_id", "customer_id", "id"),
        Index(f"ix_{table}_owner_id", "org_id", "owner_id", "created_at", "id"),
        Index(
            f"uq_{table}_external_id",
            "org_id",
            "external_id",
            unique=True,
            postgresql_where=text("external_id is not null"),
        ),
    )


class Subscription(Base, InOrg, Visible, Stamped):
    """What a customer has bought for a term. `term_end`: its last day; `amount`: what it costs each `period`.

    It renews by itself with `auto_renew`, unless notice is given `notice_days` before the term ends. `deal_id`: the deal that
    brought it. `payment_state`: null while nobody has said how it is paid. `began_on`: the first day of its first term, from
    which later terms are counted, so that one that began on the 31st does not slip to the 28th.
    """

    __tablename__ = "crm_subscriptions"
    __table_args__ = (
        refers_to("crm_customers", by="customer_id"),
        refers_to("crm_deals", by="deal_id"),
        one_of("status", "active", "cancelled", "ended"),
        one_of("period", "month", "quarter", "year"),
        one_of("payment_state", "current", "overdue", "failed"),
        CheckConstraint("term_end >= term_start", name="term"),
        CheckConstraint("seats > 0", name="seats"),
        CheckConstraint("term_months > 0", name="term_months"),
        CheckConstraint("notice_days >= 0", name="notice_days"),
        CheckConstraint("amount >= 0", name="amount"),
        CheckConstraint("(status = 'cancelled') = (cancelled_at is not null)", name="cancelled_at"),
        Index("ix_crm_subscriptions_term_end", "org_id", "term_end", "id"),
        Index("ix_crm_subscriptions_deal_id", "org_id", "deal_id"),
        *_of_a_customer("crm_subscriptions"),
        *search_indexes("crm_subscriptions", "product", "external_id"),
    )

    customer_id: Mapped[UUID]
    deal_id: Mapped[UUID | None]
    external_id: Mapped[str | None]
    product: Mapped[str]
    seats: Mapped[int | None]
    amount: Mapped[Money | None]
    period: Mapped[str] = mapped_column(server_default="year")
    currency: Mapped[str | None]
    began_on: Mapped[date]
    term_start: Mapped[date]
    term_end: Mapped[date]
    term_months: Mapped[int] = mapped_column(server_default=text("12"))
    auto_renew: Mapped[bool] = mapped_column(server_default=text("false"))
    notice_days: Mapped[int] = mapped_column(server_default=text("30"))
    status: Mapped[str] = mapped_column(server_default="active")
    cancelled_at: Mapped[datetime | None]
    cancel_reason: Mapped[str | None]
    payment_state: Mapped[str | None]
    tags: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    custom: Mapped[Json] = mapped_column(server_default=EMPTY_OBJECT)
    deleted_at: Mapped[datetime | None]


class SupportTicket(Base, InOrg, Visible, Stamped):
    """Something that troubles a customer, as its help desk tells it."""

    __tablename__ = "crm_support_tickets"
    __table_args__ = (
        refers_to("crm_customers", by="customer_id"),
        refers_to("crm_contacts", by="contact_id"),
        one_of("priority", "low", "normal", "high", "urgent"),
        one_of("status", "open", "waiting", "solved", "closed"),
        CheckConstraint("first_answer_at >= opened_at", name="first_answer_at"),
        CheckConstraint("solved_at >= opened_at", name="solved_at"),
        CheckConstraint("(status in ('solved', 'closed')) = (solved_at is not null)", name="solved"),
        Index("ix_crm_support_tickets_opened_at", "org_id", "opened_at", "id"),
        *_of_a_customer("crm_support_tickets"),
        *search_indexes("crm_support_tickets", "subject", "category", "external_id"),
    )

    customer_id: Mapped[UUID]
    contact_id: Mapped[UUID | None]
    external_id: Mapped[str | None]
    subject: Mapped[str]
    category: Mapped[str | None]
    priority: Mapped[str] = mapped_column(server_default="normal")
    status: Mapped[str] = mapped_column(server_default="open")
    opened_at: Mapped[datetime]
    first_answer_at: Mapped[datetime | None]
    solved_at: Mapped[datetime | None]
    tags: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    custom: Mapped[Json] = mapped_column(server_default=EMPTY_OBJECT)
    deleted_at: Mapped[datetime | None]


class SurveyResponse(Base, InOrg, Visible, Stamped):
    """An answer to a survey: `nps` from 0 to 10, `csat` from 1 to 5, `ces` from 1 to 7, more always being better."""

    __tablename__ = "crm_survey_responses"
    __table_args__ = (
        refers_to("crm_customers", by="customer_id"),
        refers_to("crm_contacts", by="contact_id"),
        one_of("kind", "nps", "csat", "ces"),
        CheckConstraint(
            "case kind when 'nps' then score between 0 and 10 when 'csat' then score between 1 and 5"
            " else score between 1 and 7 end",
            name="score",
        ),
        Index("ix_crm_survey_responses_answered_at", "org_id", "answered_at", "id"),
        *_of_a_customer("crm_survey_responses"),
    )

    customer_id: Mapped[UUID]
    contact_id: Mapped[UUID | None]
    external_id: Mapped[str | None]
    kind: Mapped[str]
    score: Mapped[int]
    comment: Mapped[str | None]
    answered_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]
