"""Leads that became deals, and the last contact with a lead or deal, kept as activities are done."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from crm_db.migrations.walls import protect, unprotect

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

LAST_CONTACT = """
create function crm_contact_happened() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    happened timestamptz := least(new.done_at, now());
begin
    update crm_deals set last_activity_at = happened
    where org_id = new.org_id and id = new.deal_id and (last_activity_at is null or last_activity_at < happened);
    update crm_leads set last_contact = happened, rescore_at = case when scored_at is null then rescore_at else now() end
    where org_id = new.org_id and id = new.lead_id and (last_contact is null or last_contact < happened);
    return null;
end $$;
comment on function crm_contact_happened() is 'Keeps when somebody last spoke with a lead, or about a deal; it never goes back.';

create trigger crm_contact_happened after insert or update of done_at, kind, lead_id, deal_id, deleted_at on crm_activities
for each row when (new.done_at is not null and new.deleted_at is null and new.kind in ('call', 'meeting', 'email', 'sms'))
execute function crm_contact_happened();
"""
INSIDE = "org_id = (select crm_org())"
WRITES, CONFIGURES = "(select crm_may_write())", "(select crm_may_configure())"
SEEN = (
    "exists (select from crm_leads parent where parent.org_id = crm_conversions.org_id"
    " and parent.id = crm_conversions.lead_id)"
)


def upgrade() -> None:
    _conversions()
    protect("crm_conversions")
    for role in ("crm_app", "crm_flow"):
        op.execute(f"grant select, insert, update on crm_conversions to {role}")
    _show_with_the_lead()
    op.create_index("ix_crm_enrolments_lead_id", "crm_enrolments", ["org_id", "lead_id"], unique=False)
    op.execute(LAST_CONTACT)


def downgrade() -> None:
    op.execute("drop trigger crm_contact_happened on crm_activities")
    op.execute("drop function crm_contact_happened()")
    op.drop_index("ix_crm_enrolments_lead_id", table_name="crm_enrolments")
    unprotect("crm_conversions")
    op.drop_table("crm_conversions")


def _show_with_the_lead() -> None:
    """Whoever sees a lead sees what became of it."""
    for verb in ("select", "insert", "update", "delete"):
        op.execute(f"drop policy app_{verb} on crm_conversions")
    may_write = f"{INSIDE} and {WRITES} and {SEEN}"
    op.execute(
        f"create policy app_select on crm_conversions for select to crm_app using ({INSIDE} and {SEEN})"
    )
    op.execute(f"create policy app_insert on crm_conversions for insert to crm_app with check ({may_write})")
    op.execute(
        f"create policy app_update on crm_conversions for update to crm_app using ({may_write}) with check ({may_write})"
    )
    op.execute(
        f"create policy app_delete on crm_conversions for delete to crm_app using ({INSIDE} and {CONFIGURES})"
    )


def _conversions() -> None:
    named = {"lead_id": False, "deal_id": False, "customer_id": True, "contact_id": True}
    op.create_table(
        "crm_conversions",
        *(sa.Column(name, sa.UUID(), nullable=nullable) for name, nullable in named.items()),
        sa.Column("lead_status", sa.Text(), nullable=False),
        sa.Column("lead_closed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("undone_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), server_default=sa.text("crm_uuid7()"), nullable=False),
        *(
            sa.ForeignKeyConstraint(
                ["org_id", name],
                [f"crm_{name.removesuffix('_id')}s.org_id", f"crm_{name.removesuffix('_id')}s.id"],
                name=op.f(f"fk_crm_conversions_org_id_{name}"),
            )
            for name in named
        ),
        sa.ForeignKeyConstraint(["org_id"], ["crm_orgs.id"], name=op.f("fk_crm_conversions_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_crm_conversions")),
    )
    op.create_index(
        "ix_crm_conversions_lead_id", "crm_conversions", ["org_id", "lead_id", "id"], unique=False
    )
    op.create_index(
        "uq_crm_conversions_standing",
        "crm_conversions",
        ["org_id", "lead_id"],
        unique=True,
        postgresql_where=sa.text("undone_at is null"),
    )
