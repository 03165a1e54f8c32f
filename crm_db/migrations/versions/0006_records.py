"""The records: customers, contacts, the ways of deals, goals, insights, reports, fields of an org's own; and finding them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from crm_db.migrations.walls import protect, unprotect

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ALL = "select, insert, update, delete"
RIGHTS = {
    "crm_customers": ALL,
    "crm_contacts": ALL,
    "crm_sales_goals": ALL,
    "crm_ai_insights": ALL,
    "crm_reports": ALL,
    "crm_custom_fields": ALL,
    "crm_deal_stage_history": "select",
}
SEARCHED = {
    "crm_leads": "first_name last_name email phone company title",
    "crm_deals": "name next_step",
    "crm_activities": "subject outcome next_action",
    "crm_customers": "name email phone website",
    "crm_contacts": "first_name last_name email phone title",
}
INHERITING = ("crm_contacts", "crm_ai_insights", "crm_activities")
TRACKED = {
    "crm_deals": "external_id name source lead_id customer_id stage_id status value currency recurring_amount recurring_period"
    " probability probability_fixed expected_close closed_at lost_reason competitors next_step next_step_at owner_id team_id"
    " custom tags deleted_at",
    "crm_activities": "kind subject body outcome sentiment next_action duration_minutes due_at done_at lead_id deal_id"
    " customer_id custom tags deleted_at",
    "crm_customers": "external_id name lead_id status email phone website industry segment country timezone language"
    " recurring_amount currency since churned_at churn_reason owner_id team_id custom tags deleted_at",
    "crm_contacts": "customer_id first_name last_name email phone title is_primary consent custom tags deleted_at",
    "crm_sales_goals": "name metric target currency period_start period_end owner_id team_id deleted_at",
    "crm_pipeline_stages": "name order_index probability color kind rotting_days requires",
    "crm_teams": "name parent_id business_hours visibility",
    "crm_custom_fields": "entity name label type options required active",
}
TRACKED_BEFORE = {
    "crm_deals": "name lead_id stage_id status value currency probability expected_close owner_id team_id custom deleted_at",
    "crm_activities": "kind subject body outcome due_at done_at lead_id deal_id",
    "crm_pipeline_stages": "name order_index probability color",
    "crm_teams": "name parent_id business_hours",
}

STAGES = """
create function crm_stage_kind() returns trigger language plpgsql as $$
begin
    new.kind := case new.probability when 100 then 'won' when 0 then 'lost' else 'open' end;
    return new;
end $$;
comment on function crm_stage_kind() is 'What a stage is of which only the probability was told.';

create trigger crm_stage_kind before insert on crm_pipeline_stages for each row when (new.kind is null)
execute function crm_stage_kind();
"""

DEALS = """
create function crm_deal_moves() returns trigger language plpgsql as $$
declare
    stage crm_pipeline_stages;
begin
    select * into stage from crm_pipeline_stages where org_id = new.org_id and id = new.stage_id;
    if not found then
        return new;  -- the foreign key says it better
    end if;
    new.pipeline_id := stage.pipeline_id;
    if tg_op = 'INSERT' or new.stage_id is distinct from old.stage_id then
        new.status := stage.kind;
        if stage.kind = 'open' then
            new.closed_at := null;
            new.lost_reason := null;
        else
            new.closed_at := case when tg_op = 'INSERT' or new.closed_at is distinct from old.closed_at
                                  then coalesce(new.closed_at, now()) else now() end;
            new.probability_fixed := false;
        end if;
        if tg_op = 'UPDATE' then
            new.stage_entered_at := now();
        end if;
    end if;
    if not new.probability_fixed then
        new.probability := stage.probability;
    end if;
    return new;
end $$;
comment on function crm_deal_moves() is 'A deal is what its stage says: pipeline, status, and probability unless that is fixed.';

create trigger crm_deal_moves before insert or update of stage_id, probability, probability_fixed on crm_deals
for each row execute function crm_deal_moves();

create function crm_deal_went() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    update crm_deal_stage_history set left_at = new.stage_entered_at
    where org_id = new.org_id and deal_id = new.id and left_at is null;
    insert into crm_deal_stage_history (org_id, deal_id, stage_id, entered_at, value, actor)
    values (new.org_id, new.id, new.stage_id, new.stage_entered_at, new.value, crm_actor());
    return null;
