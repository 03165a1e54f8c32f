-- What should be done next, by rules that everybody can read; each rule says how sure it is. Reads as whoever asks, in one org: that
-- of the transaction, else the only one that there is. Days are the org's. The settings say below which confidence nothing is
-- recommended, and how many days of quiet count; one that cannot be used gives way to its default.

create or replace function crm_day_in(p_zone text) returns date
language plpgsql stable set search_path = public, pg_temp as $$
begin
    return (now() at time zone p_zone)::date;
exception when invalid_parameter_value then
    return (now() at time zone 'UTC')::date;
end $$;
comment on function crm_day_in(text) is 'What day it is in a zone; in UTC where there is no such zone.';

create or replace function crm_setting_of(p_org uuid, p_key text, p_part text, p_otherwise jsonb) returns jsonb
language sql stable security invoker set search_path = public, pg_temp as $$
    select coalesce((
        select s.value -> p_part from crm_settings s
        where s.org_id = p_org and s.key = p_key and jsonb_typeof(s.value -> p_part) = jsonb_typeof(p_otherwise)
    ), p_otherwise)
$$;
comment on function crm_setting_of(uuid, text, text, jsonb) is 'One part of a setting; what stands in for it where it is not of that type.';

drop function if exists get_ai_recommendations(integer, uuid);
create function get_ai_recommendations(max_rows integer default 20, owner uuid default null)
returns table (entity text, entity_id uuid, action text, reason text, confidence numeric, rank bigint)
language sql stable security invoker set search_path = public, pg_temp as $$
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
$$;
comment on function get_ai_recommendations(integer, uuid) is
    'What to do next, the surest and then the most valuable first; owner: only for what this user owns.';
revoke all on function get_ai_recommendations(integer, uuid) from public;
grant execute on function get_ai_recommendations(integer, uuid) to crm_app, crm_flow;
