-- Make the monthly partitions of the logs from this month to `months` ahead; what exists is left alone. Rows that came while a
-- partition was missing are in the default partition and move to where they belong.
create or replace function crm_ensure_partitions(months integer) returns integer
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    parent text;
    month timestamp;  -- in UTC
    partition text;
    first_id uuid;
    end_id uuid;
    columns text;
    made integer := 0;
begin
    foreach parent in array array['crm_inbox', 'crm_events', 'crm_changes', 'crm_activities'] loop
        for month in
            select generate_series(date_trunc('month', now() at time zone 'UTC'),
                                   now() at time zone 'UTC' + make_interval(months => months), interval '1 month')
        loop
            partition := parent || to_char(month, '"_p"YYYY"_"MM');
            continue when to_regclass(partition) is not null;
            first_id := crm_uuid7_floor(month at time zone 'UTC');
            end_id := crm_uuid7_floor((month + interval '1 month') at time zone 'UTC');
            select string_agg(quote_ident(a.attname), ', ' order by a.attnum) into columns
            from pg_attribute a
            where a.attrelid = parent::regclass and a.attnum > 0 and not a.attisdropped and a.attgenerated = '';
            execute format('create temp table crm_strays on commit drop as select %s from %I where id >= %L and id < %L',
                           columns, parent || '_default', first_id, end_id);
            execute format('alter table %I disable trigger user', parent || '_default');  -- moving is no change
            execute format('delete from %I where id >= %L and id < %L', parent || '_default', first_id, end_id);
            execute format('alter table %I enable trigger user', parent || '_default');
            execute format('create table %I partition of %I for values from (%L) to (%L)', partition, parent, first_id, end_id);
            execute format('insert into %I (%s) select %s from crm_strays', parent, columns, columns);
            drop table crm_strays;
            made := made + 1;
        end loop;
        for partition in
            select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
            where i.inhparent = parent::regclass and not c.relforcerowsecurity
        loop
            execute format('alter table %I enable row level security', partition);
            execute format('alter table %I force row level security', partition);
            execute format('create policy owner_all on %I to crm_owner using (true) with check (true)', partition);
        end loop;
    end loop;
    if made > 0 then
        perform crm_suppose_statistics();
    end if;
    return made;
end $$;
revoke all on function crm_ensure_partitions(integer) from public;
grant execute on function crm_ensure_partitions(integer) to crm_flow;
