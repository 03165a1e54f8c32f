-- A new time-ordered id (RFC 9562, version 7). Ids that one session makes rise, also within a millisecond: the server's own do, and
-- before PostgreSQL 18 the 12 bits after the version carry the microseconds.
do $do$
begin
    if current_setting('server_version_num')::integer >= 180000 then
        create or replace function crm_uuid7() returns uuid language sql volatile parallel safe return uuidv7();
    else
        create or replace function crm_uuid7() returns uuid language sql volatile parallel safe
        return (
            select (lpad(to_hex(moment.us / 1000), 12, '0') || '7' || lpad(to_hex(moment.us % 1000 * 4096 / 1000), 3, '0')
                    || substr(replace(gen_random_uuid()::text, '-', ''), 17))::uuid
            from (select (extract(epoch from clock_timestamp()) * 1000000)::bigint as us) as moment
        );
    end if;
end $do$;
