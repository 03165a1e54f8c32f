-- Finding records. Under row-level security Postgres uses an index only with operators that cannot leak; those that look for part of
-- a text, a value inside jsonb or an amount are not among them. So what a list shows is found here, by the owner's rights, and the
-- same two lines are drawn by hand: the org, and who may see what. The caller reads the rows under its own policies afterwards.
--
-- A filter is {"where": [{"field", "op", "value"}], "q": words, "sort": [{"field", "down"}], "after": [values], "deleted": bool}.
-- Fields are columns that crm_app may read, or custom.<name>; values are texts, or jsonb for custom ones.

create or replace function crm_table_of(p_kind text) returns regclass
language plpgsql stable set search_path = public, pg_temp as $$
declare
    place text := case p_kind
        when 'lead' then 'crm_leads' when 'deal' then 'crm_deals' when 'activity' then 'crm_activities'
        when 'customer' then 'crm_customers' when 'contact' then 'crm_contacts' when 'goal' then 'crm_sales_goals'
        when 'insight' then 'crm_ai_insights' when 'alert' then 'crm_alerts' when 'report' then 'crm_reports'
        when 'pipeline' then 'crm_pipelines' when 'stage' then 'crm_pipeline_stages' when 'team' then 'crm_teams'
        when 'user' then 'crm_users' when 'key' then 'crm_api_keys' when 'source' then 'crm_sources'
        when 'sequence' then 'crm_sequences' when 'template' then 'crm_templates' when 'suppression' then 'crm_suppressions'
        when 'custom_field' then 'crm_custom_fields' when 'message' then 'crm_messages' end;
begin
    if place is null then
        raise exception 'no such kind of record' using errcode = '22023';
    end if;
    return place::regclass;
end $$;
revoke all on function crm_table_of(text) from public;

create or replace function crm_find_words(p_table regclass) returns text
language sql stable set search_path = public, pg_temp as $$
    select pg_get_indexdef(to_regclass('ix_' || p_table || '_search'), 2, true)
$$;
comment on function crm_find_words(regclass) is 'The words in which q looks, as the index on them says; null where there is none.';
revoke all on function crm_find_words(regclass) from public;

create or replace function crm_find_column(p_table regclass, p_field text, out kind text, out nullable boolean)
language plpgsql stable set search_path = public, pg_temp as $$
begin
    select format_type(a.atttypid, null), not a.attnotnull into kind, nullable
    from pg_attribute a
    where a.attrelid = p_table and a.attname = p_field and a.attnum > 0 and not a.attisdropped
      and has_column_privilege('crm_app', p_table, a.attnum, 'select');
    if kind is null then
        raise exception 'no such field' using errcode = '22023';
    end if;
end $$;
revoke all on function crm_find_column(regclass, text) from public;

