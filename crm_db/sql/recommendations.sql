-- What should be done next, by rules that everybody can read; each rule says how sure it is. Reads as whoever asks.
drop function if exists get_ai_recommendations(integer, uuid);
create function get_ai_recommendations(max_rows integer default 20, owner uuid default null)
returns table (entity text, entity_id uuid, action text, reason text, confidence numeric, rank bigint)
language sql stable security invoker set search_path = public, pg_temp as $$
    with deals as (
        select d.id, d.value, d.next_step, d.expected_close, d.probability, s.rotting_days,
               extract(day from now() - greatest(d.stage_entered_at, d.last_activity_at))::integer as quiet_days
        from crm_deals d
        join crm_pipeline_stages s on s.org_id = d.org_id and s.id = d.stage_id
        where d.status = 'open' and d.deleted_at is null
          and (get_ai_recommendations.owner is null or d.owner_id = get_ai_recommendations.owner)
    ), leads as (
        select l.id, l.value, l.score, l.score_band, l.last_contact, l.created_at,
               extract(day from now() - coalesce(l.last_contact, l.created_at))::integer as quiet_days
        from crm_leads l
        where l.status in ('new', 'contacted', 'qualified') and l.deleted_at is null
          and (get_ai_recommendations.owner is null or l.owner_id = get_ai_recommendations.owner)
    ), customers as (
        select c.id, c.recurring_amount as value, c.health
        from crm_customers c
        where c.status <> 'churned' and c.deleted_at is null
          and (get_ai_recommendations.owner is null or c.owner_id = get_ai_recommendations.owner)
    ), advice as (
        select 'deal' as entity, id, 'update the close date' as action,
               format('it should have closed on %s', expected_close) as reason, 0.95 as confidence, value
        from deals where expected_close < current_date
        union all
        select 'deal', id, 'get in touch', format('quiet for %s days; deals here rot after %s', quiet_days, rotting_days), 0.9, value
        from deals where quiet_days > rotting_days
        union all
        select 'deal', id, 'plan the next step', 'no next step is planned', 0.7, value
        from deals where nullif(trim(next_step), '') is null
        union all
        select 'lead', id, 'call now', format('hot with a score of %s, and nobody has been in touch', score), 0.9, value
        from leads where score_band = 'hot' and last_contact is null
        union all
        select 'lead', id, 'get in touch again', format('open, and quiet for %s days', quiet_days), 0.6, value
        from leads where quiet_days >= 14
        union all
        select 'customer', id, 'arrange a review', format('the health score is %s', health), 0.8, value
        from customers where health < 40
    )
    select a.entity, a.id, a.action, a.reason, a.confidence,
           row_number() over (order by a.confidence desc, a.value desc nulls last, a.id, a.action)
    from advice a
    order by 6
    limit greatest(coalesce(max_rows, 20), 0)
$$;
comment on function get_ai_recommendations(integer, uuid) is
    'What to do next, the surest and then the most valuable first; owner: only for what this user owns.';
revoke all on function get_ai_recommendations(integer, uuid) from public;
grant execute on function get_ai_recommendations(integer, uuid) to crm_app, crm_flow;
