"""Who there is: orgs, teams, users, memberships, API keys, and the org's settings."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from crm_db.models.base import EMPTY_OBJECT, NEW_ID, Base, InOrg, Json, Stamped, one_of, refers_to


class Org(Base, Stamped):
    """One company that uses the CRM; nothing is ever visible across orgs."""

    __tablename__ = "crm_orgs"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=NEW_ID)
    name: Mapped[str] = mapped_column(unique=True)
    timezone: Mapped[str] = mapped_column(server_default="UTC")
    country: Mapped[str | None]
    currency: Mapped[str] = mapped_column(server_default="USD")


class Team(Base, InOrg, Stamped):
    """People who work leads together; teams form a tree. `visibility`: whether its reps see their own records, or the team's."""

    __tablename__ = "crm_teams"
    __table_args__ = (
        refers_to("crm_teams", by="parent_id"),
        UniqueConstraint("org_id", "name"),
        one_of("visibility", "own", "team"),
    )

    name: Mapped[str]
    visibility: Mapped[str] = mapped_column(server_default="own")
    parent_id: Mapped[UUID | None]
    timezone: Mapped[str | None]
    business_hours: Mapped[Json | None]


class User(Base, InOrg, Stamped):
    """A person who signs in or is written to. `capacity` is the most open leads the person takes; null: no limit."""

    __tablename__ = "crm_users"
    __table_args__ = (
        UniqueConstraint("org_id", "email"),
        one_of("role", "admin", "manager", "rep", "viewer"),
    )

    email: Mapped[str]
    name: Mapped[str]
    role: Mapped[str] = mapped_column(server_default="rep")
    phone: Mapped[str | None]
    timezone: Mapped[str | None]
    password_hash: Mapped[str | None] = mapped_column(deferred=True)
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    takes_leads: Mapped[bool] = mapped_column(server_default=text("false"))
    capacity: Mapped[int | None]
    last_assigned_at: Mapped[datetime | None]


class Membership(Base, InOrg):
    """A user in a team."""

    __tablename__ = "crm_memberships"
    __table_args__ = (
        refers_to("crm_teams", by="team_id"),
        refers_to("crm_users", by="user_id"),
        UniqueConstraint("org_id", "user_id", "team_id"),
    )

    team_id: Mapped[UUID]
    user_id: Mapped[UUID]


class ApiKey(Base, InOrg):
    """A key for a system or a person. Only the SHA-256 of its secret is kept; `prefix` finds the row."""

    __tablename__ = "crm_api_keys"
    __table_args__ = (
        refers_to("crm_users", by="user_id"),
        refers_to("crm_sources", by="source_id"),
        Index("uq_crm_api_keys_prefix", "prefix", unique=True),
    )

    name: Mapped[str]
    prefix: Mapped[str]
    secret_hash: Mapped[bytes] = mapped_column(deferred=True)
    scopes: Mapped[list[str]]
    user_id: Mapped[UUID | None]
    source_id: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class Setting(Base):
    """One typed setting of an org, such as its business hours; former values are in crm_changes."""

    __tablename__ = "crm_settings"

    org_id: Mapped[UUID] = mapped_column(ForeignKey("crm_orgs.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(server_default=NEW_ID)
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[Json] = mapped_column(server_default=EMPTY_OBJECT)
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    version: Mapped[int] = mapped_column(server_default=text("1"))
