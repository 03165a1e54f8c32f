-- The schema of Essentials CRM, as its migrations make it: tables, indexes, policies, functions, triggers, grants.
-- Made by `crm schema --sql`; never changed by hand.
--
-- To load it: the roles crm_owner, crm_app, crm_flow and crm_capture have to be there, the database is empty and belongs to
-- crm_owner, and crm_owner loads it:  psql --set ON_ERROR_STOP=1 --single-transaction --file crm_db/schema.sql
-- `crm migrate` goes on from there, and makes the partitions of the coming months.

set check_function_bodies = false;
set client_min_messages = warning;
select pg_catalog.set_config('search_path', '', false);

-- EXTENSION btree_gin

CREATE EXTENSION IF NOT EXISTS btree_gin WITH SCHEMA public;

-- EXTENSION pg_trgm

CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;

-- FUNCTION calculate_lead_score(uuid)

CREATE FUNCTION public.calculate_lead_score(lead_id uuid) RETURNS integer
    LANGUAGE sql STABLE
    SET search_path TO 'public', 'pg_temp'
    AS $$
    select coalesce(l.probability, 0)
         + case when l.value > 50000 then 10 when l.value > 25000 then 5 else 0 end
         + case when l.last_contact > now() - interval '7 days' then 5 else 0 end
    from crm_leads l
    where l.id = calculate_lead_score.lead_id
$$;

-- FUNCTION crm_actor()

CREATE FUNCTION public.crm_actor() RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN COALESCE(NULLIF(current_setting('crm.actor'::text, true), ''::text), (CURRENT_USER)::text);

-- FUNCTION crm_authenticate(text, bytea)

CREATE FUNCTION public.crm_authenticate(p_prefix text, p_secret_hash bytea) RETURNS TABLE(org_id uuid, user_id uuid, role text, scopes text[], source_id uuid, team_ids uuid[])
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
declare
    held crm_api_keys;
begin
    select * into held from crm_api_keys k
    where k.prefix = p_prefix and k.secret_hash = p_secret_hash
      and k.revoked_at is null and (k.expires_at is null or k.expires_at > now());
    if not found then
        return;
    end if;
    if held.last_used_at is null or held.last_used_at < now() - interval '1 minute' then
        update crm_api_keys k set last_used_at = now() where k.org_id = held.org_id and k.id = held.id;
    end if;
    return query
        select held.org_id, held.user_id, coalesce(u.role, 'system'), held.scopes, held.source_id,
               crm_teams_seen(held.org_id, held.user_id, u.role)
        from (select 1) as one
        left join crm_users u on u.org_id = held.org_id and u.id = held.user_id
        where held.user_id is null or u.active;
end $$;

-- FUNCTION crm_capture(uuid[], uuid[], text[], boolean[], text[], text[], bytea[], bytea[])

