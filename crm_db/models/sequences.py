"""Follow-up as data: sequences, their versions and steps, and the leads enrolled in them."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Index, Interval, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from crm_db.models.base import EMPTY_OBJECT, NOW, Base, InOrg, Json, Stamped, Visible, one_of, refers_to


class Sequence(Base, InOrg, Stamped):
    """A named plan of contacts; `is_default`: captured leads are enrolled in it."""

    __tablename__ = "crm_sequences"
    __table_args__ = (
        UniqueConstraint("org_id", "name"),
        Index("uq_crm_sequences_default", "org_id", unique=True, postgresql_where=text("is_default")),
    )

    name: Mapped[str]
    is_default: Mapped[bool] = mapped_column(server_default=text("false"))


class SequenceVersion(Base, InOrg):
    """A version of a sequence. Who is in a version stays in it; at most one version of a sequence is live."""

    __tablename__ = "crm_sequence_versions"
    __table_args__ = (
        refers_to("crm_sequences", by="sequence_id"),
        UniqueConstraint("org_id", "sequence_id", "number"),
        one_of("state", "draft", "live", "archived"),
        Index(
            "uq_crm_sequence_versions_live",
            "org_id",
            "sequence_id",
            unique=True,
            postgresql_where=text("state = 'live'"),
        ),
    )

    sequence_id: Mapped[UUID]
    number: Mapped[int]
    state: Mapped[str] = mapped_column(server_default="draft")
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)


class Step(Base, InOrg):
    """One contact of a sequence: on which channel, how long after enrolment, with which template or settings.

    `timing`: `at-once` keeps to quiet hours only, `business-hours` also waits for the team's hours.
    """

    __tablename__ = "crm_steps"
    __table_args__ = (
        refers_to("crm_sequence_versions", by="version_id"),
        UniqueConstraint("org_id", "version_id", "position"),
        one_of("channel", "email", "sms", "call", "task", "invite", "webhook"),
        one_of("timing", "at-once", "business-hours"),
    )

    version_id: Mapped[UUID]
    position: Mapped[int]
    channel: Mapped[str]
    delay: Mapped[timedelta] = mapped_column(Interval, server_default=text("'0'"))
    timing: Mapped[str] = mapped_column(server_default="business-hours")
    template: Mapped[str]
    config: Mapped[Json] = mapped_column(server_default=EMPTY_OBJECT)


class Enrolment(Base, InOrg, Visible, Stamped):
    """A lead in a version of a sequence.

    `position` is the last step that was planned. `plan_at` is when the next is to be planned; null while a planned step
    waits to be settled, so that steps of one enrolment never overtake each other.
    """

    __tablename__ = "crm_enrolments"
    __table_args__ = (
        refers_to("crm_leads", by="lead_id"),
        refers_to("crm_sequences", by="sequence_id"),
        refers_to("crm_sequence_versions", by="version_id"),
        one_of("state", "active", "paused", "finished", "stopped"),
        Index(
            "uq_crm_enrolments_running",
            "org_id",
            "lead_id",
            "sequence_id",
            unique=True,
            postgresql_where=text("state in ('active', 'paused')"),
        ),
        Index("ix_crm_enrolments_lead_id", "org_id", "lead_id"),
        Index(
            "ix_crm_enrolments_plan_at",
            "plan_at",
            postgresql_where=text("state = 'active' and plan_at is not null"),
        ),
    )

    lead_id: Mapped[UUID]
    sequence_id: Mapped[UUID]
    version_id: Mapped[UUID]
    state: Mapped[str] = mapped_column(server_default="active")
    position: Mapped[int] = mapped_column(server_default=text("0"))
    plan_at: Mapped[datetime | None] = mapped_column(server_default=NOW)
    enrolled_at: Mapped[datetime] = mapped_column(server_default=NOW)
    reason: Mapped[str | None]
