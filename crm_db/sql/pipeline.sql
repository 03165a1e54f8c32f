-- What lies in each stage of the pipelines, by currency: amounts of two currencies are never added up. Reads as whoever asks.
create or replace function get_pipeline_summary()
returns table (pipeline text, stage text, order_index integer, currency text, deal_count bigint, total_value numeric,
               weighted_value numeric, average_age_days numeric)
language sql stable security invoker set search_path = public, pg_temp as $$
    select p.name, s.name, s.order_index, coalesce(d.currency, o.currency),
           count(d.id), coalesce(sum(d.value), 0), coalesce(round(sum(d.value * d.probability / 100), 2), 0),
           round(avg(extract(epoch from now() - d.created_at) / 86400), 1)
    from crm_pipeline_stages s
    join crm_pipelines p on p.org_id = s.org_id and p.id = s.pipeline_id
    join crm_orgs o on o.id = s.org_id
    left join crm_deals d on d.org_id = s.org_id and d.stage_id = s.id and d.deleted_at is null
    group by p.is_default, p.name, s.order_index, s.name, coalesce(d.currency, o.currency)
    order by p.is_default desc, p.name, s.order_index, s.name, coalesce(d.currency, o.currency)
$$;
comment on function get_pipeline_summary() is
    'For each stage and currency: how many deals, their value, the value weighted by probability, and their average age in days.';
revoke all on function get_pipeline_summary() from public;
grant execute on function get_pipeline_summary() to crm_app, crm_flow;
