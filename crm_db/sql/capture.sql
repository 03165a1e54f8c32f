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
                                                       and u.active))
                     and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())),
           s.format, coalesce(s.form_token = p_ref, false), s.allowed_origins, s.thank_you_url, s.token
    from crm_sources s
    where s.active and (s.token = p_ref or s.form_token = p_ref or s.name = p_ref or s.id::text = p_ref)
$$;
revoke all on function crm_capture_source(text, text, bytea) from public;
grant execute on function crm_capture_source(text, text, bytea) to crm_capture;

-- Keep submissions, each at most once by (scope, key). A scope starting with 'body' is a body hash and lasts 24 hours; others last for ever.
-- `conflict`: the key was used with another body. Two callers with one key wait for each other; both get the first one's event.
create or replace function crm_capture(
    p_org uuid, p_source uuid, p_content_type text, p_automation boolean,
    p_scopes text[], p_keys text[], p_hashes bytea[], p_bodies bytea[]
)
returns table (ordinal integer, event_id uuid, repeated boolean, conflict boolean)
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    fresh uuid[];
begin
    with given as (
        select distinct on (g.scope, g.key) g.scope, g.key, g.hash
        from unnest(p_scopes, p_keys, p_hashes) as g(scope, key, hash)
        order by g.scope, g.key
    ), taken as (
        insert into crm_keys as k (org_id, scope, key, ref_id, body_hash, expires_at)
        select p_org, g.scope, g.key, crm_uuid7(), g.hash,
               case when g.scope like 'body:%' then now() + interval '24 hours' end
        from given g
        order by g.scope, g.key
        on conflict on constraint pk_crm_keys do update
            set ref_id = excluded.ref_id, body_hash = excluded.body_hash, created_at = now(), expires_at = excluded.expires_at
            where k.expires_at <= now()
        returning k.ref_id
    )
    select coalesce(array_agg(ref_id), '{}') into fresh from taken;

    insert into crm_inbox (org_id, id, source_id, content_type, automation, body)
    select distinct on (k.ref_id) p_org, k.ref_id, p_source, p_content_type, p_automation, g.body
    from unnest(p_scopes, p_keys, p_bodies) with ordinality as g(scope, key, body, ordinal)
    join crm_keys k on k.org_id = p_org and k.scope = g.scope and k.key = g.key
    where k.ref_id = any (fresh)
    order by k.ref_id, g.ordinal;

    return query
        select g.ordinal::integer, k.ref_id, not (k.ref_id = any (fresh)), k.body_hash is distinct from g.hash
        from unnest(p_scopes, p_keys, p_hashes) with ordinality as g(scope, key, hash, ordinal)
        join crm_keys k on k.org_id = p_org and k.scope = g.scope and k.key = g.key
        order by g.ordinal;
end $$;
revoke all on function crm_capture(uuid, uuid, text, boolean, text[], text[], bytea[], bytea[]) from public;
grant execute on function crm_capture(uuid, uuid, text, boolean, text[], text[], bytea[], bytea[]) to crm_capture;
