-- Who holds an API key? Asked before any identity is known, so it runs as the owner and gives nothing but the identity.
create or replace function crm_authenticate(p_prefix text, p_secret_hash bytea)
returns table (org_id uuid, user_id uuid, role text, scopes text[], source_id uuid, team_ids uuid[])
language plpgsql security definer set search_path = public, pg_temp as $$
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
               coalesce((select array_agg(m.team_id order by m.team_id) from crm_memberships m
                         where m.org_id = held.org_id and m.user_id = held.user_id), '{}')
        from (select 1) as one
        left join crm_users u on u.org_id = held.org_id and u.id = held.user_id
        where held.user_id is null or u.active;
end $$;
revoke all on function crm_authenticate(text, bytea) from public;
grant execute on function crm_authenticate(text, bytea) to crm_app;
