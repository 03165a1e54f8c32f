"""The ground: ids, identity, and the functions that defaults, triggers and policies use."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

IDS = """
create function crm_uuid7_floor(moment timestamptz) returns uuid
language sql immutable strict parallel safe
return (lpad(to_hex((extract(epoch from moment) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid;
comment on function crm_uuid7_floor(timestamptz) is 'The least time-ordered id of a moment: bounds for partitions and ranges.';

create function crm_uuid7() returns uuid language sql volatile parallel safe
return (
    lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0')
    || '7' || substr(replace(gen_random_uuid()::text, '-', ''), 14)
)::uuid;
comment on function crm_uuid7() is 'A new time-ordered id (RFC 9562, version 7), for servers older than 18 too.';
"""

IDENTITY = """
create function crm_org() returns uuid language plpgsql stable parallel safe as $$
declare
    setting text := current_setting('crm.org_id', true);
begin
    if coalesce(setting, '') = '' then
        raise exception 'no identity: crm.org_id is not set in this transaction' using errcode = '28000';
    end if;
    return setting::uuid;
end $$;
comment on function crm_org() is
    'The org that this transaction acts for; raises when none is set, so that no identity never reads as no data.';

create function crm_actor() returns text language sql stable parallel safe
return coalesce(nullif(current_setting('crm.actor', true), ''), current_user::text);

create function crm_default_org() returns uuid language plpgsql stable as $$
declare
    chosen uuid := nullif(current_setting('crm.org_id', true), '')::uuid;
begin
    if chosen is null then
        select min(id::text)::uuid into chosen from crm_orgs having count(*) = 1;
    end if;
    if chosen is null then
        raise exception 'which org? set crm.org_id, or name org_id' using errcode = '28000';
    end if;
    return chosen;
end $$;

create function crm_default_pipeline() returns uuid language plpgsql volatile as $$
declare
    org uuid := crm_default_org();
    chosen uuid;
begin
    select id into chosen from crm_pipelines where org_id = org and is_default;
    if chosen is null then
        insert into crm_pipelines (org_id, name, is_default) values (org, 'Sales', true) returning id into chosen;
    end if;
    return chosen;
end $$;
"""

TRIGGERS = """
create function crm_touch() returns trigger language plpgsql as $$
begin
    new.updated_at := now();
    new.version := old.version + 1;
    return new;
end $$;

create function crm_keep_org() returns trigger language plpgsql as $$
begin
    raise exception 'org_id of % cannot change', tg_table_name using errcode = '23514';
end $$;

create function crm_inherit_visibility() returns trigger language plpgsql as $$
begin
    if new.lead_id is not null then
        select team_id, owner_id into new.team_id, new.owner_id
        from crm_leads where org_id = new.org_id and id = new.lead_id;
    end if;
    return new;
end $$;
comment on function crm_inherit_visibility() is 'A child of a lead is seen by whoever sees the lead.';

create function crm_hand_on_visibility() returns trigger language plpgsql as $$
begin
    update crm_activities set team_id = new.team_id, owner_id = new.owner_id
    where org_id = new.org_id and lead_id = new.id;
    update crm_enrolments set team_id = new.team_id, owner_id = new.owner_id
    where org_id = new.org_id and lead_id = new.id;
    update crm_messages set team_id = new.team_id, owner_id = new.owner_id
    where org_id = new.org_id and lead_id = new.id;
    return null;
end $$;

create function crm_log_change() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    was jsonb := to_jsonb(old);
    is_now jsonb := case when tg_op = 'UPDATE' then to_jsonb(new) else '{}'::jsonb end;
    changed jsonb;
begin
    select jsonb_object_agg(field, was -> field) into changed
    from unnest(tg_argv) as field
    where was -> field is distinct from is_now -> field;
    if changed is not null then
        insert into crm_changes (org_id, kind, record_id, operation, old, actor)
        values (coalesce(was ->> 'org_id', was ->> 'id')::uuid, tg_table_name, (was ->> 'id')::uuid, lower(tg_op),
                changed, crm_actor());
    end if;
    return null;
end $$;
comment on function crm_log_change() is 'Keeps the former values of the columns named as arguments.';
"""

REGISTER = """
create table crm_functions (
    name text primary key,
    hash text not null,
    applied_at timestamptz not null default now()
);
comment on table crm_functions is 'Files of crm_db/sql as they were last applied.';
"""


def upgrade() -> None:
    for words in (IDS, IDENTITY, TRIGGERS, REGISTER):
        op.execute(words)


def downgrade() -> None:
    op.execute(
        """
        drop table crm_functions;
        do $$
        declare
            routine text;
        begin
            for routine in
                select p.oid::regprocedure::text from pg_proc p
                where p.pronamespace = 'public'::regnamespace
                  and (p.proname like 'crm\\_%' or p.proname = 'calculate_lead_score')
            loop
                execute 'drop function ' || routine;
            end loop;
        end $$;
        """
    )
