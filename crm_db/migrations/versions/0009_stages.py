"""Stages and pipelines that can be deleted and come back; probabilities of stages reach deals; won deals by their date."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

NAMES = {"crm_pipelines": ("org_id", "name"), "crm_pipeline_stages": ("org_id", "pipeline_id", "name")}
TRACKED = {
    "crm_pipelines": "name is_default deleted_at",
    "crm_pipeline_stages": "name order_index probability color kind rotting_days requires deleted_at",
}
STAGES_BEFORE = "name order_index probability color kind rotting_days requires"

PROBABILITY = """
create function crm_stage_weighs() returns trigger language plpgsql as $$
begin
    update crm_deals set probability = new.probability
    where org_id = new.org_id and stage_id = new.id and status = 'open' and not probability_fixed;
    return null;
end $$;
comment on function crm_stage_weighs() is 'A changed probability of a stage is that of the open deals that did not fix theirs.';

create trigger crm_stage_weighs after update of probability on crm_pipeline_stages for each row
when (old.probability is distinct from new.probability) execute function crm_stage_weighs();
"""

# A deal that goes from one won or lost stage into another was closed when it was closed.
MOVES = """
create or replace function crm_deal_moves() returns trigger language plpgsql as $$
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
                                  then coalesce(new.closed_at, now()) else {unsaid} end;
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
"""
AS_IT_WAS_CLOSED = "case when old.status = stage.kind then old.closed_at else now() end"


def upgrade() -> None:
    for table, columns in NAMES.items():
        op.add_column(table, sa.Column("deleted_at", postgresql.TIMESTAMP(timezone=True), nullable=True))
        op.drop_constraint(op.f(f"uq_{table}_{'_'.join(columns)}"), table, type_="unique")
        op.create_index(
            f"uq_{table}_name",
            table,
            list(columns),
            unique=True,
            postgresql_where=sa.text("deleted_at is null"),
        )
        _track(table, TRACKED[table])
    op.create_index(
        "ix_crm_deals_won", "crm_deals", ["org_id", "closed_at"], postgresql_where=sa.text("status = 'won'")
    )
    op.execute(PROBABILITY)
    op.execute(MOVES.replace("{unsaid}", AS_IT_WAS_CLOSED))


def downgrade() -> None:
    op.execute(MOVES.replace("{unsaid}", "now()"))
    op.execute("drop trigger crm_stage_weighs on crm_pipeline_stages; drop function crm_stage_weighs()")
    op.drop_index("ix_crm_deals_won", table_name="crm_deals", postgresql_where=sa.text("status = 'won'"))
    op.execute("drop trigger crm_log_change on crm_pipelines")
    _track("crm_pipeline_stages", STAGES_BEFORE)
    for table, columns in NAMES.items():
        op.execute(  # what was deleted keeps its place in the way that deals have gone, under a name that clashes with none
            f"update {table} set name = name || ' (' || id || ')' where deleted_at is not null"
        )
        op.drop_index(f"uq_{table}_name", table_name=table, postgresql_where=sa.text("deleted_at is null"))
        op.create_unique_constraint(op.f(f"uq_{table}_{'_'.join(columns)}"), table, list(columns))
        op.drop_column(table, "deleted_at")


def _track(table: str, columns: str) -> None:
    listed = ", ".join(f"'{column}'" for column in columns.split())
    op.execute(f"drop trigger if exists crm_log_change on {table}")
    op.execute(
        f"create trigger crm_log_change after update or delete on {table}"
        f" for each row execute function crm_log_change({listed})"
    )