CREATE FUNCTION public.crm_capture(p_orgs uuid[], p_sources uuid[], p_content_types text[], p_automations boolean[], p_scopes text[], p_keys text[], p_hashes bytea[], p_bodies bytea[]) RETURNS TABLE(ordinal bigint, event_id uuid, repeated boolean, conflict boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
declare
    fresh uuid[];
begin
    with given as materialized (
        select g.*, crm_uuid7() as id
        from unnest(p_orgs, p_sources, p_content_types, p_automations, p_scopes, p_keys, p_hashes, p_bodies) with ordinality
             as g(org, source, content_type, automation, scope, key, hash, body, ordinal)
    ), firsts as materialized (
        select distinct on (g.org, g.scope, g.key) g.* from given g order by g.org, g.scope, g.key, g.ordinal
    ), taken as (
        insert into crm_keys as k (org_id, scope, key, ref_id, body_hash, expires_at)
        select f.org, f.scope, f.key, f.id, f.hash, case when f.scope like 'body:%' then now() + interval '24 hours' end
        from firsts f
        on conflict on constraint pk_crm_keys do update
            set ref_id = excluded.ref_id, body_hash = excluded.body_hash, created_at = now(), expires_at = excluded.expires_at
            where k.expires_at <= now()
        returning k.ref_id
    ), kept as (
        insert into crm_inbox (org_id, id, source_id, content_type, automation, body)
        select f.org, f.id, f.source, f.content_type, f.automation, f.body
        from firsts f where f.id in (select t.ref_id from taken t)
    )
    select array_agg(f.id order by f.ordinal) into fresh from firsts f where f.id in (select t.ref_id from taken t);

    if cardinality(fresh) = cardinality(p_keys) then
        return query select made.ordinal, made.id, false, false from unnest(fresh) with ordinality as made(id, ordinal);
        return;
    end if;
    return query
        select g.ordinal, known.ref_id,
               not known.ref_id = any (coalesce(fresh, '{}'))
                   or row_number() over (partition by known.ref_id order by g.ordinal) > 1,
               known.body_hash is distinct from g.hash
        from unnest(p_orgs, p_scopes, p_keys, p_hashes) with ordinality as g(org, scope, key, hash, ordinal)
        cross join lateral (select k.ref_id, k.body_hash from crm_keys k
                            where k.org_id = g.org and k.scope = g.scope and k.key = g.key limit 1) as known
        order by g.ordinal;
end $$;

-- FUNCTION crm_capture_source(text, text, bytea)

CREATE FUNCTION public.crm_capture_source(p_ref text, p_prefix text, p_secret_hash bytea) RETURNS TABLE(org_id uuid, source_id uuid, name text, secret text, mapping jsonb, rate_per_minute integer, by_token boolean, by_key boolean, format text, by_form boolean, allowed_origins text[], thank_you_url text, verify_token text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
    select s.org_id, s.id, s.name, s.secret, s.mapping, s.rate_per_minute, s.token = p_ref,
           exists (select from crm_api_keys k
                   where k.prefix = p_prefix and k.secret_hash = p_secret_hash and k.org_id = s.org_id
                     and k.scopes && array['capture', 'admin'] and (k.source_id is null or k.source_id = s.id)
                     and (k.user_id is null or exists (select from crm_users u where u.org_id = k.org_id and u.id = k.user_id
                                                       and u.active and u.role <> 'viewer'))
                     and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())),
           s.format, coalesce(s.form_token = p_ref, false), s.allowed_origins, s.thank_you_url, s.token
    from crm_sources s
    where s.active and (s.token = p_ref or s.form_token = p_ref or s.name = p_ref or s.id::text = p_ref)
$$;

-- FUNCTION crm_contact_happened()

CREATE FUNCTION public.crm_contact_happened() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
declare
    happened timestamptz := least(new.done_at, now());
begin
    update crm_deals set last_activity_at = happened
    where org_id = new.org_id and id = new.deal_id and (last_activity_at is null or last_activity_at < happened);
    update crm_leads set last_contact = happened, rescore_at = case when scored_at is null then rescore_at else now() end
    where org_id = new.org_id and id = new.lead_id and (last_contact is null or last_contact < happened);
    return null;
end $$;

-- COMMENT FUNCTION crm_contact_happened()

COMMENT ON FUNCTION public.crm_contact_happened() IS 'Keeps when somebody last spoke with a lead, or about a deal; it never goes back.';

-- FUNCTION crm_count_found(text, jsonb, integer)

CREATE FUNCTION public.crm_count_found(p_kind text, p_filter jsonb, p_most integer) RETURNS bigint
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET max_parallel_workers_per_gather TO '0'
    SET jit TO 'off'
    AS $$
declare
    place regclass := crm_table_of(p_kind);
    met record := crm_find_where(place, p_filter);
    counted bigint;
begin
    execute format('select count(*) from (select from %s t where %s limit %s) as found',
                   place, concat_ws(' and ', met.tight, met.loose), p_most) into counted;
    return counted;
end $$;

-- COMMENT FUNCTION crm_count_found(p_kind text, p_filter jsonb, p_most integer)

COMMENT ON FUNCTION public.crm_count_found(p_kind text, p_filter jsonb, p_most integer) IS 'How many records crm_find_ids would find, counted up to a limit.';

-- FUNCTION crm_day_in(text)

CREATE FUNCTION public.crm_day_in(p_zone text) RETURNS date
    LANGUAGE plpgsql STABLE
    SET search_path TO 'public', 'pg_temp'
    AS $$
begin
    return (now() at time zone p_zone)::date;
exception when invalid_parameter_value then
    return (now() at time zone 'UTC')::date;
end $$;

-- COMMENT FUNCTION crm_day_in(p_zone text)

COMMENT ON FUNCTION public.crm_day_in(p_zone text) IS 'What day it is in a zone; in UTC where there is no such zone.';

-- FUNCTION crm_deal_moves()

CREATE FUNCTION public.crm_deal_moves() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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
            new.stage_entered_at := greatest(now(), old.stage_entered_at);
        end if;
    end if;
    if not new.probability_fixed then
        new.probability := stage.probability;
    end if;
    return new;
end $$;

-- COMMENT FUNCTION crm_deal_moves()

COMMENT ON FUNCTION public.crm_deal_moves() IS 'A deal is what its stage says: pipeline, status, and probability unless that is fixed.';

-- FUNCTION crm_deal_went()

CREATE FUNCTION public.crm_deal_went() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
begin
    update crm_deal_stage_history set left_at = greatest(new.stage_entered_at, entered_at)
    where org_id = new.org_id and deal_id = new.id and left_at is null;
    insert into crm_deal_stage_history (org_id, deal_id, stage_id, entered_at, value, actor)
    values (new.org_id, new.id, new.stage_id, new.stage_entered_at, new.value, crm_actor());
    return null;
end $$;

-- COMMENT FUNCTION crm_deal_went()

COMMENT ON FUNCTION public.crm_deal_went() IS 'Keeps the way that a deal has gone.';

-- FUNCTION crm_default_org()

CREATE FUNCTION public.crm_default_org() RETURNS uuid
    LANGUAGE plpgsql STABLE
    AS $$
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

-- FUNCTION crm_default_pipeline()

CREATE FUNCTION public.crm_default_pipeline() RETURNS uuid
    LANGUAGE plpgsql
    AS $$
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

-- FUNCTION crm_ensure_partitions(integer)

CREATE FUNCTION public.crm_ensure_partitions(months integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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

-- FUNCTION crm_find_column(regclass, text)

CREATE FUNCTION public.crm_find_column(p_table regclass, p_field text) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path TO 'public', 'pg_temp'
    AS $$
begin
    if not has_column_privilege('crm_app', p_table, p_field, 'select') or p_field = any ('{ctid,tableoid,xmin,xmax,cmin,cmax}') then
        raise exception 'no such field' using errcode = '22023';
    end if;
    return 't.' || quote_ident(p_field);
end $$;

-- COMMENT FUNCTION crm_find_column(p_table regclass, p_field text)

COMMENT ON FUNCTION public.crm_find_column(p_table regclass, p_field text) IS 'A column that the API may read, in SQL.';

-- FUNCTION crm_find_condition(regclass, jsonb)

CREATE FUNCTION public.crm_find_condition(p_table regclass, p_condition jsonb) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path TO 'public', 'pg_temp'
    AS $_$
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
end $_$;

-- FUNCTION crm_find_custom(text, text, jsonb)

CREATE FUNCTION public.crm_find_custom(p_key text, p_op text, p_value jsonb) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path TO 'public', 'pg_temp'
    AS $_$
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
end $_$;

-- FUNCTION crm_find_equal(text, text, jsonb, text)

CREATE FUNCTION public.crm_find_equal(p_key text, p_op text, p_value jsonb, p_declared text) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'public', 'pg_temp'
    AS $$
    select crm_find_custom(p_key, p_op, jsonb_agg(case when p_declared in ('number', 'whole') then to_jsonb((v #>> '{}')::numeric) else v end))
    from jsonb_array_elements(case jsonb_typeof(p_value) when 'array' then p_value else jsonb_build_array(p_value) end) v
$$;

-- COMMENT FUNCTION crm_find_equal(p_key text, p_op text, p_value jsonb, p_declared text)

COMMENT ON FUNCTION public.crm_find_equal(p_key text, p_op text, p_value jsonb, p_declared text) IS 'Whether a declared field is, or is not, one of some values: what the index on custom can tell.';

-- FUNCTION crm_find_held(text, text)

CREATE FUNCTION public.crm_find_held(p_key text, p_declared text) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path TO 'public', 'pg_temp'
    AS $_$
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
end $_$;

-- COMMENT FUNCTION crm_find_held(p_key text, p_declared text)

COMMENT ON FUNCTION public.crm_find_held(p_key text, p_declared text) IS 'A declared field in SQL, as what it is; null where something else stands there, as it may from before it was declared.';

-- FUNCTION crm_find_ids(text, jsonb, integer)

CREATE FUNCTION public.crm_find_ids(p_kind text, p_filter jsonb, p_limit integer) RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 50
    SET search_path TO 'public', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_indexscan TO 'on'
    SET max_parallel_workers_per_gather TO '0'
    SET jit TO 'off'
    AS $_$
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
end $_$;

-- COMMENT FUNCTION crm_find_ids(p_kind text, p_filter jsonb, p_limit integer)

COMMENT ON FUNCTION public.crm_find_ids(p_kind text, p_filter jsonb, p_limit integer) IS 'Ids of the records that a filter lets through and the caller may see, in order.';

-- FUNCTION crm_find_part(regclass, text, text)

CREATE FUNCTION public.crm_find_part(p_table regclass, p_field text, p_word text) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path TO 'public', 'pg_temp'
    AS $$
declare
    words text := crm_find_words(p_table);
begin
    if (select atttypid = 'text[]'::regtype from pg_attribute where attrelid = p_table and attname = p_field) then
        return format('t.%I @> %L', p_field, array[p_word]::text);
    end if;
    return format('lower(t.%I::text) like %L', p_field, crm_like_part(p_word))
        || case when words like '%COALESCE(' || p_field || ',%' then format(' and %s like %L', words, crm_like_part(p_word)) else '' end;
end $$;

-- FUNCTION crm_find_steps(regclass, jsonb, jsonb)

CREATE FUNCTION public.crm_find_steps(p_table regclass, p_sort jsonb, p_after jsonb, OUT conditions text[], OUT orderings text[]) RETURNS record
    LANGUAGE plpgsql STABLE
    SET search_path TO 'public', 'pg_temp'
    AS $$
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

-- FUNCTION crm_find_where(regclass, jsonb)

CREATE FUNCTION public.crm_find_where(p_table regclass, p_filter jsonb, OUT tight text, OUT loose text) RETURNS record
    LANGUAGE plpgsql STABLE
    SET search_path TO 'public', 'pg_temp'
    AS $$
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

-- FUNCTION crm_find_words(regclass)

CREATE FUNCTION public.crm_find_words(p_table regclass) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'public', 'pg_temp'
    AS $$
    select pg_get_indexdef(to_regclass('ix_' || p_table || '_search'), 2, true)
$$;

-- COMMENT FUNCTION crm_find_words(p_table regclass)

COMMENT ON FUNCTION public.crm_find_words(p_table regclass) IS 'The words in which q looks, as the index on them says; null where there is none.';

-- FUNCTION crm_hand_on_visibility()

CREATE FUNCTION public.crm_hand_on_visibility() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    update crm_activities set team_id = new.team_id, owner_id = new.owner_id where org_id = new.org_id and lead_id = new.id;
    update crm_enrolments set team_id = new.team_id, owner_id = new.owner_id where org_id = new.org_id and lead_id = new.id;
    update crm_messages set team_id = new.team_id, owner_id = new.owner_id where org_id = new.org_id and lead_id = new.id;
    update crm_ai_insights set team_id = new.team_id, owner_id = new.owner_id where org_id = new.org_id and lead_id = new.id;
    return null;
end $$;

-- FUNCTION crm_hand_on_visibility_of_customer()

CREATE FUNCTION public.crm_hand_on_visibility_of_customer() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    update crm_activities set team_id = new.team_id, owner_id = new.owner_id
    where org_id = new.org_id and customer_id = new.id and lead_id is null and deal_id is null;
    update crm_ai_insights set team_id = new.team_id, owner_id = new.owner_id where org_id = new.org_id and customer_id = new.id;
    update crm_contacts set team_id = new.team_id, owner_id = new.owner_id where org_id = new.org_id and customer_id = new.id;
    update crm_subscriptions set team_id = new.team_id, owner_id = new.owner_id where org_id = new.org_id and customer_id = new.id;
    update crm_support_tickets set team_id = new.team_id, owner_id = new.owner_id where org_id = new.org_id and customer_id = new.id;
    update crm_survey_responses set team_id = new.team_id, owner_id = new.owner_id where org_id = new.org_id and customer_id = new.id;
    return null;
end $$;

-- FUNCTION crm_hand_on_visibility_of_deal()

CREATE FUNCTION public.crm_hand_on_visibility_of_deal() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    update crm_activities set team_id = new.team_id, owner_id = new.owner_id
    where org_id = new.org_id and deal_id = new.id and lead_id is null;
    update crm_ai_insights set team_id = new.team_id, owner_id = new.owner_id where org_id = new.org_id and deal_id = new.id;
    return null;
end $$;

-- FUNCTION crm_inherit_from_customer()

CREATE FUNCTION public.crm_inherit_from_customer() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    select team_id, owner_id into new.team_id, new.owner_id
    from crm_customers where org_id = new.org_id and id = new.customer_id;
    return new;
end $$;

-- COMMENT FUNCTION crm_inherit_from_customer()

COMMENT ON FUNCTION public.crm_inherit_from_customer() IS 'What belongs to a customer is seen by whoever sees the customer.';

-- FUNCTION crm_inherit_from_record()

CREATE FUNCTION public.crm_inherit_from_record() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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

-- COMMENT FUNCTION crm_inherit_from_record()

COMMENT ON FUNCTION public.crm_inherit_from_record() IS 'What belongs to a lead, deal or customer is seen by whoever sees that.';

-- FUNCTION crm_inherit_visibility()

CREATE FUNCTION public.crm_inherit_visibility() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    if new.lead_id is not null then
        select team_id, owner_id into new.team_id, new.owner_id
        from crm_leads where org_id = new.org_id and id = new.lead_id;
    end if;
    return new;
end $$;

-- COMMENT FUNCTION crm_inherit_visibility()

COMMENT ON FUNCTION public.crm_inherit_visibility() IS 'A child of a lead is seen by whoever sees the lead.';

-- FUNCTION crm_keep_org()

CREATE FUNCTION public.crm_keep_org() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    raise exception 'org_id of % cannot change', tg_table_name using errcode = '23514';
end $$;

-- FUNCTION crm_like_part(text)

CREATE FUNCTION public.crm_like_part(p_words text) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$
    select '%' || replace(replace(replace(lower(p_words), '\', '\\'), '%', '\%'), '_', '\_') || '%'
$$;

-- FUNCTION crm_log_change()

CREATE FUNCTION public.crm_log_change() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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

-- COMMENT FUNCTION crm_log_change()

COMMENT ON FUNCTION public.crm_log_change() IS 'Keeps the former values of the columns named as arguments.';

-- FUNCTION crm_role()

CREATE FUNCTION public.crm_role() RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    AS $$
declare
    setting text := current_setting('crm.role', true);
begin
    if coalesce(setting, '') = '' then
        raise exception 'no identity: crm.role is not set in this transaction' using errcode = '28000';
    end if;
    return setting;
end $$;

-- COMMENT FUNCTION crm_role()

COMMENT ON FUNCTION public.crm_role() IS 'As what this transaction acts: admin, manager, rep, viewer, system (nobody''s key), service.';

-- FUNCTION crm_may_configure()

CREATE FUNCTION public.crm_may_configure() RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (public.crm_role() = ANY (ARRAY['admin'::text, 'system'::text, 'service'::text]));

-- FUNCTION crm_may_manage()

CREATE FUNCTION public.crm_may_manage() RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (public.crm_role() = ANY (ARRAY['admin'::text, 'manager'::text, 'system'::text, 'service'::text]));

-- FUNCTION crm_may_write()

CREATE FUNCTION public.crm_may_write() RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (public.crm_role() = ANY (ARRAY['admin'::text, 'manager'::text, 'rep'::text, 'system'::text, 'service'::text]));

-- FUNCTION crm_moment_in(text)

CREATE FUNCTION public.crm_moment_in(p_text text) RETURNS timestamp with time zone
    LANGUAGE sql STABLE
    AS $_$
    select case when p_text ~ '^(?!0000)\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[Tt]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?([Zz]|[+-](0\d|1[0-5]):[0-5]\d)$'
        then (substr(p_text, 1, 8) || '01' || substr(p_text, 11))::timestamptz + (substr(p_text, 9, 2)::integer - 1) * interval '24 hours' end
$_$;

-- COMMENT FUNCTION crm_moment_in(p_text text)

COMMENT ON FUNCTION public.crm_moment_in(p_text text) IS 'The moment that a text with its offset from UTC tells; null for any other text.';

-- FUNCTION crm_org()

CREATE FUNCTION public.crm_org() RETURNS uuid
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    AS $$
declare
    setting text := current_setting('crm.org_id', true);
begin
    if coalesce(setting, '') = '' then
        raise exception 'no identity: crm.org_id is not set in this transaction' using errcode = '28000';
    end if;
    return setting::uuid;
end $$;

-- COMMENT FUNCTION crm_org()

COMMENT ON FUNCTION public.crm_org() IS 'The org that this transaction acts for; raises when none is set, so that no identity never reads as no data.';

-- FUNCTION crm_sees_org()

CREATE FUNCTION public.crm_sees_org() RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (public.crm_role() = ANY (ARRAY['admin'::text, 'viewer'::text, 'system'::text, 'service'::text]));

-- FUNCTION crm_setting_of(uuid, text, text, jsonb)

CREATE FUNCTION public.crm_setting_of(p_org uuid, p_key text, p_part text, p_otherwise jsonb) RETURNS jsonb
    LANGUAGE sql STABLE
    SET search_path TO 'public', 'pg_temp'
    AS $$
    select coalesce((
        select s.value -> p_part from crm_settings s
        where s.org_id = p_org and s.key = p_key and jsonb_typeof(s.value -> p_part) = jsonb_typeof(p_otherwise)
    ), p_otherwise)
$$;

-- COMMENT FUNCTION crm_setting_of(p_org uuid, p_key text, p_part text, p_otherwise jsonb)

COMMENT ON FUNCTION public.crm_setting_of(p_org uuid, p_key text, p_part text, p_otherwise jsonb) IS 'One part of a setting; what stands in for it where it is not of that type.';

-- FUNCTION crm_stage_kind()

CREATE FUNCTION public.crm_stage_kind() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    new.kind := case new.probability when 100 then 'won' when 0 then 'lost' else 'open' end;
    return new;
end $$;

-- COMMENT FUNCTION crm_stage_kind()

COMMENT ON FUNCTION public.crm_stage_kind() IS 'What a stage is of which only the probability was told.';

-- FUNCTION crm_stage_weighs()

CREATE FUNCTION public.crm_stage_weighs() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    update crm_deals set probability = new.probability
    where org_id = new.org_id and stage_id = new.id and status = 'open' and not probability_fixed;
    return null;
end $$;

-- COMMENT FUNCTION crm_stage_weighs()

COMMENT ON FUNCTION public.crm_stage_weighs() IS 'A changed probability of a stage is that of the open deals that did not fix theirs.';

-- FUNCTION crm_suppose_statistics()

CREATE FUNCTION public.crm_suppose_statistics() RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
declare
    place record;
begin
    if current_setting('server_version_num')::integer < 180000 then
        return;
    end if;
    for place in
        select c.relname from pg_class c
        join pg_attribute a on a.attrelid = c.oid and a.attname = 'org_id' and not a.attisdropped
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and c.reltuples < 0
          and pg_has_role(c.relowner, 'usage')
        order by c.relname
    loop
        perform pg_restore_attribute_stats(
            'schemaname', 'public', 'relname', place.relname::text, 'attname', 'org_id', 'inherited', false,
            'null_frac', 0::real, 'avg_width', 16, 'n_distinct', 4::real);
    end loop;
end $$;

-- FUNCTION crm_table_of(text)

CREATE FUNCTION public.crm_table_of(p_kind text) RETURNS regclass
    LANGUAGE plpgsql STABLE
    SET search_path TO 'public', 'pg_temp'
    AS $$
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

-- FUNCTION crm_teams()

CREATE FUNCTION public.crm_teams() RETURNS uuid[]
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (COALESCE(NULLIF(current_setting('crm.team_ids'::text, true), ''::text), '{}'::text))::uuid[];

-- COMMENT FUNCTION crm_teams()

COMMENT ON FUNCTION public.crm_teams() IS 'The teams whose records this transaction may see.';

-- FUNCTION crm_teams_seen(uuid, uuid, text)

CREATE FUNCTION public.crm_teams_seen(p_org uuid, p_user uuid, p_role text) RETURNS uuid[]
    LANGUAGE sql STABLE
    SET search_path TO 'public', 'pg_temp'
    AS $$
    with recursive seen as (
        select t.id from crm_teams t join crm_memberships m on m.org_id = t.org_id and m.team_id = t.id
        where t.org_id = p_org and m.user_id = p_user
          and (p_role = 'manager' or p_role = 'rep' and t.visibility = 'team')
        union
        select t.id from crm_teams t join seen s on t.parent_id = s.id where t.org_id = p_org and p_role = 'manager'
    )
    select coalesce(array_agg(id order by id), '{}') from seen
$$;

-- FUNCTION crm_touch()

CREATE FUNCTION public.crm_touch() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    new.updated_at := now();
    new.version := old.version + 1;
    return new;
end $$;

-- FUNCTION crm_user()

CREATE FUNCTION public.crm_user() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (NULLIF(current_setting('crm.user_id'::text, true), ''::text))::uuid;

-- FUNCTION crm_uuid7()

CREATE FUNCTION public.crm_uuid7() RETURNS uuid
    LANGUAGE sql PARALLEL SAFE
    RETURN uuidv7();

-- COMMENT FUNCTION crm_uuid7()

COMMENT ON FUNCTION public.crm_uuid7() IS 'A new time-ordered id (RFC 9562, version 7), for servers older than 18 too.';

-- FUNCTION crm_uuid7_floor(timestamp with time zone)

CREATE FUNCTION public.crm_uuid7_floor(moment timestamp with time zone) RETURNS uuid
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN ((lpad(to_hex(((EXTRACT(epoch FROM moment) * (1000)::numeric))::bigint), 12, '0'::text) || repeat('0'::text, 20)))::uuid;

-- COMMENT FUNCTION crm_uuid7_floor(moment timestamp with time zone)

COMMENT ON FUNCTION public.crm_uuid7_floor(moment timestamp with time zone) IS 'The least time-ordered id of a moment: bounds for partitions and ranges.';

-- FUNCTION get_ai_recommendations(integer, uuid)

CREATE FUNCTION public.get_ai_recommendations(max_rows integer DEFAULT 20, owner uuid DEFAULT NULL::uuid) RETURNS TABLE(entity text, entity_id uuid, action text, reason text, confidence numeric, rank bigint)
    LANGUAGE sql STABLE
    SET search_path TO 'public', 'pg_temp'
    AS $_$
    with org as materialized (
        select o.id, crm_day_in(o.timezone) as today,
               case when told between 0 and 1 then told else 0.5 end as least_confidence,
               case crm_setting_of(o.id, 'alert_sensitivity', 'level', '"normal"') #>> '{}'
                   when 'high' then 0.5 when 'low' then 1.5 else 1 end as patience
        from crm_orgs o
        cross join lateral (
            select (crm_setting_of(o.id, 'confidence_threshold', 'minimum', '0.5') #>> '{}')::numeric
        ) as setting(told)
        where o.id = crm_default_org()
    ), deals as (
        select d.id, d.value, d.next_step, d.next_step_at, d.expected_close, org.today, s.rotting_days,
               ceil(s.rotting_days * org.patience) as patient_days,
               extract(day from now() - greatest(d.stage_entered_at, d.last_activity_at))::integer as quiet_days
        from org
        join crm_deals d on d.org_id = org.id and d.status = 'open' and d.deleted_at is null
        join crm_pipeline_stages s on s.org_id = d.org_id and s.id = d.stage_id
        where get_ai_recommendations.owner is null or d.owner_id = get_ai_recommendations.owner
    ), leads as (
        select l.id, l.value, l.score, l.score_band, l.last_contact, ceil(14 * org.patience) as patient_days,
               extract(day from now() - coalesce(l.last_contact, l.created_at))::integer as quiet_days
        from org
        join crm_leads l on l.org_id = org.id and l.status in ('new', 'contacted', 'qualified') and l.deleted_at is null
        where get_ai_recommendations.owner is null or l.owner_id = get_ai_recommendations.owner
    ), customers as (
        select c.id, c.recurring_amount as value, c.health
        from org
        join crm_customers c on c.org_id = org.id and c.status <> 'churned' and c.deleted_at is null and c.health < 40
        where get_ai_recommendations.owner is null or c.owner_id = get_ai_recommendations.owner
    ), advice as (
        select 'deal' as entity, id, 'update the close date' as action, 0.95 as confidence, value,
               'it should have closed on %3$s' as words, 0 as days, 0 as of_days, expected_close as day
        from deals where expected_close < today
        union all
        select 'deal', id, 'get in touch', 0.9, value, 'quiet for %1$s days; deals here rot after %2$s', quiet_days, rotting_days, null
        from deals where quiet_days >= patient_days
        union all
        select 'deal', id, 'take the next step', 0.85, value, 'the next step is overdue', 0, 0, null
        from deals where next_step_at < now() and nullif(trim(next_step), '') is not null
        union all
        select 'deal', id, 'plan the next step', 0.7, value, 'no next step is planned', 0, 0, null
        from deals where nullif(trim(next_step), '') is null
        union all
        select 'lead', id, 'call now', 0.9, value, 'hot with a score of %1$s, and nobody has been in touch', score, 0, null
        from leads where score_band = 'hot' and last_contact is null
        union all
        select 'lead', id, 'get in touch', 0.65, value, 'here for %1$s days, and nobody has been in touch', quiet_days, 0, null
        from leads where last_contact is null and quiet_days >= patient_days and score_band is distinct from 'hot'
        union all
        select 'lead', id, 'get in touch again', 0.6, value, 'open, and quiet for %1$s days', quiet_days, 0, null
        from leads where last_contact is not null and quiet_days >= patient_days
        union all
        select 'customer', id, 'arrange a review', 0.8, value, 'the health score is %1$s', health, 0, null
        from customers
    ), first as (
        select a.* from advice a
        where a.confidence >= (select least_confidence from org)
        order by a.confidence desc, a.value desc nulls last, a.id, a.action
        limit greatest(coalesce(max_rows, 20), 0)
    )
    select f.entity, f.id, f.action, format(f.words, f.days, f.of_days, f.day), f.confidence,
           row_number() over (order by f.confidence desc, f.value desc nulls last, f.id, f.action)
    from first f
    order by 6
$_$;

-- COMMENT FUNCTION get_ai_recommendations(max_rows integer, owner uuid)

COMMENT ON FUNCTION public.get_ai_recommendations(max_rows integer, owner uuid) IS 'What to do next, the surest and then the most valuable first; owner: only for what this user owns.';

-- FUNCTION get_pipeline_summary()

CREATE FUNCTION public.get_pipeline_summary() RETURNS TABLE(pipeline text, stage text, order_index integer, currency text, deal_count bigint, total_value numeric, weighted_value numeric, average_age_days numeric)
    LANGUAGE sql STABLE
    SET search_path TO 'public', 'pg_temp'
    AS $$
    with org as materialized (
        select id, o.currency from crm_orgs o where id = crm_default_org()
    ), deals as (
        select d.stage_id, coalesce(d.currency, org.currency) as currency, count(*) as deal_count, sum(d.value) as total_value,
               sum(d.value * d.probability / 100) as weighted_value,
               avg(extract(epoch from coalesce(d.closed_at, now()) - d.created_at) / 86400) as age
        from org join crm_deals d on d.org_id = org.id and d.deleted_at is null
        group by d.stage_id, coalesce(d.currency, org.currency)
    )
    select p.name, s.name, s.order_index, coalesce(d.currency, org.currency), coalesce(d.deal_count, 0),
           coalesce(d.total_value, 0), coalesce(round(d.weighted_value, 2), 0), round(d.age, 1)
    from org
    join crm_pipelines p on p.org_id = org.id and p.deleted_at is null
    join crm_pipeline_stages s on s.org_id = org.id and s.pipeline_id = p.id and s.deleted_at is null
    left join deals d on d.stage_id = s.id
    order by p.is_default desc, p.name, s.order_index, s.name, 4
$$;

-- COMMENT FUNCTION get_pipeline_summary()

COMMENT ON FUNCTION public.get_pipeline_summary() IS 'For each stage and currency: how many deals, their value, the value weighted by probability, and their average age in days.';

-- TABLE alembic_version

CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);

-- TABLE crm_activities

CREATE TABLE public.crm_activities (
    kind text NOT NULL,
    direction text DEFAULT 'none'::text NOT NULL,
    subject text NOT NULL,
    body text,
    outcome text,
    lead_id uuid,
    deal_id uuid,
    message_id uuid,
    due_at timestamp with time zone,
    done_at timestamp with time zone,
    custom jsonb DEFAULT '{}'::jsonb NOT NULL,
    ai_insights jsonb DEFAULT '{}'::jsonb NOT NULL,
    org_id uuid NOT NULL,
    id uuid DEFAULT public.crm_uuid7() NOT NULL,
    team_id uuid,
    owner_id uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    customer_id uuid,
    duration_minutes integer,
    sentiment text,
    next_action text,
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT ck_crm_activities_direction CHECK ((direction = ANY (ARRAY['in'::text, 'out'::text, 'none'::text]))),
    CONSTRAINT ck_crm_activities_duration_minutes CHECK ((duration_minutes >= 0)),
    CONSTRAINT ck_crm_activities_kind CHECK ((kind = ANY (ARRAY['call'::text, 'meeting'::text, 'email'::text, 'sms'::text, 'task'::text, 'note'::text, 'submission'::text]))),
    CONSTRAINT ck_crm_activities_sentiment CHECK ((sentiment = ANY (ARRAY['positive'::text, 'neutral'::text, 'negative'::text])))
)
PARTITION BY RANGE (id);

ALTER TABLE ONLY public.crm_activities FORCE ROW LEVEL SECURITY;

-- TABLE crm_activities_default

CREATE TABLE public.crm_activities_default (
    kind text CONSTRAINT crm_activities_kind_not_null NOT NULL,
    direction text DEFAULT 'none'::text CONSTRAINT crm_activities_direction_not_null NOT NULL,
    subject text CONSTRAINT crm_activities_subject_not_null NOT NULL,
    body text,
    outcome text,
    lead_id uuid,
    deal_id uuid,
    message_id uuid,
    due_at timestamp with time zone,
    done_at timestamp with time zone,
    custom jsonb DEFAULT '{}'::jsonb CONSTRAINT crm_activities_custom_not_null NOT NULL,
    ai_insights jsonb DEFAULT '{}'::jsonb CONSTRAINT crm_activities_ai_insights_not_null NOT NULL,
    org_id uuid CONSTRAINT crm_activities_org_id_not_null NOT NULL,
    id uuid DEFAULT public.crm_uuid7() CONSTRAINT crm_activities_id_not_null NOT NULL,
    team_id uuid,
    owner_id uuid,
    created_at timestamp with time zone DEFAULT now() CONSTRAINT crm_activities_created_at_not_null NOT NULL,
    updated_at timestamp with time zone DEFAULT now() CONSTRAINT crm_activities_updated_at_not_null NOT NULL,
    version integer DEFAULT 1 CONSTRAINT crm_activities_version_not_null NOT NULL,
    customer_id uuid,
    duration_minutes integer,
    sentiment text,
    next_action text,
    tags text[] DEFAULT '{}'::text[] CONSTRAINT crm_activities_tags_not_null NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT ck_crm_activities_direction CHECK ((direction = ANY (ARRAY['in'::text, 'out'::text, 'none'::text]))),
    CONSTRAINT ck_crm_activities_duration_minutes CHECK ((duration_minutes >= 0)),
    CONSTRAINT ck_crm_activities_kind CHECK ((kind = ANY (ARRAY['call'::text, 'meeting'::text, 'email'::text, 'sms'::text, 'task'::text, 'note'::text, 'submission'::text]))),
    CONSTRAINT ck_crm_activities_sentiment CHECK ((sentiment = ANY (ARRAY['positive'::text, 'neutral'::text, 'negative'::text])))
);

ALTER TABLE ONLY public.crm_activities_default FORCE ROW LEVEL SECURITY;

-- TABLE crm_ai_insights

CREATE TABLE public.crm_ai_insights (
    kind text NOT NULL,
    lead_id uuid,
    deal_id uuid,
    customer_id uuid,
    title text NOT NULL,
    body text,
    action text,
    confidence numeric(4,3),
    state text DEFAULT 'open'::text NOT NULL,
    made_by text DEFAULT 'rules'::text NOT NULL,
    data jsonb DEFAULT '{}'::jsonb NOT NULL,
    expires_at timestamp with time zone,
    org_id uuid NOT NULL,
    id uuid DEFAULT public.crm_uuid7() NOT NULL,
    team_id uuid,
    owner_id uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT ck_crm_ai_insights_about CHECK ((num_nonnulls(lead_id, deal_id, customer_id) = 1)),
    CONSTRAINT ck_crm_ai_insights_confidence CHECK (((confidence >= (0)::numeric) AND (confidence <= (1)::numeric))),
    CONSTRAINT ck_crm_ai_insights_kind CHECK ((kind = ANY (ARRAY['risk'::text, 'recommendation'::text, 'sentiment'::text, 'prediction'::text, 'summary'::text]))),
    CONSTRAINT ck_crm_ai_insights_state CHECK ((state = ANY (ARRAY['open'::text, 'accepted'::text, 'dismissed'::text])))
);

ALTER TABLE ONLY public.crm_ai_insights FORCE ROW LEVEL SECURITY;

-- TABLE crm_alerts

CREATE TABLE public.crm_alerts (
    kind text NOT NULL,
    key text NOT NULL,
    severity text DEFAULT 'warning'::text NOT NULL,
    state text DEFAULT 'open'::text NOT NULL,
    title text NOT NULL,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL,
    entity text,
    entity_id uuid,
    count integer DEFAULT 1 NOT NULL,
    first_at timestamp with time zone DEFAULT now() NOT NULL,
    last_at timestamp with time zone DEFAULT now() NOT NULL,
    resolved_at timestamp with time zone,
    team_id uuid,
    owner_id uuid,
    org_id uuid NOT NULL,
    id uuid DEFAULT public.crm_uuid7() NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT ck_crm_alerts_severity CHECK ((severity = ANY (ARRAY['info'::text, 'warning'::text, 'critical'::text]))),
    CONSTRAINT ck_crm_alerts_state CHECK ((state = ANY (ARRAY['open'::text, 'resolved'::text])))
);

ALTER TABLE ONLY public.crm_alerts FORCE ROW LEVEL SECURITY;

-- TABLE crm_api_keys

CREATE TABLE public.crm_api_keys (
    name text NOT NULL,
    prefix text NOT NULL,
    secret_hash bytea NOT NULL,
    scopes text[] NOT NULL,
    user_id uuid,
    source_id uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    last_used_at timestamp with time zone,
    org_id uuid NOT NULL,
    id uuid DEFAULT public.crm_uuid7() NOT NULL
);

ALTER TABLE ONLY public.crm_api_keys FORCE ROW LEVEL SECURITY;

-- TABLE crm_assignments

CREATE TABLE public.crm_assignments (
    lead_id uuid NOT NULL,
    user_id uuid,
    rule text DEFAULT 'least-open-load'::text NOT NULL,
    verdicts jsonb NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    org_id uuid NOT NULL,
    id uuid DEFAULT public.crm_uuid7() NOT NULL
);

ALTER TABLE ONLY public.crm_assignments FORCE ROW LEVEL SECURITY;

-- TABLE crm_changes

CREATE TABLE public.crm_changes (
    kind text NOT NULL,
    record_id uuid NOT NULL,
    operation text NOT NULL,
    old jsonb NOT NULL,
    actor text NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    org_id uuid NOT NULL,
    id uuid DEFAULT public.crm_uuid7() NOT NULL
)
PARTITION BY RANGE (id);

ALTER TABLE ONLY public.crm_changes FORCE ROW LEVEL SECURITY;

-- TABLE crm_changes_default

CREATE TABLE public.crm_changes_default (
    kind text CONSTRAINT crm_changes_kind_not_null NOT NULL,
    record_id uuid CONSTRAINT crm_changes_record_id_not_null NOT NULL,
    operation text CONSTRAINT crm_changes_operation_not_null NOT NULL,
    old jsonb CONSTRAINT crm_changes_old_not_null NOT NULL,
    actor text CONSTRAINT crm_changes_actor_not_null NOT NULL,
    at timestamp with time zone DEFAULT now() CONSTRAINT crm_changes_at_not_null NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() CONSTRAINT crm_changes_xid_not_null NOT NULL,
    org_id uuid CONSTRAINT crm_changes_org_id_not_null NOT NULL,
    id uuid DEFAULT public.crm_uuid7() CONSTRAINT crm_changes_id_not_null NOT NULL
);

ALTER TABLE ONLY public.crm_changes_default FORCE ROW LEVEL SECURITY;

-- TABLE crm_contacts

CREATE TABLE public.crm_contacts (
    customer_id uuid NOT NULL,
    lead_id uuid,
    first_name text,
    last_name text,
    email text,
    phone text,
    title text,
    is_primary boolean DEFAULT false NOT NULL,
    language text,
    timezone text,
    consent jsonb DEFAULT '{}'::jsonb NOT NULL,
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    custom jsonb DEFAULT '{}'::jsonb NOT NULL,
    deleted_at timestamp with time zone,
    org_id uuid NOT NULL,
    id uuid DEFAULT public.crm_uuid7() NOT NULL,
    team_id uuid,
    owner_id uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    version integer DEFAULT 1 NOT NULL
);

ALTER TABLE ONLY public.crm_contacts FORCE ROW LEVEL SECURITY;

-- TABLE crm_conversions

CREATE TABLE public.crm_conversions (
    lead_id uuid NOT NULL,
    deal_id uuid NOT NULL,
    customer_id uuid,
    contact_id uuid,
    lead_status text NOT NULL,
    lead_closed_at timestamp with time zone,
    actor text NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    undone_at timestamp with time zone,
    org_id uuid NOT NULL,
    id uuid DEFAULT public.crm_uuid7() NOT NULL
);

ALTER TABLE ONLY public.crm_conversions FORCE ROW LEVEL SECURITY;

-- TABLE crm_custom_fields

CREATE TABLE public.crm_custom_fields (
    entity text NOT NULL,
    name text NOT NULL,
    label text,
    type text NOT NULL,
    options text[] DEFAULT '{}'::text[] NOT NULL,
    required boolean DEFAULT false NOT NULL,
    active boolean DEFAULT true NOT NULL,
    order_index integer DEFAULT 0 NOT NULL,
    org_id uuid NOT NULL,
    id uuid DEFAULT public.crm_uuid7() NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT ck_crm_custom_fields_entity CHECK ((entity = ANY (ARRAY['lead'::text, 'deal'::text, 'activity'::text, 'customer'::text, 'contact'::text, 'subscription'::text, 'ticket'::text]))),
    CONSTRAINT ck_crm_custom_fields_type CHECK ((type = ANY (ARRAY['text'::text, 'number'::text, 'integer'::text, 'boolean'::text, 'date'::text, 'datetime'::text, 'choice'::text, 'choices'::text, 'email'::text, 'url'::text])))
);

ALTER TABLE ONLY public.crm_custom_fields FORCE ROW LEVEL SECURITY;

-- TABLE crm_customers

CREATE TABLE public.crm_customers (
    name text NOT NULL,
    external_id text,
    lead_id uuid,
    status text DEFAULT 'onboarding'::text NOT NULL,
    email text,
    phone text,
    website text,
    industry text,
    segment text,
    country text,
    timezone text,
    language text,
    recurring_amount numeric(20,2),
    currency text,
    since date,
    churned_at timestamp with time zone,
    churn_reason text,
    health integer,
    health_band text,
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    custom jsonb DEFAULT '{}'::jsonb NOT NULL,
    ai_insights jsonb DEFAULT '{}'::jsonb NOT NULL,
    deleted_at timestamp with time zone,
    org_id uuid NOT NULL,
    id uuid DEFAULT public.crm_uuid7() NOT NULL,
    team_id uuid,
    owner_id uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT ck_crm_customers_health CHECK (((health >= 0) AND (health <= 100))),
    CONSTRAINT ck_crm_customers_status CHECK ((status = ANY (ARRAY['onboarding'::text, 'active'::text, 'paused'::text, 'churned'::text])))
);

ALTER TABLE ONLY public.crm_customers FORCE ROW LEVEL SECURITY;

-- TABLE crm_deal_stage_history

CREATE TABLE public.crm_deal_stage_history (
    deal_id uuid NOT NULL,
    stage_id uuid NOT NULL,
    entered_at timestamp with time zone DEFAULT now() NOT NULL,
    left_at timestamp with time zone,
    value numeric(20,2),
    actor text NOT NULL,
    org_id uuid NOT NULL,
    id uuid DEFAULT public.crm_uuid7() NOT NULL
);

ALTER TABLE ONLY public.crm_deal_stage_history FORCE ROW LEVEL SECURITY;

-- TABLE crm_deals

CREATE TABLE public.crm_deals (
    name text NOT NULL,
    lead_id uuid,
    stage_id uuid NOT NULL,
    status text DEFAULT 'open'::text NOT NULL,
    value numeric(20,2),
    currency text,
    probability integer,
    expected_close date,
    closed_at timestamp with time zone,
    custom jsonb DEFAULT '{}'::jsonb NOT NULL,
    ai_insights jsonb DEFAULT '{}'::jsonb NOT NULL,
    deleted_at timestamp with time zone,
    org_id uuid NOT NULL,
    id uuid DEFAULT public.crm_uuid7() NOT NULL,
    team_id uuid,
    owner_id uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    external_id text,
    source text DEFAULT 'api'::text NOT NULL,
    customer_id uuid,
    pipeline_id uuid NOT NULL,
    stage_entered_at timestamp with time zone DEFAULT now() NOT NULL,
    recurring_amount numeric(20,2),
    recurring_period text,
    probability_fixed boolean DEFAULT false NOT NULL,
    lost_reason text,
    competitors text[] DEFAULT '{}'::text[] NOT NULL,
    next_step text,
    next_step_at timestamp with time zone,
    last_activity_at timestamp with time zone,
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    CONSTRAINT ck_crm_deals_closed_at CHECK (((status = 'open'::text) = (closed_at IS NULL))),
    CONSTRAINT ck_crm_deals_lost_reason CHECK (((status <> 'lost'::text) OR (lost_reason IS NOT NULL))),
    CONSTRAINT ck_crm_deals_probability CHECK (((probability >= 0) AND (probability <= 100))),
    CONSTRAINT ck_crm_deals_recurring_period CHECK ((recurring_period = ANY (ARRAY['month'::text, 'quarter'::text, 'year'::text]))),
    CONSTRAINT ck_crm_deals_status CHECK ((status = ANY (ARRAY['open'::text, 'won'::text, 'lost'::text])))
);

ALTER TABLE ONLY public.crm_deals FORCE ROW LEVEL SECURITY;

-- TABLE crm_enrolments

CREATE TABLE public.crm_enrolments (
    lead_id uuid NOT NULL,
    sequence_id uuid NOT NULL,
    version_id uuid NOT NULL,
    state text DEFAULT 'active'::text NOT NULL,
    "position" integer DEFAULT 0 NOT NULL,
    plan_at timestamp with time zone DEFAULT now(),
    enrolled_at timestamp with time zone DEFAULT now() NOT NULL,
    reason text,
    org_id uuid NOT NULL,
    id uuid DEFAULT public.crm_uuid7() NOT NULL,
    team_id uuid,
    owner_id uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT ck_crm_enrolments_state CHECK ((state = ANY (ARRAY['active'::text, 'paused'::text, 'finished'::text, 'stopped'::text])))
);

ALTER TABLE ONLY public.crm_enrolments FORCE ROW LEVEL SECURITY;

-- TABLE crm_events

CREATE TABLE public.crm_events (
    kind text NOT NULL,
    entity text NOT NULL,
    entity_ids uuid[] NOT NULL,
    data jsonb DEFAULT '{}'::jsonb NOT NULL,
    actor text NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    org_id uuid NOT NULL,
    id uuid DEFAULT public.crm_uuid7() NOT NULL
)
PARTITION BY RANGE (id);

ALTER TABLE ONLY public.crm_events FORCE ROW LEVEL SECURITY;

-- TABLE crm_events_default

CREATE TABLE public.crm_events_default (
    kind text CONSTRAINT crm_events_kind_not_null NOT NULL,
    entity text CONSTRAINT crm_events_entity_not_null NOT NULL,
    entity_ids uuid[] CONSTRAINT crm_events_entity_ids_not_null NOT NULL,
    data jsonb DEFAULT '{}'::jsonb CONSTRAINT crm_events_data_not_null NOT NULL,
    actor text CONSTRAINT crm_events_actor_not_null NOT NULL,
    at timestamp with time zone DEFAULT now() CONSTRAINT crm_events_at_not_null NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() CONSTRAINT crm_events_xid_not_null NOT NULL,
    org_id uuid CONSTRAINT crm_events_org_id_not_null NOT NULL,
    id uuid DEFAULT public.crm_uuid7() CONSTRAINT crm_events_id_not_null NOT NULL
);

ALTER TABLE ONLY public.crm_events_default FORCE ROW LEVEL SECURITY;

-- TABLE crm_functions

CREATE TABLE public.crm_functions (
    name text NOT NULL,
    hash text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);

-- COMMENT TABLE crm_functions

COMMENT ON TABLE public.crm_functions IS 'Files of crm_db/sql as they were last applied.';

-- TABLE crm_inbox

CREATE TABLE public.crm_inbox (
    source_id uuid NOT NULL,
    kind text DEFAULT 'lead'::text NOT NULL,
    content_type text NOT NULL,
    body bytea NOT NULL,
    automation boolean DEFAULT true NOT NULL,
    status text DEFAULT 'pending'::text NOT NULL,
    outcome text,
    lead_id uuid,
    reason text,
    received_at timestamp with time zone DEFAULT now() NOT NULL,
    settled_at timestamp with time zone,
    claims integer DEFAULT 0 NOT NULL,
    lease_token uuid,
    lease_until timestamp with time zone,
    org_id uuid NOT NULL,
    id uuid DEFAULT public.crm_uuid7() NOT NULL,
    fetched bytea,
    fetches integer DEFAULT 0 NOT NULL,
    not_before timestamp with time zone,
    CONSTRAINT ck_crm_inbox_status CHECK ((status = ANY (ARRAY['pending'::text, 'done'::text, 'dead'::text])))
)
PARTITION BY RANGE (id);

ALTER TABLE ONLY public.crm_inbox FORCE ROW LEVEL SECURITY;

-- TABLE crm_inbox_default

CREATE TABLE public.crm_inbox_default (
    source_id uuid CONSTRAINT crm_inbox_source_id_not_null NOT NULL,
    kind text DEFAULT 'lead'::text CONSTRAINT crm_inbox_kind_not_null NOT NULL,
    content_type text CONSTRAINT crm_inbox_content_type_not_null NOT NULL,
    body bytea CONSTRAINT crm_inbox_body_not_null NOT NULL,
    automation boolean DEFAULT true CONSTRAINT crm_inbox_automation_not_null NOT NULL,
    status text DEFAULT 'pending'::text CONSTRAINT crm_inbox_status_not_null NOT NULL,
    outcome text,
    lead_id uuid,
    reason text,
    received_at timestamp with time zone DEFAULT now() CONSTRAINT crm_inbox_received_at_not_null NOT NULL,
    settled_at timestamp with time zone,
    claims integer DEFAULT 0 CONSTRAINT crm_inbox_claims_not_null NOT NULL,
    lease_token uuid,
    lease_until timestamp with time zone,
    org_id uuid CONSTRAINT crm_inbox_org_id_not_null NOT NULL,
    id uuid DEFAULT public.crm_uuid7() CONSTRAINT crm_inbox_id_not_null NOT NULL,
    fetched bytea,
    fetches integer DEFAULT 0 CONSTRAINT crm_inbox_fetches_not_null NOT NULL,
    not_before timestamp with time zone,
    CONSTRAINT ck_crm_inbox_status CHECK ((status = ANY (ARRAY['pending'::text, 'done'::text, 'dead'::text])))
);

ALTER TABLE ONLY public.crm_inbox_default FORCE ROW LEVEL SECURITY;

-- TABLE crm_keys

CREATE TABLE public.crm_keys (
    org_id uuid NOT NULL,
    scope text NOT NULL,
    key text NOT NULL,
    ref_id uuid NOT NULL,
    body_hash bytea NOT NULL,
    response jsonb,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone
);

ALTER TABLE ONLY public.crm_keys FORCE ROW LEVEL SECURITY;

-- TABLE crm_leads

CREATE TABLE public.crm_leads (
    external_id text,
    source text DEFAULT 'api'::text NOT NULL,
    source_id uuid,
    first_name text,
    last_name text,
    email text,
    phone text,
    company text,
    title text,
    status text DEFAULT 'new'::text NOT NULL,
    value numeric(20,2),
    currency text,
    probability integer,
    score integer,
    score_band text,
    score_reasons jsonb DEFAULT '[]'::jsonb NOT NULL,
    scored_at timestamp with time zone,
    rescore_at timestamp with time zone,
    last_contact timestamp with time zone,
    next_action_at timestamp with time zone,
    country text,
    timezone text,
    language text,
    utm jsonb DEFAULT '{}'::jsonb NOT NULL,
    consent jsonb DEFAULT '{}'::jsonb NOT NULL,
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    custom jsonb DEFAULT '{}'::jsonb NOT NULL,
    ai_insights jsonb DEFAULT '{}'::jsonb NOT NULL,
    automation text DEFAULT 'pending'::text NOT NULL,
    deleted_at timestamp with time zone,
    org_id uuid NOT NULL,
    id uuid DEFAULT public.crm_uuid7() NOT NULL,
    team_id uuid,
    owner_id uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    closed_at timestamp with time zone,
    CONSTRAINT ck_crm_leads_automation CHECK ((automation = ANY (ARRAY['pending'::text, 'done'::text, 'off'::text]))),
    CONSTRAINT ck_crm_leads_probability CHECK (((probability >= 0) AND (probability <= 100))),
    CONSTRAINT ck_crm_leads_score CHECK (((score >= 0) AND (score <= 100))),
    CONSTRAINT ck_crm_leads_status CHECK ((status = ANY (ARRAY['new'::text, 'contacted'::text, 'qualified'::text, 'converted'::text, 'lost'::text, 'unqualified'::text])))
);

ALTER TABLE ONLY public.crm_leads FORCE ROW LEVEL SECURITY;

-- TABLE crm_memberships

CREATE TABLE public.crm_memberships (
    team_id uuid NOT NULL,
    user_id uuid NOT NULL,
    org_id uuid NOT NULL,
    id uuid DEFAULT public.crm_uuid7() NOT NULL
);

ALTER TABLE ONLY public.crm_memberships FORCE ROW LEVEL SECURITY;

-- TABLE crm_message_attempts

CREATE TABLE public.crm_message_attempts (
    message_id uuid NOT NULL,
    number integer NOT NULL,
    lease_token uuid NOT NULL,
    provider text NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    finished_at timestamp with time zone,
    outcome text,
    code text,
    org_id uuid NOT NULL,
    id uuid DEFAULT public.crm_uuid7() NOT NULL,
    CONSTRAINT ck_crm_message_attempts_outcome CHECK ((outcome = ANY (ARRAY['sent'::text, 'not_sent'::text, 'rejected'::text, 'ambiguous'::text])))
);

ALTER TABLE ONLY public.crm_message_attempts FORCE ROW LEVEL SECURITY;

-- TABLE crm_messages

CREATE TABLE public.crm_messages (
    key text NOT NULL,
    channel text NOT NULL,
    recipient text NOT NULL,
    purpose text NOT NULL,
    lead_id uuid,
    user_id uuid,
    enrolment_id uuid,
    step_id uuid,
    template text NOT NULL,
    config jsonb DEFAULT '{}'::jsonb NOT NULL,
    rendered jsonb,
    priority integer DEFAULT 5 NOT NULL,
    status text DEFAULT 'scheduled'::text NOT NULL,
    reason text,
    due_at timestamp with time zone NOT NULL,
    due_reasons jsonb DEFAULT '[]'::jsonb NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    claims integer DEFAULT 0 NOT NULL,
    lease_token uuid,
    lease_until timestamp with time zone,
    sent_at timestamp with time zone,
    provider text,
    provider_id text,
    org_id uuid NOT NULL,
    id uuid DEFAULT public.crm_uuid7() NOT NULL,
    team_id uuid,
    owner_id uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    check_at timestamp with time zone,
    checks integer DEFAULT 0 NOT NULL,
    CONSTRAINT ck_crm_messages_channel CHECK ((channel = ANY (ARRAY['email'::text, 'sms'::text, 'call'::text, 'task'::text, 'invite'::text, 'webhook'::text]))),
    CONSTRAINT ck_crm_messages_priority CHECK ((priority = ANY (ARRAY[1, 3, 5, 9]))),
    CONSTRAINT ck_crm_messages_recipient CHECK ((recipient = ANY (ARRAY['lead'::text, 'user'::text]))),
    CONSTRAINT ck_crm_messages_status CHECK ((status = ANY (ARRAY['scheduled'::text, 'claimed'::text, 'sending'::text, 'sent'::text, 'failed'::text, 'unknown'::text, 'cancelled'::text])))
);

ALTER TABLE ONLY public.crm_messages FORCE ROW LEVEL SECURITY;

-- TABLE crm_orgs

CREATE TABLE public.crm_orgs (
    id uuid DEFAULT public.crm_uuid7() NOT NULL,
    name text NOT NULL,
    timezone text DEFAULT 'UTC'::text NOT NULL,
    country text,
    currency text DEFAULT 'USD'::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    version integer DEFAULT 1 NOT NULL
);

ALTER TABLE ONLY public.crm_orgs FORCE ROW LEVEL SECURITY;

-- TABLE crm_pipeline_stages

CREATE TABLE public.crm_pipeline_stages (
    org_id uuid DEFAULT public.crm_default_org() NOT NULL,
    pipeline_id uuid DEFAULT public.crm_default_pipeline() NOT NULL,
    name text NOT NULL,
    order_index integer NOT NULL,
    probability integer NOT NULL,
    color text,
    id uuid DEFAULT public.crm_uuid7() NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    kind text NOT NULL,
    rotting_days integer,
    requires text[] DEFAULT '{}'::text[] NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT ck_crm_pipeline_stages_kind CHECK ((kind = ANY (ARRAY['open'::text, 'won'::text, 'lost'::text]))),
    CONSTRAINT ck_crm_pipeline_stages_probability CHECK (((probability >= 0) AND (probability <= 100))),
    CONSTRAINT ck_crm_pipeline_stages_rotting_days CHECK ((rotting_days > 0))
);

ALTER TABLE ONLY public.crm_pipeline_stages FORCE ROW LEVEL SECURITY;

-- TABLE crm_pipelines

CREATE TABLE public.crm_pipelines (
    name text NOT NULL,
    is_default boolean DEFAULT false NOT NULL,
    org_id uuid NOT NULL,
    id uuid DEFAULT public.crm_uuid7() NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    deleted_at timestamp with time zone
);

ALTER TABLE ONLY public.crm_pipelines FORCE ROW LEVEL SECURITY;

-- TABLE crm_reports

CREATE TABLE public.crm_reports (
    name text NOT NULL,
    kind text NOT NULL,
    parameters jsonb DEFAULT '{}'::jsonb NOT NULL,
    state text DEFAULT 'wanted'::text NOT NULL,
    reason text,
    period_start date,
    period_end date,
    row_count integer,
    figures jsonb DEFAULT '{}'::jsonb NOT NULL,
    made_at timestamp with time zone,
    org_id uuid NOT NULL,
    id uuid DEFAULT public.crm_uuid7() NOT NULL,
    team_id uuid,
    owner_id uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT ck_crm_reports_state CHECK ((state = ANY (ARRAY['wanted'::text, 'made'::text, 'failed'::text])))
);

ALTER TABLE ONLY public.crm_reports FORCE ROW LEVEL SECURITY;

-- TABLE crm_sales_goals

CREATE TABLE public.crm_sales_goals (
    name text NOT NULL,
    metric text NOT NULL,
    target numeric(20,2) NOT NULL,
    currency text,
    period_start date NOT NULL,
    period_end date NOT NULL,
    deleted_at timestamp with time zone,
    org_id uuid NOT NULL,
    id uuid DEFAULT public.crm_uuid7() NOT NULL,
    team_id uuid,
    owner_id uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT ck_crm_sales_goals_metric CHECK ((metric = ANY (ARRAY['revenue'::text, 'deals_won'::text, 'leads_converted'::text, 'new_customers'::text, 'activities'::text, 'calls'::text, 'meetings'::text]))),
    CONSTRAINT ck_crm_sales_goals_period CHECK ((period_start <= period_end)),
    CONSTRAINT ck_crm_sales_goals_target CHECK ((target > (0)::numeric))
);

ALTER TABLE ONLY public.crm_sales_goals FORCE ROW LEVEL SECURITY;

-- TABLE crm_score_history

CREATE TABLE public.crm_score_history (
    lead_id uuid NOT NULL,
    score integer NOT NULL,
    previous integer,
    band text NOT NULL,
    reasons jsonb NOT NULL,
    scorecard text DEFAULT 'base'::text NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    org_id uuid NOT NULL,
    id uuid DEFAULT public.crm_uuid7() NOT NULL
);

ALTER TABLE ONLY public.crm_score_history FORCE ROW LEVEL SECURITY;

-- TABLE crm_sequence_versions

CREATE TABLE public.crm_sequence_versions (
    sequence_id uuid NOT NULL,
    number integer NOT NULL,
    state text DEFAULT 'draft'::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    org_id uuid NOT NULL,
    id uuid DEFAULT public.crm_uuid7() NOT NULL,
    CONSTRAINT ck_crm_sequence_versions_state CHECK ((state = ANY (ARRAY['draft'::text, 'live'::text, 'archived'::text])))
);

ALTER TABLE ONLY public.crm_sequence_versions FORCE ROW LEVEL SECURITY;

-- TABLE crm_sequences

CREATE TABLE public.crm_sequences (
    name text NOT NULL,
    is_default boolean DEFAULT false NOT NULL,
    org_id uuid NOT NULL,
    id uuid DEFAULT public.crm_uuid7() NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    version integer DEFAULT 1 NOT NULL
);

ALTER TABLE ONLY public.crm_sequences FORCE ROW LEVEL SECURITY;

-- TABLE crm_settings

CREATE TABLE public.crm_settings (
    org_id uuid NOT NULL,
    id uuid DEFAULT public.crm_uuid7() NOT NULL,
    key text NOT NULL,
    value jsonb DEFAULT '{}'::jsonb NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    version integer DEFAULT 1 NOT NULL
);

ALTER TABLE ONLY public.crm_settings FORCE ROW LEVEL SECURITY;

-- TABLE crm_sources

CREATE TABLE public.crm_sources (
    name text NOT NULL,
    format text DEFAULT 'auto'::text NOT NULL,
    token text NOT NULL,
    secret text NOT NULL,
    region text,
    mapping jsonb DEFAULT '{}'::jsonb NOT NULL,
    defaults jsonb DEFAULT '{}'::jsonb NOT NULL,
    honeypot text,
    rate_per_minute integer,
    team_id uuid,
    active boolean DEFAULT true NOT NULL,
    org_id uuid NOT NULL,
    id uuid DEFAULT public.crm_uuid7() NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    form_token text,
    allowed_origins text[] DEFAULT '{}'::text[] NOT NULL,
    thank_you_url text,
    access_token text
);

ALTER TABLE ONLY public.crm_sources FORCE ROW LEVEL SECURITY;

-- TABLE crm_steps

CREATE TABLE public.crm_steps (
    version_id uuid NOT NULL,
    "position" integer NOT NULL,
    channel text NOT NULL,
    delay interval DEFAULT '00:00:00'::interval NOT NULL,
    timing text DEFAULT 'business-hours'::text NOT NULL,
    template text NOT NULL,
    config jsonb DEFAULT '{}'::jsonb NOT NULL,
    org_id uuid NOT NULL,
    id uuid DEFAULT public.crm_uuid7() NOT NULL,
    CONSTRAINT ck_crm_steps_channel CHECK ((channel = ANY (ARRAY['email'::text, 'sms'::text, 'call'::text, 'task'::text, 'invite'::text, 'webhook'::text]))),
    CONSTRAINT ck_crm_steps_timing CHECK ((timing = ANY (ARRAY['at-once'::text, 'business-hours'::text])))
);

ALTER TABLE ONLY public.crm_steps FORCE ROW LEVEL SECURITY;

-- TABLE crm_subscriptions

CREATE TABLE public.crm_subscriptions (
    customer_id uuid NOT NULL,
    deal_id uuid,
    external_id text,
    product text NOT NULL,
    seats integer,
    amount numeric(20,2),
    period text DEFAULT 'year'::text NOT NULL,
    currency text,
    began_on date NOT NULL,
    term_start date NOT NULL,
    term_end date NOT NULL,
    term_months integer DEFAULT 12 NOT NULL,
    auto_renew boolean DEFAULT false NOT NULL,
    notice_days integer DEFAULT 30 NOT NULL,
    status text DEFAULT 'active'::text NOT NULL,
    cancelled_at timestamp with time zone,
    cancel_reason text,
    payment_state text,
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    custom jsonb DEFAULT '{}'::jsonb NOT NULL,
    deleted_at timestamp with time zone,
    org_id uuid NOT NULL,
    id uuid DEFAULT public.crm_uuid7() NOT NULL,
    team_id uuid,
    owner_id uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT ck_crm_subscriptions_amount CHECK ((amount >= (0)::numeric)),
    CONSTRAINT ck_crm_subscriptions_cancelled_at CHECK (((status = 'cancelled'::text) = (cancelled_at IS NOT NULL))),
    CONSTRAINT ck_crm_subscriptions_notice_days CHECK ((notice_days >= 0)),
    CONSTRAINT ck_crm_subscriptions_payment_state CHECK ((payment_state = ANY (ARRAY['current'::text, 'overdue'::text, 'failed'::text]))),
    CONSTRAINT ck_crm_subscriptions_period CHECK ((period = ANY (ARRAY['month'::text, 'quarter'::text, 'year'::text]))),
    CONSTRAINT ck_crm_subscriptions_seats CHECK ((seats > 0)),
    CONSTRAINT ck_crm_subscriptions_status CHECK ((status = ANY (ARRAY['active'::text, 'cancelled'::text, 'ended'::text]))),
    CONSTRAINT ck_crm_subscriptions_term CHECK ((term_end >= term_start)),
    CONSTRAINT ck_crm_subscriptions_term_months CHECK ((term_months > 0))
);

ALTER TABLE ONLY public.crm_subscriptions FORCE ROW LEVEL SECURITY;

-- TABLE crm_support_tickets

CREATE TABLE public.crm_support_tickets (
    customer_id uuid NOT NULL,
    contact_id uuid,
    external_id text,
    subject text NOT NULL,
    category text,
    priority text DEFAULT 'normal'::text NOT NULL,
    status text DEFAULT 'open'::text NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    first_answer_at timestamp with time zone,
    solved_at timestamp with time zone,
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    custom jsonb DEFAULT '{}'::jsonb NOT NULL,
    deleted_at timestamp with time zone,
    org_id uuid NOT NULL,
    id uuid DEFAULT public.crm_uuid7() NOT NULL,
    team_id uuid,
    owner_id uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT ck_crm_support_tickets_first_answer_at CHECK ((first_answer_at >= opened_at)),
    CONSTRAINT ck_crm_support_tickets_priority CHECK ((priority = ANY (ARRAY['low'::text, 'normal'::text, 'high'::text, 'urgent'::text]))),
    CONSTRAINT ck_crm_support_tickets_solved CHECK (((status = ANY (ARRAY['solved'::text, 'closed'::text])) = (solved_at IS NOT NULL))),
    CONSTRAINT ck_crm_support_tickets_solved_at CHECK ((solved_at >= opened_at)),
    CONSTRAINT ck_crm_support_tickets_status CHECK ((status = ANY (ARRAY['open'::text, 'waiting'::text, 'solved'::text, 'closed'::text])))
);

ALTER TABLE ONLY public.crm_support_tickets FORCE ROW LEVEL SECURITY;

-- TABLE crm_suppressions

CREATE TABLE public.crm_suppressions (
    channel text NOT NULL,
    address text NOT NULL,
    reason text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    org_id uuid NOT NULL,
    id uuid DEFAULT public.crm_uuid7() NOT NULL
);

ALTER TABLE ONLY public.crm_suppressions FORCE ROW LEVEL SECURITY;

-- TABLE crm_survey_responses

CREATE TABLE public.crm_survey_responses (
    customer_id uuid NOT NULL,
    contact_id uuid,
    external_id text,
    kind text NOT NULL,
    score integer NOT NULL,
    comment text,
    answered_at timestamp with time zone NOT NULL,
    deleted_at timestamp with time zone,
    org_id uuid NOT NULL,
    id uuid DEFAULT public.crm_uuid7() NOT NULL,
    team_id uuid,
    owner_id uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT ck_crm_survey_responses_kind CHECK ((kind = ANY (ARRAY['nps'::text, 'csat'::text, 'ces'::text]))),
    CONSTRAINT ck_crm_survey_responses_score CHECK (
CASE kind
    WHEN 'nps'::text THEN ((score >= 0) AND (score <= 10))
    WHEN 'csat'::text THEN ((score >= 1) AND (score <= 5))
    ELSE ((score >= 1) AND (score <= 7))
END)
);

ALTER TABLE ONLY public.crm_survey_responses FORCE ROW LEVEL SECURITY;

-- TABLE crm_teams

CREATE TABLE public.crm_teams (
    name text NOT NULL,
    parent_id uuid,
    timezone text,
    business_hours jsonb,
    org_id uuid NOT NULL,
    id uuid DEFAULT public.crm_uuid7() NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    visibility text DEFAULT 'own'::text NOT NULL,
    CONSTRAINT ck_crm_teams_visibility CHECK ((visibility = ANY (ARRAY['own'::text, 'team'::text])))
);

ALTER TABLE ONLY public.crm_teams FORCE ROW LEVEL SECURITY;

-- TABLE crm_templates

CREATE TABLE public.crm_templates (
    name text NOT NULL,
    channel text DEFAULT 'email'::text NOT NULL,
    subject text NOT NULL,
    body text NOT NULL,
    org_id uuid NOT NULL,
    id uuid DEFAULT public.crm_uuid7() NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    version integer DEFAULT 1 NOT NULL
);

ALTER TABLE ONLY public.crm_templates FORCE ROW LEVEL SECURITY;

-- TABLE crm_users

CREATE TABLE public.crm_users (
    email text NOT NULL,
    name text NOT NULL,
    role text DEFAULT 'rep'::text NOT NULL,
    phone text,
    timezone text,
    password_hash text,
    active boolean DEFAULT true NOT NULL,
    takes_leads boolean DEFAULT false NOT NULL,
    capacity integer,
    last_assigned_at timestamp with time zone,
    org_id uuid NOT NULL,
    id uuid DEFAULT public.crm_uuid7() NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT ck_crm_users_role CHECK ((role = ANY (ARRAY['admin'::text, 'manager'::text, 'rep'::text, 'viewer'::text])))
);

ALTER TABLE ONLY public.crm_users FORCE ROW LEVEL SECURITY;

-- TABLE ATTACH crm_activities_default

ALTER TABLE ONLY public.crm_activities ATTACH PARTITION public.crm_activities_default DEFAULT;

-- TABLE ATTACH crm_changes_default

ALTER TABLE ONLY public.crm_changes ATTACH PARTITION public.crm_changes_default DEFAULT;

-- TABLE ATTACH crm_events_default

ALTER TABLE ONLY public.crm_events ATTACH PARTITION public.crm_events_default DEFAULT;

-- TABLE ATTACH crm_inbox_default

ALTER TABLE ONLY public.crm_inbox ATTACH PARTITION public.crm_inbox_default DEFAULT;

-- CONSTRAINT alembic_version alembic_version_pkc

ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);

-- CONSTRAINT crm_activities pk_crm_activities

ALTER TABLE ONLY public.crm_activities
    ADD CONSTRAINT pk_crm_activities PRIMARY KEY (org_id, id);

-- CONSTRAINT crm_activities_default crm_activities_default_pkey

ALTER TABLE ONLY public.crm_activities_default
    ADD CONSTRAINT crm_activities_default_pkey PRIMARY KEY (org_id, id);

-- CONSTRAINT crm_changes pk_crm_changes

ALTER TABLE ONLY public.crm_changes
    ADD CONSTRAINT pk_crm_changes PRIMARY KEY (org_id, id);

-- CONSTRAINT crm_changes_default crm_changes_default_pkey

ALTER TABLE ONLY public.crm_changes_default
    ADD CONSTRAINT crm_changes_default_pkey PRIMARY KEY (org_id, id);

-- CONSTRAINT crm_events pk_crm_events

ALTER TABLE ONLY public.crm_events
    ADD CONSTRAINT pk_crm_events PRIMARY KEY (org_id, id);

-- CONSTRAINT crm_events_default crm_events_default_pkey

ALTER TABLE ONLY public.crm_events_default
    ADD CONSTRAINT crm_events_default_pkey PRIMARY KEY (org_id, id);

-- CONSTRAINT crm_functions crm_functions_pkey

ALTER TABLE ONLY public.crm_functions
    ADD CONSTRAINT crm_functions_pkey PRIMARY KEY (name);

-- CONSTRAINT crm_inbox pk_crm_inbox

ALTER TABLE ONLY public.crm_inbox
    ADD CONSTRAINT pk_crm_inbox PRIMARY KEY (org_id, id);

-- CONSTRAINT crm_inbox_default crm_inbox_default_pkey

ALTER TABLE ONLY public.crm_inbox_default
    ADD CONSTRAINT crm_inbox_default_pkey PRIMARY KEY (org_id, id);

-- CONSTRAINT crm_ai_insights pk_crm_ai_insights

ALTER TABLE ONLY public.crm_ai_insights
    ADD CONSTRAINT pk_crm_ai_insights PRIMARY KEY (org_id, id);

-- CONSTRAINT crm_alerts pk_crm_alerts

ALTER TABLE ONLY public.crm_alerts
    ADD CONSTRAINT pk_crm_alerts PRIMARY KEY (org_id, id);

-- CONSTRAINT crm_api_keys pk_crm_api_keys

ALTER TABLE ONLY public.crm_api_keys
    ADD CONSTRAINT pk_crm_api_keys PRIMARY KEY (org_id, id);

-- CONSTRAINT crm_assignments pk_crm_assignments

ALTER TABLE ONLY public.crm_assignments
    ADD CONSTRAINT pk_crm_assignments PRIMARY KEY (org_id, id);

-- CONSTRAINT crm_contacts pk_crm_contacts

ALTER TABLE ONLY public.crm_contacts
    ADD CONSTRAINT pk_crm_contacts PRIMARY KEY (org_id, id);

-- CONSTRAINT crm_conversions pk_crm_conversions

ALTER TABLE ONLY public.crm_conversions
    ADD CONSTRAINT pk_crm_conversions PRIMARY KEY (org_id, id);

-- CONSTRAINT crm_custom_fields pk_crm_custom_fields

ALTER TABLE ONLY public.crm_custom_fields
    ADD CONSTRAINT pk_crm_custom_fields PRIMARY KEY (org_id, id);

-- CONSTRAINT crm_customers pk_crm_customers

ALTER TABLE ONLY public.crm_customers
    ADD CONSTRAINT pk_crm_customers PRIMARY KEY (org_id, id);

-- CONSTRAINT crm_deal_stage_history pk_crm_deal_stage_history

ALTER TABLE ONLY public.crm_deal_stage_history
    ADD CONSTRAINT pk_crm_deal_stage_history PRIMARY KEY (org_id, id);

-- CONSTRAINT crm_deals pk_crm_deals

ALTER TABLE ONLY public.crm_deals
    ADD CONSTRAINT pk_crm_deals PRIMARY KEY (org_id, id);

-- CONSTRAINT crm_enrolments pk_crm_enrolments

ALTER TABLE ONLY public.crm_enrolments
    ADD CONSTRAINT pk_crm_enrolments PRIMARY KEY (org_id, id);

-- CONSTRAINT crm_keys pk_crm_keys

ALTER TABLE ONLY public.crm_keys
    ADD CONSTRAINT pk_crm_keys PRIMARY KEY (org_id, scope, key);

-- CONSTRAINT crm_leads pk_crm_leads

ALTER TABLE ONLY public.crm_leads
    ADD CONSTRAINT pk_crm_leads PRIMARY KEY (org_id, id);

-- CONSTRAINT crm_memberships pk_crm_memberships

ALTER TABLE ONLY public.crm_memberships
    ADD CONSTRAINT pk_crm_memberships PRIMARY KEY (org_id, id);

-- CONSTRAINT crm_message_attempts pk_crm_message_attempts

ALTER TABLE ONLY public.crm_message_attempts
    ADD CONSTRAINT pk_crm_message_attempts PRIMARY KEY (org_id, id);

-- CONSTRAINT crm_messages pk_crm_messages

ALTER TABLE ONLY public.crm_messages
    ADD CONSTRAINT pk_crm_messages PRIMARY KEY (org_id, id);

-- CONSTRAINT crm_orgs pk_crm_orgs

ALTER TABLE ONLY public.crm_orgs
    ADD CONSTRAINT pk_crm_orgs PRIMARY KEY (id);

-- CONSTRAINT crm_pipeline_stages pk_crm_pipeline_stages

ALTER TABLE ONLY public.crm_pipeline_stages
    ADD CONSTRAINT pk_crm_pipeline_stages PRIMARY KEY (org_id, id);

-- CONSTRAINT crm_pipelines pk_crm_pipelines

ALTER TABLE ONLY public.crm_pipelines
    ADD CONSTRAINT pk_crm_pipelines PRIMARY KEY (org_id, id);

-- CONSTRAINT crm_reports pk_crm_reports

ALTER TABLE ONLY public.crm_reports
    ADD CONSTRAINT pk_crm_reports PRIMARY KEY (org_id, id);

-- CONSTRAINT crm_sales_goals pk_crm_sales_goals

ALTER TABLE ONLY public.crm_sales_goals
    ADD CONSTRAINT pk_crm_sales_goals PRIMARY KEY (org_id, id);

-- CONSTRAINT crm_score_history pk_crm_score_history

ALTER TABLE ONLY public.crm_score_history
    ADD CONSTRAINT pk_crm_score_history PRIMARY KEY (org_id, id);

-- CONSTRAINT crm_sequence_versions pk_crm_sequence_versions

ALTER TABLE ONLY public.crm_sequence_versions
    ADD CONSTRAINT pk_crm_sequence_versions PRIMARY KEY (org_id, id);

-- CONSTRAINT crm_sequences pk_crm_sequences

ALTER TABLE ONLY public.crm_sequences
    ADD CONSTRAINT pk_crm_sequences PRIMARY KEY (org_id, id);

-- CONSTRAINT crm_settings pk_crm_settings

ALTER TABLE ONLY public.crm_settings
    ADD CONSTRAINT pk_crm_settings PRIMARY KEY (org_id, key);

-- CONSTRAINT crm_sources pk_crm_sources

ALTER TABLE ONLY public.crm_sources
    ADD CONSTRAINT pk_crm_sources PRIMARY KEY (org_id, id);

-- CONSTRAINT crm_steps pk_crm_steps

ALTER TABLE ONLY public.crm_steps
    ADD CONSTRAINT pk_crm_steps PRIMARY KEY (org_id, id);

-- CONSTRAINT crm_subscriptions pk_crm_subscriptions

ALTER TABLE ONLY public.crm_subscriptions
    ADD CONSTRAINT pk_crm_subscriptions PRIMARY KEY (org_id, id);

-- CONSTRAINT crm_support_tickets pk_crm_support_tickets

ALTER TABLE ONLY public.crm_support_tickets
    ADD CONSTRAINT pk_crm_support_tickets PRIMARY KEY (org_id, id);

-- CONSTRAINT crm_suppressions pk_crm_suppressions

ALTER TABLE ONLY public.crm_suppressions
    ADD CONSTRAINT pk_crm_suppressions PRIMARY KEY (org_id, id);

-- CONSTRAINT crm_survey_responses pk_crm_survey_responses

ALTER TABLE ONLY public.crm_survey_responses
    ADD CONSTRAINT pk_crm_survey_responses PRIMARY KEY (org_id, id);

-- CONSTRAINT crm_teams pk_crm_teams

ALTER TABLE ONLY public.crm_teams
    ADD CONSTRAINT pk_crm_teams PRIMARY KEY (org_id, id);

-- CONSTRAINT crm_templates pk_crm_templates

ALTER TABLE ONLY public.crm_templates
    ADD CONSTRAINT pk_crm_templates PRIMARY KEY (org_id, id);

-- CONSTRAINT crm_users pk_crm_users

ALTER TABLE ONLY public.crm_users
    ADD CONSTRAINT pk_crm_users PRIMARY KEY (org_id, id);

-- CONSTRAINT crm_custom_fields uq_crm_custom_fields_org_id_entity_name

ALTER TABLE ONLY public.crm_custom_fields
    ADD CONSTRAINT uq_crm_custom_fields_org_id_entity_name UNIQUE (org_id, entity, name);

-- CONSTRAINT crm_memberships uq_crm_memberships_org_id_user_id_team_id

ALTER TABLE ONLY public.crm_memberships
    ADD CONSTRAINT uq_crm_memberships_org_id_user_id_team_id UNIQUE (org_id, user_id, team_id);

-- CONSTRAINT crm_message_attempts uq_crm_message_attempts_org_id_message_id_number

ALTER TABLE ONLY public.crm_message_attempts
    ADD CONSTRAINT uq_crm_message_attempts_org_id_message_id_number UNIQUE (org_id, message_id, number);

-- CONSTRAINT crm_messages uq_crm_messages_org_id_key

ALTER TABLE ONLY public.crm_messages
    ADD CONSTRAINT uq_crm_messages_org_id_key UNIQUE (org_id, key);

-- CONSTRAINT crm_orgs uq_crm_orgs_name

ALTER TABLE ONLY public.crm_orgs
    ADD CONSTRAINT uq_crm_orgs_name UNIQUE (name);

-- CONSTRAINT crm_pipeline_stages uq_crm_pipeline_stages_of_pipeline

ALTER TABLE ONLY public.crm_pipeline_stages
    ADD CONSTRAINT uq_crm_pipeline_stages_of_pipeline UNIQUE (org_id, pipeline_id, id);

-- CONSTRAINT crm_sequence_versions uq_crm_sequence_versions_org_id_sequence_id_number

ALTER TABLE ONLY public.crm_sequence_versions
    ADD CONSTRAINT uq_crm_sequence_versions_org_id_sequence_id_number UNIQUE (org_id, sequence_id, number);

-- CONSTRAINT crm_sequences uq_crm_sequences_org_id_name

ALTER TABLE ONLY public.crm_sequences
    ADD CONSTRAINT uq_crm_sequences_org_id_name UNIQUE (org_id, name);

-- CONSTRAINT crm_sources uq_crm_sources_org_id_name

ALTER TABLE ONLY public.crm_sources
    ADD CONSTRAINT uq_crm_sources_org_id_name UNIQUE (org_id, name);

-- CONSTRAINT crm_steps uq_crm_steps_org_id_version_id_position

ALTER TABLE ONLY public.crm_steps
    ADD CONSTRAINT uq_crm_steps_org_id_version_id_position UNIQUE (org_id, version_id, "position");

-- CONSTRAINT crm_suppressions uq_crm_suppressions_org_id_channel_address

ALTER TABLE ONLY public.crm_suppressions
    ADD CONSTRAINT uq_crm_suppressions_org_id_channel_address UNIQUE (org_id, channel, address);

-- CONSTRAINT crm_teams uq_crm_teams_org_id_name

ALTER TABLE ONLY public.crm_teams
    ADD CONSTRAINT uq_crm_teams_org_id_name UNIQUE (org_id, name);

-- CONSTRAINT crm_templates uq_crm_templates_org_id_name

ALTER TABLE ONLY public.crm_templates
    ADD CONSTRAINT uq_crm_templates_org_id_name UNIQUE (org_id, name);

-- CONSTRAINT crm_users uq_crm_users_org_id_email

ALTER TABLE ONLY public.crm_users
    ADD CONSTRAINT uq_crm_users_org_id_email UNIQUE (org_id, email);

-- INDEX ix_crm_activities_custom

CREATE INDEX ix_crm_activities_custom ON ONLY public.crm_activities USING gin (org_id, custom jsonb_path_ops);

-- INDEX crm_activities_default_org_id_custom_idx

CREATE INDEX crm_activities_default_org_id_custom_idx ON public.crm_activities_default USING gin (org_id, custom jsonb_path_ops);

-- INDEX ix_crm_activities_customer_id

CREATE INDEX ix_crm_activities_customer_id ON ONLY public.crm_activities USING btree (org_id, customer_id, id);

-- INDEX crm_activities_default_org_id_customer_id_id_idx

CREATE INDEX crm_activities_default_org_id_customer_id_id_idx ON public.crm_activities_default USING btree (org_id, customer_id, id);

-- INDEX ix_crm_activities_deal_id

CREATE INDEX ix_crm_activities_deal_id ON ONLY public.crm_activities USING btree (org_id, deal_id, id);

-- INDEX crm_activities_default_org_id_deal_id_id_idx

CREATE INDEX crm_activities_default_org_id_deal_id_id_idx ON public.crm_activities_default USING btree (org_id, deal_id, id);

-- INDEX ix_crm_activities_lead_id

CREATE INDEX ix_crm_activities_lead_id ON ONLY public.crm_activities USING btree (org_id, lead_id, id);

-- INDEX crm_activities_default_org_id_lead_id_id_idx

CREATE INDEX crm_activities_default_org_id_lead_id_id_idx ON public.crm_activities_default USING btree (org_id, lead_id, id);

-- INDEX ix_crm_activities_search

CREATE INDEX ix_crm_activities_search ON ONLY public.crm_activities USING gin (org_id, lower(((((COALESCE(subject, ''::text) || ' '::text) || COALESCE(outcome, ''::text)) || ' '::text) || COALESCE(next_action, ''::text))) public.gin_trgm_ops);

-- INDEX crm_activities_default_org_id_lower_idx

CREATE INDEX crm_activities_default_org_id_lower_idx ON public.crm_activities_default USING gin (org_id, lower(((((COALESCE(subject, ''::text) || ' '::text) || COALESCE(outcome, ''::text)) || ' '::text) || COALESCE(next_action, ''::text))) public.gin_trgm_ops);

-- INDEX ix_crm_activities_owner_id

CREATE INDEX ix_crm_activities_owner_id ON ONLY public.crm_activities USING btree (org_id, owner_id, created_at, id);

-- INDEX crm_activities_default_org_id_owner_id_created_at_id_idx

CREATE INDEX crm_activities_default_org_id_owner_id_created_at_id_idx ON public.crm_activities_default USING btree (org_id, owner_id, created_at, id);

-- INDEX ix_crm_activities_open

CREATE INDEX ix_crm_activities_open ON ONLY public.crm_activities USING btree (org_id, owner_id, due_at) WHERE ((due_at IS NOT NULL) AND (done_at IS NULL));

-- INDEX crm_activities_default_org_id_owner_id_due_at_idx

CREATE INDEX crm_activities_default_org_id_owner_id_due_at_idx ON public.crm_activities_default USING btree (org_id, owner_id, due_at) WHERE ((due_at IS NOT NULL) AND (done_at IS NULL));

-- INDEX ix_crm_changes_record

CREATE INDEX ix_crm_changes_record ON ONLY public.crm_changes USING btree (org_id, kind, record_id);

-- INDEX crm_changes_default_org_id_kind_record_id_idx

CREATE INDEX crm_changes_default_org_id_kind_record_id_idx ON public.crm_changes_default USING btree (org_id, kind, record_id);

-- INDEX ix_crm_events_xid_id

CREATE INDEX ix_crm_events_xid_id ON ONLY public.crm_events USING btree (xid, id);

-- INDEX crm_events_default_xid_id_idx

CREATE INDEX crm_events_default_xid_id_idx ON public.crm_events_default USING btree (xid, id);

-- INDEX ix_crm_inbox_pending

CREATE INDEX ix_crm_inbox_pending ON ONLY public.crm_inbox USING btree (id) WHERE (status = 'pending'::text);

-- INDEX crm_inbox_default_id_idx

CREATE INDEX crm_inbox_default_id_idx ON public.crm_inbox_default USING btree (id) WHERE (status = 'pending'::text);

-- INDEX ix_crm_inbox_dead

CREATE INDEX ix_crm_inbox_dead ON ONLY public.crm_inbox USING btree (org_id, id) WHERE (status = 'dead'::text);

-- INDEX crm_inbox_default_org_id_id_idx

CREATE INDEX crm_inbox_default_org_id_id_idx ON public.crm_inbox_default USING btree (org_id, id) WHERE (status = 'dead'::text);

-- INDEX ix_crm_ai_insights_customer_id

CREATE INDEX ix_crm_ai_insights_customer_id ON public.crm_ai_insights USING btree (org_id, customer_id, id);

-- INDEX ix_crm_ai_insights_deal_id

CREATE INDEX ix_crm_ai_insights_deal_id ON public.crm_ai_insights USING btree (org_id, deal_id, id);

-- INDEX ix_crm_ai_insights_lead_id

CREATE INDEX ix_crm_ai_insights_lead_id ON public.crm_ai_insights USING btree (org_id, lead_id, id);

-- INDEX ix_crm_ai_insights_owner_id

CREATE INDEX ix_crm_ai_insights_owner_id ON public.crm_ai_insights USING btree (org_id, owner_id, created_at, id);

-- INDEX ix_crm_alerts_last_at

CREATE INDEX ix_crm_alerts_last_at ON public.crm_alerts USING btree (org_id, state, last_at);

-- INDEX ix_crm_assignments_lead_id

CREATE INDEX ix_crm_assignments_lead_id ON public.crm_assignments USING btree (org_id, lead_id, id);

-- INDEX ix_crm_contacts_custom

CREATE INDEX ix_crm_contacts_custom ON public.crm_contacts USING gin (org_id, custom jsonb_path_ops);

-- INDEX ix_crm_contacts_customer_id

CREATE INDEX ix_crm_contacts_customer_id ON public.crm_contacts USING btree (org_id, customer_id, id);

-- INDEX ix_crm_contacts_email

CREATE INDEX ix_crm_contacts_email ON public.crm_contacts USING btree (org_id, email);

-- INDEX ix_crm_contacts_search

CREATE INDEX ix_crm_contacts_search ON public.crm_contacts USING gin (org_id, lower(((((((((COALESCE(first_name, ''::text) || ' '::text) || COALESCE(last_name, ''::text)) || ' '::text) || COALESCE(email, ''::text)) || ' '::text) || COALESCE(phone, ''::text)) || ' '::text) || COALESCE(title, ''::text))) public.gin_trgm_ops);

-- INDEX ix_crm_conversions_lead_id

CREATE INDEX ix_crm_conversions_lead_id ON public.crm_conversions USING btree (org_id, lead_id, id);

-- INDEX ix_crm_customers_created_at

CREATE INDEX ix_crm_customers_created_at ON public.crm_customers USING btree (org_id, created_at, id);

-- INDEX ix_crm_customers_custom

CREATE INDEX ix_crm_customers_custom ON public.crm_customers USING gin (org_id, custom jsonb_path_ops);

-- INDEX ix_crm_customers_lead_id

CREATE INDEX ix_crm_customers_lead_id ON public.crm_customers USING btree (org_id, lead_id);

-- INDEX ix_crm_customers_name

CREATE INDEX ix_crm_customers_name ON public.crm_customers USING btree (org_id, name, id);

-- INDEX ix_crm_customers_owner_id

CREATE INDEX ix_crm_customers_owner_id ON public.crm_customers USING btree (org_id, owner_id, created_at, id);

-- INDEX ix_crm_customers_search

CREATE INDEX ix_crm_customers_search ON public.crm_customers USING gin (org_id, lower(((((((COALESCE(name, ''::text) || ' '::text) || COALESCE(email, ''::text)) || ' '::text) || COALESCE(phone, ''::text)) || ' '::text) || COALESCE(website, ''::text))) public.gin_trgm_ops);

-- INDEX ix_crm_deal_stage_history_deal_id

CREATE INDEX ix_crm_deal_stage_history_deal_id ON public.crm_deal_stage_history USING btree (org_id, deal_id, id);

-- INDEX ix_crm_deal_stage_history_stage_id

CREATE INDEX ix_crm_deal_stage_history_stage_id ON public.crm_deal_stage_history USING btree (org_id, stage_id, entered_at);

-- INDEX ix_crm_deals_created_at

CREATE INDEX ix_crm_deals_created_at ON public.crm_deals USING btree (org_id, created_at, id);

-- INDEX ix_crm_deals_custom

CREATE INDEX ix_crm_deals_custom ON public.crm_deals USING gin (org_id, custom jsonb_path_ops);

-- INDEX ix_crm_deals_customer_id

CREATE INDEX ix_crm_deals_customer_id ON public.crm_deals USING btree (org_id, customer_id);

-- INDEX ix_crm_deals_expected_close

CREATE INDEX ix_crm_deals_expected_close ON public.crm_deals USING btree (org_id, expected_close, id);

-- INDEX ix_crm_deals_lead_id

CREATE INDEX ix_crm_deals_lead_id ON public.crm_deals USING btree (org_id, lead_id);

-- INDEX ix_crm_deals_owner_id

CREATE INDEX ix_crm_deals_owner_id ON public.crm_deals USING btree (org_id, owner_id, created_at, id);

-- INDEX ix_crm_deals_search

CREATE INDEX ix_crm_deals_search ON public.crm_deals USING gin (org_id, lower(((COALESCE(name, ''::text) || ' '::text) || COALESCE(next_step, ''::text))) public.gin_trgm_ops);

-- INDEX ix_crm_deals_stage_id

CREATE INDEX ix_crm_deals_stage_id ON public.crm_deals USING btree (org_id, stage_id);

-- INDEX ix_crm_deals_value

CREATE INDEX ix_crm_deals_value ON public.crm_deals USING btree (org_id, value, id);

-- INDEX ix_crm_deals_won

CREATE INDEX ix_crm_deals_won ON public.crm_deals USING btree (org_id, closed_at) WHERE (status = 'won'::text);

-- INDEX ix_crm_enrolments_lead_id

CREATE INDEX ix_crm_enrolments_lead_id ON public.crm_enrolments USING btree (org_id, lead_id);

-- INDEX ix_crm_enrolments_plan_at

CREATE INDEX ix_crm_enrolments_plan_at ON public.crm_enrolments USING btree (plan_at) WHERE ((state = 'active'::text) AND (plan_at IS NOT NULL));

-- INDEX ix_crm_keys_expires_at

CREATE INDEX ix_crm_keys_expires_at ON public.crm_keys USING btree (expires_at) WHERE (expires_at IS NOT NULL);

-- INDEX ix_crm_leads_created_at

CREATE INDEX ix_crm_leads_created_at ON public.crm_leads USING btree (org_id, created_at, id);

-- INDEX ix_crm_leads_custom

CREATE INDEX ix_crm_leads_custom ON public.crm_leads USING gin (org_id, custom jsonb_path_ops);

-- INDEX ix_crm_leads_email

CREATE INDEX ix_crm_leads_email ON public.crm_leads USING btree (org_id, email);

-- INDEX ix_crm_leads_open

CREATE INDEX ix_crm_leads_open ON public.crm_leads USING btree (org_id, owner_id) WHERE ((deleted_at IS NULL) AND (status = ANY (ARRAY['new'::text, 'contacted'::text, 'qualified'::text])));

-- INDEX ix_crm_leads_owner_id

CREATE INDEX ix_crm_leads_owner_id ON public.crm_leads USING btree (org_id, owner_id, created_at, id);

-- INDEX ix_crm_leads_pending

CREATE INDEX ix_crm_leads_pending ON public.crm_leads USING btree (created_at) WHERE (automation = 'pending'::text);

-- INDEX ix_crm_leads_phone

CREATE INDEX ix_crm_leads_phone ON public.crm_leads USING btree (org_id, phone);

-- INDEX ix_crm_leads_rescore_at

CREATE INDEX ix_crm_leads_rescore_at ON public.crm_leads USING btree (rescore_at) WHERE (rescore_at IS NOT NULL);

-- INDEX ix_crm_leads_score

CREATE INDEX ix_crm_leads_score ON public.crm_leads USING btree (org_id, score, id);

-- INDEX ix_crm_leads_search

CREATE INDEX ix_crm_leads_search ON public.crm_leads USING gin (org_id, lower(((((((((((COALESCE(first_name, ''::text) || ' '::text) || COALESCE(last_name, ''::text)) || ' '::text) || COALESCE(email, ''::text)) || ' '::text) || COALESCE(phone, ''::text)) || ' '::text) || COALESCE(company, ''::text)) || ' '::text) || COALESCE(title, ''::text))) public.gin_trgm_ops);

-- INDEX ix_crm_leads_value

CREATE INDEX ix_crm_leads_value ON public.crm_leads USING btree (org_id, value, id);

-- INDEX ix_crm_messages_check_at

CREATE INDEX ix_crm_messages_check_at ON public.crm_messages USING btree (check_at) WHERE ((status = 'unknown'::text) AND (check_at IS NOT NULL));

-- INDEX ix_crm_messages_due

CREATE INDEX ix_crm_messages_due ON public.crm_messages USING btree (priority, due_at) WHERE (status = 'scheduled'::text);

-- INDEX ix_crm_messages_enrolment_id

CREATE INDEX ix_crm_messages_enrolment_id ON public.crm_messages USING btree (org_id, enrolment_id);

-- INDEX ix_crm_messages_entries

CREATE INDEX ix_crm_messages_entries ON public.crm_messages USING btree ((((rendered -> 'slot'::text) ->> 'ends'::text))) WHERE ((channel = 'invite'::text) AND (status = ANY (ARRAY['sending'::text, 'sent'::text, 'unknown'::text])));

-- INDEX ix_crm_messages_lacking

CREATE INDEX ix_crm_messages_lacking ON public.crm_messages USING btree (created_at) WHERE ((status = 'cancelled'::text) AND (reason = ANY (ARRAY['no address'::text, 'no telephone number'::text])));

-- INDEX ix_crm_messages_lead_id

CREATE INDEX ix_crm_messages_lead_id ON public.crm_messages USING btree (org_id, lead_id, id);

-- INDEX ix_crm_messages_leased

CREATE INDEX ix_crm_messages_leased ON public.crm_messages USING btree (lease_until) WHERE (status = ANY (ARRAY['claimed'::text, 'sending'::text]));

-- INDEX ix_crm_reports_created_at

CREATE INDEX ix_crm_reports_created_at ON public.crm_reports USING btree (org_id, created_at, id);

-- INDEX ix_crm_sales_goals_period_end

CREATE INDEX ix_crm_sales_goals_period_end ON public.crm_sales_goals USING btree (org_id, period_end, id);

-- INDEX ix_crm_score_history_lead_id

CREATE INDEX ix_crm_score_history_lead_id ON public.crm_score_history USING btree (org_id, lead_id, id);

-- INDEX ix_crm_sources_name

CREATE INDEX ix_crm_sources_name ON public.crm_sources USING btree (name);

-- INDEX ix_crm_subscriptions_created_at

CREATE INDEX ix_crm_subscriptions_created_at ON public.crm_subscriptions USING btree (org_id, created_at, id);

-- INDEX ix_crm_subscriptions_custom

CREATE INDEX ix_crm_subscriptions_custom ON public.crm_subscriptions USING gin (org_id, custom jsonb_path_ops);

-- INDEX ix_crm_subscriptions_customer_id

CREATE INDEX ix_crm_subscriptions_customer_id ON public.crm_subscriptions USING btree (org_id, customer_id, id);

-- INDEX ix_crm_subscriptions_deal_id

CREATE INDEX ix_crm_subscriptions_deal_id ON public.crm_subscriptions USING btree (org_id, deal_id);

-- INDEX ix_crm_subscriptions_owner_id

CREATE INDEX ix_crm_subscriptions_owner_id ON public.crm_subscriptions USING btree (org_id, owner_id, created_at, id);

-- INDEX ix_crm_subscriptions_search

CREATE INDEX ix_crm_subscriptions_search ON public.crm_subscriptions USING gin (org_id, lower(((COALESCE(product, ''::text) || ' '::text) || COALESCE(external_id, ''::text))) public.gin_trgm_ops);

-- INDEX ix_crm_subscriptions_term_end

CREATE INDEX ix_crm_subscriptions_term_end ON public.crm_subscriptions USING btree (org_id, term_end, id);

-- INDEX ix_crm_support_tickets_created_at

CREATE INDEX ix_crm_support_tickets_created_at ON public.crm_support_tickets USING btree (org_id, created_at, id);

-- INDEX ix_crm_support_tickets_custom

CREATE INDEX ix_crm_support_tickets_custom ON public.crm_support_tickets USING gin (org_id, custom jsonb_path_ops);

-- INDEX ix_crm_support_tickets_customer_id

CREATE INDEX ix_crm_support_tickets_customer_id ON public.crm_support_tickets USING btree (org_id, customer_id, id);

-- INDEX ix_crm_support_tickets_opened_at

CREATE INDEX ix_crm_support_tickets_opened_at ON public.crm_support_tickets USING btree (org_id, opened_at, id);

-- INDEX ix_crm_support_tickets_owner_id

CREATE INDEX ix_crm_support_tickets_owner_id ON public.crm_support_tickets USING btree (org_id, owner_id, created_at, id);

-- INDEX ix_crm_support_tickets_search

CREATE INDEX ix_crm_support_tickets_search ON public.crm_support_tickets USING gin (org_id, lower(((((COALESCE(subject, ''::text) || ' '::text) || COALESCE(category, ''::text)) || ' '::text) || COALESCE(external_id, ''::text))) public.gin_trgm_ops);

-- INDEX ix_crm_suppressions_created_at

CREATE INDEX ix_crm_suppressions_created_at ON public.crm_suppressions USING btree (org_id, created_at, id);

-- INDEX ix_crm_survey_responses_answered_at

CREATE INDEX ix_crm_survey_responses_answered_at ON public.crm_survey_responses USING btree (org_id, answered_at, id);

-- INDEX ix_crm_survey_responses_created_at

CREATE INDEX ix_crm_survey_responses_created_at ON public.crm_survey_responses USING btree (org_id, created_at, id);

-- INDEX ix_crm_survey_responses_customer_id

CREATE INDEX ix_crm_survey_responses_customer_id ON public.crm_survey_responses USING btree (org_id, customer_id, id);

-- INDEX ix_crm_survey_responses_owner_id

CREATE INDEX ix_crm_survey_responses_owner_id ON public.crm_survey_responses USING btree (org_id, owner_id, created_at, id);

-- INDEX uq_crm_alerts_open

CREATE UNIQUE INDEX uq_crm_alerts_open ON public.crm_alerts USING btree (org_id, key) WHERE (state = 'open'::text);

-- INDEX uq_crm_api_keys_prefix

CREATE UNIQUE INDEX uq_crm_api_keys_prefix ON public.crm_api_keys USING btree (prefix);

-- INDEX uq_crm_contacts_primary

CREATE UNIQUE INDEX uq_crm_contacts_primary ON public.crm_contacts USING btree (org_id, customer_id) WHERE (is_primary AND (deleted_at IS NULL));

-- INDEX uq_crm_conversions_standing

CREATE UNIQUE INDEX uq_crm_conversions_standing ON public.crm_conversions USING btree (org_id, lead_id) WHERE (undone_at IS NULL);

-- INDEX uq_crm_customers_external_id

CREATE UNIQUE INDEX uq_crm_customers_external_id ON public.crm_customers USING btree (org_id, external_id) WHERE (external_id IS NOT NULL);

-- INDEX uq_crm_deal_stage_history_now

CREATE UNIQUE INDEX uq_crm_deal_stage_history_now ON public.crm_deal_stage_history USING btree (org_id, deal_id) WHERE (left_at IS NULL);

-- INDEX uq_crm_enrolments_running

CREATE UNIQUE INDEX uq_crm_enrolments_running ON public.crm_enrolments USING btree (org_id, lead_id, sequence_id) WHERE (state = ANY (ARRAY['active'::text, 'paused'::text]));

-- INDEX uq_crm_leads_external_id

CREATE UNIQUE INDEX uq_crm_leads_external_id ON public.crm_leads USING btree (org_id, source, external_id) WHERE (external_id IS NOT NULL);

-- INDEX uq_crm_pipeline_stages_name

CREATE UNIQUE INDEX uq_crm_pipeline_stages_name ON public.crm_pipeline_stages USING btree (org_id, pipeline_id, name) WHERE (deleted_at IS NULL);

-- INDEX uq_crm_pipelines_default

CREATE UNIQUE INDEX uq_crm_pipelines_default ON public.crm_pipelines USING btree (org_id) WHERE is_default;

-- INDEX uq_crm_pipelines_name

CREATE UNIQUE INDEX uq_crm_pipelines_name ON public.crm_pipelines USING btree (org_id, name) WHERE (deleted_at IS NULL);

-- INDEX uq_crm_sequence_versions_live

CREATE UNIQUE INDEX uq_crm_sequence_versions_live ON public.crm_sequence_versions USING btree (org_id, sequence_id) WHERE (state = 'live'::text);

-- INDEX uq_crm_sequences_default

CREATE UNIQUE INDEX uq_crm_sequences_default ON public.crm_sequences USING btree (org_id) WHERE is_default;

-- INDEX uq_crm_sources_form_token

CREATE UNIQUE INDEX uq_crm_sources_form_token ON public.crm_sources USING btree (form_token);

-- INDEX uq_crm_sources_token

CREATE UNIQUE INDEX uq_crm_sources_token ON public.crm_sources USING btree (token);

-- INDEX uq_crm_subscriptions_external_id

CREATE UNIQUE INDEX uq_crm_subscriptions_external_id ON public.crm_subscriptions USING btree (org_id, external_id) WHERE (external_id IS NOT NULL);

-- INDEX uq_crm_support_tickets_external_id

CREATE UNIQUE INDEX uq_crm_support_tickets_external_id ON public.crm_support_tickets USING btree (org_id, external_id) WHERE (external_id IS NOT NULL);

-- INDEX uq_crm_survey_responses_external_id

CREATE UNIQUE INDEX uq_crm_survey_responses_external_id ON public.crm_survey_responses USING btree (org_id, external_id) WHERE (external_id IS NOT NULL);

-- INDEX ATTACH crm_activities_default_org_id_custom_idx

ALTER INDEX public.ix_crm_activities_custom ATTACH PARTITION public.crm_activities_default_org_id_custom_idx;

-- INDEX ATTACH crm_activities_default_org_id_customer_id_id_idx

ALTER INDEX public.ix_crm_activities_customer_id ATTACH PARTITION public.crm_activities_default_org_id_customer_id_id_idx;

-- INDEX ATTACH crm_activities_default_org_id_deal_id_id_idx

ALTER INDEX public.ix_crm_activities_deal_id ATTACH PARTITION public.crm_activities_default_org_id_deal_id_id_idx;

-- INDEX ATTACH crm_activities_default_org_id_lead_id_id_idx

ALTER INDEX public.ix_crm_activities_lead_id ATTACH PARTITION public.crm_activities_default_org_id_lead_id_id_idx;

-- INDEX ATTACH crm_activities_default_org_id_lower_idx

ALTER INDEX public.ix_crm_activities_search ATTACH PARTITION public.crm_activities_default_org_id_lower_idx;

-- INDEX ATTACH crm_activities_default_org_id_owner_id_created_at_id_idx

ALTER INDEX public.ix_crm_activities_owner_id ATTACH PARTITION public.crm_activities_default_org_id_owner_id_created_at_id_idx;

-- INDEX ATTACH crm_activities_default_org_id_owner_id_due_at_idx

ALTER INDEX public.ix_crm_activities_open ATTACH PARTITION public.crm_activities_default_org_id_owner_id_due_at_idx;

-- INDEX ATTACH crm_activities_default_pkey

ALTER INDEX public.pk_crm_activities ATTACH PARTITION public.crm_activities_default_pkey;

-- INDEX ATTACH crm_changes_default_org_id_kind_record_id_idx

ALTER INDEX public.ix_crm_changes_record ATTACH PARTITION public.crm_changes_default_org_id_kind_record_id_idx;

-- INDEX ATTACH crm_changes_default_pkey

ALTER INDEX public.pk_crm_changes ATTACH PARTITION public.crm_changes_default_pkey;

-- INDEX ATTACH crm_events_default_pkey

ALTER INDEX public.pk_crm_events ATTACH PARTITION public.crm_events_default_pkey;

-- INDEX ATTACH crm_events_default_xid_id_idx

ALTER INDEX public.ix_crm_events_xid_id ATTACH PARTITION public.crm_events_default_xid_id_idx;

-- INDEX ATTACH crm_inbox_default_id_idx

ALTER INDEX public.ix_crm_inbox_pending ATTACH PARTITION public.crm_inbox_default_id_idx;

-- INDEX ATTACH crm_inbox_default_org_id_id_idx

ALTER INDEX public.ix_crm_inbox_dead ATTACH PARTITION public.crm_inbox_default_org_id_id_idx;

-- INDEX ATTACH crm_inbox_default_pkey

ALTER INDEX public.pk_crm_inbox ATTACH PARTITION public.crm_inbox_default_pkey;

-- TRIGGER crm_activities crm_contact_happened

CREATE TRIGGER crm_contact_happened AFTER INSERT OR UPDATE OF done_at, kind, lead_id, deal_id, deleted_at ON public.crm_activities FOR EACH ROW WHEN (((new.done_at IS NOT NULL) AND (new.deleted_at IS NULL) AND (new.kind = ANY (ARRAY['call'::text, 'meeting'::text, 'email'::text, 'sms'::text])))) EXECUTE FUNCTION public.crm_contact_happened();

-- TRIGGER crm_deals crm_deal_began

CREATE TRIGGER crm_deal_began AFTER INSERT ON public.crm_deals FOR EACH ROW EXECUTE FUNCTION public.crm_deal_went();

-- TRIGGER crm_deals crm_deal_moves

CREATE TRIGGER crm_deal_moves BEFORE INSERT OR UPDATE OF stage_id, probability, probability_fixed ON public.crm_deals FOR EACH ROW EXECUTE FUNCTION public.crm_deal_moves();

-- TRIGGER crm_deals crm_deal_went

CREATE TRIGGER crm_deal_went AFTER UPDATE ON public.crm_deals FOR EACH ROW WHEN ((old.stage_id IS DISTINCT FROM new.stage_id)) EXECUTE FUNCTION public.crm_deal_went();

-- TRIGGER crm_customers crm_hand_on_visibility

CREATE TRIGGER crm_hand_on_visibility AFTER UPDATE OF team_id, owner_id ON public.crm_customers FOR EACH ROW WHEN (((old.team_id IS DISTINCT FROM new.team_id) OR (old.owner_id IS DISTINCT FROM new.owner_id))) EXECUTE FUNCTION public.crm_hand_on_visibility_of_customer();

-- TRIGGER crm_deals crm_hand_on_visibility

CREATE TRIGGER crm_hand_on_visibility AFTER UPDATE OF team_id, owner_id ON public.crm_deals FOR EACH ROW WHEN (((old.team_id IS DISTINCT FROM new.team_id) OR (old.owner_id IS DISTINCT FROM new.owner_id))) EXECUTE FUNCTION public.crm_hand_on_visibility_of_deal();

-- TRIGGER crm_leads crm_hand_on_visibility

CREATE TRIGGER crm_hand_on_visibility AFTER UPDATE OF team_id, owner_id ON public.crm_leads FOR EACH ROW WHEN (((old.team_id IS DISTINCT FROM new.team_id) OR (old.owner_id IS DISTINCT FROM new.owner_id))) EXECUTE FUNCTION public.crm_hand_on_visibility();

-- TRIGGER crm_activities crm_inherit_visibility

CREATE TRIGGER crm_inherit_visibility BEFORE INSERT OR UPDATE OF lead_id, deal_id, customer_id ON public.crm_activities FOR EACH ROW EXECUTE FUNCTION public.crm_inherit_from_record();

-- TRIGGER crm_ai_insights crm_inherit_visibility

CREATE TRIGGER crm_inherit_visibility BEFORE INSERT OR UPDATE OF lead_id, deal_id, customer_id ON public.crm_ai_insights FOR EACH ROW EXECUTE FUNCTION public.crm_inherit_from_record();

-- TRIGGER crm_contacts crm_inherit_visibility

CREATE TRIGGER crm_inherit_visibility BEFORE INSERT OR UPDATE OF customer_id ON public.crm_contacts FOR EACH ROW EXECUTE FUNCTION public.crm_inherit_from_record();

-- TRIGGER crm_enrolments crm_inherit_visibility

CREATE TRIGGER crm_inherit_visibility BEFORE INSERT OR UPDATE OF lead_id ON public.crm_enrolments FOR EACH ROW EXECUTE FUNCTION public.crm_inherit_visibility();

-- TRIGGER crm_messages crm_inherit_visibility

CREATE TRIGGER crm_inherit_visibility BEFORE INSERT OR UPDATE OF lead_id ON public.crm_messages FOR EACH ROW EXECUTE FUNCTION public.crm_inherit_visibility();

-- TRIGGER crm_subscriptions crm_inherit_visibility

CREATE TRIGGER crm_inherit_visibility BEFORE INSERT OR UPDATE OF customer_id ON public.crm_subscriptions FOR EACH ROW EXECUTE FUNCTION public.crm_inherit_from_customer();

-- TRIGGER crm_support_tickets crm_inherit_visibility

CREATE TRIGGER crm_inherit_visibility BEFORE INSERT OR UPDATE OF customer_id ON public.crm_support_tickets FOR EACH ROW EXECUTE FUNCTION public.crm_inherit_from_customer();

-- TRIGGER crm_survey_responses crm_inherit_visibility

CREATE TRIGGER crm_inherit_visibility BEFORE INSERT OR UPDATE OF customer_id ON public.crm_survey_responses FOR EACH ROW EXECUTE FUNCTION public.crm_inherit_from_customer();

-- TRIGGER crm_activities crm_keep_org

CREATE TRIGGER crm_keep_org BEFORE UPDATE ON public.crm_activities FOR EACH ROW WHEN ((old.org_id IS DISTINCT FROM new.org_id)) EXECUTE FUNCTION public.crm_keep_org();

-- TRIGGER crm_ai_insights crm_keep_org

CREATE TRIGGER crm_keep_org BEFORE UPDATE ON public.crm_ai_insights FOR EACH ROW WHEN ((old.org_id IS DISTINCT FROM new.org_id)) EXECUTE FUNCTION public.crm_keep_org();

-- TRIGGER crm_alerts crm_keep_org

CREATE TRIGGER crm_keep_org BEFORE UPDATE ON public.crm_alerts FOR EACH ROW WHEN ((old.org_id IS DISTINCT FROM new.org_id)) EXECUTE FUNCTION public.crm_keep_org();

-- TRIGGER crm_api_keys crm_keep_org

CREATE TRIGGER crm_keep_org BEFORE UPDATE ON public.crm_api_keys FOR EACH ROW WHEN ((old.org_id IS DISTINCT FROM new.org_id)) EXECUTE FUNCTION public.crm_keep_org();

-- TRIGGER crm_assignments crm_keep_org

CREATE TRIGGER crm_keep_org BEFORE UPDATE ON public.crm_assignments FOR EACH ROW WHEN ((old.org_id IS DISTINCT FROM new.org_id)) EXECUTE FUNCTION public.crm_keep_org();

-- TRIGGER crm_changes crm_keep_org

CREATE TRIGGER crm_keep_org BEFORE UPDATE ON public.crm_changes FOR EACH ROW WHEN ((old.org_id IS DISTINCT FROM new.org_id)) EXECUTE FUNCTION public.crm_keep_org();

-- TRIGGER crm_contacts crm_keep_org

CREATE TRIGGER crm_keep_org BEFORE UPDATE ON public.crm_contacts FOR EACH ROW WHEN ((old.org_id IS DISTINCT FROM new.org_id)) EXECUTE FUNCTION public.crm_keep_org();

-- TRIGGER crm_conversions crm_keep_org

CREATE TRIGGER crm_keep_org BEFORE UPDATE ON public.crm_conversions FOR EACH ROW WHEN ((old.org_id IS DISTINCT FROM new.org_id)) EXECUTE FUNCTION public.crm_keep_org();

-- TRIGGER crm_custom_fields crm_keep_org

CREATE TRIGGER crm_keep_org BEFORE UPDATE ON public.crm_custom_fields FOR EACH ROW WHEN ((old.org_id IS DISTINCT FROM new.org_id)) EXECUTE FUNCTION public.crm_keep_org();

-- TRIGGER crm_customers crm_keep_org

CREATE TRIGGER crm_keep_org BEFORE UPDATE ON public.crm_customers FOR EACH ROW WHEN ((old.org_id IS DISTINCT FROM new.org_id)) EXECUTE FUNCTION public.crm_keep_org();

-- TRIGGER crm_deal_stage_history crm_keep_org

CREATE TRIGGER crm_keep_org BEFORE UPDATE ON public.crm_deal_stage_history FOR EACH ROW WHEN ((old.org_id IS DISTINCT FROM new.org_id)) EXECUTE FUNCTION public.crm_keep_org();

-- TRIGGER crm_deals crm_keep_org

CREATE TRIGGER crm_keep_org BEFORE UPDATE ON public.crm_deals FOR EACH ROW WHEN ((old.org_id IS DISTINCT FROM new.org_id)) EXECUTE FUNCTION public.crm_keep_org();

-- TRIGGER crm_enrolments crm_keep_org

CREATE TRIGGER crm_keep_org BEFORE UPDATE ON public.crm_enrolments FOR EACH ROW WHEN ((old.org_id IS DISTINCT FROM new.org_id)) EXECUTE FUNCTION public.crm_keep_org();

-- TRIGGER crm_events crm_keep_org

CREATE TRIGGER crm_keep_org BEFORE UPDATE ON public.crm_events FOR EACH ROW WHEN ((old.org_id IS DISTINCT FROM new.org_id)) EXECUTE FUNCTION public.crm_keep_org();

-- TRIGGER crm_inbox crm_keep_org

CREATE TRIGGER crm_keep_org BEFORE UPDATE ON public.crm_inbox FOR EACH ROW WHEN ((old.org_id IS DISTINCT FROM new.org_id)) EXECUTE FUNCTION public.crm_keep_org();

-- TRIGGER crm_keys crm_keep_org

CREATE TRIGGER crm_keep_org BEFORE UPDATE ON public.crm_keys FOR EACH ROW WHEN ((old.org_id IS DISTINCT FROM new.org_id)) EXECUTE FUNCTION public.crm_keep_org();

-- TRIGGER crm_leads crm_keep_org

CREATE TRIGGER crm_keep_org BEFORE UPDATE ON public.crm_leads FOR EACH ROW WHEN ((old.org_id IS DISTINCT FROM new.org_id)) EXECUTE FUNCTION public.crm_keep_org();

-- TRIGGER crm_memberships crm_keep_org

CREATE TRIGGER crm_keep_org BEFORE UPDATE ON public.crm_memberships FOR EACH ROW WHEN ((old.org_id IS DISTINCT FROM new.org_id)) EXECUTE FUNCTION public.crm_keep_org();

-- TRIGGER crm_message_attempts crm_keep_org

CREATE TRIGGER crm_keep_org BEFORE UPDATE ON public.crm_message_attempts FOR EACH ROW WHEN ((old.org_id IS DISTINCT FROM new.org_id)) EXECUTE FUNCTION public.crm_keep_org();

-- TRIGGER crm_messages crm_keep_org

CREATE TRIGGER crm_keep_org BEFORE UPDATE ON public.crm_messages FOR EACH ROW WHEN ((old.org_id IS DISTINCT FROM new.org_id)) EXECUTE FUNCTION public.crm_keep_org();

-- TRIGGER crm_orgs crm_keep_org

CREATE TRIGGER crm_keep_org BEFORE UPDATE ON public.crm_orgs FOR EACH ROW WHEN ((old.id IS DISTINCT FROM new.id)) EXECUTE FUNCTION public.crm_keep_org();

-- TRIGGER crm_pipeline_stages crm_keep_org

CREATE TRIGGER crm_keep_org BEFORE UPDATE ON public.crm_pipeline_stages FOR EACH ROW WHEN ((old.org_id IS DISTINCT FROM new.org_id)) EXECUTE FUNCTION public.crm_keep_org();

-- TRIGGER crm_pipelines crm_keep_org

CREATE TRIGGER crm_keep_org BEFORE UPDATE ON public.crm_pipelines FOR EACH ROW WHEN ((old.org_id IS DISTINCT FROM new.org_id)) EXECUTE FUNCTION public.crm_keep_org();

-- TRIGGER crm_reports crm_keep_org

CREATE TRIGGER crm_keep_org BEFORE UPDATE ON public.crm_reports FOR EACH ROW WHEN ((old.org_id IS DISTINCT FROM new.org_id)) EXECUTE FUNCTION public.crm_keep_org();

-- TRIGGER crm_sales_goals crm_keep_org

CREATE TRIGGER crm_keep_org BEFORE UPDATE ON public.crm_sales_goals FOR EACH ROW WHEN ((old.org_id IS DISTINCT FROM new.org_id)) EXECUTE FUNCTION public.crm_keep_org();

-- TRIGGER crm_score_history crm_keep_org

CREATE TRIGGER crm_keep_org BEFORE UPDATE ON public.crm_score_history FOR EACH ROW WHEN ((old.org_id IS DISTINCT FROM new.org_id)) EXECUTE FUNCTION public.crm_keep_org();

-- TRIGGER crm_sequence_versions crm_keep_org

CREATE TRIGGER crm_keep_org BEFORE UPDATE ON public.crm_sequence_versions FOR EACH ROW WHEN ((old.org_id IS DISTINCT FROM new.org_id)) EXECUTE FUNCTION public.crm_keep_org();

-- TRIGGER crm_sequences crm_keep_org

CREATE TRIGGER crm_keep_org BEFORE UPDATE ON public.crm_sequences FOR EACH ROW WHEN ((old.org_id IS DISTINCT FROM new.org_id)) EXECUTE FUNCTION public.crm_keep_org();

-- TRIGGER crm_settings crm_keep_org

CREATE TRIGGER crm_keep_org BEFORE UPDATE ON public.crm_settings FOR EACH ROW WHEN ((old.org_id IS DISTINCT FROM new.org_id)) EXECUTE FUNCTION public.crm_keep_org();

-- TRIGGER crm_sources crm_keep_org

CREATE TRIGGER crm_keep_org BEFORE UPDATE ON public.crm_sources FOR EACH ROW WHEN ((old.org_id IS DISTINCT FROM new.org_id)) EXECUTE FUNCTION public.crm_keep_org();

-- TRIGGER crm_steps crm_keep_org

CREATE TRIGGER crm_keep_org BEFORE UPDATE ON public.crm_steps FOR EACH ROW WHEN ((old.org_id IS DISTINCT FROM new.org_id)) EXECUTE FUNCTION public.crm_keep_org();

-- TRIGGER crm_subscriptions crm_keep_org

CREATE TRIGGER crm_keep_org BEFORE UPDATE ON public.crm_subscriptions FOR EACH ROW WHEN ((old.org_id IS DISTINCT FROM new.org_id)) EXECUTE FUNCTION public.crm_keep_org();

-- TRIGGER crm_support_tickets crm_keep_org

CREATE TRIGGER crm_keep_org BEFORE UPDATE ON public.crm_support_tickets FOR EACH ROW WHEN ((old.org_id IS DISTINCT FROM new.org_id)) EXECUTE FUNCTION public.crm_keep_org();

-- TRIGGER crm_suppressions crm_keep_org

CREATE TRIGGER crm_keep_org BEFORE UPDATE ON public.crm_suppressions FOR EACH ROW WHEN ((old.org_id IS DISTINCT FROM new.org_id)) EXECUTE FUNCTION public.crm_keep_org();

-- TRIGGER crm_survey_responses crm_keep_org

CREATE TRIGGER crm_keep_org BEFORE UPDATE ON public.crm_survey_responses FOR EACH ROW WHEN ((old.org_id IS DISTINCT FROM new.org_id)) EXECUTE FUNCTION public.crm_keep_org();

-- TRIGGER crm_teams crm_keep_org

CREATE TRIGGER crm_keep_org BEFORE UPDATE ON public.crm_teams FOR EACH ROW WHEN ((old.org_id IS DISTINCT FROM new.org_id)) EXECUTE FUNCTION public.crm_keep_org();

-- TRIGGER crm_templates crm_keep_org

CREATE TRIGGER crm_keep_org BEFORE UPDATE ON public.crm_templates FOR EACH ROW WHEN ((old.org_id IS DISTINCT FROM new.org_id)) EXECUTE FUNCTION public.crm_keep_org();

-- TRIGGER crm_users crm_keep_org

CREATE TRIGGER crm_keep_org BEFORE UPDATE ON public.crm_users FOR EACH ROW WHEN ((old.org_id IS DISTINCT FROM new.org_id)) EXECUTE FUNCTION public.crm_keep_org();

-- TRIGGER crm_activities crm_log_change

CREATE TRIGGER crm_log_change AFTER DELETE OR UPDATE ON public.crm_activities FOR EACH ROW EXECUTE FUNCTION public.crm_log_change('kind', 'subject', 'body', 'outcome', 'sentiment', 'next_action', 'duration_minutes', 'due_at', 'done_at', 'lead_id', 'deal_id', 'customer_id', 'custom', 'tags', 'deleted_at');

-- TRIGGER crm_contacts crm_log_change

CREATE TRIGGER crm_log_change AFTER DELETE OR UPDATE ON public.crm_contacts FOR EACH ROW EXECUTE FUNCTION public.crm_log_change('customer_id', 'first_name', 'last_name', 'email', 'phone', 'title', 'is_primary', 'consent', 'custom', 'tags', 'deleted_at');

-- TRIGGER crm_custom_fields crm_log_change

CREATE TRIGGER crm_log_change AFTER DELETE OR UPDATE ON public.crm_custom_fields FOR EACH ROW EXECUTE FUNCTION public.crm_log_change('entity', 'name', 'label', 'type', 'options', 'required', 'active');

-- TRIGGER crm_customers crm_log_change

CREATE TRIGGER crm_log_change AFTER DELETE OR UPDATE ON public.crm_customers FOR EACH ROW EXECUTE FUNCTION public.crm_log_change('external_id', 'name', 'lead_id', 'status', 'email', 'phone', 'website', 'industry', 'segment', 'country', 'timezone', 'language', 'recurring_amount', 'currency', 'since', 'churned_at', 'churn_reason', 'owner_id', 'team_id', 'custom', 'tags', 'deleted_at');

-- TRIGGER crm_deals crm_log_change

CREATE TRIGGER crm_log_change AFTER DELETE OR UPDATE ON public.crm_deals FOR EACH ROW EXECUTE FUNCTION public.crm_log_change('external_id', 'name', 'source', 'lead_id', 'customer_id', 'stage_id', 'status', 'value', 'currency', 'recurring_amount', 'recurring_period', 'probability', 'probability_fixed', 'expected_close', 'closed_at', 'lost_reason', 'competitors', 'next_step', 'next_step_at', 'owner_id', 'team_id', 'custom', 'tags', 'deleted_at');

-- TRIGGER crm_leads crm_log_change

CREATE TRIGGER crm_log_change AFTER DELETE OR UPDATE ON public.crm_leads FOR EACH ROW EXECUTE FUNCTION public.crm_log_change('external_id', 'first_name', 'last_name', 'email', 'phone', 'company', 'title', 'source', 'status', 'value', 'currency', 'probability', 'score', 'owner_id', 'team_id', 'country', 'timezone', 'consent', 'tags', 'custom', 'deleted_at', 'closed_at');

-- TRIGGER crm_pipeline_stages crm_log_change

CREATE TRIGGER crm_log_change AFTER DELETE OR UPDATE ON public.crm_pipeline_stages FOR EACH ROW EXECUTE FUNCTION public.crm_log_change('name', 'order_index', 'probability', 'color', 'kind', 'rotting_days', 'requires', 'deleted_at');

-- TRIGGER crm_pipelines crm_log_change

CREATE TRIGGER crm_log_change AFTER DELETE OR UPDATE ON public.crm_pipelines FOR EACH ROW EXECUTE FUNCTION public.crm_log_change('name', 'is_default', 'deleted_at');

-- TRIGGER crm_sales_goals crm_log_change

CREATE TRIGGER crm_log_change AFTER DELETE OR UPDATE ON public.crm_sales_goals FOR EACH ROW EXECUTE FUNCTION public.crm_log_change('name', 'metric', 'target', 'currency', 'period_start', 'period_end', 'owner_id', 'team_id', 'deleted_at');

-- TRIGGER crm_sequences crm_log_change

CREATE TRIGGER crm_log_change AFTER DELETE OR UPDATE ON public.crm_sequences FOR EACH ROW EXECUTE FUNCTION public.crm_log_change('name', 'is_default');

-- TRIGGER crm_settings crm_log_change

CREATE TRIGGER crm_log_change AFTER DELETE OR UPDATE ON public.crm_settings FOR EACH ROW EXECUTE FUNCTION public.crm_log_change('key', 'value');

-- TRIGGER crm_sources crm_log_change

CREATE TRIGGER crm_log_change AFTER DELETE OR UPDATE ON public.crm_sources FOR EACH ROW EXECUTE FUNCTION public.crm_log_change('name', 'format', 'region', 'mapping', 'defaults', 'active');

-- TRIGGER crm_subscriptions crm_log_change

CREATE TRIGGER crm_log_change AFTER DELETE OR UPDATE ON public.crm_subscriptions FOR EACH ROW EXECUTE FUNCTION public.crm_log_change('customer_id', 'deal_id', 'external_id', 'product', 'seats', 'amount', 'period', 'currency', 'began_on', 'term_start', 'term_end', 'term_months', 'auto_renew', 'notice_days', 'status', 'cancelled_at', 'cancel_reason', 'payment_state', 'custom', 'tags', 'deleted_at');

-- TRIGGER crm_support_tickets crm_log_change

CREATE TRIGGER crm_log_change AFTER DELETE OR UPDATE ON public.crm_support_tickets FOR EACH ROW EXECUTE FUNCTION public.crm_log_change('customer_id', 'contact_id', 'external_id', 'subject', 'category', 'priority', 'status', 'opened_at', 'first_answer_at', 'solved_at', 'custom', 'tags', 'deleted_at');

-- TRIGGER crm_survey_responses crm_log_change

CREATE TRIGGER crm_log_change AFTER DELETE OR UPDATE ON public.crm_survey_responses FOR EACH ROW EXECUTE FUNCTION public.crm_log_change('customer_id', 'contact_id', 'external_id', 'kind', 'score', 'comment', 'answered_at', 'deleted_at');

-- TRIGGER crm_teams crm_log_change

CREATE TRIGGER crm_log_change AFTER DELETE OR UPDATE ON public.crm_teams FOR EACH ROW EXECUTE FUNCTION public.crm_log_change('name', 'parent_id', 'business_hours', 'visibility');

-- TRIGGER crm_templates crm_log_change

CREATE TRIGGER crm_log_change AFTER DELETE OR UPDATE ON public.crm_templates FOR EACH ROW EXECUTE FUNCTION public.crm_log_change('name', 'subject', 'body');

-- TRIGGER crm_users crm_log_change

CREATE TRIGGER crm_log_change AFTER DELETE OR UPDATE ON public.crm_users FOR EACH ROW EXECUTE FUNCTION public.crm_log_change('email', 'name', 'role', 'active', 'takes_leads', 'capacity');

-- TRIGGER crm_pipeline_stages crm_stage_kind

CREATE TRIGGER crm_stage_kind BEFORE INSERT ON public.crm_pipeline_stages FOR EACH ROW WHEN ((new.kind IS NULL)) EXECUTE FUNCTION public.crm_stage_kind();

-- TRIGGER crm_pipeline_stages crm_stage_weighs

CREATE TRIGGER crm_stage_weighs AFTER UPDATE OF probability ON public.crm_pipeline_stages FOR EACH ROW WHEN ((old.probability IS DISTINCT FROM new.probability)) EXECUTE FUNCTION public.crm_stage_weighs();

-- TRIGGER crm_activities crm_touch

CREATE TRIGGER crm_touch BEFORE UPDATE ON public.crm_activities FOR EACH ROW WHEN ((old.* IS DISTINCT FROM new.*)) EXECUTE FUNCTION public.crm_touch();

-- TRIGGER crm_ai_insights crm_touch

CREATE TRIGGER crm_touch BEFORE UPDATE ON public.crm_ai_insights FOR EACH ROW WHEN ((old.* IS DISTINCT FROM new.*)) EXECUTE FUNCTION public.crm_touch();

-- TRIGGER crm_alerts crm_touch

CREATE TRIGGER crm_touch BEFORE UPDATE ON public.crm_alerts FOR EACH ROW WHEN ((old.* IS DISTINCT FROM new.*)) EXECUTE FUNCTION public.crm_touch();

-- TRIGGER crm_contacts crm_touch

CREATE TRIGGER crm_touch BEFORE UPDATE ON public.crm_contacts FOR EACH ROW WHEN ((old.* IS DISTINCT FROM new.*)) EXECUTE FUNCTION public.crm_touch();

-- TRIGGER crm_custom_fields crm_touch

CREATE TRIGGER crm_touch BEFORE UPDATE ON public.crm_custom_fields FOR EACH ROW WHEN ((old.* IS DISTINCT FROM new.*)) EXECUTE FUNCTION public.crm_touch();

-- TRIGGER crm_customers crm_touch

CREATE TRIGGER crm_touch BEFORE UPDATE ON public.crm_customers FOR EACH ROW WHEN ((old.* IS DISTINCT FROM new.*)) EXECUTE FUNCTION public.crm_touch();

-- TRIGGER crm_deals crm_touch

CREATE TRIGGER crm_touch BEFORE UPDATE ON public.crm_deals FOR EACH ROW WHEN ((old.* IS DISTINCT FROM new.*)) EXECUTE FUNCTION public.crm_touch();

-- TRIGGER crm_enrolments crm_touch

CREATE TRIGGER crm_touch BEFORE UPDATE ON public.crm_enrolments FOR EACH ROW WHEN ((old.* IS DISTINCT FROM new.*)) EXECUTE FUNCTION public.crm_touch();

-- TRIGGER crm_leads crm_touch

CREATE TRIGGER crm_touch BEFORE UPDATE ON public.crm_leads FOR EACH ROW WHEN ((old.* IS DISTINCT FROM new.*)) EXECUTE FUNCTION public.crm_touch();

-- TRIGGER crm_messages crm_touch

CREATE TRIGGER crm_touch BEFORE UPDATE ON public.crm_messages FOR EACH ROW WHEN ((old.* IS DISTINCT FROM new.*)) EXECUTE FUNCTION public.crm_touch();

-- TRIGGER crm_orgs crm_touch

CREATE TRIGGER crm_touch BEFORE UPDATE ON public.crm_orgs FOR EACH ROW WHEN ((old.* IS DISTINCT FROM new.*)) EXECUTE FUNCTION public.crm_touch();

-- TRIGGER crm_pipeline_stages crm_touch

CREATE TRIGGER crm_touch BEFORE UPDATE ON public.crm_pipeline_stages FOR EACH ROW WHEN ((old.* IS DISTINCT FROM new.*)) EXECUTE FUNCTION public.crm_touch();

-- TRIGGER crm_pipelines crm_touch

CREATE TRIGGER crm_touch BEFORE UPDATE ON public.crm_pipelines FOR EACH ROW WHEN ((old.* IS DISTINCT FROM new.*)) EXECUTE FUNCTION public.crm_touch();

-- TRIGGER crm_reports crm_touch

CREATE TRIGGER crm_touch BEFORE UPDATE ON public.crm_reports FOR EACH ROW WHEN ((old.* IS DISTINCT FROM new.*)) EXECUTE FUNCTION public.crm_touch();

-- TRIGGER crm_sales_goals crm_touch

CREATE TRIGGER crm_touch BEFORE UPDATE ON public.crm_sales_goals FOR EACH ROW WHEN ((old.* IS DISTINCT FROM new.*)) EXECUTE FUNCTION public.crm_touch();

-- TRIGGER crm_sequences crm_touch

CREATE TRIGGER crm_touch BEFORE UPDATE ON public.crm_sequences FOR EACH ROW WHEN ((old.* IS DISTINCT FROM new.*)) EXECUTE FUNCTION public.crm_touch();

-- TRIGGER crm_settings crm_touch

CREATE TRIGGER crm_touch BEFORE UPDATE ON public.crm_settings FOR EACH ROW WHEN ((old.* IS DISTINCT FROM new.*)) EXECUTE FUNCTION public.crm_touch();

-- TRIGGER crm_sources crm_touch

CREATE TRIGGER crm_touch BEFORE UPDATE ON public.crm_sources FOR EACH ROW WHEN ((old.* IS DISTINCT FROM new.*)) EXECUTE FUNCTION public.crm_touch();

-- TRIGGER crm_subscriptions crm_touch

CREATE TRIGGER crm_touch BEFORE UPDATE ON public.crm_subscriptions FOR EACH ROW WHEN ((old.* IS DISTINCT FROM new.*)) EXECUTE FUNCTION public.crm_touch();

-- TRIGGER crm_support_tickets crm_touch

CREATE TRIGGER crm_touch BEFORE UPDATE ON public.crm_support_tickets FOR EACH ROW WHEN ((old.* IS DISTINCT FROM new.*)) EXECUTE FUNCTION public.crm_touch();

-- TRIGGER crm_survey_responses crm_touch

CREATE TRIGGER crm_touch BEFORE UPDATE ON public.crm_survey_responses FOR EACH ROW WHEN ((old.* IS DISTINCT FROM new.*)) EXECUTE FUNCTION public.crm_touch();

-- TRIGGER crm_teams crm_touch

CREATE TRIGGER crm_touch BEFORE UPDATE ON public.crm_teams FOR EACH ROW WHEN ((old.* IS DISTINCT FROM new.*)) EXECUTE FUNCTION public.crm_touch();

-- TRIGGER crm_templates crm_touch

CREATE TRIGGER crm_touch BEFORE UPDATE ON public.crm_templates FOR EACH ROW WHEN ((old.* IS DISTINCT FROM new.*)) EXECUTE FUNCTION public.crm_touch();

-- TRIGGER crm_users crm_touch

CREATE TRIGGER crm_touch BEFORE UPDATE ON public.crm_users FOR EACH ROW WHEN ((old.* IS DISTINCT FROM new.*)) EXECUTE FUNCTION public.crm_touch();

-- FK CONSTRAINT crm_activities fk_crm_activities_org_id

ALTER TABLE public.crm_activities
    ADD CONSTRAINT fk_crm_activities_org_id FOREIGN KEY (org_id) REFERENCES public.crm_orgs(id);

-- FK CONSTRAINT crm_activities fk_crm_activities_org_id_customer_id

ALTER TABLE public.crm_activities
    ADD CONSTRAINT fk_crm_activities_org_id_customer_id FOREIGN KEY (org_id, customer_id) REFERENCES public.crm_customers(org_id, id);

-- FK CONSTRAINT crm_activities fk_crm_activities_org_id_deal_id

ALTER TABLE public.crm_activities
    ADD CONSTRAINT fk_crm_activities_org_id_deal_id FOREIGN KEY (org_id, deal_id) REFERENCES public.crm_deals(org_id, id);

-- FK CONSTRAINT crm_activities fk_crm_activities_org_id_lead_id

ALTER TABLE public.crm_activities
    ADD CONSTRAINT fk_crm_activities_org_id_lead_id FOREIGN KEY (org_id, lead_id) REFERENCES public.crm_leads(org_id, id);

-- FK CONSTRAINT crm_ai_insights fk_crm_ai_insights_org_id

ALTER TABLE ONLY public.crm_ai_insights
    ADD CONSTRAINT fk_crm_ai_insights_org_id FOREIGN KEY (org_id) REFERENCES public.crm_orgs(id);

-- FK CONSTRAINT crm_ai_insights fk_crm_ai_insights_org_id_customer_id

ALTER TABLE ONLY public.crm_ai_insights
    ADD CONSTRAINT fk_crm_ai_insights_org_id_customer_id FOREIGN KEY (org_id, customer_id) REFERENCES public.crm_customers(org_id, id);

-- FK CONSTRAINT crm_ai_insights fk_crm_ai_insights_org_id_deal_id

ALTER TABLE ONLY public.crm_ai_insights
    ADD CONSTRAINT fk_crm_ai_insights_org_id_deal_id FOREIGN KEY (org_id, deal_id) REFERENCES public.crm_deals(org_id, id);

-- FK CONSTRAINT crm_ai_insights fk_crm_ai_insights_org_id_lead_id

ALTER TABLE ONLY public.crm_ai_insights
    ADD CONSTRAINT fk_crm_ai_insights_org_id_lead_id FOREIGN KEY (org_id, lead_id) REFERENCES public.crm_leads(org_id, id);

-- FK CONSTRAINT crm_alerts fk_crm_alerts_org_id

ALTER TABLE ONLY public.crm_alerts
    ADD CONSTRAINT fk_crm_alerts_org_id FOREIGN KEY (org_id) REFERENCES public.crm_orgs(id);

-- FK CONSTRAINT crm_api_keys fk_crm_api_keys_org_id

ALTER TABLE ONLY public.crm_api_keys
    ADD CONSTRAINT fk_crm_api_keys_org_id FOREIGN KEY (org_id) REFERENCES public.crm_orgs(id);

-- FK CONSTRAINT crm_api_keys fk_crm_api_keys_org_id_source_id

ALTER TABLE ONLY public.crm_api_keys
    ADD CONSTRAINT fk_crm_api_keys_org_id_source_id FOREIGN KEY (org_id, source_id) REFERENCES public.crm_sources(org_id, id);

-- FK CONSTRAINT crm_api_keys fk_crm_api_keys_org_id_user_id

ALTER TABLE ONLY public.crm_api_keys
    ADD CONSTRAINT fk_crm_api_keys_org_id_user_id FOREIGN KEY (org_id, user_id) REFERENCES public.crm_users(org_id, id);

-- FK CONSTRAINT crm_assignments fk_crm_assignments_org_id

ALTER TABLE ONLY public.crm_assignments
    ADD CONSTRAINT fk_crm_assignments_org_id FOREIGN KEY (org_id) REFERENCES public.crm_orgs(id);

-- FK CONSTRAINT crm_assignments fk_crm_assignments_org_id_lead_id

ALTER TABLE ONLY public.crm_assignments
    ADD CONSTRAINT fk_crm_assignments_org_id_lead_id FOREIGN KEY (org_id, lead_id) REFERENCES public.crm_leads(org_id, id);

-- FK CONSTRAINT crm_assignments fk_crm_assignments_org_id_user_id

ALTER TABLE ONLY public.crm_assignments
    ADD CONSTRAINT fk_crm_assignments_org_id_user_id FOREIGN KEY (org_id, user_id) REFERENCES public.crm_users(org_id, id);

-- FK CONSTRAINT crm_contacts fk_crm_contacts_org_id

ALTER TABLE ONLY public.crm_contacts
    ADD CONSTRAINT fk_crm_contacts_org_id FOREIGN KEY (org_id) REFERENCES public.crm_orgs(id);

-- FK CONSTRAINT crm_contacts fk_crm_contacts_org_id_customer_id

ALTER TABLE ONLY public.crm_contacts
    ADD CONSTRAINT fk_crm_contacts_org_id_customer_id FOREIGN KEY (org_id, customer_id) REFERENCES public.crm_customers(org_id, id);

-- FK CONSTRAINT crm_contacts fk_crm_contacts_org_id_lead_id

ALTER TABLE ONLY public.crm_contacts
    ADD CONSTRAINT fk_crm_contacts_org_id_lead_id FOREIGN KEY (org_id, lead_id) REFERENCES public.crm_leads(org_id, id);

-- FK CONSTRAINT crm_conversions fk_crm_conversions_org_id

ALTER TABLE ONLY public.crm_conversions
    ADD CONSTRAINT fk_crm_conversions_org_id FOREIGN KEY (org_id) REFERENCES public.crm_orgs(id);

-- FK CONSTRAINT crm_conversions fk_crm_conversions_org_id_contact_id

ALTER TABLE ONLY public.crm_conversions
    ADD CONSTRAINT fk_crm_conversions_org_id_contact_id FOREIGN KEY (org_id, contact_id) REFERENCES public.crm_contacts(org_id, id);

-- FK CONSTRAINT crm_conversions fk_crm_conversions_org_id_customer_id

ALTER TABLE ONLY public.crm_conversions
    ADD CONSTRAINT fk_crm_conversions_org_id_customer_id FOREIGN KEY (org_id, customer_id) REFERENCES public.crm_customers(org_id, id);

-- FK CONSTRAINT crm_conversions fk_crm_conversions_org_id_deal_id

ALTER TABLE ONLY public.crm_conversions
    ADD CONSTRAINT fk_crm_conversions_org_id_deal_id FOREIGN KEY (org_id, deal_id) REFERENCES public.crm_deals(org_id, id);

-- FK CONSTRAINT crm_conversions fk_crm_conversions_org_id_lead_id

ALTER TABLE ONLY public.crm_conversions
    ADD CONSTRAINT fk_crm_conversions_org_id_lead_id FOREIGN KEY (org_id, lead_id) REFERENCES public.crm_leads(org_id, id);

-- FK CONSTRAINT crm_custom_fields fk_crm_custom_fields_org_id

ALTER TABLE ONLY public.crm_custom_fields
    ADD CONSTRAINT fk_crm_custom_fields_org_id FOREIGN KEY (org_id) REFERENCES public.crm_orgs(id);

-- FK CONSTRAINT crm_customers fk_crm_customers_org_id

ALTER TABLE ONLY public.crm_customers
    ADD CONSTRAINT fk_crm_customers_org_id FOREIGN KEY (org_id) REFERENCES public.crm_orgs(id);

-- FK CONSTRAINT crm_customers fk_crm_customers_org_id_lead_id

ALTER TABLE ONLY public.crm_customers
    ADD CONSTRAINT fk_crm_customers_org_id_lead_id FOREIGN KEY (org_id, lead_id) REFERENCES public.crm_leads(org_id, id);

-- FK CONSTRAINT crm_customers fk_crm_customers_org_id_owner_id

ALTER TABLE ONLY public.crm_customers
    ADD CONSTRAINT fk_crm_customers_org_id_owner_id FOREIGN KEY (org_id, owner_id) REFERENCES public.crm_users(org_id, id);

-- FK CONSTRAINT crm_customers fk_crm_customers_org_id_team_id

ALTER TABLE ONLY public.crm_customers
    ADD CONSTRAINT fk_crm_customers_org_id_team_id FOREIGN KEY (org_id, team_id) REFERENCES public.crm_teams(org_id, id);

-- FK CONSTRAINT crm_deal_stage_history fk_crm_deal_stage_history_org_id

ALTER TABLE ONLY public.crm_deal_stage_history
    ADD CONSTRAINT fk_crm_deal_stage_history_org_id FOREIGN KEY (org_id) REFERENCES public.crm_orgs(id);

-- FK CONSTRAINT crm_deal_stage_history fk_crm_deal_stage_history_org_id_deal_id

ALTER TABLE ONLY public.crm_deal_stage_history
    ADD CONSTRAINT fk_crm_deal_stage_history_org_id_deal_id FOREIGN KEY (org_id, deal_id) REFERENCES public.crm_deals(org_id, id);

-- FK CONSTRAINT crm_deal_stage_history fk_crm_deal_stage_history_org_id_stage_id

ALTER TABLE ONLY public.crm_deal_stage_history
    ADD CONSTRAINT fk_crm_deal_stage_history_org_id_stage_id FOREIGN KEY (org_id, stage_id) REFERENCES public.crm_pipeline_stages(org_id, id);

-- FK CONSTRAINT crm_deals fk_crm_deals_org_id

ALTER TABLE ONLY public.crm_deals
    ADD CONSTRAINT fk_crm_deals_org_id FOREIGN KEY (org_id) REFERENCES public.crm_orgs(id);

-- FK CONSTRAINT crm_deals fk_crm_deals_org_id_customer_id

ALTER TABLE ONLY public.crm_deals
    ADD CONSTRAINT fk_crm_deals_org_id_customer_id FOREIGN KEY (org_id, customer_id) REFERENCES public.crm_customers(org_id, id);

-- FK CONSTRAINT crm_deals fk_crm_deals_org_id_lead_id

ALTER TABLE ONLY public.crm_deals
    ADD CONSTRAINT fk_crm_deals_org_id_lead_id FOREIGN KEY (org_id, lead_id) REFERENCES public.crm_leads(org_id, id);

-- FK CONSTRAINT crm_deals fk_crm_deals_org_id_owner_id

ALTER TABLE ONLY public.crm_deals
    ADD CONSTRAINT fk_crm_deals_org_id_owner_id FOREIGN KEY (org_id, owner_id) REFERENCES public.crm_users(org_id, id);

-- FK CONSTRAINT crm_deals fk_crm_deals_org_id_team_id

ALTER TABLE ONLY public.crm_deals
    ADD CONSTRAINT fk_crm_deals_org_id_team_id FOREIGN KEY (org_id, team_id) REFERENCES public.crm_teams(org_id, id);

-- FK CONSTRAINT crm_deals fk_crm_deals_stage_id

ALTER TABLE ONLY public.crm_deals
    ADD CONSTRAINT fk_crm_deals_stage_id FOREIGN KEY (org_id, pipeline_id, stage_id) REFERENCES public.crm_pipeline_stages(org_id, pipeline_id, id);

-- FK CONSTRAINT crm_enrolments fk_crm_enrolments_org_id

ALTER TABLE ONLY public.crm_enrolments
    ADD CONSTRAINT fk_crm_enrolments_org_id FOREIGN KEY (org_id) REFERENCES public.crm_orgs(id);

-- FK CONSTRAINT crm_enrolments fk_crm_enrolments_org_id_lead_id

ALTER TABLE ONLY public.crm_enrolments
    ADD CONSTRAINT fk_crm_enrolments_org_id_lead_id FOREIGN KEY (org_id, lead_id) REFERENCES public.crm_leads(org_id, id);

-- FK CONSTRAINT crm_enrolments fk_crm_enrolments_org_id_sequence_id

ALTER TABLE ONLY public.crm_enrolments
    ADD CONSTRAINT fk_crm_enrolments_org_id_sequence_id FOREIGN KEY (org_id, sequence_id) REFERENCES public.crm_sequences(org_id, id);

-- FK CONSTRAINT crm_enrolments fk_crm_enrolments_org_id_version_id

ALTER TABLE ONLY public.crm_enrolments
    ADD CONSTRAINT fk_crm_enrolments_org_id_version_id FOREIGN KEY (org_id, version_id) REFERENCES public.crm_sequence_versions(org_id, id);

-- FK CONSTRAINT crm_leads fk_crm_leads_org_id

ALTER TABLE ONLY public.crm_leads
    ADD CONSTRAINT fk_crm_leads_org_id FOREIGN KEY (org_id) REFERENCES public.crm_orgs(id);

-- FK CONSTRAINT crm_leads fk_crm_leads_org_id_owner_id

ALTER TABLE ONLY public.crm_leads
    ADD CONSTRAINT fk_crm_leads_org_id_owner_id FOREIGN KEY (org_id, owner_id) REFERENCES public.crm_users(org_id, id);

-- FK CONSTRAINT crm_leads fk_crm_leads_org_id_source_id

ALTER TABLE ONLY public.crm_leads
    ADD CONSTRAINT fk_crm_leads_org_id_source_id FOREIGN KEY (org_id, source_id) REFERENCES public.crm_sources(org_id, id);

-- FK CONSTRAINT crm_leads fk_crm_leads_org_id_team_id

ALTER TABLE ONLY public.crm_leads
    ADD CONSTRAINT fk_crm_leads_org_id_team_id FOREIGN KEY (org_id, team_id) REFERENCES public.crm_teams(org_id, id);

-- FK CONSTRAINT crm_memberships fk_crm_memberships_org_id

ALTER TABLE ONLY public.crm_memberships
    ADD CONSTRAINT fk_crm_memberships_org_id FOREIGN KEY (org_id) REFERENCES public.crm_orgs(id);

-- FK CONSTRAINT crm_memberships fk_crm_memberships_org_id_team_id

ALTER TABLE ONLY public.crm_memberships
    ADD CONSTRAINT fk_crm_memberships_org_id_team_id FOREIGN KEY (org_id, team_id) REFERENCES public.crm_teams(org_id, id);

-- FK CONSTRAINT crm_memberships fk_crm_memberships_org_id_user_id

ALTER TABLE ONLY public.crm_memberships
    ADD CONSTRAINT fk_crm_memberships_org_id_user_id FOREIGN KEY (org_id, user_id) REFERENCES public.crm_users(org_id, id);

-- FK CONSTRAINT crm_message_attempts fk_crm_message_attempts_org_id

ALTER TABLE ONLY public.crm_message_attempts
    ADD CONSTRAINT fk_crm_message_attempts_org_id FOREIGN KEY (org_id) REFERENCES public.crm_orgs(id);

-- FK CONSTRAINT crm_message_attempts fk_crm_message_attempts_org_id_message_id

ALTER TABLE ONLY public.crm_message_attempts
    ADD CONSTRAINT fk_crm_message_attempts_org_id_message_id FOREIGN KEY (org_id, message_id) REFERENCES public.crm_messages(org_id, id);

-- FK CONSTRAINT crm_messages fk_crm_messages_org_id

ALTER TABLE ONLY public.crm_messages
    ADD CONSTRAINT fk_crm_messages_org_id FOREIGN KEY (org_id) REFERENCES public.crm_orgs(id);

-- FK CONSTRAINT crm_messages fk_crm_messages_org_id_enrolment_id

ALTER TABLE ONLY public.crm_messages
    ADD CONSTRAINT fk_crm_messages_org_id_enrolment_id FOREIGN KEY (org_id, enrolment_id) REFERENCES public.crm_enrolments(org_id, id);

-- FK CONSTRAINT crm_messages fk_crm_messages_org_id_lead_id

ALTER TABLE ONLY public.crm_messages
    ADD CONSTRAINT fk_crm_messages_org_id_lead_id FOREIGN KEY (org_id, lead_id) REFERENCES public.crm_leads(org_id, id);

-- FK CONSTRAINT crm_messages fk_crm_messages_org_id_step_id

ALTER TABLE ONLY public.crm_messages
    ADD CONSTRAINT fk_crm_messages_org_id_step_id FOREIGN KEY (org_id, step_id) REFERENCES public.crm_steps(org_id, id);

-- FK CONSTRAINT crm_messages fk_crm_messages_org_id_user_id

ALTER TABLE ONLY public.crm_messages
    ADD CONSTRAINT fk_crm_messages_org_id_user_id FOREIGN KEY (org_id, user_id) REFERENCES public.crm_users(org_id, id);

-- FK CONSTRAINT crm_pipeline_stages fk_crm_pipeline_stages_org_id_pipeline_id

ALTER TABLE ONLY public.crm_pipeline_stages
    ADD CONSTRAINT fk_crm_pipeline_stages_org_id_pipeline_id FOREIGN KEY (org_id, pipeline_id) REFERENCES public.crm_pipelines(org_id, id);

-- FK CONSTRAINT crm_pipelines fk_crm_pipelines_org_id

ALTER TABLE ONLY public.crm_pipelines
    ADD CONSTRAINT fk_crm_pipelines_org_id FOREIGN KEY (org_id) REFERENCES public.crm_orgs(id);

-- FK CONSTRAINT crm_reports fk_crm_reports_org_id

ALTER TABLE ONLY public.crm_reports
    ADD CONSTRAINT fk_crm_reports_org_id FOREIGN KEY (org_id) REFERENCES public.crm_orgs(id);

-- FK CONSTRAINT crm_reports fk_crm_reports_org_id_owner_id

ALTER TABLE ONLY public.crm_reports
    ADD CONSTRAINT fk_crm_reports_org_id_owner_id FOREIGN KEY (org_id, owner_id) REFERENCES public.crm_users(org_id, id);

-- FK CONSTRAINT crm_reports fk_crm_reports_org_id_team_id

ALTER TABLE ONLY public.crm_reports
    ADD CONSTRAINT fk_crm_reports_org_id_team_id FOREIGN KEY (org_id, team_id) REFERENCES public.crm_teams(org_id, id);

-- FK CONSTRAINT crm_sales_goals fk_crm_sales_goals_org_id

ALTER TABLE ONLY public.crm_sales_goals
    ADD CONSTRAINT fk_crm_sales_goals_org_id FOREIGN KEY (org_id) REFERENCES public.crm_orgs(id);

-- FK CONSTRAINT crm_sales_goals fk_crm_sales_goals_org_id_owner_id

ALTER TABLE ONLY public.crm_sales_goals
    ADD CONSTRAINT fk_crm_sales_goals_org_id_owner_id FOREIGN KEY (org_id, owner_id) REFERENCES public.crm_users(org_id, id);

-- FK CONSTRAINT crm_sales_goals fk_crm_sales_goals_org_id_team_id

ALTER TABLE ONLY public.crm_sales_goals
    ADD CONSTRAINT fk_crm_sales_goals_org_id_team_id FOREIGN KEY (org_id, team_id) REFERENCES public.crm_teams(org_id, id);

-- FK CONSTRAINT crm_score_history fk_crm_score_history_org_id

ALTER TABLE ONLY public.crm_score_history
    ADD CONSTRAINT fk_crm_score_history_org_id FOREIGN KEY (org_id) REFERENCES public.crm_orgs(id);

-- FK CONSTRAINT crm_score_history fk_crm_score_history_org_id_lead_id

ALTER TABLE ONLY public.crm_score_history
    ADD CONSTRAINT fk_crm_score_history_org_id_lead_id FOREIGN KEY (org_id, lead_id) REFERENCES public.crm_leads(org_id, id);

-- FK CONSTRAINT crm_sequence_versions fk_crm_sequence_versions_org_id

ALTER TABLE ONLY public.crm_sequence_versions
    ADD CONSTRAINT fk_crm_sequence_versions_org_id FOREIGN KEY (org_id) REFERENCES public.crm_orgs(id);

-- FK CONSTRAINT crm_sequence_versions fk_crm_sequence_versions_org_id_sequence_id

ALTER TABLE ONLY public.crm_sequence_versions
    ADD CONSTRAINT fk_crm_sequence_versions_org_id_sequence_id FOREIGN KEY (org_id, sequence_id) REFERENCES public.crm_sequences(org_id, id);

-- FK CONSTRAINT crm_sequences fk_crm_sequences_org_id

ALTER TABLE ONLY public.crm_sequences
    ADD CONSTRAINT fk_crm_sequences_org_id FOREIGN KEY (org_id) REFERENCES public.crm_orgs(id);

-- FK CONSTRAINT crm_settings fk_crm_settings_org_id

ALTER TABLE ONLY public.crm_settings
    ADD CONSTRAINT fk_crm_settings_org_id FOREIGN KEY (org_id) REFERENCES public.crm_orgs(id);

-- FK CONSTRAINT crm_sources fk_crm_sources_org_id

ALTER TABLE ONLY public.crm_sources
    ADD CONSTRAINT fk_crm_sources_org_id FOREIGN KEY (org_id) REFERENCES public.crm_orgs(id);

-- FK CONSTRAINT crm_sources fk_crm_sources_org_id_team_id

ALTER TABLE ONLY public.crm_sources
    ADD CONSTRAINT fk_crm_sources_org_id_team_id FOREIGN KEY (org_id, team_id) REFERENCES public.crm_teams(org_id, id);

-- FK CONSTRAINT crm_steps fk_crm_steps_org_id

ALTER TABLE ONLY public.crm_steps
    ADD CONSTRAINT fk_crm_steps_org_id FOREIGN KEY (org_id) REFERENCES public.crm_orgs(id);

-- FK CONSTRAINT crm_steps fk_crm_steps_org_id_version_id

ALTER TABLE ONLY public.crm_steps
    ADD CONSTRAINT fk_crm_steps_org_id_version_id FOREIGN KEY (org_id, version_id) REFERENCES public.crm_sequence_versions(org_id, id);

-- FK CONSTRAINT crm_subscriptions fk_crm_subscriptions_org_id

ALTER TABLE ONLY public.crm_subscriptions
    ADD CONSTRAINT fk_crm_subscriptions_org_id FOREIGN KEY (org_id) REFERENCES public.crm_orgs(id);

-- FK CONSTRAINT crm_subscriptions fk_crm_subscriptions_org_id_customer_id

ALTER TABLE ONLY public.crm_subscriptions
    ADD CONSTRAINT fk_crm_subscriptions_org_id_customer_id FOREIGN KEY (org_id, customer_id) REFERENCES public.crm_customers(org_id, id);

-- FK CONSTRAINT crm_subscriptions fk_crm_subscriptions_org_id_deal_id

ALTER TABLE ONLY public.crm_subscriptions
    ADD CONSTRAINT fk_crm_subscriptions_org_id_deal_id FOREIGN KEY (org_id, deal_id) REFERENCES public.crm_deals(org_id, id);

-- FK CONSTRAINT crm_support_tickets fk_crm_support_tickets_org_id

ALTER TABLE ONLY public.crm_support_tickets
    ADD CONSTRAINT fk_crm_support_tickets_org_id FOREIGN KEY (org_id) REFERENCES public.crm_orgs(id);

-- FK CONSTRAINT crm_support_tickets fk_crm_support_tickets_org_id_contact_id

ALTER TABLE ONLY public.crm_support_tickets
    ADD CONSTRAINT fk_crm_support_tickets_org_id_contact_id FOREIGN KEY (org_id, contact_id) REFERENCES public.crm_contacts(org_id, id);

-- FK CONSTRAINT crm_support_tickets fk_crm_support_tickets_org_id_customer_id

ALTER TABLE ONLY public.crm_support_tickets
    ADD CONSTRAINT fk_crm_support_tickets_org_id_customer_id FOREIGN KEY (org_id, customer_id) REFERENCES public.crm_customers(org_id, id);

-- FK CONSTRAINT crm_suppressions fk_crm_suppressions_org_id

ALTER TABLE ONLY public.crm_suppressions
    ADD CONSTRAINT fk_crm_suppressions_org_id FOREIGN KEY (org_id) REFERENCES public.crm_orgs(id);

-- FK CONSTRAINT crm_survey_responses fk_crm_survey_responses_org_id

ALTER TABLE ONLY public.crm_survey_responses
    ADD CONSTRAINT fk_crm_survey_responses_org_id FOREIGN KEY (org_id) REFERENCES public.crm_orgs(id);

-- FK CONSTRAINT crm_survey_responses fk_crm_survey_responses_org_id_contact_id

ALTER TABLE ONLY public.crm_survey_responses
    ADD CONSTRAINT fk_crm_survey_responses_org_id_contact_id FOREIGN KEY (org_id, contact_id) REFERENCES public.crm_contacts(org_id, id);

-- FK CONSTRAINT crm_survey_responses fk_crm_survey_responses_org_id_customer_id

ALTER TABLE ONLY public.crm_survey_responses
    ADD CONSTRAINT fk_crm_survey_responses_org_id_customer_id FOREIGN KEY (org_id, customer_id) REFERENCES public.crm_customers(org_id, id);

-- FK CONSTRAINT crm_teams fk_crm_teams_org_id

ALTER TABLE ONLY public.crm_teams
    ADD CONSTRAINT fk_crm_teams_org_id FOREIGN KEY (org_id) REFERENCES public.crm_orgs(id);

-- FK CONSTRAINT crm_teams fk_crm_teams_org_id_parent_id

ALTER TABLE ONLY public.crm_teams
    ADD CONSTRAINT fk_crm_teams_org_id_parent_id FOREIGN KEY (org_id, parent_id) REFERENCES public.crm_teams(org_id, id);

-- FK CONSTRAINT crm_templates fk_crm_templates_org_id

ALTER TABLE ONLY public.crm_templates
    ADD CONSTRAINT fk_crm_templates_org_id FOREIGN KEY (org_id) REFERENCES public.crm_orgs(id);

-- FK CONSTRAINT crm_users fk_crm_users_org_id

ALTER TABLE ONLY public.crm_users
    ADD CONSTRAINT fk_crm_users_org_id FOREIGN KEY (org_id) REFERENCES public.crm_orgs(id);

-- POLICY crm_activities app_delete

CREATE POLICY app_delete ON public.crm_activities FOR DELETE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_ai_insights app_delete

CREATE POLICY app_delete ON public.crm_ai_insights FOR DELETE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_alerts app_delete

CREATE POLICY app_delete ON public.crm_alerts FOR DELETE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_api_keys app_delete

CREATE POLICY app_delete ON public.crm_api_keys FOR DELETE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_assignments app_delete

CREATE POLICY app_delete ON public.crm_assignments FOR DELETE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_changes app_delete

CREATE POLICY app_delete ON public.crm_changes FOR DELETE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_contacts app_delete

CREATE POLICY app_delete ON public.crm_contacts FOR DELETE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_conversions app_delete

CREATE POLICY app_delete ON public.crm_conversions FOR DELETE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_custom_fields app_delete

CREATE POLICY app_delete ON public.crm_custom_fields FOR DELETE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_customers app_delete

CREATE POLICY app_delete ON public.crm_customers FOR DELETE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_deal_stage_history app_delete

CREATE POLICY app_delete ON public.crm_deal_stage_history FOR DELETE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_deals app_delete

CREATE POLICY app_delete ON public.crm_deals FOR DELETE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_enrolments app_delete

CREATE POLICY app_delete ON public.crm_enrolments FOR DELETE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_events app_delete

CREATE POLICY app_delete ON public.crm_events FOR DELETE TO crm_app USING ((org_id = ( SELECT public.crm_org() AS crm_org)));

-- POLICY crm_inbox app_delete

CREATE POLICY app_delete ON public.crm_inbox FOR DELETE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_keys app_delete

CREATE POLICY app_delete ON public.crm_keys FOR DELETE TO crm_app USING ((org_id = ( SELECT public.crm_org() AS crm_org)));

-- POLICY crm_leads app_delete

CREATE POLICY app_delete ON public.crm_leads FOR DELETE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_memberships app_delete

CREATE POLICY app_delete ON public.crm_memberships FOR DELETE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_message_attempts app_delete

CREATE POLICY app_delete ON public.crm_message_attempts FOR DELETE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_messages app_delete

CREATE POLICY app_delete ON public.crm_messages FOR DELETE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_orgs app_delete

CREATE POLICY app_delete ON public.crm_orgs FOR DELETE TO crm_app USING ((id = ( SELECT public.crm_org() AS crm_org)));

-- POLICY crm_pipeline_stages app_delete

CREATE POLICY app_delete ON public.crm_pipeline_stages FOR DELETE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_pipelines app_delete

CREATE POLICY app_delete ON public.crm_pipelines FOR DELETE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_reports app_delete

CREATE POLICY app_delete ON public.crm_reports FOR DELETE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_sales_goals app_delete

CREATE POLICY app_delete ON public.crm_sales_goals FOR DELETE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_manage() AS crm_may_manage)));

-- POLICY crm_score_history app_delete

CREATE POLICY app_delete ON public.crm_score_history FOR DELETE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_sequence_versions app_delete

CREATE POLICY app_delete ON public.crm_sequence_versions FOR DELETE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_sequences app_delete

CREATE POLICY app_delete ON public.crm_sequences FOR DELETE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_settings app_delete

CREATE POLICY app_delete ON public.crm_settings FOR DELETE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_sources app_delete

CREATE POLICY app_delete ON public.crm_sources FOR DELETE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_steps app_delete

CREATE POLICY app_delete ON public.crm_steps FOR DELETE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_subscriptions app_delete

CREATE POLICY app_delete ON public.crm_subscriptions FOR DELETE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_support_tickets app_delete

CREATE POLICY app_delete ON public.crm_support_tickets FOR DELETE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_suppressions app_delete

CREATE POLICY app_delete ON public.crm_suppressions FOR DELETE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_survey_responses app_delete

CREATE POLICY app_delete ON public.crm_survey_responses FOR DELETE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_teams app_delete

CREATE POLICY app_delete ON public.crm_teams FOR DELETE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_templates app_delete

CREATE POLICY app_delete ON public.crm_templates FOR DELETE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_users app_delete

CREATE POLICY app_delete ON public.crm_users FOR DELETE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_activities app_insert

CREATE POLICY app_insert ON public.crm_activities FOR INSERT TO crm_app WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[])))));

