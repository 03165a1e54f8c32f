"""What is known of a customer once it has bought: subscriptions, support tickets, answers to surveys."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from crm_db.migrations.walls import protect, unprotect

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TRACKED = {
    "crm_subscriptions": "customer_id deal_id external_id product seats amount period currency began_on term_start term_end"
    " term_months auto_renew notice_days status cancelled_at cancel_reason payment_state custom tags deleted_at",
    "crm_support_tickets": "customer_id contact_id external_id subject category priority status opened_at first_answer_at"
    " solved_at custom tags deleted_at",
    "crm_survey_responses": "customer_id contact_id external_id kind score comment answered_at deleted_at",
}
INSIDE = "org_id = (select crm_org())"
SEEN = "((select crm_sees_org()) or owner_id = (select crm_user()) or team_id = any ((select crm_teams())::uuid[]))"
WRITES, CONFIGURES = "(select crm_may_write())", "(select crm_may_configure())"
INHERIT = """
create function crm_inherit_from_customer() returns trigger language plpgsql as $$
begin
    select team_id, owner_id into new.team_id, new.owner_id
    from crm_customers where org_id = new.org_id and id = new.customer_id;
    return new;
end $$;
comment on function crm_inherit_from_customer() is 'What belongs to a customer is seen by whoever sees the customer.';
"""
HAND_ON = """
create or replace function crm_hand_on_visibility_of_customer() returns trigger language plpgsql as $$
begin
    update crm_activities set team_id = new.team_id, owner_id = new.owner_id
    where org_id = new.org_id and customer_id = new.id and lead_id is null and deal_id is null;
    update crm_ai_insights set team_id = new.team_id, owner_id = new.owner_id where org_id = new.org_id and customer_id = new.id;
    update crm_contacts set team_id = new.team_id, owner_id = new.owner_id where org_id = new.org_id and customer_id = new.id;
{more}    return null;
end $$;
"""


def upgrade() -> None:
    _subscriptions()
    _support_tickets()
    _survey_responses()
    op.execute(INHERIT)
    _entities("subscription", "ticket")
    for table, columns in TRACKED.items():
        protect(table)
        _show_with_the_customer(table)
        for role in ("crm_app", "crm_flow"):
            op.execute(f"grant select, insert, update, delete on {table} to {role}")
        op.execute(
            f"create trigger crm_touch before update on {table} for each row"
            " when (old.* is distinct from new.*) execute function crm_touch()"
        )
        op.execute(
            f"create trigger crm_inherit_visibility before insert or update of customer_id on {table}"
            " for each row execute function crm_inherit_from_customer()"
        )
        listed = ", ".join(f"'{column}'" for column in columns.split())
        op.execute(
            f"create trigger crm_log_change after update or delete on {table}"
            f" for each row execute function crm_log_change({listed})"
        )
    handed = (
        "    update {} set team_id = new.team_id, owner_id = new.owner_id"
        " where org_id = new.org_id and customer_id = new.id;\n"
    )
    op.execute(HAND_ON.format(more="".join(handed.format(table) for table in TRACKED)))


def downgrade() -> None:
    op.execute(HAND_ON.format(more=""))
    op.execute("delete from crm_custom_fields where entity in ('subscription', 'ticket')")
    _entities()
    for table in TRACKED:
        for trigger in ("crm_touch", "crm_inherit_visibility", "crm_log_change"):
            op.execute(f"drop trigger {trigger} on {table}")
        unprotect(table)
    op.execute("drop function crm_inherit_from_customer()")
    for table in TRACKED:
        op.drop_table(table)


def _entities(*more: str) -> None:
    """Of which records the fields may be declared."""
    listed = ", ".join(f"'{entity}'" for entity in ("lead", "deal", "activity", "customer", "contact", *more))
    op.drop_constraint(op.f("ck_crm_custom_fields_entity"), "crm_custom_fields", type_="check")
    op.create_check_constraint(
        op.f("ck_crm_custom_fields_entity"), "crm_custom_fields", f"entity in ({listed})"
    )


def _show_with_the_customer(table: str) -> None:
    """Who sees a row is what its owner and team say, which are those of the customer."""
    for verb in ("select", "insert", "update", "delete"):
        op.execute(f"drop policy app_{verb} on {table}")
    may_write = f"{INSIDE} and {WRITES} and {SEEN}"
    op.execute(f"create policy app_select on {table} for select to crm_app using ({INSIDE} and {SEEN})")
    op.execute(f"create policy app_insert on {table} for insert to crm_app with check ({may_write})")
    op.execute(
        f"create policy app_update on {table} for update to crm_app using ({may_write}) with check ({may_write})"
    )
    op.execute(f"create policy app_delete on {table} for delete to crm_app using ({INSIDE} and {CONFIGURES})")


def _subscriptions() -> None:
    op.create_table(
        "crm_subscriptions",
        sa.Column("customer_id", sa.UUID(), nullable=False),
        sa.Column("deal_id", sa.UUID(), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=True),
        sa.Column("amount", sa.Numeric(precision=20, scale=2), nullable=True),
        sa.Column("period", sa.Text(), server_default="year", nullable=False),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("began_on", sa.Date(), nullable=False),
        sa.Column("term_start", sa.Date(), nullable=False),
        sa.Column("term_end", sa.Date(), nullable=False),
        sa.Column("term_months", sa.Integer(), server_default=sa.text("12"), nullable=False),
        sa.Column("auto_renew", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("notice_days", sa.Integer(), server_default=sa.text("30"), nullable=False),
        sa.Column("status", sa.Text(), server_default="active", nullable=False),
        sa.Column("cancelled_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("cancel_reason", sa.Text(), nullable=True),
        sa.Column("payment_state", sa.Text(), nullable=True),
        sa.Column("tags", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column(
            "custom",
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
        sa.CheckConstraint(
            "(status = 'cancelled') = (cancelled_at is not null)",
            name=op.f("ck_crm_subscriptions_cancelled_at"),
        ),
        sa.CheckConstraint(
            "payment_state in ('current', 'overdue', 'failed')",
            name=op.f("ck_crm_subscriptions_payment_state"),
        ),
        sa.CheckConstraint(
            "period in ('month', 'quarter', 'year')", name=op.f("ck_crm_subscriptions_period")
        ),
        sa.CheckConstraint(
            "status in ('active', 'cancelled', 'ended')", name=op.f("ck_crm_subscriptions_status")
        ),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_crm_subscriptions_amount")),
        sa.CheckConstraint("notice_days >= 0", name=op.f("ck_crm_subscriptions_notice_days")),
        sa.CheckConstraint("seats > 0", name=op.f("ck_crm_subscriptions_seats")),
        sa.CheckConstraint("term_end >= term_start", name=op.f("ck_crm_subscriptions_term")),
        sa.CheckConstraint("term_months > 0", name=op.f("ck_crm_subscriptions_term_months")),
        sa.ForeignKeyConstraint(
            ["org_id", "customer_id"],
            ["crm_customers.org_id", "crm_customers.id"],
            name=op.f("fk_crm_subscriptions_org_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "deal_id"],
            ["crm_deals.org_id", "crm_deals.id"],
            name=op.f("fk_crm_subscriptions_org_id_deal_id"),
        ),
        sa.ForeignKeyConstraint(["org_id"], ["crm_orgs.id"], name=op.f("fk_crm_subscriptions_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_crm_subscriptions")),
    )
    op.create_index(
        "ix_crm_subscriptions_created_at", "crm_subscriptions", ["org_id", "created_at", "id"], unique=False
    )
    op.create_index(
        "ix_crm_subscriptions_custom",
        "crm_subscriptions",
        ["org_id", "custom"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"custom": "jsonb_path_ops"},
    )
    op.create_index(
        "ix_crm_subscriptions_customer_id", "crm_subscriptions", ["org_id", "customer_id", "id"], unique=False
    )
    op.create_index("ix_crm_subscriptions_deal_id", "crm_subscriptions", ["org_id", "deal_id"], unique=False)
    op.create_index(
        "ix_crm_subscriptions_owner_id",
        "crm_subscriptions",
        ["org_id", "owner_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_crm_subscriptions_search",
        "crm_subscriptions",
        [
            "org_id",
            sa.literal_column(
                "lower((COALESCE(product, ''::text) || ' '::text) || COALESCE(external_id, ''::text))"
            ).label("words"),
        ],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"words": "gin_trgm_ops"},
    )
    op.create_index(
        "ix_crm_subscriptions_term_end", "crm_subscriptions", ["org_id", "term_end", "id"], unique=False
    )
    op.create_index(
        "uq_crm_subscriptions_external_id",
        "crm_subscriptions",
        ["org_id", "external_id"],
        unique=True,
        postgresql_where=sa.text("external_id is not null"),
    )


def _support_tickets() -> None:
    op.create_table(
        "crm_support_tickets",
        sa.Column("customer_id", sa.UUID(), nullable=False),
        sa.Column("contact_id", sa.UUID(), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("priority", sa.Text(), server_default="normal", nullable=False),
        sa.Column("status", sa.Text(), server_default="open", nullable=False),
        sa.Column("opened_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("first_answer_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("solved_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("tags", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column(
            "custom",
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
        sa.CheckConstraint(
            "(status in ('solved', 'closed')) = (solved_at is not null)",
            name=op.f("ck_crm_support_tickets_solved"),
        ),
        sa.CheckConstraint(
            "priority in ('low', 'normal', 'high', 'urgent')", name=op.f("ck_crm_support_tickets_priority")
        ),
        sa.CheckConstraint(
            "status in ('open', 'waiting', 'solved', 'closed')", name=op.f("ck_crm_support_tickets_status")
        ),
        sa.CheckConstraint(
            "first_answer_at >= opened_at", name=op.f("ck_crm_support_tickets_first_answer_at")
        ),
        sa.CheckConstraint("solved_at >= opened_at", name=op.f("ck_crm_support_tickets_solved_at")),
        sa.ForeignKeyConstraint(
            ["org_id", "contact_id"],
            ["crm_contacts.org_id", "crm_contacts.id"],
            name=op.f("fk_crm_support_tickets_org_id_contact_id"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "customer_id"],
            ["crm_customers.org_id", "crm_customers.id"],
            name=op.f("fk_crm_support_tickets_org_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(["org_id"], ["crm_orgs.id"], name=op.f("fk_crm_support_tickets_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_crm_support_tickets")),
    )
    op.create_index(
        "ix_crm_support_tickets_created_at",
        "crm_support_tickets",
        ["org_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_crm_support_tickets_custom",
        "crm_support_tickets",
        ["org_id", "custom"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"custom": "jsonb_path_ops"},
    )
    op.create_index(
        "ix_crm_support_tickets_customer_id",
        "crm_support_tickets",
        ["org_id", "customer_id", "id"],
        unique=False,
    )
    op.create_index(
        "ix_crm_support_tickets_opened_at", "crm_support_tickets", ["org_id", "opened_at", "id"], unique=False
    )
    op.create_index(
        "ix_crm_support_tickets_owner_id",
        "crm_support_tickets",
        ["org_id", "owner_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_crm_support_tickets_search",
        "crm_support_tickets",
        [
            "org_id",
            sa.literal_column(
                "lower((((COALESCE(subject, ''::text) || ' '::text) || COALESCE(category, ''::text)) || ' '::text)"
                " || COALESCE(external_id, ''::text))"
            ).label("words"),
        ],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"words": "gin_trgm_ops"},
    )
    op.create_index(
        "uq_crm_support_tickets_external_id",
        "crm_support_tickets",
        ["org_id", "external_id"],
        unique=True,
        postgresql_where=sa.text("external_id is not null"),
    )


def _survey_responses() -> None:
    op.create_table(
        "crm_survey_responses",
        sa.Column("customer_id", sa.UUID(), nullable=False),
        sa.Column("contact_id", sa.UUID(), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("answered_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
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
        sa.CheckConstraint(
            "case kind when 'nps' then score between 0 and 10 when 'csat' then score between 1 and 5"
            " else score between 1 and 7 end",
            name=op.f("ck_crm_survey_responses_score"),
        ),
        sa.CheckConstraint("kind in ('nps', 'csat', 'ces')", name=op.f("ck_crm_survey_responses_kind")),
        sa.ForeignKeyConstraint(
            ["org_id", "contact_id"],
            ["crm_contacts.org_id", "crm_contacts.id"],
            name=op.f("fk_crm_survey_responses_org_id_contact_id"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "customer_id"],
            ["crm_customers.org_id", "crm_customers.id"],
            name=op.f("fk_crm_survey_responses_org_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(["org_id"], ["crm_orgs.id"], name=op.f("fk_crm_survey_responses_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_crm_survey_responses")),
    )
    op.create_index(
        "ix_crm_survey_responses_answered_at",
        "crm_survey_responses",
        ["org_id", "answered_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_crm_survey_responses_created_at",
        "crm_survey_responses",
        ["org_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_crm_survey_responses_customer_id",
        "crm_survey_responses",
        ["org_id", "customer_id", "id"],
        unique=False,
    )
    op.create_index(
        "ix_crm_survey_responses_owner_id",
        "crm_survey_responses",
        ["org_id", "owner_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        "uq_crm_survey_responses_external_id",
        "crm_survey_responses",
        ["org_id", "external_id"],
        unique=True,
        postgresql_where=sa.text("external_id is not null"),
    )