end $$;
comment on function crm_deal_went() is 'Keeps the way that a deal has gone.';

create trigger crm_deal_began after insert on crm_deals for each row execute function crm_deal_went();
create trigger crm_deal_went after update on crm_deals for each row
when (old.stage_id is distinct from new.stage_id) execute function crm_deal_went();
"""

VISIBILITY = """
create function crm_inherit_from_record() returns trigger language plpgsql as $$
declare
    parent jsonb := to_jsonb(new);
begin
    if parent ->> 'lead_id' is not null and tg_table_name <> 'crm_contacts' then
        select team_id, owner_id into new.team_id, new.owner_id
        from crm_leads where org_id = new.org_id and id = (parent ->> 'lead_id')::uuid;
    elsif parent ->> 'deal_id' is not null then
        select team_id, owner_id into new.team_id, new.owner_id
        from crm_deals where org_id = new.org_id and id = (parent ->> 'deal_id')::uuid;
    elsif parent ->> 'customer_id' is not null then
        select team_id, owner_id into new.team_id, new.owner_id
        from crm_customers where org_id = new.org_id and id = (parent ->> 'customer_id')::uuid;
    end if;
    return new;
end $$;
comment on function crm_inherit_from_record() is 'What belongs to a lead, deal or customer is seen by whoever sees that.';

create or replace function crm_hand_on_visibility() returns trigger language plpgsql as $$
begin
    update crm_activities set team_id = new.team_id, owner_id = new.owner_id where org_id = new.org_id and lead_id = new.id;
    update crm_enrolments set team_id = new.team_id, owner_id = new.owner_id where org_id = new.org_id and lead_id = new.id;
    update crm_messages set team_id = new.team_id, owner_id = new.owner_id where org_id = new.org_id and lead_id = new.id;
    update crm_ai_insights set team_id = new.team_id, owner_id = new.owner_id where org_id = new.org_id and lead_id = new.id;
    return null;
end $$;

create function crm_hand_on_visibility_of_deal() returns trigger language plpgsql as $$
begin
    update crm_activities set team_id = new.team_id, owner_id = new.owner_id
    where org_id = new.org_id and deal_id = new.id and lead_id is null;
    update crm_ai_insights set team_id = new.team_id, owner_id = new.owner_id where org_id = new.org_id and deal_id = new.id;
    return null;
end $$;

create function crm_hand_on_visibility_of_customer() returns trigger language plpgsql as $$
begin
    update crm_activities set team_id = new.team_id, owner_id = new.owner_id
    where org_id = new.org_id and customer_id = new.id and lead_id is null and deal_id is null;
    update crm_ai_insights set team_id = new.team_id, owner_id = new.owner_id where org_id = new.org_id and customer_id = new.id;
    update crm_contacts set team_id = new.team_id, owner_id = new.owner_id where org_id = new.org_id and customer_id = new.id;
    return null;
end $$;
"""
HANDED_ON = "old.team_id is distinct from new.team_id or old.owner_id is distinct from new.owner_id"
BEFORE = """
create or replace function crm_hand_on_visibility() returns trigger language plpgsql as $$
begin
    update crm_activities set team_id = new.team_id, owner_id = new.owner_id
    where org_id = new.org_id and lead_id = new.id;
    update crm_enrolments set team_id = new.team_id, owner_id = new.owner_id
    where org_id = new.org_id and lead_id = new.id;
    update crm_messages set team_id = new.team_id, owner_id = new.owner_id
    where org_id = new.org_id and lead_id = new.id;
    return null;