-- POLICY crm_ai_insights app_insert

CREATE POLICY app_insert ON public.crm_ai_insights FOR INSERT TO crm_app WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[])))));

-- POLICY crm_alerts app_insert

CREATE POLICY app_insert ON public.crm_alerts FOR INSERT TO crm_app WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[])))));

-- POLICY crm_api_keys app_insert

CREATE POLICY app_insert ON public.crm_api_keys FOR INSERT TO crm_app WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_assignments app_insert

CREATE POLICY app_insert ON public.crm_assignments FOR INSERT TO crm_app WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (EXISTS ( SELECT
   FROM public.crm_leads parent
  WHERE ((parent.org_id = crm_assignments.org_id) AND (parent.id = crm_assignments.lead_id))))));

-- POLICY crm_changes app_insert

CREATE POLICY app_insert ON public.crm_changes FOR INSERT TO crm_app WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_contacts app_insert

CREATE POLICY app_insert ON public.crm_contacts FOR INSERT TO crm_app WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[])))));

-- POLICY crm_conversions app_insert

CREATE POLICY app_insert ON public.crm_conversions FOR INSERT TO crm_app WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (EXISTS ( SELECT
   FROM public.crm_leads parent
  WHERE ((parent.org_id = crm_conversions.org_id) AND (parent.id = crm_conversions.lead_id))))));

