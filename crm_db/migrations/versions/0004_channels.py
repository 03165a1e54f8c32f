"""Senders' own formats, what the capture flow fetches, evidence for doubtful messages, and alerts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from crm_db.migrations.walls import protect, unprotect

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ALL = "select, insert, update, delete"
NEW_SOURCE_COLUMNS = "allowed_origins, thank_you_url"


def upgrade() -> None:
    _sources()
    op.add_column("crm_inbox", sa.Column("fetched", postgresql.BYTEA(), nullable=True))
    op.add_column("crm_inbox", sa.Column("fetches", sa.Integer(), server_default="0", nullable=False))
    op.add_column("crm_inbox", sa.Column("not_before", sa.TIMESTAMP(timezone=True), nullable=True))
    op.add_column("crm_messages", sa.Column("check_at", sa.TIMESTAMP(timezone=True), nullable=True))
    op.add_column("crm_messages", sa.Column("checks", sa.Integer(), server_default="0", nullable=False))
    op.create_index(
        "ix_crm_messages_check_at",
        "crm_messages",
        ["check_at"],
        postgresql_where=sa.text("status = 'unknown' and check_at is not null"),
    )
    op.create_index(
        "ix_crm_messages_entries",
        "crm_messages",
        [sa.text("((rendered -> 'slot'::text) ->> 'ends'::text)")],
        postgresql_where=sa.text("channel = 'invite' and status in ('sending', 'sent', 'unknown')"),
    )
    op.create_index(
        "ix_crm_messages_lacking",
        "crm_messages",
        ["created_at"],
        postgresql_where=sa.text("status = 'cancelled' and reason in ('no address', 'no telephone number')"),
    )
    op.create_check_constraint(op.f("ck_crm_messages_priority"), "crm_messages", "priority in (1, 3, 5, 9)")
    _alerts()


def downgrade() -> None:
    op.drop_constraint(op.f("ck_crm_messages_priority"), "crm_messages")
    unprotect("crm_alerts")
    op.drop_table("crm_alerts")
    for index in ("ix_crm_messages_lacking", "ix_crm_messages_entries", "ix_crm_messages_check_at"):
        op.drop_index(index, "crm_messages")
    op.drop_column("crm_messages", "checks")
    op.drop_column("crm_messages", "check_at")
    for column in ("not_before", "fetches", "fetched"):
        op.drop_column("crm_inbox", column)
    op.execute("drop index uq_crm_sources_form_token")
    for column in ("access_token", "thank_you_url", "allowed_origins", "form_token"):
        op.drop_column("crm_sources", column)


def _sources() -> None:
    op.add_column("crm_sources", sa.Column("form_token", sa.Text(), nullable=True))
    op.add_column(
        "crm_sources",
        sa.Column("allowed_origins", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
    )
    op.add_column("crm_sources", sa.Column("thank_you_url", sa.Text(), nullable=True))
    op.add_column("crm_sources", sa.Column("access_token", sa.Text(), nullable=True))
    op.create_index("uq_crm_sources_form_token", "crm_sources", ["form_token"], unique=True)
    for role in ("crm_app", "crm_flow"):
        op.execute(f"grant select ({NEW_SOURCE_COLUMNS}) on crm_sources to {role}")
    op.execute(
        "grant select (secret, access_token) on crm_sources to crm_flow"
    )  # it asks the sender for the lead


def _alerts() -> None:
    op.create_table(
        "crm_alerts",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), server_default="warning", nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("detail", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("entity", sa.Text(), nullable=True),
        sa.Column("entity_id", sa.UUID(), nullable=True),
        sa.Column("count", sa.Integer(), server_default="1", nullable=False),
        sa.Column("first_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("resolved_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("team_id", sa.UUID(), nullable=True),
        sa.Column("owner_id", sa.UUID(), nullable=True),
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), server_default=sa.text("crm_uuid7()"), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "severity in ('info', 'warning', 'critical')", name=op.f("ck_crm_alerts_severity")
        ),
        sa.CheckConstraint("state in ('open', 'resolved')", name=op.f("ck_crm_alerts_state")),
        sa.ForeignKeyConstraint(["org_id"], ["crm_orgs.id"], name=op.f("fk_crm_alerts_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_crm_alerts")),
    )
    op.create_index(
        "uq_crm_alerts_open",
        "crm_alerts",
        ["org_id", "key"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index("ix_crm_alerts_last_at", "crm_alerts", ["org_id", "state", "last_at"])
    protect("crm_alerts")
    op.execute(
        "create trigger crm_touch before update on crm_alerts for each row"
        " when (old.* is distinct from new.*) execute function crm_touch()"
    )
    for role in ("crm_app", "crm_flow"):
        op.execute(f"grant {ALL} on crm_alerts to {role}")
