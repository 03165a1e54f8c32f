-- Whose records a person sees beside their own: a manager those of the own teams and all teams below, a rep those of the own teams
-- that are open to their members.
create or replace function crm_teams_seen(p_org uuid, p_user uuid, p_role text) returns uuid[]
language sql stable set search_path = public, pg_temp as $$
    with recursive seen as (
        select t.id from crm_teams t join crm_memberships m on m.org_id = t.org_id and m.team_id = t.id
        where t.org_id = p_org and m.user_id = p_user
          and (p_role = 'manager' or p_role = 'rep' and t.visibility = 'team')
        union
        select t.id from crm_teams t join seen s on t.parent_id = s.id where t.org_id = p_org and p_role = 'manager'
    )
    select coalesce(array_agg(id order by id), '{}') from seen
$$;
revoke all on function crm_teams_seen(uuid, uuid, text) from public;
grant execute on function crm_teams_seen(uuid, uuid, text) to crm_app, crm_flow;

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
               crm_teams_seen(held.org_id, held.user_id, u.role)
        from (select 1) as one
        left join crm_users u on u.org_id = held.org_id and u.id = held.user_id
        where held.user_id is null or u.active;
end $$;
revoke all on function crm_authenticate(text, bytea) from public;
grant execute on function crm_authenticate(text, bytea) to crm_app;
