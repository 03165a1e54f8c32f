"""The tables."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import UserDefinedType

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

PARTITIONED = ("crm_activities", "crm_changes", "crm_events", "crm_inbox")

TABLES = (
    "crm_changes",
    "crm_events",
    "crm_inbox",
    "crm_keys",
    "crm_orgs",
    "crm_pipelines",
    "crm_sequences",
    "crm_settings",
    "crm_suppressions",
    "crm_teams",
    "crm_templates",
    "crm_users",
    "crm_memberships",
    "crm_pipeline_stages",
    "crm_sequence_versions",
    "crm_sources",
    "crm_api_keys",
    "crm_leads",
    "crm_steps",
    "crm_assignments",
    "crm_deals",
    "crm_enrolments",
    "crm_score_history",
    "crm_activities",
    "crm_messages",
    "crm_message_attempts",
)


class Xid8(UserDefinedType[int]):
    """Postgres's 64-bit transaction id."""

    def get_col_spec(self, **_: Any) -> str:
        return "xid8"


def upgrade() -> None:
    op.create_table(
        "crm_changes",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("record_id", sa.UUID(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("old", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("xid", Xid8(), server_default=sa.text("pg_current_xact_id()"), nullable=False),
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), server_default=sa.text("crm_uuid7()"), nullable=False),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_crm_changes")),
        postgresql_partition_by="RANGE (id)",
    )
    op.create_index("ix_crm_changes_record", "crm_changes", ["org_id", "kind", "record_id"], unique=False)
    op.create_table(
        "crm_events",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("entity_ids", postgresql.ARRAY(sa.UUID()), nullable=False),
        sa.Column(
            "data",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("xid", Xid8(), server_default=sa.text("pg_current_xact_id()"), nullable=False),
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), server_default=sa.text("crm_uuid7()"), nullable=False),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_crm_events")),
        postgresql_partition_by="RANGE (id)",
    )
    op.create_index("ix_crm_events_xid_id", "crm_events", ["xid", "id"], unique=False)
    op.create_table(
        "crm_inbox",
        sa.Column("source_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), server_default="lead", nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("body", postgresql.BYTEA(), nullable=False),
        sa.Column("automation", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("lead_id", sa.UUID(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column(
            "received_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("settled_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("claims", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("lease_token", sa.UUID(), nullable=True),
        sa.Column("lease_until", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), server_default=sa.text("crm_uuid7()"), nullable=False),
        sa.CheckConstraint("status in ('pending', 'done', 'dead')", name=op.f("ck_crm_inbox_status")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_crm_inbox")),
        postgresql_partition_by="RANGE (id)",
    )
    op.create_index(
        "ix_crm_inbox_dead",
        "crm_inbox",
        ["org_id", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'dead'"),
    )
    op.create_index(
        "ix_crm_inbox_pending",
        "crm_inbox",
        ["id"],
        unique=False,
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_table(
        "crm_keys",
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("ref_id", sa.UUID(), nullable=False),
        sa.Column("body_hash", postgresql.BYTEA(), nullable=False),
        sa.Column("response", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column(
            "created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("org_id", "scope", "key", name=op.f("pk_crm_keys")),
    )
    op.create_index(
        "ix_crm_keys_expires_at",
        "crm_keys",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("expires_at is not null"),
    )
    op.create_table(
        "crm_orgs",
        sa.Column("id", sa.UUID(), server_default=sa.text("crm_uuid7()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), server_default="UTC", nullable=False),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("currency", sa.Text(), server_default="USD", nullable=False),
        sa.Column(
            "created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column(
            "updated_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crm_orgs")),
        sa.UniqueConstraint("name", name=op.f("uq_crm_orgs_name")),
    )
    op.create_table(
        "crm_pipelines",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("is_default", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), server_default=sa.text("crm_uuid7()"), nullable=False),
        sa.Column(
            "created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column(
            "updated_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["crm_orgs.id"], name=op.f("fk_crm_pipelines_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_crm_pipelines")),
        sa.UniqueConstraint("org_id", "name", name=op.f("uq_crm_pipelines_org_id_name")),
    )
    op.create_index(
        "uq_crm_pipelines_default",
        "crm_pipelines",
        ["org_id"],
        unique=True,
        postgresql_where=sa.text("is_default"),
    )
    op.create_table(
        "crm_sequences",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("is_default", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), server_default=sa.text("crm_uuid7()"), nullable=False),
        sa.Column(
            "created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column(
            "updated_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["crm_orgs.id"], name=op.f("fk_crm_sequences_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_crm_sequences")),
        sa.UniqueConstraint("org_id", "name", name=op.f("uq_crm_sequences_org_id_name")),
    )
    op.create_index(
        "uq_crm_sequences_default",
        "crm_sequences",
        ["org_id"],
        unique=True,
        postgresql_where=sa.text("is_default"),
    )
    op.create_table(
        "crm_settings",
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), server_default=sa.text("crm_uuid7()"), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column(
            "value",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "updated_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["crm_orgs.id"], name=op.f("fk_crm_settings_org_id")),
        sa.PrimaryKeyConstraint("org_id", "key", name=op.f("pk_crm_settings")),
    )
    op.create_table(
        "crm_suppressions",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), server_default=sa.text("crm_uuid7()"), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["crm_orgs.id"], name=op.f("fk_crm_suppressions_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_crm_suppressions")),
        sa.UniqueConstraint(
            "org_id", "channel", "address", name=op.f("uq_crm_suppressions_org_id_channel_address")
        ),
    )
    op.create_table(
        "crm_teams",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.UUID(), nullable=True),
        sa.Column("timezone", sa.Text(), nullable=True),
        sa.Column("business_hours", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), server_default=sa.text("crm_uuid7()"), nullable=False),
        sa.Column(
            "created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column(
            "updated_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "parent_id"],
            ["crm_teams.org_id", "crm_teams.id"],
            name=op.f("fk_crm_teams_org_id_parent_id"),
        ),
        sa.ForeignKeyConstraint(["org_id"], ["crm_orgs.id"], name=op.f("fk_crm_teams_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_crm_teams")),
        sa.UniqueConstraint("org_id", "name", name=op.f("uq_crm_teams_org_id_name")),
    )
    op.create_table(
        "crm_templates",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), server_default="email", nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), server_default=sa.text("crm_uuid7()"), nullable=False),
        sa.Column(
            "created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column(
            "updated_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["crm_orgs.id"], name=op.f("fk_crm_templates_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_crm_templates")),
        sa.UniqueConstraint("org_id", "name", name=op.f("uq_crm_templates_org_id_name")),
    )
    op.create_table(
        "crm_users",
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), server_default="rep", nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("timezone", sa.Text(), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("takes_leads", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("last_assigned_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), server_default=sa.text("crm_uuid7()"), nullable=False),
        sa.Column(
            "created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column(
            "updated_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("role in ('admin', 'manager', 'rep', 'viewer')", name=op.f("ck_crm_users_role")),
        sa.ForeignKeyConstraint(["org_id"], ["crm_orgs.id"], name=op.f("fk_crm_users_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_crm_users")),
        sa.UniqueConstraint("org_id", "email", name=op.f("uq_crm_users_org_id_email")),
    )
    op.create_table(
        "crm_memberships",
        sa.Column("team_id", sa.UUID(), nullable=False),
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), server_default=sa.text("crm_uuid7()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "team_id"],
            ["crm_teams.org_id", "crm_teams.id"],
            name=op.f("fk_crm_memberships_org_id_team_id"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "user_id"],
            ["crm_users.org_id", "crm_users.id"],
            name=op.f("fk_crm_memberships_org_id_user_id"),
        ),
        sa.ForeignKeyConstraint(["org_id"], ["crm_orgs.id"], name=op.f("fk_crm_memberships_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_crm_memberships")),
        sa.UniqueConstraint(
            "org_id", "user_id", "team_id", name=op.f("uq_crm_memberships_org_id_user_id_team_id")
        ),
    )
    op.create_table(
        "crm_pipeline_stages",
        sa.Column("org_id", sa.UUID(), server_default=sa.text("crm_default_org()"), nullable=False),
        sa.Column("pipeline_id", sa.UUID(), server_default=sa.text("crm_default_pipeline()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("order_index", sa.Integer(), nullable=False),
        sa.Column("probability", sa.Integer(), nullable=False),
        sa.Column("color", sa.Text(), nullable=True),
        sa.Column("id", sa.UUID(), server_default=sa.text("crm_uuid7()"), nullable=False),
        sa.Column(
            "created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column(
            "updated_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("probability between 0 and 100", name=op.f("ck_crm_pipeline_stages_probability")),
        sa.ForeignKeyConstraint(
            ["org_id", "pipeline_id"],
            ["crm_pipelines.org_id", "crm_pipelines.id"],
            name=op.f("fk_crm_pipeline_stages_org_id_pipeline_id"),
        ),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_crm_pipeline_stages")),
        sa.UniqueConstraint(
            "org_id", "pipeline_id", "name", name=op.f("uq_crm_pipeline_stages_org_id_pipeline_id_name")
        ),
    )
    op.create_table(
        "crm_sequence_versions",
        sa.Column("sequence_id", sa.UUID(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), server_default="draft", nullable=False),
        sa.Column(
            "created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), server_default=sa.text("crm_uuid7()"), nullable=False),
        sa.CheckConstraint(
            "state in ('draft', 'live', 'archived')", name=op.f("ck_crm_sequence_versions_state")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "sequence_id"],
            ["crm_sequences.org_id", "crm_sequences.id"],
            name=op.f("fk_crm_sequence_versions_org_id_sequence_id"),
        ),
        sa.ForeignKeyConstraint(["org_id"], ["crm_orgs.id"], name=op.f("fk_crm_sequence_versions_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_crm_sequence_versions")),
        sa.UniqueConstraint(
            "org_id", "sequence_id", "number", name=op.f("uq_crm_sequence_versions_org_id_sequence_id_number")
        ),
    )
    op.create_index(
        "uq_crm_sequence_versions_live",
        "crm_sequence_versions",
        ["org_id", "sequence_id"],
        unique=True,
        postgresql_where=sa.text("state = 'live'"),
    )
    op.create_table(
        "crm_sources",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), server_default="auto", nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column(
            "mapping",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "defaults",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("honeypot", sa.Text(), nullable=True),
        sa.Column("rate_per_minute", sa.Integer(), nullable=True),
        sa.Column("team_id", sa.UUID(), nullable=True),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), server_default=sa.text("crm_uuid7()"), nullable=False),
        sa.Column(
            "created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column(
            "updated_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "team_id"],
            ["crm_teams.org_id", "crm_teams.id"],
            name=op.f("fk_crm_sources_org_id_team_id"),
        ),
        sa.ForeignKeyConstraint(["org_id"], ["crm_orgs.id"], name=op.f("fk_crm_sources_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_crm_sources")),
        sa.UniqueConstraint("org_id", "name", name=op.f("uq_crm_sources_org_id_name")),
    )
    op.create_index("ix_crm_sources_name", "crm_sources", ["name"], unique=False)
    op.create_index("uq_crm_sources_token", "crm_sources", ["token"], unique=True)
    op.create_table(
        "crm_api_keys",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("secret_hash", postgresql.BYTEA(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("user_id", sa.UUID(), nullable=True),
        sa.Column("source_id", sa.UUID(), nullable=True),
        sa.Column(
            "created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("revoked_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("last_used_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), server_default=sa.text("crm_uuid7()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "source_id"],
            ["crm_sources.org_id", "crm_sources.id"],
            name=op.f("fk_crm_api_keys_org_id_source_id"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "user_id"],
            ["crm_users.org_id", "crm_users.id"],
            name=op.f("fk_crm_api_keys_org_id_user_id"),
        ),
        sa.ForeignKeyConstraint(["org_id"], ["crm_orgs.id"], name=op.f("fk_crm_api_keys_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_crm_api_keys")),
    )
    op.create_index("uq_crm_api_keys_prefix", "crm_api_keys", ["prefix"], unique=True)
    op.create_table(
        "crm_leads",
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), server_default="api", nullable=False),
        sa.Column("source_id", sa.UUID(), nullable=True),
        sa.Column("first_name", sa.Text(), nullable=True),
        sa.Column("last_name", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("company", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default="new", nullable=False),
        sa.Column("value", sa.Numeric(precision=20, scale=2), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("probability", sa.Integer(), nullable=True),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("score_band", sa.Text(), nullable=True),
        sa.Column(
            "score_reasons",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column("scored_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("rescore_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("last_contact", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("next_action_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("timezone", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column(
            "utm",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "consent",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("tags", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column(
            "custom",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "ai_insights",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("automation", sa.Text(), server_default="pending", nullable=False),
        sa.Column("deleted_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), server_default=sa.text("crm_uuid7()"), nullable=False),
        sa.Column("team_id", sa.UUID(), nullable=True),
        sa.Column("owner_id", sa.UUID(), nullable=True),
        sa.Column(
            "created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column(
            "updated_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("automation in ('pending', 'done', 'off')", name=op.f("ck_crm_leads_automation")),
        sa.CheckConstraint(
            "status in ('new', 'contacted', 'qualified', 'converted', 'lost', 'unqualified')",
            name=op.f("ck_crm_leads_status"),
        ),
        sa.CheckConstraint("probability between 0 and 100", name=op.f("ck_crm_leads_probability")),
        sa.CheckConstraint("score between 0 and 100", name=op.f("ck_crm_leads_score")),
        sa.ForeignKeyConstraint(
            ["org_id", "owner_id"],
            ["crm_users.org_id", "crm_users.id"],
            name=op.f("fk_crm_leads_org_id_owner_id"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "source_id"],
            ["crm_sources.org_id", "crm_sources.id"],
            name=op.f("fk_crm_leads_org_id_source_id"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "team_id"],
            ["crm_teams.org_id", "crm_teams.id"],
            name=op.f("fk_crm_leads_org_id_team_id"),
        ),
        sa.ForeignKeyConstraint(["org_id"], ["crm_orgs.id"], name=op.f("fk_crm_leads_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_crm_leads")),
    )
    op.create_index("ix_crm_leads_created_at", "crm_leads", ["org_id", "created_at", "id"], unique=False)
    op.create_index("ix_crm_leads_email", "crm_leads", ["org_id", "email"], unique=False)
    op.create_index("ix_crm_leads_owner_id", "crm_leads", ["org_id", "owner_id", "id"], unique=False)
    op.create_index(
        "ix_crm_leads_open",
        "crm_leads",
        ["org_id", "owner_id"],
        unique=False,
        postgresql_where=sa.text("deleted_at is null and status in ('new', 'contacted', 'qualified')"),
    )
    op.create_index(
        "ix_crm_leads_pending",
        "crm_leads",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("automation = 'pending'"),
    )
    op.create_index("ix_crm_leads_phone", "crm_leads", ["org_id", "phone"], unique=False)
    op.create_index(
        "ix_crm_leads_rescore_at",
        "crm_leads",
        ["rescore_at"],
        unique=False,
        postgresql_where=sa.text("rescore_at is not null"),
    )
    op.create_index(
        "uq_crm_leads_external_id",
        "crm_leads",
        ["org_id", "source", "external_id"],
        unique=True,
        postgresql_where=sa.text("external_id is not null"),
    )
    op.create_table(
        "crm_steps",
        sa.Column("version_id", sa.UUID(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("delay", sa.Interval(), server_default=sa.text("'0'"), nullable=False),
        sa.Column("timing", sa.Text(), server_default="business-hours", nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column(
            "config",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), server_default=sa.text("crm_uuid7()"), nullable=False),
        sa.CheckConstraint(
            "channel in ('email', 'sms', 'call', 'task', 'invite', 'webhook')",
            name=op.f("ck_crm_steps_channel"),
        ),
        sa.CheckConstraint("timing in ('at-once', 'business-hours')", name=op.f("ck_crm_steps_timing")),
        sa.ForeignKeyConstraint(
            ["org_id", "version_id"],
            ["crm_sequence_versions.org_id", "crm_sequence_versions.id"],
            name=op.f("fk_crm_steps_org_id_version_id"),
        ),
        sa.ForeignKeyConstraint(["org_id"], ["crm_orgs.id"], name=op.f("fk_crm_steps_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_crm_steps")),
        sa.UniqueConstraint(
            "org_id", "version_id", "position", name=op.f("uq_crm_steps_org_id_version_id_position")
        ),
    )
    op.create_table(
        "crm_assignments",
        sa.Column("lead_id", sa.UUID(), nullable=False),
        sa.Column("user_id", sa.UUID(), nullable=True),
        sa.Column("rule", sa.Text(), server_default="least-open-load", nullable=False),
        sa.Column("verdicts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), server_default=sa.text("crm_uuid7()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "lead_id"],
            ["crm_leads.org_id", "crm_leads.id"],
            name=op.f("fk_crm_assignments_org_id_lead_id"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "user_id"],
            ["crm_users.org_id", "crm_users.id"],
            name=op.f("fk_crm_assignments_org_id_user_id"),
        ),
        sa.ForeignKeyConstraint(["org_id"], ["crm_orgs.id"], name=op.f("fk_crm_assignments_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_crm_assignments")),
    )
    op.create_index(
        "ix_crm_assignments_lead_id", "crm_assignments", ["org_id", "lead_id", "id"], unique=False
    )
    op.create_table(
        "crm_deals",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("lead_id", sa.UUID(), nullable=True),
        sa.Column("stage_id", sa.UUID(), nullable=False),
        sa.Column("status", sa.Text(), server_default="open", nullable=False),
        sa.Column("value", sa.Numeric(precision=20, scale=2), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("probability", sa.Integer(), nullable=True),
        sa.Column("expected_close", sa.Date(), nullable=True),
        sa.Column("closed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column(
            "custom",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "ai_insights",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("deleted_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), server_default=sa.text("crm_uuid7()"), nullable=False),
        sa.Column("team_id", sa.UUID(), nullable=True),
        sa.Column("owner_id", sa.UUID(), nullable=True),
        sa.Column(
            "created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column(
            "updated_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("status in ('open', 'won', 'lost')", name=op.f("ck_crm_deals_status")),
        sa.CheckConstraint("probability between 0 and 100", name=op.f("ck_crm_deals_probability")),
        sa.ForeignKeyConstraint(
            ["org_id", "lead_id"],
            ["crm_leads.org_id", "crm_leads.id"],
            name=op.f("fk_crm_deals_org_id_lead_id"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "owner_id"],
            ["crm_users.org_id", "crm_users.id"],
            name=op.f("fk_crm_deals_org_id_owner_id"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "stage_id"],
            ["crm_pipeline_stages.org_id", "crm_pipeline_stages.id"],
            name=op.f("fk_crm_deals_org_id_stage_id"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "team_id"],
            ["crm_teams.org_id", "crm_teams.id"],
            name=op.f("fk_crm_deals_org_id_team_id"),
        ),
        sa.ForeignKeyConstraint(["org_id"], ["crm_orgs.id"], name=op.f("fk_crm_deals_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_crm_deals")),
    )
    op.create_index("ix_crm_deals_owner_id", "crm_deals", ["org_id", "owner_id", "id"], unique=False)
    op.create_index("ix_crm_deals_stage_id", "crm_deals", ["org_id", "stage_id"], unique=False)
    op.create_table(
        "crm_enrolments",
        sa.Column("lead_id", sa.UUID(), nullable=False),
        sa.Column("sequence_id", sa.UUID(), nullable=False),
        sa.Column("version_id", sa.UUID(), nullable=False),
        sa.Column("state", sa.Text(), server_default="active", nullable=False),
        sa.Column("position", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "plan_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=True
        ),
        sa.Column(
            "enrolled_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), server_default=sa.text("crm_uuid7()"), nullable=False),
        sa.Column("team_id", sa.UUID(), nullable=True),
        sa.Column("owner_id", sa.UUID(), nullable=True),
        sa.Column(
            "created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column(
            "updated_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(
            "state in ('active', 'paused', 'finished', 'stopped')", name=op.f("ck_crm_enrolments_state")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "lead_id"],
            ["crm_leads.org_id", "crm_leads.id"],
            name=op.f("fk_crm_enrolments_org_id_lead_id"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "sequence_id"],
            ["crm_sequences.org_id", "crm_sequences.id"],
            name=op.f("fk_crm_enrolments_org_id_sequence_id"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "version_id"],
            ["crm_sequence_versions.org_id", "crm_sequence_versions.id"],
            name=op.f("fk_crm_enrolments_org_id_version_id"),
        ),
        sa.ForeignKeyConstraint(["org_id"], ["crm_orgs.id"], name=op.f("fk_crm_enrolments_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_crm_enrolments")),
    )
    op.create_index(
        "ix_crm_enrolments_plan_at",
        "crm_enrolments",
        ["plan_at"],
        unique=False,
        postgresql_where=sa.text("state = 'active' and plan_at is not null"),
    )
    op.create_index(
        "uq_crm_enrolments_running",
        "crm_enrolments",
        ["org_id", "lead_id", "sequence_id"],
        unique=True,
        postgresql_where=sa.text("state in ('active', 'paused')"),
    )
    op.create_table(
        "crm_score_history",
        sa.Column("lead_id", sa.UUID(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("previous", sa.Integer(), nullable=True),
        sa.Column("band", sa.Text(), nullable=False),
        sa.Column("reasons", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("scorecard", sa.Text(), server_default="base", nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), server_default=sa.text("crm_uuid7()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "lead_id"],
            ["crm_leads.org_id", "crm_leads.id"],
            name=op.f("fk_crm_score_history_org_id_lead_id"),
        ),
        sa.ForeignKeyConstraint(["org_id"], ["crm_orgs.id"], name=op.f("fk_crm_score_history_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_crm_score_history")),
    )
    op.create_index(
        "ix_crm_score_history_lead_id", "crm_score_history", ["org_id", "lead_id", "id"], unique=False
    )
    op.create_table(
        "crm_activities",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), server_default="none", nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("lead_id", sa.UUID(), nullable=True),
        sa.Column("deal_id", sa.UUID(), nullable=True),
        sa.Column("message_id", sa.UUID(), nullable=True),
        sa.Column("due_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("done_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column(
            "custom",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "ai_insights",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), server_default=sa.text("crm_uuid7()"), nullable=False),
        sa.Column("team_id", sa.UUID(), nullable=True),
        sa.Column("owner_id", sa.UUID(), nullable=True),
        sa.Column(
            "created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column(
            "updated_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("direction in ('in', 'out', 'none')", name=op.f("ck_crm_activities_direction")),
        sa.CheckConstraint(
            "kind in ('call', 'meeting', 'email', 'sms', 'task', 'note', 'submission')",
            name=op.f("ck_crm_activities_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "deal_id"],
            ["crm_deals.org_id", "crm_deals.id"],
            name=op.f("fk_crm_activities_org_id_deal_id"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "lead_id"],
            ["crm_leads.org_id", "crm_leads.id"],
            name=op.f("fk_crm_activities_org_id_lead_id"),
        ),
        sa.ForeignKeyConstraint(["org_id"], ["crm_orgs.id"], name=op.f("fk_crm_activities_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_crm_activities")),
        postgresql_partition_by="RANGE (id)",
    )
    op.create_index("ix_crm_activities_lead_id", "crm_activities", ["org_id", "lead_id", "id"], unique=False)
    op.create_index(
        "ix_crm_activities_open",
        "crm_activities",
        ["org_id", "owner_id", "due_at"],
        unique=False,
        postgresql_where=sa.text("due_at is not null and done_at is null"),
    )
    op.create_table(
        "crm_messages",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("lead_id", sa.UUID(), nullable=True),
        sa.Column("user_id", sa.UUID(), nullable=True),
        sa.Column("enrolment_id", sa.UUID(), nullable=True),
        sa.Column("step_id", sa.UUID(), nullable=True),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column(
            "config",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("rendered", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("priority", sa.Integer(), server_default=sa.text("5"), nullable=False),
        sa.Column("status", sa.Text(), server_default="scheduled", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("due_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column(
            "due_reasons",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("claims", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("lease_token", sa.UUID(), nullable=True),
        sa.Column("lease_until", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("sent_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("provider", sa.Text(), nullable=True),
        sa.Column("provider_id", sa.Text(), nullable=True),
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), server_default=sa.text("crm_uuid7()"), nullable=False),
        sa.Column("team_id", sa.UUID(), nullable=True),
        sa.Column("owner_id", sa.UUID(), nullable=True),
        sa.Column(
            "created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column(
            "updated_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(
            "channel in ('email', 'sms', 'call', 'task', 'invite', 'webhook')",
            name=op.f("ck_crm_messages_channel"),
        ),
        sa.CheckConstraint("recipient in ('lead', 'user')", name=op.f("ck_crm_messages_recipient")),
        sa.CheckConstraint(
            "status in ('scheduled', 'claimed', 'sending', 'sent', 'failed', 'unknown', 'cancelled')",
            name=op.f("ck_crm_messages_status"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "enrolment_id"],
            ["crm_enrolments.org_id", "crm_enrolments.id"],
            name=op.f("fk_crm_messages_org_id_enrolment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "lead_id"],
            ["crm_leads.org_id", "crm_leads.id"],
            name=op.f("fk_crm_messages_org_id_lead_id"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "step_id"],
            ["crm_steps.org_id", "crm_steps.id"],
            name=op.f("fk_crm_messages_org_id_step_id"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "user_id"],
            ["crm_users.org_id", "crm_users.id"],
            name=op.f("fk_crm_messages_org_id_user_id"),
        ),
        sa.ForeignKeyConstraint(["org_id"], ["crm_orgs.id"], name=op.f("fk_crm_messages_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_crm_messages")),
        sa.UniqueConstraint("org_id", "key", name=op.f("uq_crm_messages_org_id_key")),
    )
    op.create_index(
        "ix_crm_messages_due",
        "crm_messages",
        ["priority", "due_at"],
        unique=False,
        postgresql_where=sa.text("status = 'scheduled'"),
    )
    op.create_index("ix_crm_messages_enrolment_id", "crm_messages", ["org_id", "enrolment_id"], unique=False)
    op.create_index("ix_crm_messages_lead_id", "crm_messages", ["org_id", "lead_id", "id"], unique=False)
    op.create_index(
        "ix_crm_messages_leased",
        "crm_messages",
        ["lease_until"],
        unique=False,
        postgresql_where=sa.text("status in ('claimed', 'sending')"),
    )
    op.create_table(
        "crm_message_attempts",
        sa.Column("message_id", sa.UUID(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("lease_token", sa.UUID(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column(
            "started_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("finished_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), server_default=sa.text("crm_uuid7()"), nullable=False),
        sa.CheckConstraint(
            "outcome in ('sent', 'not_sent', 'rejected', 'ambiguous')",
            name=op.f("ck_crm_message_attempts_outcome"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "message_id"],
            ["crm_messages.org_id", "crm_messages.id"],
            name=op.f("fk_crm_message_attempts_org_id_message_id"),
        ),
        sa.ForeignKeyConstraint(["org_id"], ["crm_orgs.id"], name=op.f("fk_crm_message_attempts_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_crm_message_attempts")),
        sa.UniqueConstraint(
            "org_id", "message_id", "number", name=op.f("uq_crm_message_attempts_org_id_message_id_number")
        ),
    )
    for table in PARTITIONED:
        op.execute(f"create table {table}_default partition of {table} default")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
