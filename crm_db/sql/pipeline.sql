-- What lies in each stage of the pipelines, by currency: amounts of two currencies are never added up. Reads as whoever asks, in one
-- org: that of the transaction, else the only one that there is. A deal that was won or lost stopped ageing when it was.
create or replace function get_pipeline_summary()
returns table (pipeline text, stage text, order_index integer, currency text, deal_count bigint, total_value numeric,
               weighted_value numeric, average_age_days numeric)
language sql stable security invoker set search_path = public, pg_temp as $$
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
comment on function get_pipeline_summary() is
    'For each stage and currency: how many deals, their value, the value weighted by probability, and their average age in days.';
revoke all on function get_pipeline_summary() from public;
grant execute on function get_pipeline_summary() to crm_app, crm_flow;
