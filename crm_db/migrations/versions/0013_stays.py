"""A stay in a stage never ends before it began, and the next one begins where it ended: of two who move a deal at once, the one
whose transaction began first may come last, and now() is when a transaction began.
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

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
                                  then coalesce(new.closed_at, now())
                                  when old.status = stage.kind then old.closed_at else now() end;
            new.probability_fixed := false;
        end if;
        if tg_op = 'UPDATE' then
            new.stage_entered_at := {entered};
        end if;
    end if;
    if not new.probability_fixed then
        new.probability := stage.probability;
    end if;
    return new;
end $$;
"""
WENT = """
create or replace function crm_deal_went() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    update crm_deal_stage_history set left_at = {left}
    where org_id = new.org_id and deal_id = new.id and left_at is null;
    insert into crm_deal_stage_history (org_id, deal_id, stage_id, entered_at, value, actor)
    values (new.org_id, new.id, new.stage_id, new.stage_entered_at, new.value, crm_actor());
    return null;
end $$;
"""


def upgrade() -> None:
    _replace(
        entered="greatest(now(), old.stage_entered_at)", left="greatest(new.stage_entered_at, entered_at)"
    )
    op.execute("update crm_deal_stage_history set left_at = entered_at where left_at < entered_at")


def downgrade() -> None:
    _replace(entered="now()", left="new.stage_entered_at")


def _replace(*, entered: str, left: str) -> None:
    op.execute(MOVES.replace("{entered}", entered))
    op.execute(WENT.replace("{left}", left))
