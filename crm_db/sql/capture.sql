-- Which active sources may `p_ref` (token, form token, name or id) mean, and does the API key prove the caller?
-- The caller must still prove itself by the token, the key, or a signature made with `secret`; a form token counts only for a browser
-- form that comes from one of `allowed_origins`.
drop function if exists crm_capture_source(text, text, bytea);
create function crm_capture_source(p_ref text, p_prefix text, p_secret_hash bytea)
returns table (org_id uuid, source_id uuid, name text, secret text, mapping jsonb, rate_per_minute integer,
               by_token boolean, by_key boolean, format text, by_form boolean, allowed_origins text[],
               thank_you_url text, verify_token text)
language sql stable security definer set search_path = public, pg_temp as $$
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
revoke all on function crm_capture_source(text, text, bytea) from public;
grant execute on function crm_capture_source(text, text, bytea) to crm_capture;

-- Keep submissions of any sources, each at most once by (org, scope, key). A scope starting with 'body' is a body hash and lasts 24
-- hours; others last for ever. `conflict`: the key was used with another body. Two callers with one key wait for each other; both get
-- the first one's event. Ids rise in the order of the arrays, so that submissions are captured in the order in which they were posted.
-- What is known already is looked up row by row: while crm_keys has no statistics, a join would read all of it.
drop function if exists crm_capture(uuid, uuid, text, boolean, text[], text[], bytea[], bytea[]);
create or replace function crm_capture(
    p_orgs uuid[], p_sources uuid[], p_content_types text[], p_automations boolean[],
    p_scopes text[], p_keys text[], p_hashes bytea[], p_bodies bytea[]
)
returns table (ordinal bigint, event_id uuid, repeated boolean, conflict boolean)
language plpgsql security definer set search_path = public, pg_temp as $$
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
revoke all on function crm_capture(uuid[], uuid[], text[], boolean[], text[], text[], bytea[], bytea[]) from public;
grant execute on function crm_capture(uuid[], uuid[], text[], boolean[], text[], text[], bytea[], bytea[]) to crm_capture;