-- POLICY crm_custom_fields app_insert

CREATE POLICY app_insert ON public.crm_custom_fields FOR INSERT TO crm_app WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_customers app_insert

CREATE POLICY app_insert ON public.crm_customers FOR INSERT TO crm_app WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[])))));

-- POLICY crm_deal_stage_history app_insert

CREATE POLICY app_insert ON public.crm_deal_stage_history FOR INSERT TO crm_app WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (EXISTS ( SELECT
   FROM public.crm_deals parent
  WHERE ((parent.org_id = crm_deal_stage_history.org_id) AND (parent.id = crm_deal_stage_history.deal_id))))));

-- POLICY crm_deals app_insert

CREATE POLICY app_insert ON public.crm_deals FOR INSERT TO crm_app WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[])))));

-- POLICY crm_enrolments app_insert

CREATE POLICY app_insert ON public.crm_enrolments FOR INSERT TO crm_app WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[])))));

-- POLICY crm_events app_insert

CREATE POLICY app_insert ON public.crm_events FOR INSERT TO crm_app WITH CHECK ((org_id = ( SELECT public.crm_org() AS crm_org)));

-- POLICY crm_inbox app_insert

CREATE POLICY app_insert ON public.crm_inbox FOR INSERT TO crm_app WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_keys app_insert