create or replace function crm_like_part(p_words text) returns text language sql immutable as $$
    select '%' || replace(replace(replace(lower(p_words), '\', '\\'), '%', '\%'), '_', '\_') || '%'
$$;
revoke all on function crm_like_part(text) from public;

create or replace function crm_find_custom(p_key text, p_op text, p_value jsonb) returns text
language plpgsql stable set search_path = public, pg_temp as $$
declare
    is_number boolean := jsonb_typeof(case when p_op = 'between' then p_value -> 0 else p_value end) = 'number';
    held text := case when is_number
        then format('case when jsonb_typeof(t.custom -> %1$L) = ''number'' then (t.custom ->> %1$L)::numeric end', p_key)
        else format('(t.custom ->> %L) collate "C"', p_key) end;
    equals text;
begin
    if p_op in ('eq', 'ne', 'in') then
        select string_agg(format('t.custom @> %L', jsonb_build_object(p_key, v)), ' or ') into equals
        from jsonb_array_elements(p_value) as v;
        return case when p_op = 'ne' then format('not (%s)', equals) else format('(%s)', equals) end;
    end if;
    return case p_op
        when 'null' then format('coalesce(t.custom -> %L, ''null'') %s ''null''', p_key, case when p_value = 'true' then '=' else '<>' end)
        when 'contains' then format('(lower(t.custom ->> %L) like %L or t.custom -> %L ? %L)',
                                    p_key, crm_like_part(p_value #>> '{}'), p_key, p_value #>> '{}')
        when 'between' then format('%s between %L and %L', held, p_value ->> 0, p_value ->> 1)
        when 'gt' then format('%s > %L', held, p_value #>> '{}')
        when 'gte' then format('%s >= %L', held, p_value #>> '{}')
        when 'lt' then format('%s < %L', held, p_value #>> '{}')
        when 'lte' then format('%s <= %L', held, p_value #>> '{}') end;
end $$;
revoke all on function crm_find_custom(text, text, jsonb) from public;

create or replace function crm_find_condition(p_table regclass, p_condition jsonb) returns text
language plpgsql stable set search_path = public, pg_temp as $$
declare
    field text := p_condition ->> 'field';
    op text := p_condition ->> 'op';
    given jsonb := p_condition -> 'value';
    word text := given #>> '{}';
    col record;
    condition text;
begin
    if field ^@ 'custom.' then
        perform crm_find_column(p_table, 'custom');
        condition := crm_find_custom(substr(field, 8), op, given);
    else
        col := crm_find_column(p_table, field);
        condition := case op
            when 'eq' then format('t.%I = %L::%s', field, word, col.kind)
            when 'ne' then format('t.%I is distinct from %L::%s', field, word, col.kind)
            when 'gt' then format('t.%I > %L::%s', field, word, col.kind)
            when 'gte' then format('t.%I >= %L::%s', field, word, col.kind)
            when 'lt' then format('t.%I < %L::%s', field, word, col.kind)
            when 'lte' then format('t.%I <= %L::%s', field, word, col.kind)
            when 'between' then format('t.%I between %L::%s and %L::%s', field, given ->> 0, col.kind, given ->> 1, col.kind)
            when 'null' then format('t.%I is %s null', field, case when word = 'true' then '' else 'not' end)
            when 'in' then format('t.%I = any (%L::%s[])', field, array(select jsonb_array_elements_text(given))::text, col.kind)
            when 'contains' then case when col.kind ^@ 'text[]'
                then format('t.%I @> %L', field, array[word]::text)
                else format('lower(t.%I::text) like %L', field, crm_like_part(word))
                     || case when crm_find_words(p_table) like '%COALESCE(' || field || ',%'
                             then format(' and %s like %L', crm_find_words(p_table), crm_like_part(word)) else '' end end end;
    end if;
    if condition is null then
        raise exception 'no such operator' using errcode = '22023';
    end if;
    return condition;
end $$;
revoke all on function crm_find_condition(regclass, jsonb) from public;

-- `tight`: what an index on the org or its order can follow. `loose`: parts of texts and values of `custom`, of which nobody can tell
-- beforehand how many records have them.
create or replace function crm_find_where(p_table regclass, p_filter jsonb, out tight text, out loose text)
language plpgsql stable set search_path = public, pg_temp as $$
declare
    place record;
    condition jsonb;
    word text;
begin
    select bool_or(a.attname = 'owner_id') as has_owner, bool_or(a.attname = 'deleted_at') as is_mortal into place
    from pg_attribute a where a.attrelid = p_table and a.attname in ('owner_id', 'deleted_at');
    tight := format('t.org_id = %L::uuid', crm_org());
    if p_table = 'crm_api_keys'::regclass and not crm_may_configure() then
        tight := tight || format(' and t.user_id = %L::uuid', crm_user());
    elsif place.has_owner and p_table <> 'crm_sales_goals'::regclass and not crm_sees_org() then
        tight := tight || case when cardinality(crm_teams()) = 0 then format(' and t.owner_id = %L::uuid', crm_user())
            else format(' and (t.owner_id = %L::uuid or t.team_id = any (%L::uuid[]))', crm_user(), crm_teams()) end;
    end if;
    if place.is_mortal then
        tight := tight || case when (p_filter ->> 'deleted')::boolean then ' and t.deleted_at is not null' else ' and t.deleted_at is null' end;
    end if;
    for condition in select * from jsonb_array_elements(p_filter -> 'where') loop
        if condition ->> 'op' = 'contains' or condition ->> 'field' ^@ 'custom.' then
            loose := concat_ws(' and ', loose, crm_find_condition(p_table, condition));
        else
            tight := tight || ' and ' || crm_find_condition(p_table, condition);
        end if;
    end loop;
    if trim(p_filter ->> 'q') <> '' then
        foreach word in array regexp_split_to_array(trim(p_filter ->> 'q'), '\s+') loop
            loose := concat_ws(' and ', loose, format('%s like %L', crm_find_words(p_table), crm_like_part(word)));
        end loop;
    end if;
end $$;
revoke all on function crm_find_where(regclass, jsonb) from public;

-- The order from a column on; of the columns up to `p_known` it is known whether they are null.
create or replace function crm_find_order(p_names text[], p_downs boolean[], p_nullables boolean[], p_from integer, p_known integer)
returns text
language sql immutable as $$
    select string_agg(format('t.%I %s', p_names[k], case when p_downs[k] then 'desc' else 'asc' end)
                      || case when p_nullables[k] and k > p_known then ' nulls last' else '' end, ', ' order by k)
    from generate_series(p_from, cardinality(p_names)) as k
$$;
revoke all on function crm_find_order(text[], boolean[], boolean[], integer, integer) from public;

-- The places where a page may begin, in the order of the list: each a condition under which the first columns of the order stand
-- still and an index can be walked. Null stands at the end, whichever way a column is sorted.
create or replace function crm_find_steps(p_table regclass, p_sort jsonb, p_after jsonb)
returns table (condition text, ordering text)
language plpgsql stable set search_path = public, pg_temp as $$
declare
    names text[] := array(select s ->> 'field' from jsonb_array_elements(p_sort) as s);
    downs boolean[] := array(select coalesce((s ->> 'down')::boolean, false) from jsonb_array_elements(p_sort) as s);
    depth integer := cardinality(names);
    kinds text[] := '{}';
    nullables boolean[] := '{}';
    stills text[] := '{}';
    still text := 'true';
    held text;
    col record;
begin
    foreach held in array names loop
        col := crm_find_column(p_table, held);
        kinds := kinds || col.kind;
        nullables := nullables || col.nullable;
    end loop;
    for k in 1..depth loop
        stills[k] := still;
        held := p_after ->> (k - 1);
        still := still || case when held is null then format(' and t.%I is null', names[k])
                               else format(' and t.%I = %L::%s', names[k], held, kinds[k]) end;
    end loop;
    for k in reverse case when p_after is null then 1 else depth end..1 loop
        held := p_after ->> (k - 1);
        continue when held is null and p_after is not null;
        condition := stills[k] || case
            when p_after is not null then format(' and t.%I %s %L::%s', names[k], case when downs[k] then '<' else '>' end, held, kinds[k])
            when nullables[k] then format(' and t.%I is not null', names[k])
            else '' end;
        ordering := crm_find_order(names, downs, nullables, k, k);
        return next;
        if nullables[k] then
            condition := stills[k] || format(' and t.%I is null', names[k]);
            ordering := crm_find_order(names, downs, nullables, k + 1, k);
            return next;
        end if;
    end loop;
end $$;
revoke all on function crm_find_steps(regclass, jsonb, jsonb) from public;

-- Where conditions are loose, the first records in the list's order are looked through; if they do not fill the page, few records
-- are meant, and those are found first and then put in order.
create or replace function crm_find_ids(p_kind text, p_filter jsonb, p_limit integer) returns setof uuid
language plpgsql stable security definer rows 50 set search_path = public, pg_temp
set enable_seqscan = off set enable_indexscan = on set max_parallel_workers_per_gather = 0 set jit = off as $$
declare
    looked_through constant integer := 2000;
    place regclass := crm_table_of(p_kind);
    conditions record := crm_find_where(place, p_filter);
    left_over integer := least(p_limit, 1001);
    step record;
    walk text;
    found_now uuid[];
    is_all boolean;
begin
    for step in select * from crm_find_steps(place, p_filter -> 'sort', nullif(p_filter -> 'after', 'null')) loop
        walk := format('from %s t where %s and %s', place, conditions.tight, step.condition);
        if conditions.loose is null then
            execute format('select array(select t.id %s order by %s limit %s)', walk, step.ordering, left_over) into found_now;
        else
            execute format('select array(select t.id from (select t.* %s order by %s limit %s) t where %s limit %s)',
                           walk, step.ordering, looked_through, conditions.loose, left_over) into found_now;
            if cardinality(found_now) < left_over then
                execute format('select count(*) < %s from (select %s limit %1$s) as looked', looked_through, walk) into is_all;
                if not is_all then
                    perform set_config('enable_indexscan', 'off', true);  -- else an index of the order, read to its end, may look cheaper
                    execute format('with found as materialized (select t.* %s and %s) select array(select t.id from found t order by %s limit %s)',
                                   walk, conditions.loose, step.ordering, left_over) into found_now;
                    perform set_config('enable_indexscan', 'on', true);
                end if;
            end if;
        end if;
        return query select unnest(found_now);
        left_over := left_over - cardinality(found_now);
        exit when left_over <= 0;
    end loop;
end $$;
comment on function crm_find_ids(text, jsonb, integer) is 'Ids of the records that a filter lets through and the caller may see, in order.';
revoke all on function crm_find_ids(text, jsonb, integer) from public;
grant execute on function crm_find_ids(text, jsonb, integer) to crm_app;

create or replace function crm_count_found(p_kind text, p_filter jsonb, p_most integer) returns bigint
language plpgsql stable security definer set search_path = public, pg_temp
set enable_seqscan = off set max_parallel_workers_per_gather = 0 set jit = off as $$
declare
    place regclass := crm_table_of(p_kind);
    conditions record := crm_find_where(place, p_filter);
    counted bigint;
begin
    execute format('select count(*) from (select from %s t where %s limit %s) as found',
                   place, concat_ws(' and ', conditions.tight, conditions.loose), p_most) into counted;
    return counted;
end $$;
comment on function crm_count_found(text, jsonb, integer) is 'How many records crm_find_ids would find, counted up to a limit.';
revoke all on function crm_count_found(text, jsonb, integer) from public;
grant execute on function crm_count_found(text, jsonb, integer) to crm_app;