end $$;
"""


def upgrade() -> None:
    op.execute("create extension if not exists pg_trgm")
    op.execute("create extension if not exists btree_gin")
    _stages()
    _tables()
    _columns()
    _deals()
    for table, columns in SEARCHED.items():
        _search(table, columns.split())
    for table, rights in RIGHTS.items():
        protect(table)
        for role in ("crm_app", "crm_flow"):
            op.execute(f"grant {rights} on {table} to {role}")
        if table != "crm_deal_stage_history":
            op.execute(
                f"create trigger crm_touch before update on {table} for each row"
                " when (old.* is distinct from new.*) execute function crm_touch()"
            )
    op.execute(VISIBILITY)
    op.execute("drop trigger crm_inherit_visibility on crm_activities")
    for table in INHERITING:
        parents = "customer_id" if table == "crm_contacts" else "lead_id, deal_id, customer_id"
        op.execute(
            f"create trigger crm_inherit_visibility before insert or update of {parents} on {table}"
            " for each row execute function crm_inherit_from_record()"
        )
    for record in ("deal", "customer"):
        op.execute(
            f"create trigger crm_hand_on_visibility after update of team_id, owner_id on crm_{record}s for each row"
            f" when ({HANDED_ON}) execute function crm_hand_on_visibility_of_{record}()"
        )
    for table, columns in TRACKED.items():
        _track(table, columns)


def downgrade() -> None:
    for table in TRACKED:
        op.execute(f"drop trigger crm_log_change on {table}")
    for table in INHERITING:
        op.execute(f"drop trigger crm_inherit_visibility on {table}")
    for record in ("deal", "customer"):
        op.execute(f"drop trigger crm_hand_on_visibility on crm_{record}s")
        op.execute(f"drop function crm_hand_on_visibility_of_{record}()")
    op.execute(BEFORE)
    op.execute("drop function crm_inherit_from_record()")
    op.execute(
        "create trigger crm_inherit_visibility before insert or update of lead_id on crm_activities"
        " for each row execute function crm_inherit_visibility()"
    )
    for table in RIGHTS:
        unprotect(table)
    for trigger in ("crm_deal_moves", "crm_deal_began", "crm_deal_went"):
        op.execute(f"drop trigger {trigger} on crm_deals")
    op.execute("drop function crm_deal_moves(); drop function crm_deal_went()")
    op.execute("drop trigger crm_stage_kind on crm_pipeline_stages; drop function crm_stage_kind()")
    for table in SEARCHED:
        op.drop_index(f"ix_{table}_custom", table_name=table)
        op.drop_index(f"ix_{table}_search", table_name=table)
    _without_columns_and_tables()
    for table, columns in TRACKED_BEFORE.items():
        _track(table, columns)
    op.execute("drop extension btree_gin")
    op.execute("drop extension pg_trgm")


def _track(table: str, columns: str) -> None:
    listed = ", ".join(f"'{column}'" for column in columns.split())
    op.execute(f"drop trigger if exists crm_log_change on {table}")
    op.execute(
        f"create trigger crm_log_change after update or delete on {table}"
        f" for each row execute function crm_log_change({listed})"
    )


def _search(table: str, columns: list[str]) -> None:
    """Find parts of words, and values of `custom`, within one org."""
    words = f"coalesce({columns[0]}, '')"
    for column in columns[1:]:
        words = f"(({words} || ' ') || coalesce({column}, ''))"
    op.execute(f"create index ix_{table}_search on {table} using gin (org_id, lower({words}) gin_trgm_ops)")
    op.execute(f"create index ix_{table}_custom on {table} using gin (org_id, custom jsonb_path_ops)")


def _stages() -> None:
    op.add_column("crm_pipeline_stages", sa.Column("kind", sa.Text(), nullable=True))
    op.add_column("crm_pipeline_stages", sa.Column("rotting_days", sa.Integer(), nullable=True))
    op.add_column(
        "crm_pipeline_stages",
        sa.Column("requires", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    )
    op.create_unique_constraint(
        "uq_crm_pipeline_stages_of_pipeline", "crm_pipeline_stages", ["org_id", "pipeline_id", "id"]
    )
    op.execute(
        "update crm_pipeline_stages set kind = case probability when 100 then 'won' when 0 then 'lost' else 'open' end"
    )
    op.alter_column("crm_pipeline_stages", "kind", nullable=False)
    for name, rule in (("kind", "kind in ('open', 'won', 'lost')"), ("rotting_days", "rotting_days > 0")):
        op.create_check_constraint(op.f(f"ck_crm_pipeline_stages_{name}"), "crm_pipeline_stages", rule)
    op.execute(STAGES)


def _deals() -> None:
    """Deals know their pipeline, and what is closed when and why."""
    op.execute(
        "update crm_deals d set pipeline_id = s.pipeline_id,"
        " closed_at = case when d.status <> 'open' then coalesce(d.closed_at, now()) end,"
        " lost_reason = case when d.status = 'lost' then 'not told' end"
        " from crm_pipeline_stages s where s.org_id = d.org_id and s.id = d.stage_id"
    )
    op.alter_column("crm_deals", "pipeline_id", nullable=False)
    op.create_foreign_key(
        "fk_crm_deals_stage_id",
        "crm_deals",
        "crm_pipeline_stages",
        ["org_id", "pipeline_id", "stage_id"],
        ["org_id", "pipeline_id", "id"],
    )
    for name, rule in (
        ("recurring_period", "recurring_period in ('month', 'quarter', 'year')"),
        ("lost_reason", "status <> 'lost' or lost_reason is not null"),
        ("closed_at", "(status = 'open') = (closed_at is null)"),
    ):
        op.create_check_constraint(op.f(f"ck_crm_deals_{name}"), "crm_deals", rule)
    op.execute(
        "insert into crm_deal_stage_history (org_id, deal_id, stage_id, entered_at, value, actor)"
        " select org_id, id, stage_id, created_at, value, 'migration' from crm_deals"
    )
    op.execute(DEALS)


def _columns() -> None:
    """New columns of tables that are there."""
    op.add_column("crm_activities", sa.Column("customer_id", sa.UUID(), nullable=True))
    op.add_column("crm_activities", sa.Column("duration_minutes", sa.Integer(), nullable=True))
    op.add_column("crm_activities", sa.Column("sentiment", sa.Text(), nullable=True))
    op.add_column("crm_activities", sa.Column("next_action", sa.Text(), nullable=True))
    op.add_column(
        "crm_activities",
        sa.Column("tags", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    )
    op.add_column(
        "crm_activities", sa.Column("deleted_at", postgresql.TIMESTAMP(timezone=True), nullable=True)
    )
    op.create_index(
        "ix_crm_activities_customer_id", "crm_activities", ["org_id", "customer_id", "id"], unique=False
    )
    op.create_index("ix_crm_activities_deal_id", "crm_activities", ["org_id", "deal_id", "id"], unique=False)
    op.create_index(
        "ix_crm_activities_owner_id", "crm_activities", ["org_id", "owner_id", "id"], unique=False
    )
    op.create_foreign_key(
        op.f("fk_crm_activities_org_id_customer_id"),
        "crm_activities",
        "crm_customers",
        ["org_id", "customer_id"],
        ["org_id", "id"],
    )
    op.add_column("crm_deals", sa.Column("external_id", sa.Text(), nullable=True))
    op.add_column("crm_deals", sa.Column("source", sa.Text(), server_default="api", nullable=False))
    op.add_column("crm_deals", sa.Column("customer_id", sa.UUID(), nullable=True))
    op.add_column("crm_deals", sa.Column("pipeline_id", sa.UUID(), nullable=True))
    op.add_column(
        "crm_deals",
        sa.Column(
            "stage_entered_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
    )
    op.add_column(
        "crm_deals", sa.Column("recurring_amount", sa.Numeric(precision=20, scale=2), nullable=True)
    )
    op.add_column("crm_deals", sa.Column("recurring_period", sa.Text(), nullable=True))
    op.add_column(
        "crm_deals",
        sa.Column("probability_fixed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.add_column("crm_deals", sa.Column("lost_reason", sa.Text(), nullable=True))
    op.add_column(
        "crm_deals",
        sa.Column("competitors", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    )
    op.add_column("crm_deals", sa.Column("next_step", sa.Text(), nullable=True))
    op.add_column("crm_deals", sa.Column("next_step_at", postgresql.TIMESTAMP(timezone=True), nullable=True))
    op.add_column(
        "crm_deals", sa.Column("last_activity_at", postgresql.TIMESTAMP(timezone=True), nullable=True)
    )
    op.add_column(
        "crm_deals",
        sa.Column("tags", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    )
    op.create_index("ix_crm_deals_created_at", "crm_deals", ["org_id", "created_at", "id"], unique=False)
    op.create_index("ix_crm_deals_customer_id", "crm_deals", ["org_id", "customer_id"], unique=False)
    op.create_index(
        "ix_crm_deals_expected_close", "crm_deals", ["org_id", "expected_close", "id"], unique=False
    )
    op.create_index("ix_crm_deals_lead_id", "crm_deals", ["org_id", "lead_id"], unique=False)
    op.create_index("ix_crm_deals_value", "crm_deals", ["org_id", "value", "id"], unique=False)
    op.drop_constraint(op.f("fk_crm_deals_org_id_stage_id"), "crm_deals", type_="foreignkey")
    op.create_foreign_key(
        op.f("fk_crm_deals_org_id_customer_id"),
        "crm_deals",
        "crm_customers",
        ["org_id", "customer_id"],
        ["org_id", "id"],
    )
    op.create_index("ix_crm_leads_score", "crm_leads", ["org_id", "score", "id"], unique=False)
    op.create_index("ix_crm_leads_value", "crm_leads", ["org_id", "value", "id"], unique=False)
    op.add_column("crm_teams", sa.Column("visibility", sa.Text(), server_default="own", nullable=False))
    for name, rule in (
        ("sentiment", "sentiment in ('positive', 'neutral', 'negative')"),
        ("duration_minutes", "duration_minutes >= 0"),
    ):
        op.create_check_constraint(op.f(f"ck_crm_activities_{name}"), "crm_activities", rule)
    op.create_check_constraint(op.f("ck_crm_teams_visibility"), "crm_teams", "visibility in ('own', 'team')")


def _tables() -> None:
    """New tables."""
    op.create_table(
        "crm_custom_fields",
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=True),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("options", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("required", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("order_index", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), server_default=sa.text("crm_uuid7()"), nullable=False),
        sa.Column(
            "created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column(
            "updated_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(
            "entity in ('lead', 'deal', 'activity', 'customer', 'contact')",
            name=op.f("ck_crm_custom_fields_entity"),
        ),
        sa.CheckConstraint(
            "type in ('text', 'number', 'integer', 'boolean', 'date', 'datetime', 'choice', 'choices', 'email', 'url')",
            name=op.f("ck_crm_custom_fields_type"),
        ),
        sa.ForeignKeyConstraint(["org_id"], ["crm_orgs.id"], name=op.f("fk_crm_custom_fields_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_crm_custom_fields")),
        sa.UniqueConstraint("org_id", "entity", "name", name=op.f("uq_crm_custom_fields_org_id_entity_name")),
    )
    op.create_table(
        "crm_reports",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "parameters",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("state", sa.Text(), server_default="wanted", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("period_start", sa.Date(), nullable=True),
        sa.Column("period_end", sa.Date(), nullable=True),
        sa.Column("row_count", sa.Integer(), nullable=True),
        sa.Column(
            "figures",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("made_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
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
        sa.CheckConstraint("state in ('wanted', 'made', 'failed')", name=op.f("ck_crm_reports_state")),
        sa.ForeignKeyConstraint(
            ["org_id", "owner_id"],
            ["crm_users.org_id", "crm_users.id"],
            name=op.f("fk_crm_reports_org_id_owner_id"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "team_id"],
            ["crm_teams.org_id", "crm_teams.id"],
            name=op.f("fk_crm_reports_org_id_team_id"),
        ),
        sa.ForeignKeyConstraint(["org_id"], ["crm_orgs.id"], name=op.f("fk_crm_reports_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_crm_reports")),
    )
    op.create_index("ix_crm_reports_created_at", "crm_reports", ["org_id", "created_at", "id"], unique=False)
    op.create_table(
        "crm_sales_goals",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("target", sa.Numeric(precision=20, scale=2), nullable=False),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
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
            "metric in ('revenue', 'deals_won', 'leads_converted', 'new_customers', 'activities', 'calls', 'meetings')",
            name=op.f("ck_crm_sales_goals_metric"),
        ),
        sa.CheckConstraint("period_start <= period_end", name=op.f("ck_crm_sales_goals_period")),
        sa.CheckConstraint("target > 0", name=op.f("ck_crm_sales_goals_target")),
        sa.ForeignKeyConstraint(
            ["org_id", "owner_id"],
            ["crm_users.org_id", "crm_users.id"],
            name=op.f("fk_crm_sales_goals_org_id_owner_id"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "team_id"],
            ["crm_teams.org_id", "crm_teams.id"],
            name=op.f("fk_crm_sales_goals_org_id_team_id"),
        ),
        sa.ForeignKeyConstraint(["org_id"], ["crm_orgs.id"], name=op.f("fk_crm_sales_goals_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_crm_sales_goals")),
    )
    op.create_index(
        "ix_crm_sales_goals_period_end", "crm_sales_goals", ["org_id", "period_end", "id"], unique=False
    )
    op.create_table(
        "crm_customers",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("lead_id", sa.UUID(), nullable=True),
        sa.Column("status", sa.Text(), server_default="onboarding", nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("website", sa.Text(), nullable=True),
        sa.Column("industry", sa.Text(), nullable=True),
        sa.Column("segment", sa.Text(), nullable=True),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("timezone", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("recurring_amount", sa.Numeric(precision=20, scale=2), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("churned_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("churn_reason", sa.Text(), nullable=True),
        sa.Column("health", sa.Integer(), nullable=True),
        sa.Column("health_band", sa.Text(), nullable=True),
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
            "status in ('onboarding', 'active', 'paused', 'churned')", name=op.f("ck_crm_customers_status")
        ),
        sa.CheckConstraint("health between 0 and 100", name=op.f("ck_crm_customers_health")),
        sa.ForeignKeyConstraint(
            ["org_id", "lead_id"],
            ["crm_leads.org_id", "crm_leads.id"],
            name=op.f("fk_crm_customers_org_id_lead_id"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "owner_id"],
            ["crm_users.org_id", "crm_users.id"],
            name=op.f("fk_crm_customers_org_id_owner_id"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "team_id"],
            ["crm_teams.org_id", "crm_teams.id"],
            name=op.f("fk_crm_customers_org_id_team_id"),
        ),
        sa.ForeignKeyConstraint(["org_id"], ["crm_orgs.id"], name=op.f("fk_crm_customers_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_crm_customers")),
    )
    op.create_index(
        "ix_crm_customers_created_at", "crm_customers", ["org_id", "created_at", "id"], unique=False
    )
    op.create_index("ix_crm_customers_lead_id", "crm_customers", ["org_id", "lead_id"], unique=False)
    op.create_index("ix_crm_customers_name", "crm_customers", ["org_id", "name", "id"], unique=False)
    op.create_index("ix_crm_customers_owner_id", "crm_customers", ["org_id", "owner_id", "id"], unique=False)
    op.create_index(
        "uq_crm_customers_external_id",
        "crm_customers",
        ["org_id", "external_id"],
        unique=True,
        postgresql_where=sa.text("external_id is not null"),
    )
    op.create_table(
        "crm_contacts",
        sa.Column("customer_id", sa.UUID(), nullable=False),
        sa.Column("lead_id", sa.UUID(), nullable=True),
        sa.Column("first_name", sa.Text(), nullable=True),
        sa.Column("last_name", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("is_primary", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("timezone", sa.Text(), nullable=True),
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
        sa.ForeignKeyConstraint(
            ["org_id", "customer_id"],
            ["crm_customers.org_id", "crm_customers.id"],
            name=op.f("fk_crm_contacts_org_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "lead_id"],
            ["crm_leads.org_id", "crm_leads.id"],
            name=op.f("fk_crm_contacts_org_id_lead_id"),
        ),
        sa.ForeignKeyConstraint(["org_id"], ["crm_orgs.id"], name=op.f("fk_crm_contacts_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_crm_contacts")),
    )
    op.create_index(
        "ix_crm_contacts_customer_id", "crm_contacts", ["org_id", "customer_id", "id"], unique=False
    )
    op.create_index("ix_crm_contacts_email", "crm_contacts", ["org_id", "email"], unique=False)
    op.create_index(
        "uq_crm_contacts_primary",
        "crm_contacts",
        ["org_id", "customer_id"],
        unique=True,
        postgresql_where=sa.text("is_primary and deleted_at is null"),
    )
    op.create_table(
        "crm_ai_insights",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("lead_id", sa.UUID(), nullable=True),
        sa.Column("deal_id", sa.UUID(), nullable=True),
        sa.Column("customer_id", sa.UUID(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("action", sa.Text(), nullable=True),
        sa.Column("confidence", sa.Numeric(precision=4, scale=3), nullable=True),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("made_by", sa.Text(), server_default="rules", nullable=False),
        sa.Column(
            "data",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
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
            "kind in ('risk', 'recommendation', 'sentiment', 'prediction', 'summary')",
            name=op.f("ck_crm_ai_insights_kind"),
        ),
        sa.CheckConstraint(
            "state in ('open', 'accepted', 'dismissed')", name=op.f("ck_crm_ai_insights_state")
        ),
        sa.CheckConstraint("confidence between 0 and 1", name=op.f("ck_crm_ai_insights_confidence")),
        sa.CheckConstraint(
            "num_nonnulls(lead_id, deal_id, customer_id) = 1", name=op.f("ck_crm_ai_insights_about")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "customer_id"],
            ["crm_customers.org_id", "crm_customers.id"],
            name=op.f("fk_crm_ai_insights_org_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "deal_id"],
            ["crm_deals.org_id", "crm_deals.id"],
            name=op.f("fk_crm_ai_insights_org_id_deal_id"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "lead_id"],
            ["crm_leads.org_id", "crm_leads.id"],
            name=op.f("fk_crm_ai_insights_org_id_lead_id"),
        ),
        sa.ForeignKeyConstraint(["org_id"], ["crm_orgs.id"], name=op.f("fk_crm_ai_insights_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_crm_ai_insights")),
    )
    op.create_index(
        "ix_crm_ai_insights_customer_id", "crm_ai_insights", ["org_id", "customer_id", "id"], unique=False
    )
    op.create_index(
        "ix_crm_ai_insights_deal_id", "crm_ai_insights", ["org_id", "deal_id", "id"], unique=False
    )
    op.create_index(
        "ix_crm_ai_insights_lead_id", "crm_ai_insights", ["org_id", "lead_id", "id"], unique=False
    )
    op.create_index(
        "ix_crm_ai_insights_owner_id", "crm_ai_insights", ["org_id", "owner_id", "id"], unique=False
    )
    op.create_table(
        "crm_deal_stage_history",
        sa.Column("deal_id", sa.UUID(), nullable=False),
        sa.Column("stage_id", sa.UUID(), nullable=False),
        sa.Column(
            "entered_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("left_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("value", sa.Numeric(precision=20, scale=2), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("org_id", sa.UUID(), nullable=False),
        sa.Column("id", sa.UUID(), server_default=sa.text("crm_uuid7()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "deal_id"],
            ["crm_deals.org_id", "crm_deals.id"],
            name=op.f("fk_crm_deal_stage_history_org_id_deal_id"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "stage_id"],
            ["crm_pipeline_stages.org_id", "crm_pipeline_stages.id"],
            name=op.f("fk_crm_deal_stage_history_org_id_stage_id"),
        ),
        sa.ForeignKeyConstraint(["org_id"], ["crm_orgs.id"], name=op.f("fk_crm_deal_stage_history_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_crm_deal_stage_history")),
    )
    op.create_index(
        "ix_crm_deal_stage_history_deal_id",
        "crm_deal_stage_history",
        ["org_id", "deal_id", "id"],
        unique=False,
    )
    op.create_index(
        "ix_crm_deal_stage_history_stage_id",
        "crm_deal_stage_history",
        ["org_id", "stage_id", "entered_at"],
        unique=False,
    )
    op.create_index(
        "uq_crm_deal_stage_history_now",
        "crm_deal_stage_history",
        ["org_id", "deal_id"],
        unique=True,
        postgresql_where=sa.text("left_at is null"),
    )


def _without_columns_and_tables() -> None:
    op.drop_column("crm_teams", "visibility")
    op.drop_column("crm_pipeline_stages", "requires")
    op.drop_column("crm_pipeline_stages", "rotting_days")
    op.drop_column("crm_pipeline_stages", "kind")
    op.drop_index("ix_crm_leads_value", table_name="crm_leads")
    op.drop_index("ix_crm_leads_score", table_name="crm_leads")
    op.drop_constraint(op.f("fk_crm_deals_org_id_customer_id"), "crm_deals", type_="foreignkey")
    op.drop_constraint("fk_crm_deals_stage_id", "crm_deals", type_="foreignkey")
    op.drop_constraint("uq_crm_pipeline_stages_of_pipeline", "crm_pipeline_stages", type_="unique")
    op.create_foreign_key(
        op.f("fk_crm_deals_org_id_stage_id"),
        "crm_deals",
        "crm_pipeline_stages",
        ["org_id", "stage_id"],
        ["org_id", "id"],
    )
    op.drop_index("ix_crm_deals_value", table_name="crm_deals")
    op.drop_index("ix_crm_deals_lead_id", table_name="crm_deals")
    op.drop_index("ix_crm_deals_expected_close", table_name="crm_deals")
    op.drop_index("ix_crm_deals_customer_id", table_name="crm_deals")
    op.drop_index("ix_crm_deals_created_at", table_name="crm_deals")
    op.drop_column("crm_deals", "tags")
    op.drop_column("crm_deals", "last_activity_at")
    op.drop_column("crm_deals", "next_step_at")
    op.drop_column("crm_deals", "next_step")
    op.drop_column("crm_deals", "competitors")
    op.drop_column("crm_deals", "lost_reason")
    op.drop_column("crm_deals", "probability_fixed")
    op.drop_column("crm_deals", "recurring_period")
    op.drop_column("crm_deals", "recurring_amount")
    op.drop_column("crm_deals", "stage_entered_at")
    op.drop_column("crm_deals", "pipeline_id")
    op.drop_column("crm_deals", "customer_id")
    op.drop_column("crm_deals", "source")
    op.drop_column("crm_deals", "external_id")
    op.drop_constraint(op.f("fk_crm_activities_org_id_customer_id"), "crm_activities", type_="foreignkey")
    op.drop_index("ix_crm_activities_owner_id", table_name="crm_activities")
    op.drop_index("ix_crm_activities_deal_id", table_name="crm_activities")
    op.drop_index("ix_crm_activities_customer_id", table_name="crm_activities")
    op.drop_column("crm_activities", "deleted_at")
    op.drop_column("crm_activities", "tags")
    op.drop_column("crm_activities", "next_action")
    op.drop_column("crm_activities", "sentiment")
    op.drop_column("crm_activities", "duration_minutes")
    op.drop_column("crm_activities", "customer_id")
    op.drop_index(
        "uq_crm_deal_stage_history_now",
        table_name="crm_deal_stage_history",
        postgresql_where=sa.text("left_at is null"),
    )
    op.drop_index("ix_crm_deal_stage_history_stage_id", table_name="crm_deal_stage_history")
    op.drop_index("ix_crm_deal_stage_history_deal_id", table_name="crm_deal_stage_history")
    op.drop_table("crm_deal_stage_history")
    op.drop_index("ix_crm_ai_insights_owner_id", table_name="crm_ai_insights")
    op.drop_index("ix_crm_ai_insights_lead_id", table_name="crm_ai_insights")
    op.drop_index("ix_crm_ai_insights_deal_id", table_name="crm_ai_insights")
    op.drop_index("ix_crm_ai_insights_customer_id", table_name="crm_ai_insights")
    op.drop_table("crm_ai_insights")
    op.drop_index(
        "uq_crm_contacts_primary",
        table_name="crm_contacts",
        postgresql_where=sa.text("is_primary and deleted_at is null"),
    )
    op.drop_index("ix_crm_contacts_email", table_name="crm_contacts")
    op.drop_index("ix_crm_contacts_customer_id", table_name="crm_contacts")
    op.drop_table("crm_contacts")
    op.drop_index(
        "uq_crm_customers_external_id",
        table_name="crm_customers",
        postgresql_where=sa.text("external_id is not null"),
    )
    op.drop_index("ix_crm_customers_owner_id", table_name="crm_customers")
    op.drop_index("ix_crm_customers_name", table_name="crm_customers")
    op.drop_index("ix_crm_customers_lead_id", table_name="crm_customers")
    op.drop_index("ix_crm_customers_created_at", table_name="crm_customers")
    op.drop_table("crm_customers")
    op.drop_index("ix_crm_sales_goals_period_end", table_name="crm_sales_goals")
    op.drop_table("crm_sales_goals")
    op.drop_index("ix_crm_reports_created_at", table_name="crm_reports")
    op.drop_table("crm_reports")
    op.drop_table("crm_custom_fields")
