"""What somebody should look at: a table that counts, so that a thousand failures of one kind are one alert."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from crm_db.models.base import EMPTY_OBJECT, NOW, Base, InOrg, Json, Stamped, Visible, one_of


class Alert(Base, InOrg, Visible, Stamped):
    """Something that needs a person. While it is open, its `key` is unique in the org and `count` grows with each new case.

    `entity` and `entity_id` name the record it is about (a source, a lead); `detail` holds counts and codes, no personal data.
    """

    __tablename__ = "crm_alerts"
    __table_args__ = (
        one_of("severity", "info", "warning", "critical"),
        one_of("state", "open", "resolved"),
        Index("uq_crm_alerts_open", "org_id", "key", unique=True, postgresql_where=text("state = 'open'")),
        Index("ix_crm_alerts_last_at", "org_id", "state", "last_at"),
    )

    kind: Mapped[str]
    key: Mapped[str]
    severity: Mapped[str] = mapped_column(server_default="warning")
    state: Mapped[str] = mapped_column(server_default="open")
    title: Mapped[str]
    detail: Mapped[Json] = mapped_column(server_default=EMPTY_OBJECT)
    entity: Mapped[str | None]
    entity_id: Mapped[UUID | None]
    count: Mapped[int] = mapped_column(server_default=text("1"))
    first_at: Mapped[datetime] = mapped_column(server_default=NOW)
    last_at: Mapped[datetime] = mapped_column(server_default=NOW)
    resolved_at: Mapped[datetime | None]