CREATE POLICY app_insert ON public.crm_keys FOR INSERT TO crm_app WITH CHECK ((org_id = ( SELECT public.crm_org() AS crm_org)));

-- POLICY crm_leads app_insert

CREATE POLICY app_insert ON public.crm_leads FOR INSERT TO crm_app WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[])))));

-- POLICY crm_memberships app_insert

CREATE POLICY app_insert ON public.crm_memberships FOR INSERT TO crm_app WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_message_attempts app_insert

CREATE POLICY app_insert ON public.crm_message_attempts FOR INSERT TO crm_app WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (EXISTS ( SELECT
   FROM public.crm_messages parent
  WHERE ((parent.org_id = crm_message_attempts.org_id) AND (parent.id = crm_message_attempts.message_id))))));

-- POLICY crm_messages app_insert

CREATE POLICY app_insert ON public.crm_messages FOR INSERT TO crm_app WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[])))));

-- POLICY crm_orgs app_insert

CREATE POLICY app_insert ON public.crm_orgs FOR INSERT TO crm_app WITH CHECK ((id = ( SELECT public.crm_org() AS crm_org)));

-- POLICY crm_pipeline_stages app_insert

CREATE POLICY app_insert ON public.crm_pipeline_stages FOR INSERT TO crm_app WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_pipelines app_insert

