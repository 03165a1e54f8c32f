-- Finding records. Under row-level security Postgres uses an index only with operators that cannot leak; those that look for part of
-- a text, a value inside jsonb or an amount are not among them. So what a list shows is found here, by the owner's rights, and the
-- same two lines are drawn by hand: the org, and who may see what. The caller reads the rows under its own policies afterwards.
--
-- A filter is {"where": [{"field", "op", "value", "declared"}], "q": words, "sort": [{"field", "down"}], "after": [values], "deleted": bool}.
-- Fields are columns that crm_app may read, or custom.<name>; values are texts, or jsonb for custom ones. A custom field that was
-- declared says what it is, and takes texts too.

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
        when 'subscription' then 'crm_subscriptions' when 'ticket' then 'crm_support_tickets'
        when 'survey' then 'crm_survey_responses'
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

create or replace function crm_find_column(p_table regclass, p_field text) returns text
language plpgsql stable set search_path = public, pg_temp as $$
begin
    if not has_column_privilege('crm_app', p_table, p_field, 'select') or p_field = any ('{ctid,tableoid,xmin,xmax,cmin,cmax}') then
        raise exception 'no such field' using errcode = '22023';
    end if;
    return 't.' || quote_ident(p_field);
end $$;
comment on function crm_find_column(regclass, text) is 'A column that the API may read, in SQL.';
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
        when 'contains' then format('case jsonb_typeof(t.custom -> %1$L) when ''string'' then lower(t.custom ->> %1$L) like %2$L'
                                    ' when ''array'' then t.custom -> %1$L ? %3$L end',
                                    p_key, crm_like_part(p_value #>> '{}'), p_value #>> '{}')
        when 'between' then format('%s between %L and %L', held, p_value ->> 0, p_value ->> 1)
        when 'gt' then format('%s > %L', held, p_value #>> '{}')
        when 'gte' then format('%s >= %L', held, p_value #>> '{}')
        when 'lt' then format('%s < %L', held, p_value #>> '{}')
        when 'lte' then format('%s <= %L', held, p_value #>> '{}') end;
end $$;
revoke all on function crm_find_custom(text, text, jsonb) from public;

-- A day too many for its month is one of the next: whatever looks like a moment is one, and none of them is an error.
create or replace function crm_moment_in(p_text text) returns timestamptz language sql stable as $$
    select case when p_text ~ '^(?!0000)\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[Tt]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?([Zz]|[+-](0\d|1[0-5]):[0-5]\d)$'
        then (substr(p_text, 1, 8) || '01' || substr(p_text, 11))::timestamptz + (substr(p_text, 9, 2)::integer - 1) * interval '24 hours' end
$$;
comment on function crm_moment_in(text) is 'The moment that a text with its offset from UTC tells; null for any other text.';
revoke all on function crm_moment_in(text) from public;

create or replace function crm_find_held(p_key text, p_declared text) returns text
language plpgsql stable set search_path = public, pg_temp as $$
declare
    held text := case p_declared
        when 'text' then 'case when jsonb_typeof(t.custom -> %1$L) = ''string'' then t.custom ->> %1$L end collate "C"'
        when 'date' then 'case when t.custom ->> %1$L ~ ''^\d{4}-\d\d-\d\d$'' then t.custom ->> %1$L end collate "C"'
        when 'moment' then 'crm_moment_in(t.custom ->> %1$L)'
        when 'number' then 'case when jsonb_typeof(t.custom -> %1$L) = ''number'' then (t.custom ->> %1$L)::numeric end'
        when 'whole' then 'case when jsonb_typeof(t.custom -> %1$L) = ''number'' then (t.custom ->> %1$L)::numeric end' end;
begin
    if held is null then
        raise exception 'no such type' using errcode = '22023';
    end if;
    return '(' || format(held, p_key) || ')';
end $$;
comment on function crm_find_held(text, text) is 'A declared field in SQL, as what it is; null where something else stands there, as it may from before it was declared.';
revoke all on function crm_find_held(text, text) from public;

create or replace function crm_find_equal(p_key text, p_op text, p_value jsonb, p_declared text) returns text
language sql stable set search_path = public, pg_temp as $$
    select crm_find_custom(p_key, p_op, jsonb_agg(case when p_declared in ('number', 'whole') then to_jsonb((v #>> '{}')::numeric) else v end))
    from jsonb_array_elements(case jsonb_typeof(p_value) when 'array' then p_value else jsonb_build_array(p_value) end) v
$$;
comment on function crm_find_equal(text, text, jsonb, text) is 'Whether a declared field is, or is not, one of some values: what the index on custom can tell.';
revoke all on function crm_find_equal(text, text, jsonb, text) from public;

create or replace function crm_find_part(p_table regclass, p_field text, p_word text) returns text
language plpgsql stable set search_path = public, pg_temp as $$
declare
    words text := crm_find_words(p_table);
begin
    if (select atttypid = 'text[]'::regtype from pg_attribute where attrelid = p_table and attname = p_field) then
        return format('t.%I @> %L', p_field, array[p_word]::text);
    end if;
    return format('lower(t.%I::text) like %L', p_field, crm_like_part(p_word))
        || case when words like '%COALESCE(' || p_field || ',%' then format(' and %s like %L', words, crm_like_part(p_word)) else '' end;
end $$;
revoke all on function crm_find_part(regclass, text, text) from public;

create or replace function crm_find_condition(p_table regclass, p_condition jsonb) returns text
language plpgsql stable set search_path = public, pg_temp as $$
declare
    field text := p_condition ->> 'field';
    op text := p_condition ->> 'op';
    given jsonb := p_condition -> 'value';
    word text := given #>> '{}';
    col text := crm_find_column(p_table, case when field ^@ 'custom.' then 'custom' else field end);
    own text := case when field ^@ 'custom.' then substr(field, 8) end;
    declared text := p_condition ->> 'declared';
    condition text;
begin
    if own is not null and (declared is null or op in ('null', 'contains')) then
        condition := crm_find_custom(own, op, given);
    elsif own is not null and op in ('eq', 'ne', 'in') and declared <> 'moment' then
        condition := crm_find_equal(own, op, given, declared);
    else
        if own is not null then
            col := crm_find_held(own, declared);
        end if;
        condition := case op
            when 'eq' then col || ' = ' || quote_literal(word)
            when 'ne' then col || ' is distinct from ' || quote_literal(word)
            when 'gt' then col || ' > ' || quote_literal(word)
            when 'gte' then col || ' >= ' || quote_literal(word)
            when 'lt' then col || ' < ' || quote_literal(word)
            when 'lte' then col || ' <= ' || quote_literal(word)
            when 'between' then format('%s between %L and %L', col, given ->> 0, given ->> 1)
            when 'outside' then format('(%1$s >= %2$L and %1$s < %3$L) is not true', col, given ->> 0, given ->> 1)
            when 'null' then col || case when word = 'true' then ' is null' else ' is not null' end
            when 'in' then format('%s = any (%L)', col, array(select jsonb_array_elements_text(given))::text)
            when 'contains' then crm_find_part(p_table, field, word) end;
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
    for k in 0..coalesce(jsonb_array_length(p_filter -> 'where'), 0) - 1 loop
        condition := p_filter -> 'where' -> k;
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

-- The places where a page may begin, in the order of the list: each a condition under which the first columns of the order stand
-- still and an index can be walked. Null stands at the end, whichever way a column is sorted.
create or replace function crm_find_steps(p_table regclass, p_sort jsonb, p_after jsonb, out conditions text[], out orderings text[])
language plpgsql stable set search_path = public, pg_temp as $$
declare
    depth integer := jsonb_array_length(p_sort);
    stills text[] := '{true}';  -- by how many columns stand still: under which condition
    rest text := '';            -- the order of the columns that follow
    one jsonb;
    col text;
    held text;
    way text;
    has_nulls boolean;
begin
    for k in 1..case when p_after is null then 0 else depth - 1 end loop
        held := p_after ->> (k - 1);
        stills[k + 1] := stills[k] || ' and ' || crm_find_column(p_table, p_sort -> (k - 1) ->> 'field')
            || case when held is null then ' is null' else ' = ' || quote_literal(held) end;
    end loop;
    for k in reverse depth..1 loop
        one := p_sort -> (k - 1);
        col := crm_find_column(p_table, one ->> 'field');
        way := case when (one ->> 'down')::boolean then ' desc' else ' asc' end;
        has_nulls := coalesce((one ->> 'nullable')::boolean, true);
        held := p_after ->> (k - 1);
        if (p_after is null and k = 1) or held is not null then
            conditions := conditions || (stills[k] || case
                when p_after is not null then ' and ' || col || case way when ' desc' then ' < ' else ' > ' end || quote_literal(held)
                when has_nulls then ' and ' || col || ' is not null'
                else '' end);
            orderings := orderings || (col || way || rest);
            if has_nulls then
                conditions := conditions || (stills[k] || ' and ' || col || ' is null');
                orderings := orderings || coalesce(nullif(substr(rest, 3), ''), 't.id');
            end if;
        end if;
        rest := ', ' || col || way || case when has_nulls then ' nulls last' else '' end || rest;
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
    met record := crm_find_where(place, p_filter);
    steps record := crm_find_steps(place, p_filter -> 'sort', nullif(p_filter -> 'after', 'null'));
    left_over integer := least(p_limit, 1001);
    ordering text;
    walk text;
    found uuid[];
    found_now integer;
    is_all boolean;
begin
    for k in 1..cardinality(steps.conditions) loop
        ordering := steps.orderings[k];
        walk := format('from %s t where %s and %s', place, met.tight, steps.conditions[k]);
        if met.loose is null then
            return query execute format('select t.id %s order by %s limit %s', walk, ordering, left_over);
            get diagnostics found_now = row_count;
        else
            execute format('select array(select t.id from (select t.* %s order by %s limit %s) t where %s limit %s)',
                           walk, ordering, looked_through, met.loose, left_over) into found;
            if cardinality(found) < left_over then
                execute format('select count(*) < %s from (select %s limit %1$s) as looked', looked_through, walk) into is_all;
                if not is_all then
                    perform set_config('enable_indexscan', 'off', true);  -- else an index of the order, read to its end, may look cheaper
                    execute format('with found as materialized (select t.* %s and %s) select array(select t.id from found t order by %s limit %s)',
                                   walk, met.loose, ordering, left_over) into found;
                    perform set_config('enable_indexscan', 'on', true);
                end if;
            end if;
            return query select unnest(found);
            found_now := cardinality(found);
        end if;
        left_over := left_over - found_now;
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
    met record := crm_find_where(place, p_filter);
    counted bigint;
begin
    execute format('select count(*) from (select from %s t where %s limit %s) as found',
                   place, concat_ws(' and ', met.tight, met.loose), p_most) into counted;
    return counted;
end $$;
comment on function crm_count_found(text, jsonb, integer) is 'How many records crm_find_ids would find, counted up to a limit.';
revoke all on function crm_count_found(text, jsonb, integer) from public;
grant execute on function crm_count_found(text, jsonb, integer) to crm_app;
