-- What the planner supposes of tables that nobody has analysed yet: few orgs share a table. Without that it takes any index that begins
-- with org_id to be as good as the one that leads to a single row, and sessions keep such plans until the first ANALYZE: on a new
-- database each lead then costs more than the one before. Real statistics replace these. PostgreSQL before 18 has no way to say so.
create or replace function crm_suppose_statistics() returns void language plpgsql set search_path = public, pg_temp as $$
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
revoke all on function crm_suppose_statistics() from public;