CREATE POLICY app_insert ON public.crm_pipelines FOR INSERT TO crm_app WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_reports app_insert

CREATE POLICY app_insert ON public.crm_reports FOR INSERT TO crm_app WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[])))));

-- POLICY crm_sales_goals app_insert

CREATE POLICY app_insert ON public.crm_sales_goals FOR INSERT TO crm_app WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_manage() AS crm_may_manage)));

-- POLICY crm_score_history app_insert

CREATE POLICY app_insert ON public.crm_score_history FOR INSERT TO crm_app WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (EXISTS ( SELECT
   FROM public.crm_leads parent
  WHERE ((parent.org_id = crm_score_history.org_id) AND (parent.id = crm_score_history.lead_id))))));

-- POLICY crm_sequence_versions app_insert

CREATE POLICY app_insert ON public.crm_sequence_versions FOR INSERT TO crm_app WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_sequences app_insert

CREATE POLICY app_insert ON public.crm_sequences FOR INSERT TO crm_app WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_settings app_insert

CREATE POLICY app_insert ON public.crm_settings FOR INSERT TO crm_app WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_sources app_insert

CREATE POLICY app_insert ON public.crm_sources FOR INSERT TO crm_app WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_steps app_insert

CREATE POLICY app_insert ON public.crm_steps FOR INSERT TO crm_app WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_subscriptions app_insert

CREATE POLICY app_insert ON public.crm_subscriptions FOR INSERT TO crm_app WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[])))));

-- POLICY crm_support_tickets app_insert

CREATE POLICY app_insert ON public.crm_support_tickets FOR INSERT TO crm_app WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[])))));

-- POLICY crm_suppressions app_insert

CREATE POLICY app_insert ON public.crm_suppressions FOR INSERT TO crm_app WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write)));

-- POLICY crm_survey_responses app_insert

CREATE POLICY app_insert ON public.crm_survey_responses FOR INSERT TO crm_app WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[])))));

-- POLICY crm_teams app_insert

CREATE POLICY app_insert ON public.crm_teams FOR INSERT TO crm_app WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_templates app_insert

CREATE POLICY app_insert ON public.crm_templates FOR INSERT TO crm_app WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_users app_insert

CREATE POLICY app_insert ON public.crm_users FOR INSERT TO crm_app WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_activities app_select

CREATE POLICY app_select ON public.crm_activities FOR SELECT TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[])))));

-- POLICY crm_ai_insights app_select

CREATE POLICY app_select ON public.crm_ai_insights FOR SELECT TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[])))));

-- POLICY crm_alerts app_select

CREATE POLICY app_select ON public.crm_alerts FOR SELECT TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[])))));

-- POLICY crm_api_keys app_select

CREATE POLICY app_select ON public.crm_api_keys FOR SELECT TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND (( SELECT public.crm_may_configure() AS crm_may_configure) OR (user_id = ( SELECT public.crm_user() AS crm_user)))));

-- POLICY crm_assignments app_select

CREATE POLICY app_select ON public.crm_assignments FOR SELECT TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND (EXISTS ( SELECT
   FROM public.crm_leads parent
  WHERE ((parent.org_id = crm_assignments.org_id) AND (parent.id = crm_assignments.lead_id))))));

-- POLICY crm_changes app_select

CREATE POLICY app_select ON public.crm_changes FOR SELECT TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_sees_org() AS crm_sees_org)));

-- POLICY crm_contacts app_select

CREATE POLICY app_select ON public.crm_contacts FOR SELECT TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[])))));

-- POLICY crm_conversions app_select

CREATE POLICY app_select ON public.crm_conversions FOR SELECT TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND (EXISTS ( SELECT
   FROM public.crm_leads parent
  WHERE ((parent.org_id = crm_conversions.org_id) AND (parent.id = crm_conversions.lead_id))))));

-- POLICY crm_custom_fields app_select

CREATE POLICY app_select ON public.crm_custom_fields FOR SELECT TO crm_app USING ((org_id = ( SELECT public.crm_org() AS crm_org)));

-- POLICY crm_customers app_select

CREATE POLICY app_select ON public.crm_customers FOR SELECT TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[])))));

-- POLICY crm_deal_stage_history app_select

CREATE POLICY app_select ON public.crm_deal_stage_history FOR SELECT TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND (EXISTS ( SELECT
   FROM public.crm_deals parent
  WHERE ((parent.org_id = crm_deal_stage_history.org_id) AND (parent.id = crm_deal_stage_history.deal_id))))));

-- POLICY crm_deals app_select

CREATE POLICY app_select ON public.crm_deals FOR SELECT TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[])))));

-- POLICY crm_enrolments app_select

CREATE POLICY app_select ON public.crm_enrolments FOR SELECT TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[])))));

-- POLICY crm_events app_select

CREATE POLICY app_select ON public.crm_events FOR SELECT TO crm_app USING ((org_id = ( SELECT public.crm_org() AS crm_org)));

-- POLICY crm_inbox app_select

CREATE POLICY app_select ON public.crm_inbox FOR SELECT TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_sees_org() AS crm_sees_org)));

-- POLICY crm_keys app_select

CREATE POLICY app_select ON public.crm_keys FOR SELECT TO crm_app USING ((org_id = ( SELECT public.crm_org() AS crm_org)));

-- POLICY crm_leads app_select

CREATE POLICY app_select ON public.crm_leads FOR SELECT TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[])))));

-- POLICY crm_memberships app_select

CREATE POLICY app_select ON public.crm_memberships FOR SELECT TO crm_app USING ((org_id = ( SELECT public.crm_org() AS crm_org)));

-- POLICY crm_message_attempts app_select

CREATE POLICY app_select ON public.crm_message_attempts FOR SELECT TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND (EXISTS ( SELECT
   FROM public.crm_messages parent
  WHERE ((parent.org_id = crm_message_attempts.org_id) AND (parent.id = crm_message_attempts.message_id))))));

-- POLICY crm_messages app_select

CREATE POLICY app_select ON public.crm_messages FOR SELECT TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[])))));

-- POLICY crm_orgs app_select

CREATE POLICY app_select ON public.crm_orgs FOR SELECT TO crm_app USING ((id = ( SELECT public.crm_org() AS crm_org)));

-- POLICY crm_pipeline_stages app_select

CREATE POLICY app_select ON public.crm_pipeline_stages FOR SELECT TO crm_app USING ((org_id = ( SELECT public.crm_org() AS crm_org)));

-- POLICY crm_pipelines app_select

CREATE POLICY app_select ON public.crm_pipelines FOR SELECT TO crm_app USING ((org_id = ( SELECT public.crm_org() AS crm_org)));

-- POLICY crm_reports app_select

CREATE POLICY app_select ON public.crm_reports FOR SELECT TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[])))));

-- POLICY crm_sales_goals app_select

CREATE POLICY app_select ON public.crm_sales_goals FOR SELECT TO crm_app USING ((org_id = ( SELECT public.crm_org() AS crm_org)));

-- POLICY crm_score_history app_select

CREATE POLICY app_select ON public.crm_score_history FOR SELECT TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND (EXISTS ( SELECT
   FROM public.crm_leads parent
  WHERE ((parent.org_id = crm_score_history.org_id) AND (parent.id = crm_score_history.lead_id))))));

-- POLICY crm_sequence_versions app_select

CREATE POLICY app_select ON public.crm_sequence_versions FOR SELECT TO crm_app USING ((org_id = ( SELECT public.crm_org() AS crm_org)));

-- POLICY crm_sequences app_select

CREATE POLICY app_select ON public.crm_sequences FOR SELECT TO crm_app USING ((org_id = ( SELECT public.crm_org() AS crm_org)));

-- POLICY crm_settings app_select

CREATE POLICY app_select ON public.crm_settings FOR SELECT TO crm_app USING ((org_id = ( SELECT public.crm_org() AS crm_org)));

-- POLICY crm_sources app_select

CREATE POLICY app_select ON public.crm_sources FOR SELECT TO crm_app USING ((org_id = ( SELECT public.crm_org() AS crm_org)));

-- POLICY crm_steps app_select

CREATE POLICY app_select ON public.crm_steps FOR SELECT TO crm_app USING ((org_id = ( SELECT public.crm_org() AS crm_org)));

-- POLICY crm_subscriptions app_select

CREATE POLICY app_select ON public.crm_subscriptions FOR SELECT TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[])))));

-- POLICY crm_support_tickets app_select

CREATE POLICY app_select ON public.crm_support_tickets FOR SELECT TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[])))));

-- POLICY crm_suppressions app_select

CREATE POLICY app_select ON public.crm_suppressions FOR SELECT TO crm_app USING ((org_id = ( SELECT public.crm_org() AS crm_org)));

-- POLICY crm_survey_responses app_select

CREATE POLICY app_select ON public.crm_survey_responses FOR SELECT TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[])))));

-- POLICY crm_teams app_select

CREATE POLICY app_select ON public.crm_teams FOR SELECT TO crm_app USING ((org_id = ( SELECT public.crm_org() AS crm_org)));

-- POLICY crm_templates app_select

CREATE POLICY app_select ON public.crm_templates FOR SELECT TO crm_app USING ((org_id = ( SELECT public.crm_org() AS crm_org)));

-- POLICY crm_users app_select

CREATE POLICY app_select ON public.crm_users FOR SELECT TO crm_app USING ((org_id = ( SELECT public.crm_org() AS crm_org)));

-- POLICY crm_activities app_update

CREATE POLICY app_update ON public.crm_activities FOR UPDATE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[]))))) WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[])))));

-- POLICY crm_ai_insights app_update

CREATE POLICY app_update ON public.crm_ai_insights FOR UPDATE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[]))))) WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[])))));

-- POLICY crm_alerts app_update

CREATE POLICY app_update ON public.crm_alerts FOR UPDATE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[]))))) WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[])))));

-- POLICY crm_api_keys app_update

CREATE POLICY app_update ON public.crm_api_keys FOR UPDATE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure))) WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_assignments app_update

CREATE POLICY app_update ON public.crm_assignments FOR UPDATE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (EXISTS ( SELECT
   FROM public.crm_leads parent
  WHERE ((parent.org_id = crm_assignments.org_id) AND (parent.id = crm_assignments.lead_id)))))) WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (EXISTS ( SELECT
   FROM public.crm_leads parent
  WHERE ((parent.org_id = crm_assignments.org_id) AND (parent.id = crm_assignments.lead_id))))));

-- POLICY crm_changes app_update

CREATE POLICY app_update ON public.crm_changes FOR UPDATE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure))) WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_contacts app_update

CREATE POLICY app_update ON public.crm_contacts FOR UPDATE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[]))))) WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[])))));

-- POLICY crm_conversions app_update

CREATE POLICY app_update ON public.crm_conversions FOR UPDATE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (EXISTS ( SELECT
   FROM public.crm_leads parent
  WHERE ((parent.org_id = crm_conversions.org_id) AND (parent.id = crm_conversions.lead_id)))))) WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (EXISTS ( SELECT
   FROM public.crm_leads parent
  WHERE ((parent.org_id = crm_conversions.org_id) AND (parent.id = crm_conversions.lead_id))))));

-- POLICY crm_custom_fields app_update

CREATE POLICY app_update ON public.crm_custom_fields FOR UPDATE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure))) WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_customers app_update

CREATE POLICY app_update ON public.crm_customers FOR UPDATE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[]))))) WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[])))));

-- POLICY crm_deal_stage_history app_update

CREATE POLICY app_update ON public.crm_deal_stage_history FOR UPDATE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (EXISTS ( SELECT
   FROM public.crm_deals parent
  WHERE ((parent.org_id = crm_deal_stage_history.org_id) AND (parent.id = crm_deal_stage_history.deal_id)))))) WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (EXISTS ( SELECT
   FROM public.crm_deals parent
  WHERE ((parent.org_id = crm_deal_stage_history.org_id) AND (parent.id = crm_deal_stage_history.deal_id))))));

-- POLICY crm_deals app_update

CREATE POLICY app_update ON public.crm_deals FOR UPDATE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[]))))) WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[])))));

-- POLICY crm_enrolments app_update

CREATE POLICY app_update ON public.crm_enrolments FOR UPDATE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[]))))) WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[])))));

-- POLICY crm_events app_update

CREATE POLICY app_update ON public.crm_events FOR UPDATE TO crm_app USING ((org_id = ( SELECT public.crm_org() AS crm_org))) WITH CHECK ((org_id = ( SELECT public.crm_org() AS crm_org)));

-- POLICY crm_inbox app_update

CREATE POLICY app_update ON public.crm_inbox FOR UPDATE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure))) WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_keys app_update

CREATE POLICY app_update ON public.crm_keys FOR UPDATE TO crm_app USING ((org_id = ( SELECT public.crm_org() AS crm_org))) WITH CHECK ((org_id = ( SELECT public.crm_org() AS crm_org)));

-- POLICY crm_leads app_update

CREATE POLICY app_update ON public.crm_leads FOR UPDATE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[]))))) WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[])))));

-- POLICY crm_memberships app_update

