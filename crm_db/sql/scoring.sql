-- The base score of a lead, exactly as its owner defined it: probability, a bonus for value (the two do not stack), a bonus for
-- contact within seven days; NULL counts as 0; not clamped. NULL for a lead that does not exist or cannot be seen.
create or replace function calculate_lead_score(lead_id uuid) returns integer
language sql stable security invoker set search_path = public, pg_temp as $$
    select coalesce(l.probability, 0)
         + case when l.value > 50000 then 10 when l.value > 25000 then 5 else 0 end
         + case when l.last_contact > now() - interval '7 days' then 5 else 0 end
    from crm_leads l
    where l.id = calculate_lead_score.lead_id
$$;
grant execute on function calculate_lead_score(uuid) to crm_app, crm_flow;
