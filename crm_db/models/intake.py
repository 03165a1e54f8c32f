"""What arrives: sources that may post, the inbox of raw submissions, and the keys that make a repeat harmless."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from crm_db.models.base import (
    BY_MONTH,
    EMPTY_OBJECT,
    NOW,
    Base,
    InOrg,
    InOrgLog,
    Json,
    Stamped,
    one_of,
    refers_to,
)


class Source(Base, InOrg, Stamped):
    """A system that posts leads. `token` proves a sender that can do no better; `secret` signs bodies (HMAC).

    `form_token` stands in the public page of a browser form: it proves nothing but the form, and counts only together with one of
    `allowed_origins`. `access_token` opens the sender's own API where its posts bring only an id (Meta).
    """

    __tablename__ = "crm_sources"
    __table_args__ = (
        UniqueConstraint("org_id", "name"),
        Index("uq_crm_sources_token", "token", unique=True),
        Index("uq_crm_sources_form_token", "form_token", unique=True),
        Index("ix_crm_sources_name", "name"),
        refers_to("crm_teams", by="team_id"),
    )

    name: Mapped[str]
    format: Mapped[str] = mapped_column(server_default="auto")
    token: Mapped[str] = mapped_column(deferred=True)
    secret: Mapped[str] = mapped_column(deferred=True)
    form_token: Mapped[str | None] = mapped_column(deferred=True)
    access_token: Mapped[str | None] = mapped_column(deferred=True)
    allowed_origins: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    thank_you_url: Mapped[str | None]
    region: Mapped[str | None]
    mapping: Mapped[Json] = mapped_column(server_default=EMPTY_OBJECT)
    defaults: Mapped[Json] = mapped_column(server_default=EMPTY_OBJECT)
    honeypot: Mapped[str | None]
    rate_per_minute: Mapped[int | None]
    team_id: Mapped[UUID | None]
    active: Mapped[bool] = mapped_column(server_default=text("true"))


class Submission(Base, InOrgLog):
    """One raw submission, kept before anything is understood. `id` is the event id that the sender was given.

    `fetched`: what the sender's own API told of it, where the post was an id only; `fetches` counts the times it was asked, and
    before `not_before` nobody asks again.
    """

    __tablename__ = "crm_inbox"
    __table_args__ = (
        one_of("status", "pending", "done", "dead"),
        Index("ix_crm_inbox_pending", "id", postgresql_where=text("status = 'pending'")),
        Index("ix_crm_inbox_dead", "org_id", "id", postgresql_where=text("status = 'dead'")),
        BY_MONTH,
    )

    source_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(server_default="lead")
    content_type: Mapped[str]
    body: Mapped[bytes]
    automation: Mapped[bool] = mapped_column(server_default=text("true"))
    status: Mapped[str] = mapped_column(server_default="pending")
    outcome: Mapped[str | None]
    lead_id: Mapped[UUID | None]
    reason: Mapped[str | None]
    received_at: Mapped[datetime] = mapped_column(server_default=NOW)
    settled_at: Mapped[datetime | None]
    claims: Mapped[int] = mapped_column(server_default=text("0"))
    lease_token: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    fetched: Mapped[bytes | None]
    fetches: Mapped[int] = mapped_column(server_default=text("0"))
    not_before: Mapped[datetime | None]


class Key(Base):
    """A key that was used, and what came of it. `expires_at` null: for ever (a sender's own id)."""

    __tablename__ = "crm_keys"
    __table_args__ = (
        Index("ix_crm_keys_expires_at", "expires_at", postgresql_where=text("expires_at is not null")),
    )

    org_id: Mapped[UUID] = mapped_column(primary_key=True)
    scope: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    ref_id: Mapped[UUID]
    body_hash: Mapped[bytes]
    response: Mapped[Json | None]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    expires_at: Mapped[datetime | None]