CREATE POLICY app_update ON public.crm_memberships FOR UPDATE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure))) WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_message_attempts app_update

CREATE POLICY app_update ON public.crm_message_attempts FOR UPDATE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (EXISTS ( SELECT
   FROM public.crm_messages parent
  WHERE ((parent.org_id = crm_message_attempts.org_id) AND (parent.id = crm_message_attempts.message_id)))))) WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (EXISTS ( SELECT
   FROM public.crm_messages parent
  WHERE ((parent.org_id = crm_message_attempts.org_id) AND (parent.id = crm_message_attempts.message_id))))));

-- POLICY crm_messages app_update

CREATE POLICY app_update ON public.crm_messages FOR UPDATE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[]))))) WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[])))));

-- POLICY crm_orgs app_update

CREATE POLICY app_update ON public.crm_orgs FOR UPDATE TO crm_app USING (((id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure))) WITH CHECK (((id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_pipeline_stages app_update

CREATE POLICY app_update ON public.crm_pipeline_stages FOR UPDATE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure))) WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_pipelines app_update

CREATE POLICY app_update ON public.crm_pipelines FOR UPDATE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure))) WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_reports app_update

CREATE POLICY app_update ON public.crm_reports FOR UPDATE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[]))))) WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[])))));

-- POLICY crm_sales_goals app_update

CREATE POLICY app_update ON public.crm_sales_goals FOR UPDATE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_manage() AS crm_may_manage))) WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_manage() AS crm_may_manage)));

-- POLICY crm_score_history app_update

CREATE POLICY app_update ON public.crm_score_history FOR UPDATE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (EXISTS ( SELECT
   FROM public.crm_leads parent
  WHERE ((parent.org_id = crm_score_history.org_id) AND (parent.id = crm_score_history.lead_id)))))) WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (EXISTS ( SELECT
   FROM public.crm_leads parent
  WHERE ((parent.org_id = crm_score_history.org_id) AND (parent.id = crm_score_history.lead_id))))));

-- POLICY crm_sequence_versions app_update

CREATE POLICY app_update ON public.crm_sequence_versions FOR UPDATE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure))) WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_sequences app_update

CREATE POLICY app_update ON public.crm_sequences FOR UPDATE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure))) WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_settings app_update

CREATE POLICY app_update ON public.crm_settings FOR UPDATE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure))) WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_sources app_update

CREATE POLICY app_update ON public.crm_sources FOR UPDATE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure))) WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_steps app_update

CREATE POLICY app_update ON public.crm_steps FOR UPDATE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure))) WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_subscriptions app_update

CREATE POLICY app_update ON public.crm_subscriptions FOR UPDATE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[]))))) WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[])))));

-- POLICY crm_support_tickets app_update

CREATE POLICY app_update ON public.crm_support_tickets FOR UPDATE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[]))))) WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[])))));

-- POLICY crm_suppressions app_update

CREATE POLICY app_update ON public.crm_suppressions FOR UPDATE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure))) WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_survey_responses app_update

CREATE POLICY app_update ON public.crm_survey_responses FOR UPDATE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[]))))) WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_write() AS crm_may_write) AND (( SELECT public.crm_sees_org() AS crm_sees_org) OR (owner_id = ( SELECT public.crm_user() AS crm_user)) OR (team_id = ANY (( SELECT public.crm_teams() AS crm_teams)::uuid[])))));

-- POLICY crm_teams app_update

CREATE POLICY app_update ON public.crm_teams FOR UPDATE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure))) WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_templates app_update

CREATE POLICY app_update ON public.crm_templates FOR UPDATE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure))) WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- POLICY crm_users app_update

CREATE POLICY app_update ON public.crm_users FOR UPDATE TO crm_app USING (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure))) WITH CHECK (((org_id = ( SELECT public.crm_org() AS crm_org)) AND ( SELECT public.crm_may_configure() AS crm_may_configure)));

-- ROW SECURITY crm_activities

ALTER TABLE public.crm_activities ENABLE ROW LEVEL SECURITY;

-- ROW SECURITY crm_activities_default

ALTER TABLE public.crm_activities_default ENABLE ROW LEVEL SECURITY;

-- ROW SECURITY crm_ai_insights

ALTER TABLE public.crm_ai_insights ENABLE ROW LEVEL SECURITY;

-- ROW SECURITY crm_alerts

ALTER TABLE public.crm_alerts ENABLE ROW LEVEL SECURITY;

-- ROW SECURITY crm_api_keys

ALTER TABLE public.crm_api_keys ENABLE ROW LEVEL SECURITY;

-- ROW SECURITY crm_assignments

ALTER TABLE public.crm_assignments ENABLE ROW LEVEL SECURITY;

-- ROW SECURITY crm_changes

ALTER TABLE public.crm_changes ENABLE ROW LEVEL SECURITY;

-- ROW SECURITY crm_changes_default

ALTER TABLE public.crm_changes_default ENABLE ROW LEVEL SECURITY;

-- ROW SECURITY crm_contacts

ALTER TABLE public.crm_contacts ENABLE ROW LEVEL SECURITY;

-- ROW SECURITY crm_conversions

ALTER TABLE public.crm_conversions ENABLE ROW LEVEL SECURITY;

-- ROW SECURITY crm_custom_fields

ALTER TABLE public.crm_custom_fields ENABLE ROW LEVEL SECURITY;

-- ROW SECURITY crm_customers

ALTER TABLE public.crm_customers ENABLE ROW LEVEL SECURITY;

-- ROW SECURITY crm_deal_stage_history

ALTER TABLE public.crm_deal_stage_history ENABLE ROW LEVEL SECURITY;

-- ROW SECURITY crm_deals

ALTER TABLE public.crm_deals ENABLE ROW LEVEL SECURITY;

-- ROW SECURITY crm_enrolments

ALTER TABLE public.crm_enrolments ENABLE ROW LEVEL SECURITY;

-- ROW SECURITY crm_events

ALTER TABLE public.crm_events ENABLE ROW LEVEL SECURITY;

-- ROW SECURITY crm_events_default

ALTER TABLE public.crm_events_default ENABLE ROW LEVEL SECURITY;

-- ROW SECURITY crm_inbox

ALTER TABLE public.crm_inbox ENABLE ROW LEVEL SECURITY;

-- ROW SECURITY crm_inbox_default

ALTER TABLE public.crm_inbox_default ENABLE ROW LEVEL SECURITY;

-- ROW SECURITY crm_keys

ALTER TABLE public.crm_keys ENABLE ROW LEVEL SECURITY;

-- ROW SECURITY crm_leads

ALTER TABLE public.crm_leads ENABLE ROW LEVEL SECURITY;

-- ROW SECURITY crm_memberships

ALTER TABLE public.crm_memberships ENABLE ROW LEVEL SECURITY;

-- ROW SECURITY crm_message_attempts

ALTER TABLE public.crm_message_attempts ENABLE ROW LEVEL SECURITY;

-- ROW SECURITY crm_messages

ALTER TABLE public.crm_messages ENABLE ROW LEVEL SECURITY;

-- ROW SECURITY crm_orgs

ALTER TABLE public.crm_orgs ENABLE ROW LEVEL SECURITY;

-- ROW SECURITY crm_pipeline_stages

ALTER TABLE public.crm_pipeline_stages ENABLE ROW LEVEL SECURITY;

-- ROW SECURITY crm_pipelines

ALTER TABLE public.crm_pipelines ENABLE ROW LEVEL SECURITY;

-- ROW SECURITY crm_reports

ALTER TABLE public.crm_reports ENABLE ROW LEVEL SECURITY;

-- ROW SECURITY crm_sales_goals

ALTER TABLE public.crm_sales_goals ENABLE ROW LEVEL SECURITY;

-- ROW SECURITY crm_score_history

ALTER TABLE public.crm_score_history ENABLE ROW LEVEL SECURITY;

-- ROW SECURITY crm_sequence_versions

ALTER TABLE public.crm_sequence_versions ENABLE ROW LEVEL SECURITY;

-- ROW SECURITY crm_sequences

ALTER TABLE public.crm_sequences ENABLE ROW LEVEL SECURITY;

-- ROW SECURITY crm_settings

ALTER TABLE public.crm_settings ENABLE ROW LEVEL SECURITY;

-- ROW SECURITY crm_sources

ALTER TABLE public.crm_sources ENABLE ROW LEVEL SECURITY;

-- ROW SECURITY crm_steps

ALTER TABLE public.crm_steps ENABLE ROW LEVEL SECURITY;

-- ROW SECURITY crm_subscriptions

ALTER TABLE public.crm_subscriptions ENABLE ROW LEVEL SECURITY;

-- ROW SECURITY crm_support_tickets

ALTER TABLE public.crm_support_tickets ENABLE ROW LEVEL SECURITY;

-- ROW SECURITY crm_suppressions

ALTER TABLE public.crm_suppressions ENABLE ROW LEVEL SECURITY;

-- ROW SECURITY crm_survey_responses

ALTER TABLE public.crm_survey_responses ENABLE ROW LEVEL SECURITY;

-- ROW SECURITY crm_teams

ALTER TABLE public.crm_teams ENABLE ROW LEVEL SECURITY;

-- ROW SECURITY crm_templates

ALTER TABLE public.crm_templates ENABLE ROW LEVEL SECURITY;

-- ROW SECURITY crm_users

ALTER TABLE public.crm_users ENABLE ROW LEVEL SECURITY;

-- POLICY crm_activities flow_delete

CREATE POLICY flow_delete ON public.crm_activities FOR DELETE TO crm_flow USING (true);

-- POLICY crm_ai_insights flow_delete

CREATE POLICY flow_delete ON public.crm_ai_insights FOR DELETE TO crm_flow USING (true);

-- POLICY crm_alerts flow_delete

CREATE POLICY flow_delete ON public.crm_alerts FOR DELETE TO crm_flow USING (true);

-- POLICY crm_api_keys flow_delete

CREATE POLICY flow_delete ON public.crm_api_keys FOR DELETE TO crm_flow USING (true);

-- POLICY crm_assignments flow_delete

CREATE POLICY flow_delete ON public.crm_assignments FOR DELETE TO crm_flow USING (true);

-- POLICY crm_changes flow_delete

CREATE POLICY flow_delete ON public.crm_changes FOR DELETE TO crm_flow USING (true);

-- POLICY crm_contacts flow_delete

CREATE POLICY flow_delete ON public.crm_contacts FOR DELETE TO crm_flow USING (true);

-- POLICY crm_conversions flow_delete

CREATE POLICY flow_delete ON public.crm_conversions FOR DELETE TO crm_flow USING (true);

-- POLICY crm_custom_fields flow_delete

CREATE POLICY flow_delete ON public.crm_custom_fields FOR DELETE TO crm_flow USING (true);

-- POLICY crm_customers flow_delete

CREATE POLICY flow_delete ON public.crm_customers FOR DELETE TO crm_flow USING (true);

-- POLICY crm_deal_stage_history flow_delete

CREATE POLICY flow_delete ON public.crm_deal_stage_history FOR DELETE TO crm_flow USING (true);

-- POLICY crm_deals flow_delete

CREATE POLICY flow_delete ON public.crm_deals FOR DELETE TO crm_flow USING (true);

-- POLICY crm_enrolments flow_delete

CREATE POLICY flow_delete ON public.crm_enrolments FOR DELETE TO crm_flow USING (true);

-- POLICY crm_events flow_delete

CREATE POLICY flow_delete ON public.crm_events FOR DELETE TO crm_flow USING (true);

-- POLICY crm_inbox flow_delete

CREATE POLICY flow_delete ON public.crm_inbox FOR DELETE TO crm_flow USING (true);

-- POLICY crm_keys flow_delete

CREATE POLICY flow_delete ON public.crm_keys FOR DELETE TO crm_flow USING (true);

-- POLICY crm_leads flow_delete

CREATE POLICY flow_delete ON public.crm_leads FOR DELETE TO crm_flow USING (true);

-- POLICY crm_memberships flow_delete

CREATE POLICY flow_delete ON public.crm_memberships FOR DELETE TO crm_flow USING (true);

-- POLICY crm_message_attempts flow_delete

CREATE POLICY flow_delete ON public.crm_message_attempts FOR DELETE TO crm_flow USING (true);

-- POLICY crm_messages flow_delete

CREATE POLICY flow_delete ON public.crm_messages FOR DELETE TO crm_flow USING (true);

-- POLICY crm_orgs flow_delete

CREATE POLICY flow_delete ON public.crm_orgs FOR DELETE TO crm_flow USING (true);

-- POLICY crm_pipeline_stages flow_delete

CREATE POLICY flow_delete ON public.crm_pipeline_stages FOR DELETE TO crm_flow USING (true);

-- POLICY crm_pipelines flow_delete

CREATE POLICY flow_delete ON public.crm_pipelines FOR DELETE TO crm_flow USING (true);

-- POLICY crm_reports flow_delete

CREATE POLICY flow_delete ON public.crm_reports FOR DELETE TO crm_flow USING (true);

-- POLICY crm_sales_goals flow_delete

CREATE POLICY flow_delete ON public.crm_sales_goals FOR DELETE TO crm_flow USING (true);

-- POLICY crm_score_history flow_delete

CREATE POLICY flow_delete ON public.crm_score_history FOR DELETE TO crm_flow USING (true);

-- POLICY crm_sequence_versions flow_delete

CREATE POLICY flow_delete ON public.crm_sequence_versions FOR DELETE TO crm_flow USING (true);

-- POLICY crm_sequences flow_delete

CREATE POLICY flow_delete ON public.crm_sequences FOR DELETE TO crm_flow USING (true);

-- POLICY crm_settings flow_delete

CREATE POLICY flow_delete ON public.crm_settings FOR DELETE TO crm_flow USING (true);

-- POLICY crm_sources flow_delete

CREATE POLICY flow_delete ON public.crm_sources FOR DELETE TO crm_flow USING (true);

-- POLICY crm_steps flow_delete

CREATE POLICY flow_delete ON public.crm_steps FOR DELETE TO crm_flow USING (true);

-- POLICY crm_subscriptions flow_delete

CREATE POLICY flow_delete ON public.crm_subscriptions FOR DELETE TO crm_flow USING (true);

-- POLICY crm_support_tickets flow_delete

CREATE POLICY flow_delete ON public.crm_support_tickets FOR DELETE TO crm_flow USING (true);

-- POLICY crm_suppressions flow_delete

CREATE POLICY flow_delete ON public.crm_suppressions FOR DELETE TO crm_flow USING (true);

-- POLICY crm_survey_responses flow_delete

CREATE POLICY flow_delete ON public.crm_survey_responses FOR DELETE TO crm_flow USING (true);

-- POLICY crm_teams flow_delete

CREATE POLICY flow_delete ON public.crm_teams FOR DELETE TO crm_flow USING (true);

-- POLICY crm_templates flow_delete

CREATE POLICY flow_delete ON public.crm_templates FOR DELETE TO crm_flow USING (true);

-- POLICY crm_users flow_delete

CREATE POLICY flow_delete ON public.crm_users FOR DELETE TO crm_flow USING (true);

-- POLICY crm_activities flow_insert

CREATE POLICY flow_insert ON public.crm_activities FOR INSERT TO crm_flow WITH CHECK (((lead_id IS NULL) OR (EXISTS ( SELECT
   FROM public.crm_leads parent
  WHERE ((parent.org_id = crm_activities.org_id) AND (parent.id = crm_activities.lead_id) AND (NOT (parent.team_id IS DISTINCT FROM crm_activities.team_id)))))));

-- POLICY crm_ai_insights flow_insert

CREATE POLICY flow_insert ON public.crm_ai_insights FOR INSERT TO crm_flow WITH CHECK (true);

-- POLICY crm_alerts flow_insert

CREATE POLICY flow_insert ON public.crm_alerts FOR INSERT TO crm_flow WITH CHECK (true);

-- POLICY crm_api_keys flow_insert

CREATE POLICY flow_insert ON public.crm_api_keys FOR INSERT TO crm_flow WITH CHECK (true);

-- POLICY crm_assignments flow_insert

CREATE POLICY flow_insert ON public.crm_assignments FOR INSERT TO crm_flow WITH CHECK (true);

-- POLICY crm_changes flow_insert

CREATE POLICY flow_insert ON public.crm_changes FOR INSERT TO crm_flow WITH CHECK (true);

-- POLICY crm_contacts flow_insert

CREATE POLICY flow_insert ON public.crm_contacts FOR INSERT TO crm_flow WITH CHECK (true);

-- POLICY crm_conversions flow_insert

CREATE POLICY flow_insert ON public.crm_conversions FOR INSERT TO crm_flow WITH CHECK (true);

-- POLICY crm_custom_fields flow_insert

CREATE POLICY flow_insert ON public.crm_custom_fields FOR INSERT TO crm_flow WITH CHECK (true);

-- POLICY crm_customers flow_insert

CREATE POLICY flow_insert ON public.crm_customers FOR INSERT TO crm_flow WITH CHECK (true);

-- POLICY crm_deal_stage_history flow_insert

CREATE POLICY flow_insert ON public.crm_deal_stage_history FOR INSERT TO crm_flow WITH CHECK (true);

-- POLICY crm_deals flow_insert

CREATE POLICY flow_insert ON public.crm_deals FOR INSERT TO crm_flow WITH CHECK (true);

-- POLICY crm_enrolments flow_insert

CREATE POLICY flow_insert ON public.crm_enrolments FOR INSERT TO crm_flow WITH CHECK (((lead_id IS NULL) OR (EXISTS ( SELECT
   FROM public.crm_leads parent
  WHERE ((parent.org_id = crm_enrolments.org_id) AND (parent.id = crm_enrolments.lead_id) AND (NOT (parent.team_id IS DISTINCT FROM crm_enrolments.team_id)))))));

-- POLICY crm_events flow_insert

CREATE POLICY flow_insert ON public.crm_events FOR INSERT TO crm_flow WITH CHECK (true);

-- POLICY crm_inbox flow_insert

CREATE POLICY flow_insert ON public.crm_inbox FOR INSERT TO crm_flow WITH CHECK (true);

-- POLICY crm_keys flow_insert

CREATE POLICY flow_insert ON public.crm_keys FOR INSERT TO crm_flow WITH CHECK (true);

-- POLICY crm_leads flow_insert

CREATE POLICY flow_insert ON public.crm_leads FOR INSERT TO crm_flow WITH CHECK (true);

-- POLICY crm_memberships flow_insert

CREATE POLICY flow_insert ON public.crm_memberships FOR INSERT TO crm_flow WITH CHECK (true);

-- POLICY crm_message_attempts flow_insert

CREATE POLICY flow_insert ON public.crm_message_attempts FOR INSERT TO crm_flow WITH CHECK (true);

-- POLICY crm_messages flow_insert

CREATE POLICY flow_insert ON public.crm_messages FOR INSERT TO crm_flow WITH CHECK (((lead_id IS NULL) OR (EXISTS ( SELECT
   FROM public.crm_leads parent
  WHERE ((parent.org_id = crm_messages.org_id) AND (parent.id = crm_messages.lead_id) AND (NOT (parent.team_id IS DISTINCT FROM crm_messages.team_id)))))));

-- POLICY crm_orgs flow_insert

CREATE POLICY flow_insert ON public.crm_orgs FOR INSERT TO crm_flow WITH CHECK (true);

-- POLICY crm_pipeline_stages flow_insert

CREATE POLICY flow_insert ON public.crm_pipeline_stages FOR INSERT TO crm_flow WITH CHECK (true);

-- POLICY crm_pipelines flow_insert

CREATE POLICY flow_insert ON public.crm_pipelines FOR INSERT TO crm_flow WITH CHECK (true);

-- POLICY crm_reports flow_insert

CREATE POLICY flow_insert ON public.crm_reports FOR INSERT TO crm_flow WITH CHECK (true);

-- POLICY crm_sales_goals flow_insert

CREATE POLICY flow_insert ON public.crm_sales_goals FOR INSERT TO crm_flow WITH CHECK (true);

-- POLICY crm_score_history flow_insert

CREATE POLICY flow_insert ON public.crm_score_history FOR INSERT TO crm_flow WITH CHECK (true);

-- POLICY crm_sequence_versions flow_insert

CREATE POLICY flow_insert ON public.crm_sequence_versions FOR INSERT TO crm_flow WITH CHECK (true);

-- POLICY crm_sequences flow_insert

CREATE POLICY flow_insert ON public.crm_sequences FOR INSERT TO crm_flow WITH CHECK (true);

-- POLICY crm_settings flow_insert

CREATE POLICY flow_insert ON public.crm_settings FOR INSERT TO crm_flow WITH CHECK (true);

-- POLICY crm_sources flow_insert

CREATE POLICY flow_insert ON public.crm_sources FOR INSERT TO crm_flow WITH CHECK (true);

-- POLICY crm_steps flow_insert

CREATE POLICY flow_insert ON public.crm_steps FOR INSERT TO crm_flow WITH CHECK (true);

-- POLICY crm_subscriptions flow_insert

CREATE POLICY flow_insert ON public.crm_subscriptions FOR INSERT TO crm_flow WITH CHECK (true);

-- POLICY crm_support_tickets flow_insert

CREATE POLICY flow_insert ON public.crm_support_tickets FOR INSERT TO crm_flow WITH CHECK (true);

-- POLICY crm_suppressions flow_insert

CREATE POLICY flow_insert ON public.crm_suppressions FOR INSERT TO crm_flow WITH CHECK (true);

-- POLICY crm_survey_responses flow_insert

CREATE POLICY flow_insert ON public.crm_survey_responses FOR INSERT TO crm_flow WITH CHECK (true);

-- POLICY crm_teams flow_insert

CREATE POLICY flow_insert ON public.crm_teams FOR INSERT TO crm_flow WITH CHECK (true);

-- POLICY crm_templates flow_insert

CREATE POLICY flow_insert ON public.crm_templates FOR INSERT TO crm_flow WITH CHECK (true);

-- POLICY crm_users flow_insert

CREATE POLICY flow_insert ON public.crm_users FOR INSERT TO crm_flow WITH CHECK (true);

-- POLICY crm_activities flow_select

CREATE POLICY flow_select ON public.crm_activities FOR SELECT TO crm_flow USING (true);

-- POLICY crm_ai_insights flow_select

CREATE POLICY flow_select ON public.crm_ai_insights FOR SELECT TO crm_flow USING (true);

-- POLICY crm_alerts flow_select

CREATE POLICY flow_select ON public.crm_alerts FOR SELECT TO crm_flow USING (true);

-- POLICY crm_api_keys flow_select

CREATE POLICY flow_select ON public.crm_api_keys FOR SELECT TO crm_flow USING (true);

-- POLICY crm_assignments flow_select

CREATE POLICY flow_select ON public.crm_assignments FOR SELECT TO crm_flow USING (true);

-- POLICY crm_changes flow_select

CREATE POLICY flow_select ON public.crm_changes FOR SELECT TO crm_flow USING (true);

-- POLICY crm_contacts flow_select

CREATE POLICY flow_select ON public.crm_contacts FOR SELECT TO crm_flow USING (true);

-- POLICY crm_conversions flow_select

CREATE POLICY flow_select ON public.crm_conversions FOR SELECT TO crm_flow USING (true);

-- POLICY crm_custom_fields flow_select

CREATE POLICY flow_select ON public.crm_custom_fields FOR SELECT TO crm_flow USING (true);

-- POLICY crm_customers flow_select

CREATE POLICY flow_select ON public.crm_customers FOR SELECT TO crm_flow USING (true);

-- POLICY crm_deal_stage_history flow_select

CREATE POLICY flow_select ON public.crm_deal_stage_history FOR SELECT TO crm_flow USING (true);

-- POLICY crm_deals flow_select

CREATE POLICY flow_select ON public.crm_deals FOR SELECT TO crm_flow USING (true);

-- POLICY crm_enrolments flow_select

CREATE POLICY flow_select ON public.crm_enrolments FOR SELECT TO crm_flow USING (true);

-- POLICY crm_events flow_select

CREATE POLICY flow_select ON public.crm_events FOR SELECT TO crm_flow USING (true);

-- POLICY crm_inbox flow_select

CREATE POLICY flow_select ON public.crm_inbox FOR SELECT TO crm_flow USING (true);

-- POLICY crm_keys flow_select

CREATE POLICY flow_select ON public.crm_keys FOR SELECT TO crm_flow USING (true);

-- POLICY crm_leads flow_select

CREATE POLICY flow_select ON public.crm_leads FOR SELECT TO crm_flow USING (true);

-- POLICY crm_memberships flow_select

CREATE POLICY flow_select ON public.crm_memberships FOR SELECT TO crm_flow USING (true);

-- POLICY crm_message_attempts flow_select

CREATE POLICY flow_select ON public.crm_message_attempts FOR SELECT TO crm_flow USING (true);

-- POLICY crm_messages flow_select

CREATE POLICY flow_select ON public.crm_messages FOR SELECT TO crm_flow USING (true);

-- POLICY crm_orgs flow_select

CREATE POLICY flow_select ON public.crm_orgs FOR SELECT TO crm_flow USING (true);

-- POLICY crm_pipeline_stages flow_select

CREATE POLICY flow_select ON public.crm_pipeline_stages FOR SELECT TO crm_flow USING (true);

-- POLICY crm_pipelines flow_select

CREATE POLICY flow_select ON public.crm_pipelines FOR SELECT TO crm_flow USING (true);

-- POLICY crm_reports flow_select

CREATE POLICY flow_select ON public.crm_reports FOR SELECT TO crm_flow USING (true);

-- POLICY crm_sales_goals flow_select

CREATE POLICY flow_select ON public.crm_sales_goals FOR SELECT TO crm_flow USING (true);

-- POLICY crm_score_history flow_select

CREATE POLICY flow_select ON public.crm_score_history FOR SELECT TO crm_flow USING (true);

-- POLICY crm_sequence_versions flow_select

CREATE POLICY flow_select ON public.crm_sequence_versions FOR SELECT TO crm_flow USING (true);

-- POLICY crm_sequences flow_select

CREATE POLICY flow_select ON public.crm_sequences FOR SELECT TO crm_flow USING (true);

-- POLICY crm_settings flow_select

CREATE POLICY flow_select ON public.crm_settings FOR SELECT TO crm_flow USING (true);

-- POLICY crm_sources flow_select

CREATE POLICY flow_select ON public.crm_sources FOR SELECT TO crm_flow USING (true);

-- POLICY crm_steps flow_select

CREATE POLICY flow_select ON public.crm_steps FOR SELECT TO crm_flow USING (true);

-- POLICY crm_subscriptions flow_select

CREATE POLICY flow_select ON public.crm_subscriptions FOR SELECT TO crm_flow USING (true);

-- POLICY crm_support_tickets flow_select

CREATE POLICY flow_select ON public.crm_support_tickets FOR SELECT TO crm_flow USING (true);

-- POLICY crm_suppressions flow_select

CREATE POLICY flow_select ON public.crm_suppressions FOR SELECT TO crm_flow USING (true);

-- POLICY crm_survey_responses flow_select

CREATE POLICY flow_select ON public.crm_survey_responses FOR SELECT TO crm_flow USING (true);

-- POLICY crm_teams flow_select

CREATE POLICY flow_select ON public.crm_teams FOR SELECT TO crm_flow USING (true);

-- POLICY crm_templates flow_select

CREATE POLICY flow_select ON public.crm_templates FOR SELECT TO crm_flow USING (true);

-- POLICY crm_users flow_select

CREATE POLICY flow_select ON public.crm_users FOR SELECT TO crm_flow USING (true);

-- POLICY crm_activities flow_update

CREATE POLICY flow_update ON public.crm_activities FOR UPDATE TO crm_flow USING (true) WITH CHECK (((lead_id IS NULL) OR (EXISTS ( SELECT
   FROM public.crm_leads parent
  WHERE ((parent.org_id = crm_activities.org_id) AND (parent.id = crm_activities.lead_id) AND (NOT (parent.team_id IS DISTINCT FROM crm_activities.team_id)))))));

-- POLICY crm_ai_insights flow_update

CREATE POLICY flow_update ON public.crm_ai_insights FOR UPDATE TO crm_flow USING (true) WITH CHECK (true);

-- POLICY crm_alerts flow_update

CREATE POLICY flow_update ON public.crm_alerts FOR UPDATE TO crm_flow USING (true) WITH CHECK (true);

-- POLICY crm_api_keys flow_update

CREATE POLICY flow_update ON public.crm_api_keys FOR UPDATE TO crm_flow USING (true) WITH CHECK (true);

-- POLICY crm_assignments flow_update

CREATE POLICY flow_update ON public.crm_assignments FOR UPDATE TO crm_flow USING (true) WITH CHECK (true);

-- POLICY crm_changes flow_update

CREATE POLICY flow_update ON public.crm_changes FOR UPDATE TO crm_flow USING (true) WITH CHECK (true);

-- POLICY crm_contacts flow_update

CREATE POLICY flow_update ON public.crm_contacts FOR UPDATE TO crm_flow USING (true) WITH CHECK (true);

-- POLICY crm_conversions flow_update

CREATE POLICY flow_update ON public.crm_conversions FOR UPDATE TO crm_flow USING (true) WITH CHECK (true);

-- POLICY crm_custom_fields flow_update

CREATE POLICY flow_update ON public.crm_custom_fields FOR UPDATE TO crm_flow USING (true) WITH CHECK (true);

-- POLICY crm_customers flow_update

CREATE POLICY flow_update ON public.crm_customers FOR UPDATE TO crm_flow USING (true) WITH CHECK (true);

-- POLICY crm_deal_stage_history flow_update

CREATE POLICY flow_update ON public.crm_deal_stage_history FOR UPDATE TO crm_flow USING (true) WITH CHECK (true);

-- POLICY crm_deals flow_update

CREATE POLICY flow_update ON public.crm_deals FOR UPDATE TO crm_flow USING (true) WITH CHECK (true);

-- POLICY crm_enrolments flow_update

CREATE POLICY flow_update ON public.crm_enrolments FOR UPDATE TO crm_flow USING (true) WITH CHECK (((lead_id IS NULL) OR (EXISTS ( SELECT
   FROM public.crm_leads parent
  WHERE ((parent.org_id = crm_enrolments.org_id) AND (parent.id = crm_enrolments.lead_id) AND (NOT (parent.team_id IS DISTINCT FROM crm_enrolments.team_id)))))));

-- POLICY crm_events flow_update

CREATE POLICY flow_update ON public.crm_events FOR UPDATE TO crm_flow USING (true) WITH CHECK (true);

-- POLICY crm_inbox flow_update

CREATE POLICY flow_update ON public.crm_inbox FOR UPDATE TO crm_flow USING (true) WITH CHECK (true);

-- POLICY crm_keys flow_update

CREATE POLICY flow_update ON public.crm_keys FOR UPDATE TO crm_flow USING (true) WITH CHECK (true);

-- POLICY crm_leads flow_update

CREATE POLICY flow_update ON public.crm_leads FOR UPDATE TO crm_flow USING (true) WITH CHECK (true);

-- POLICY crm_memberships flow_update

CREATE POLICY flow_update ON public.crm_memberships FOR UPDATE TO crm_flow USING (true) WITH CHECK (true);

-- POLICY crm_message_attempts flow_update

CREATE POLICY flow_update ON public.crm_message_attempts FOR UPDATE TO crm_flow USING (true) WITH CHECK (true);

-- POLICY crm_messages flow_update

CREATE POLICY flow_update ON public.crm_messages FOR UPDATE TO crm_flow USING (true) WITH CHECK (((lead_id IS NULL) OR (EXISTS ( SELECT
   FROM public.crm_leads parent
  WHERE ((parent.org_id = crm_messages.org_id) AND (parent.id = crm_messages.lead_id) AND (NOT (parent.team_id IS DISTINCT FROM crm_messages.team_id)))))));

-- POLICY crm_orgs flow_update

CREATE POLICY flow_update ON public.crm_orgs FOR UPDATE TO crm_flow USING (true) WITH CHECK (true);

-- POLICY crm_pipeline_stages flow_update

CREATE POLICY flow_update ON public.crm_pipeline_stages FOR UPDATE TO crm_flow USING (true) WITH CHECK (true);

-- POLICY crm_pipelines flow_update

CREATE POLICY flow_update ON public.crm_pipelines FOR UPDATE TO crm_flow USING (true) WITH CHECK (true);

-- POLICY crm_reports flow_update

CREATE POLICY flow_update ON public.crm_reports FOR UPDATE TO crm_flow USING (true) WITH CHECK (true);

-- POLICY crm_sales_goals flow_update

CREATE POLICY flow_update ON public.crm_sales_goals FOR UPDATE TO crm_flow USING (true) WITH CHECK (true);

-- POLICY crm_score_history flow_update

CREATE POLICY flow_update ON public.crm_score_history FOR UPDATE TO crm_flow USING (true) WITH CHECK (true);

-- POLICY crm_sequence_versions flow_update

CREATE POLICY flow_update ON public.crm_sequence_versions FOR UPDATE TO crm_flow USING (true) WITH CHECK (true);

-- POLICY crm_sequences flow_update

CREATE POLICY flow_update ON public.crm_sequences FOR UPDATE TO crm_flow USING (true) WITH CHECK (true);

-- POLICY crm_settings flow_update

CREATE POLICY flow_update ON public.crm_settings FOR UPDATE TO crm_flow USING (true) WITH CHECK (true);

-- POLICY crm_sources flow_update

CREATE POLICY flow_update ON public.crm_sources FOR UPDATE TO crm_flow USING (true) WITH CHECK (true);

-- POLICY crm_steps flow_update

CREATE POLICY flow_update ON public.crm_steps FOR UPDATE TO crm_flow USING (true) WITH CHECK (true);

-- POLICY crm_subscriptions flow_update

CREATE POLICY flow_update ON public.crm_subscriptions FOR UPDATE TO crm_flow USING (true) WITH CHECK (true);

-- POLICY crm_support_tickets flow_update

CREATE POLICY flow_update ON public.crm_support_tickets FOR UPDATE TO crm_flow USING (true) WITH CHECK (true);

-- POLICY crm_suppressions flow_update

CREATE POLICY flow_update ON public.crm_suppressions FOR UPDATE TO crm_flow USING (true) WITH CHECK (true);

-- POLICY crm_survey_responses flow_update

CREATE POLICY flow_update ON public.crm_survey_responses FOR UPDATE TO crm_flow USING (true) WITH CHECK (true);

-- POLICY crm_teams flow_update

CREATE POLICY flow_update ON public.crm_teams FOR UPDATE TO crm_flow USING (true) WITH CHECK (true);

-- POLICY crm_templates flow_update

CREATE POLICY flow_update ON public.crm_templates FOR UPDATE TO crm_flow USING (true) WITH CHECK (true);

-- POLICY crm_users flow_update

CREATE POLICY flow_update ON public.crm_users FOR UPDATE TO crm_flow USING (true) WITH CHECK (true);

-- POLICY crm_activities owner_all

CREATE POLICY owner_all ON public.crm_activities TO crm_owner USING (true) WITH CHECK (true);

-- POLICY crm_activities_default owner_all

CREATE POLICY owner_all ON public.crm_activities_default TO crm_owner USING (true) WITH CHECK (true);

-- POLICY crm_ai_insights owner_all

CREATE POLICY owner_all ON public.crm_ai_insights TO crm_owner USING (true) WITH CHECK (true);

-- POLICY crm_alerts owner_all

CREATE POLICY owner_all ON public.crm_alerts TO crm_owner USING (true) WITH CHECK (true);

-- POLICY crm_api_keys owner_all

CREATE POLICY owner_all ON public.crm_api_keys TO crm_owner USING (true) WITH CHECK (true);

-- POLICY crm_assignments owner_all

CREATE POLICY owner_all ON public.crm_assignments TO crm_owner USING (true) WITH CHECK (true);

-- POLICY crm_changes owner_all

CREATE POLICY owner_all ON public.crm_changes TO crm_owner USING (true) WITH CHECK (true);

-- POLICY crm_changes_default owner_all

CREATE POLICY owner_all ON public.crm_changes_default TO crm_owner USING (true) WITH CHECK (true);

-- POLICY crm_contacts owner_all

CREATE POLICY owner_all ON public.crm_contacts TO crm_owner USING (true) WITH CHECK (true);

-- POLICY crm_conversions owner_all

CREATE POLICY owner_all ON public.crm_conversions TO crm_owner USING (true) WITH CHECK (true);

-- POLICY crm_custom_fields owner_all

CREATE POLICY owner_all ON public.crm_custom_fields TO crm_owner USING (true) WITH CHECK (true);

-- POLICY crm_customers owner_all

CREATE POLICY owner_all ON public.crm_customers TO crm_owner USING (true) WITH CHECK (true);

-- POLICY crm_deal_stage_history owner_all

CREATE POLICY owner_all ON public.crm_deal_stage_history TO crm_owner USING (true) WITH CHECK (true);

-- POLICY crm_deals owner_all

CREATE POLICY owner_all ON public.crm_deals TO crm_owner USING (true) WITH CHECK (true);

-- POLICY crm_enrolments owner_all

CREATE POLICY owner_all ON public.crm_enrolments TO crm_owner USING (true) WITH CHECK (true);

-- POLICY crm_events owner_all

CREATE POLICY owner_all ON public.crm_events TO crm_owner USING (true) WITH CHECK (true);

-- POLICY crm_events_default owner_all

CREATE POLICY owner_all ON public.crm_events_default TO crm_owner USING (true) WITH CHECK (true);

-- POLICY crm_inbox owner_all

CREATE POLICY owner_all ON public.crm_inbox TO crm_owner USING (true) WITH CHECK (true);

-- POLICY crm_inbox_default owner_all

CREATE POLICY owner_all ON public.crm_inbox_default TO crm_owner USING (true) WITH CHECK (true);

-- POLICY crm_keys owner_all

CREATE POLICY owner_all ON public.crm_keys TO crm_owner USING (true) WITH CHECK (true);

-- POLICY crm_leads owner_all

CREATE POLICY owner_all ON public.crm_leads TO crm_owner USING (true) WITH CHECK (true);

-- POLICY crm_memberships owner_all

CREATE POLICY owner_all ON public.crm_memberships TO crm_owner USING (true) WITH CHECK (true);

-- POLICY crm_message_attempts owner_all

CREATE POLICY owner_all ON public.crm_message_attempts TO crm_owner USING (true) WITH CHECK (true);

-- POLICY crm_messages owner_all

CREATE POLICY owner_all ON public.crm_messages TO crm_owner USING (true) WITH CHECK (true);

-- POLICY crm_orgs owner_all

CREATE POLICY owner_all ON public.crm_orgs TO crm_owner USING (true) WITH CHECK (true);

-- POLICY crm_pipeline_stages owner_all

CREATE POLICY owner_all ON public.crm_pipeline_stages TO crm_owner USING (true) WITH CHECK (true);

-- POLICY crm_pipelines owner_all

CREATE POLICY owner_all ON public.crm_pipelines TO crm_owner USING (true) WITH CHECK (true);

-- POLICY crm_reports owner_all

CREATE POLICY owner_all ON public.crm_reports TO crm_owner USING (true) WITH CHECK (true);

-- POLICY crm_sales_goals owner_all

CREATE POLICY owner_all ON public.crm_sales_goals TO crm_owner USING (true) WITH CHECK (true);

-- POLICY crm_score_history owner_all

CREATE POLICY owner_all ON public.crm_score_history TO crm_owner USING (true) WITH CHECK (true);

-- POLICY crm_sequence_versions owner_all

CREATE POLICY owner_all ON public.crm_sequence_versions TO crm_owner USING (true) WITH CHECK (true);

-- POLICY crm_sequences owner_all

CREATE POLICY owner_all ON public.crm_sequences TO crm_owner USING (true) WITH CHECK (true);

-- POLICY crm_settings owner_all

CREATE POLICY owner_all ON public.crm_settings TO crm_owner USING (true) WITH CHECK (true);

-- POLICY crm_sources owner_all

CREATE POLICY owner_all ON public.crm_sources TO crm_owner USING (true) WITH CHECK (true);

-- POLICY crm_steps owner_all

CREATE POLICY owner_all ON public.crm_steps TO crm_owner USING (true) WITH CHECK (true);

-- POLICY crm_subscriptions owner_all

CREATE POLICY owner_all ON public.crm_subscriptions TO crm_owner USING (true) WITH CHECK (true);

-- POLICY crm_support_tickets owner_all

CREATE POLICY owner_all ON public.crm_support_tickets TO crm_owner USING (true) WITH CHECK (true);

-- POLICY crm_suppressions owner_all

CREATE POLICY owner_all ON public.crm_suppressions TO crm_owner USING (true) WITH CHECK (true);

-- POLICY crm_survey_responses owner_all

CREATE POLICY owner_all ON public.crm_survey_responses TO crm_owner USING (true) WITH CHECK (true);

-- POLICY crm_teams owner_all

CREATE POLICY owner_all ON public.crm_teams TO crm_owner USING (true) WITH CHECK (true);

-- POLICY crm_templates owner_all

CREATE POLICY owner_all ON public.crm_templates TO crm_owner USING (true) WITH CHECK (true);

-- POLICY crm_users owner_all

CREATE POLICY owner_all ON public.crm_users TO crm_owner USING (true) WITH CHECK (true);

-- ACL FUNCTION calculate_lead_score(lead_id uuid)

GRANT ALL ON FUNCTION public.calculate_lead_score(lead_id uuid) TO crm_app;
GRANT ALL ON FUNCTION public.calculate_lead_score(lead_id uuid) TO crm_flow;

-- ACL FUNCTION crm_authenticate(p_prefix text, p_secret_hash bytea)

REVOKE ALL ON FUNCTION public.crm_authenticate(p_prefix text, p_secret_hash bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION public.crm_authenticate(p_prefix text, p_secret_hash bytea) TO crm_app;

-- ACL FUNCTION crm_capture(p_orgs uuid[], p_sources uuid[], p_content_types text[], p_automations boolean[], p_scopes text[], p_keys text[], p_hashes bytea[], p_bodies bytea[])

REVOKE ALL ON FUNCTION public.crm_capture(p_orgs uuid[], p_sources uuid[], p_content_types text[], p_automations boolean[], p_scopes text[], p_keys text[], p_hashes bytea[], p_bodies bytea[]) FROM PUBLIC;
GRANT ALL ON FUNCTION public.crm_capture(p_orgs uuid[], p_sources uuid[], p_content_types text[], p_automations boolean[], p_scopes text[], p_keys text[], p_hashes bytea[], p_bodies bytea[]) TO crm_capture;

-- ACL FUNCTION crm_capture_source(p_ref text, p_prefix text, p_secret_hash bytea)

REVOKE ALL ON FUNCTION public.crm_capture_source(p_ref text, p_prefix text, p_secret_hash bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION public.crm_capture_source(p_ref text, p_prefix text, p_secret_hash bytea) TO crm_capture;

-- ACL FUNCTION crm_count_found(p_kind text, p_filter jsonb, p_most integer)

REVOKE ALL ON FUNCTION public.crm_count_found(p_kind text, p_filter jsonb, p_most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.crm_count_found(p_kind text, p_filter jsonb, p_most integer) TO crm_app;

-- ACL FUNCTION crm_ensure_partitions(months integer)

REVOKE ALL ON FUNCTION public.crm_ensure_partitions(months integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.crm_ensure_partitions(months integer) TO crm_flow;

-- ACL FUNCTION crm_find_column(p_table regclass, p_field text)

REVOKE ALL ON FUNCTION public.crm_find_column(p_table regclass, p_field text) FROM PUBLIC;

-- ACL FUNCTION crm_find_condition(p_table regclass, p_condition jsonb)

REVOKE ALL ON FUNCTION public.crm_find_condition(p_table regclass, p_condition jsonb) FROM PUBLIC;

-- ACL FUNCTION crm_find_custom(p_key text, p_op text, p_value jsonb)

REVOKE ALL ON FUNCTION public.crm_find_custom(p_key text, p_op text, p_value jsonb) FROM PUBLIC;

-- ACL FUNCTION crm_find_equal(p_key text, p_op text, p_value jsonb, p_declared text)

REVOKE ALL ON FUNCTION public.crm_find_equal(p_key text, p_op text, p_value jsonb, p_declared text) FROM PUBLIC;

-- ACL FUNCTION crm_find_held(p_key text, p_declared text)

REVOKE ALL ON FUNCTION public.crm_find_held(p_key text, p_declared text) FROM PUBLIC;

-- ACL FUNCTION crm_find_ids(p_kind text, p_filter jsonb, p_limit integer)

REVOKE ALL ON FUNCTION public.crm_find_ids(p_kind text, p_filter jsonb, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.crm_find_ids(p_kind text, p_filter jsonb, p_limit integer) TO crm_app;

-- ACL FUNCTION crm_find_part(p_table regclass, p_field text, p_word text)

REVOKE ALL ON FUNCTION public.crm_find_part(p_table regclass, p_field text, p_word text) FROM PUBLIC;

-- ACL FUNCTION crm_find_steps(p_table regclass, p_sort jsonb, p_after jsonb, OUT conditions text[], OUT orderings text[])

REVOKE ALL ON FUNCTION public.crm_find_steps(p_table regclass, p_sort jsonb, p_after jsonb, OUT conditions text[], OUT orderings text[]) FROM PUBLIC;

-- ACL FUNCTION crm_find_where(p_table regclass, p_filter jsonb, OUT tight text, OUT loose text)

REVOKE ALL ON FUNCTION public.crm_find_where(p_table regclass, p_filter jsonb, OUT tight text, OUT loose text) FROM PUBLIC;

-- ACL FUNCTION crm_find_words(p_table regclass)

REVOKE ALL ON FUNCTION public.crm_find_words(p_table regclass) FROM PUBLIC;

-- ACL FUNCTION crm_like_part(p_words text)

REVOKE ALL ON FUNCTION public.crm_like_part(p_words text) FROM PUBLIC;

-- ACL FUNCTION crm_moment_in(p_text text)

REVOKE ALL ON FUNCTION public.crm_moment_in(p_text text) FROM PUBLIC;

-- ACL FUNCTION crm_suppose_statistics()

REVOKE ALL ON FUNCTION public.crm_suppose_statistics() FROM PUBLIC;

-- ACL FUNCTION crm_table_of(p_kind text)

REVOKE ALL ON FUNCTION public.crm_table_of(p_kind text) FROM PUBLIC;

-- ACL FUNCTION crm_teams_seen(p_org uuid, p_user uuid, p_role text)

REVOKE ALL ON FUNCTION public.crm_teams_seen(p_org uuid, p_user uuid, p_role text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.crm_teams_seen(p_org uuid, p_user uuid, p_role text) TO crm_app;
GRANT ALL ON FUNCTION public.crm_teams_seen(p_org uuid, p_user uuid, p_role text) TO crm_flow;

-- ACL FUNCTION get_ai_recommendations(max_rows integer, owner uuid)

REVOKE ALL ON FUNCTION public.get_ai_recommendations(max_rows integer, owner uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.get_ai_recommendations(max_rows integer, owner uuid) TO crm_app;
GRANT ALL ON FUNCTION public.get_ai_recommendations(max_rows integer, owner uuid) TO crm_flow;

-- ACL FUNCTION get_pipeline_summary()

REVOKE ALL ON FUNCTION public.get_pipeline_summary() FROM PUBLIC;
GRANT ALL ON FUNCTION public.get_pipeline_summary() TO crm_app;
GRANT ALL ON FUNCTION public.get_pipeline_summary() TO crm_flow;

-- ACL TABLE crm_activities

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_activities TO crm_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_activities TO crm_flow;

-- ACL TABLE crm_ai_insights

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_ai_insights TO crm_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_ai_insights TO crm_flow;

-- ACL TABLE crm_alerts

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_alerts TO crm_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_alerts TO crm_flow;

-- ACL TABLE crm_api_keys

GRANT INSERT,DELETE,UPDATE ON TABLE public.crm_api_keys TO crm_app;

-- ACL COLUMN crm_api_keys.name

GRANT SELECT(name) ON TABLE public.crm_api_keys TO crm_app;

-- ACL COLUMN crm_api_keys.prefix

GRANT SELECT(prefix) ON TABLE public.crm_api_keys TO crm_app;

-- ACL COLUMN crm_api_keys.scopes

GRANT SELECT(scopes) ON TABLE public.crm_api_keys TO crm_app;

-- ACL COLUMN crm_api_keys.user_id

GRANT SELECT(user_id) ON TABLE public.crm_api_keys TO crm_app;

-- ACL COLUMN crm_api_keys.source_id

GRANT SELECT(source_id) ON TABLE public.crm_api_keys TO crm_app;

-- ACL COLUMN crm_api_keys.created_at

GRANT SELECT(created_at) ON TABLE public.crm_api_keys TO crm_app;

-- ACL COLUMN crm_api_keys.expires_at

GRANT SELECT(expires_at) ON TABLE public.crm_api_keys TO crm_app;

-- ACL COLUMN crm_api_keys.revoked_at

GRANT SELECT(revoked_at) ON TABLE public.crm_api_keys TO crm_app;

-- ACL COLUMN crm_api_keys.last_used_at

GRANT SELECT(last_used_at) ON TABLE public.crm_api_keys TO crm_app;

-- ACL COLUMN crm_api_keys.org_id

GRANT SELECT(org_id) ON TABLE public.crm_api_keys TO crm_app;

-- ACL COLUMN crm_api_keys.id

GRANT SELECT(id) ON TABLE public.crm_api_keys TO crm_app;

-- ACL TABLE crm_assignments

GRANT SELECT,INSERT ON TABLE public.crm_assignments TO crm_app;
GRANT SELECT,INSERT ON TABLE public.crm_assignments TO crm_flow;

-- ACL TABLE crm_changes

GRANT SELECT ON TABLE public.crm_changes TO crm_app;
GRANT SELECT ON TABLE public.crm_changes TO crm_flow;

-- ACL TABLE crm_contacts

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_contacts TO crm_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_contacts TO crm_flow;

-- ACL TABLE crm_conversions

GRANT SELECT,INSERT,UPDATE ON TABLE public.crm_conversions TO crm_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.crm_conversions TO crm_flow;

-- ACL TABLE crm_custom_fields

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_custom_fields TO crm_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_custom_fields TO crm_flow;

-- ACL TABLE crm_customers

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_customers TO crm_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_customers TO crm_flow;

-- ACL TABLE crm_deal_stage_history

GRANT SELECT ON TABLE public.crm_deal_stage_history TO crm_app;
GRANT SELECT ON TABLE public.crm_deal_stage_history TO crm_flow;

-- ACL TABLE crm_deals

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_deals TO crm_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_deals TO crm_flow;

-- ACL TABLE crm_enrolments

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_enrolments TO crm_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_enrolments TO crm_flow;

-- ACL TABLE crm_events

GRANT SELECT,INSERT ON TABLE public.crm_events TO crm_app;
GRANT SELECT,INSERT ON TABLE public.crm_events TO crm_flow;

-- ACL TABLE crm_inbox

GRANT SELECT,UPDATE ON TABLE public.crm_inbox TO crm_app;
GRANT SELECT,UPDATE ON TABLE public.crm_inbox TO crm_flow;

-- ACL TABLE crm_keys

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_keys TO crm_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_keys TO crm_flow;

-- ACL TABLE crm_leads

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_leads TO crm_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_leads TO crm_flow;

-- ACL TABLE crm_memberships

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_memberships TO crm_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_memberships TO crm_flow;

-- ACL TABLE crm_message_attempts

GRANT SELECT ON TABLE public.crm_message_attempts TO crm_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.crm_message_attempts TO crm_flow;

-- ACL TABLE crm_messages

GRANT SELECT,INSERT,UPDATE ON TABLE public.crm_messages TO crm_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.crm_messages TO crm_flow;

-- ACL TABLE crm_orgs

GRANT SELECT,UPDATE ON TABLE public.crm_orgs TO crm_app;
GRANT SELECT ON TABLE public.crm_orgs TO crm_flow;

-- ACL TABLE crm_pipeline_stages

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_pipeline_stages TO crm_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_pipeline_stages TO crm_flow;

-- ACL TABLE crm_pipelines

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_pipelines TO crm_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_pipelines TO crm_flow;

-- ACL TABLE crm_reports

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_reports TO crm_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_reports TO crm_flow;

-- ACL TABLE crm_sales_goals

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_sales_goals TO crm_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_sales_goals TO crm_flow;

-- ACL TABLE crm_score_history

GRANT SELECT,INSERT ON TABLE public.crm_score_history TO crm_app;
GRANT SELECT,INSERT ON TABLE public.crm_score_history TO crm_flow;

-- ACL TABLE crm_sequence_versions

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_sequence_versions TO crm_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_sequence_versions TO crm_flow;

-- ACL TABLE crm_sequences

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_sequences TO crm_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_sequences TO crm_flow;

-- ACL TABLE crm_settings

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_settings TO crm_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_settings TO crm_flow;

-- ACL TABLE crm_sources

GRANT INSERT,DELETE,UPDATE ON TABLE public.crm_sources TO crm_app;

-- ACL COLUMN crm_sources.name

GRANT SELECT(name) ON TABLE public.crm_sources TO crm_app;
GRANT SELECT(name) ON TABLE public.crm_sources TO crm_flow;

-- ACL COLUMN crm_sources.format

GRANT SELECT(format) ON TABLE public.crm_sources TO crm_app;
GRANT SELECT(format) ON TABLE public.crm_sources TO crm_flow;

-- ACL COLUMN crm_sources.secret

GRANT SELECT(secret) ON TABLE public.crm_sources TO crm_flow;

-- ACL COLUMN crm_sources.region

GRANT SELECT(region) ON TABLE public.crm_sources TO crm_app;
GRANT SELECT(region) ON TABLE public.crm_sources TO crm_flow;

-- ACL COLUMN crm_sources.mapping

GRANT SELECT(mapping) ON TABLE public.crm_sources TO crm_app;
GRANT SELECT(mapping) ON TABLE public.crm_sources TO crm_flow;

-- ACL COLUMN crm_sources.defaults

GRANT SELECT(defaults) ON TABLE public.crm_sources TO crm_app;
GRANT SELECT(defaults) ON TABLE public.crm_sources TO crm_flow;

-- ACL COLUMN crm_sources.honeypot

GRANT SELECT(honeypot) ON TABLE public.crm_sources TO crm_app;
GRANT SELECT(honeypot) ON TABLE public.crm_sources TO crm_flow;

-- ACL COLUMN crm_sources.rate_per_minute

GRANT SELECT(rate_per_minute) ON TABLE public.crm_sources TO crm_app;
GRANT SELECT(rate_per_minute) ON TABLE public.crm_sources TO crm_flow;

-- ACL COLUMN crm_sources.team_id

GRANT SELECT(team_id) ON TABLE public.crm_sources TO crm_app;
GRANT SELECT(team_id) ON TABLE public.crm_sources TO crm_flow;

-- ACL COLUMN crm_sources.active

GRANT SELECT(active) ON TABLE public.crm_sources TO crm_app;
GRANT SELECT(active) ON TABLE public.crm_sources TO crm_flow;

-- ACL COLUMN crm_sources.org_id

GRANT SELECT(org_id) ON TABLE public.crm_sources TO crm_app;
GRANT SELECT(org_id) ON TABLE public.crm_sources TO crm_flow;

-- ACL COLUMN crm_sources.id

GRANT SELECT(id) ON TABLE public.crm_sources TO crm_app;
GRANT SELECT(id) ON TABLE public.crm_sources TO crm_flow;

-- ACL COLUMN crm_sources.created_at

GRANT SELECT(created_at) ON TABLE public.crm_sources TO crm_app;
GRANT SELECT(created_at) ON TABLE public.crm_sources TO crm_flow;

-- ACL COLUMN crm_sources.updated_at

GRANT SELECT(updated_at) ON TABLE public.crm_sources TO crm_app;
GRANT SELECT(updated_at) ON TABLE public.crm_sources TO crm_flow;

-- ACL COLUMN crm_sources.version

GRANT SELECT(version) ON TABLE public.crm_sources TO crm_app;
GRANT SELECT(version) ON TABLE public.crm_sources TO crm_flow;

-- ACL COLUMN crm_sources.allowed_origins

GRANT SELECT(allowed_origins) ON TABLE public.crm_sources TO crm_app;
GRANT SELECT(allowed_origins) ON TABLE public.crm_sources TO crm_flow;

-- ACL COLUMN crm_sources.thank_you_url

GRANT SELECT(thank_you_url) ON TABLE public.crm_sources TO crm_app;
GRANT SELECT(thank_you_url) ON TABLE public.crm_sources TO crm_flow;

-- ACL COLUMN crm_sources.access_token

GRANT SELECT(access_token) ON TABLE public.crm_sources TO crm_flow;

-- ACL TABLE crm_steps

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_steps TO crm_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_steps TO crm_flow;

-- ACL TABLE crm_subscriptions

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_subscriptions TO crm_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_subscriptions TO crm_flow;

-- ACL TABLE crm_support_tickets

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_support_tickets TO crm_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_support_tickets TO crm_flow;

-- ACL TABLE crm_suppressions

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_suppressions TO crm_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_suppressions TO crm_flow;

-- ACL TABLE crm_survey_responses

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_survey_responses TO crm_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_survey_responses TO crm_flow;

-- ACL TABLE crm_teams

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_teams TO crm_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_teams TO crm_flow;

-- ACL TABLE crm_templates

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_templates TO crm_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.crm_templates TO crm_flow;

-- ACL TABLE crm_users

GRANT INSERT,DELETE,UPDATE ON TABLE public.crm_users TO crm_app;

-- ACL COLUMN crm_users.email

GRANT SELECT(email) ON TABLE public.crm_users TO crm_app;
GRANT SELECT(email) ON TABLE public.crm_users TO crm_flow;

-- ACL COLUMN crm_users.name

GRANT SELECT(name) ON TABLE public.crm_users TO crm_app;
GRANT SELECT(name) ON TABLE public.crm_users TO crm_flow;

-- ACL COLUMN crm_users.role

GRANT SELECT(role) ON TABLE public.crm_users TO crm_app;
GRANT SELECT(role) ON TABLE public.crm_users TO crm_flow;

-- ACL COLUMN crm_users.phone

GRANT SELECT(phone) ON TABLE public.crm_users TO crm_app;
GRANT SELECT(phone) ON TABLE public.crm_users TO crm_flow;

-- ACL COLUMN crm_users.timezone

GRANT SELECT(timezone) ON TABLE public.crm_users TO crm_app;
GRANT SELECT(timezone) ON TABLE public.crm_users TO crm_flow;

-- ACL COLUMN crm_users.active

GRANT SELECT(active) ON TABLE public.crm_users TO crm_app;
GRANT SELECT(active) ON TABLE public.crm_users TO crm_flow;

-- ACL COLUMN crm_users.takes_leads

GRANT SELECT(takes_leads) ON TABLE public.crm_users TO crm_app;
GRANT SELECT(takes_leads) ON TABLE public.crm_users TO crm_flow;

-- ACL COLUMN crm_users.capacity

GRANT SELECT(capacity) ON TABLE public.crm_users TO crm_app;
GRANT SELECT(capacity) ON TABLE public.crm_users TO crm_flow;

-- ACL COLUMN crm_users.last_assigned_at

GRANT SELECT(last_assigned_at) ON TABLE public.crm_users TO crm_app;
GRANT SELECT(last_assigned_at),UPDATE(last_assigned_at) ON TABLE public.crm_users TO crm_flow;

-- ACL COLUMN crm_users.org_id

GRANT SELECT(org_id) ON TABLE public.crm_users TO crm_app;
GRANT SELECT(org_id) ON TABLE public.crm_users TO crm_flow;

-- ACL COLUMN crm_users.id

GRANT SELECT(id) ON TABLE public.crm_users TO crm_app;
GRANT SELECT(id) ON TABLE public.crm_users TO crm_flow;

-- ACL COLUMN crm_users.created_at

GRANT SELECT(created_at) ON TABLE public.crm_users TO crm_app;
GRANT SELECT(created_at) ON TABLE public.crm_users TO crm_flow;

-- ACL COLUMN crm_users.updated_at

GRANT SELECT(updated_at) ON TABLE public.crm_users TO crm_app;
GRANT SELECT(updated_at) ON TABLE public.crm_users TO crm_flow;

-- ACL COLUMN crm_users.version

GRANT SELECT(version) ON TABLE public.crm_users TO crm_app;
GRANT SELECT(version) ON TABLE public.crm_users TO crm_flow;

insert into public.alembic_version (version_num) values ('0014');
insert into public.crm_functions (name, hash) values ('auth.sql', '6b9fa0d8b336323ecbc223e78e98ef83426bb43e05f658fab73137e776c4c8e5');
insert into public.crm_functions (name, hash) values ('capture.sql', 'f38d38ca0fcd323d082ac1b9dc451ec46b1a53cba873b4c78430029579ccd825');
insert into public.crm_functions (name, hash) values ('finding.sql', '5ae278169d381a0538961528ff94deeb05eea77980355f63b9144c755b32979c');
insert into public.crm_functions (name, hash) values ('ids.sql', 'd39654e851606a74946930bc5bae797823f5c02d8358831cca44120173ade3a9');
insert into public.crm_functions (name, hash) values ('partitions.sql', 'ae23d3fc1b6d5d720787d3462600935a7465919f3786d6fcccbfac5b0c06b8c1');
insert into public.crm_functions (name, hash) values ('pipeline.sql', 'b6c4e927b1a5d6cbc94c9e40a4294b3b699dc16c92493de630ab2f3d2c7e9aa9');
insert into public.crm_functions (name, hash) values ('recommendations.sql', '0f6c1d02248ef05a40b63a02e7733f4db31354826e61fc64a0fcd7260224ba45');
insert into public.crm_functions (name, hash) values ('scoring.sql', 'd5b14b97caebc9f3f34fdae9dfdfd3e624e206b889f560a8d23adf6ebc62a8d5');
insert into public.crm_functions (name, hash) values ('statistics.sql', '2da107de5195344e0fdd505e11c18beea09810e1888e9eef0a5541739109e8fd');
