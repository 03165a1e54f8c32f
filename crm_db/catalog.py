"""Does the database still have the walls that the design asks for? Read from Postgres's own catalog, at start-up and in CI."""

from sqlalchemy import Connection, text

from crm_db.connections import open_engine
from crm_db.roles import ROLES

UNWALLED = ("crm_functions",)

# Each query names what is wrong, one sentence a row.
_CHECKS = {
    "row-level security": """
        select format('table %s does not force row-level security', c.relname)
        from pg_class c
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and c.relname ^@ 'crm_'
          and c.relname <> all (:unwalled) and not (c.relrowsecurity and c.relforcerowsecurity)
    """,
    "policies": """
        select format('table %s lacks a policy for %s of %s', c.relname, wanted.cmd, wanted.role)
        from pg_class c
        cross join (values ('crm_app', 'r'), ('crm_app', 'a'), ('crm_app', 'w'), ('crm_app', 'd'),
                           ('crm_flow', 'r'), ('crm_flow', 'a'), ('crm_flow', 'w'), ('crm_flow', 'd'),
                           ('crm_owner', '*')) as wanted(role, cmd)
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
          and c.relname ^@ 'crm_' and c.relname <> all (:unwalled)
          and not exists (select from pg_policy p join pg_roles r on r.oid = any (p.polroles)
                          where p.polrelid = c.oid and r.rolname = wanted.role and p.polcmd::text = wanted.cmd
                            and (p.polcmd not in ('a', 'w') or p.polwithcheck is not null))
    """,
    "open policies of the app": """
        select format('policy %s on %s lets crm_app past the org wall', p.polname, c.relname)
        from pg_policy p join pg_class c on c.oid = p.polrelid
        join pg_roles r on r.oid = any (p.polroles)
        where r.rolname = 'crm_app'
          and coalesce(pg_get_expr(p.polqual, p.polrelid), '') || coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '')
              not like '%crm_org()%'
    """,
    "org": """
        select format('table %s has no org_id that is not null', c.relname)
        from pg_class c
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and c.relname ^@ 'crm_'
          and c.relname <> all (:unwalled) and c.relname <> 'crm_orgs'
          and not exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'org_id' and a.attnotnull)
    """,
    "references": """
        select format('%s on %s may cross orgs: it does not carry org_id', k.conname, k.conrelid::regclass)
        from pg_constraint k
        where k.contype = 'f' and k.connamespace = 'public'::regnamespace and k.conparentid = 0
          and k.confrelid <> 'crm_orgs'::regclass
          and not exists (select from pg_attribute a
                          where a.attrelid = k.conrelid and a.attnum = any (k.conkey) and a.attname = 'org_id')
    """,
    "uniqueness": """
        select format('unique index %s on %s spans orgs', i.indexrelid::regclass, i.indrelid::regclass)
        from pg_index i join pg_class c on c.oid = i.indrelid
        where i.indisunique and c.relnamespace = 'public'::regnamespace and c.relname ^@ 'crm_'
          and c.relname <> all (:unwalled) and c.relname not in ('crm_orgs')
          and i.indexrelid::regclass::text not in ('uq_crm_api_keys_prefix', 'uq_crm_sources_token', 'uq_crm_sources_form_token')
          and not exists (select from pg_attribute a
                          where a.attrelid = i.indrelid and a.attnum = any (i.indkey) and a.attname = 'org_id')
    """,
    "grants": """
        select format('%s may %s table %s', g.grantee, g.privilege_type, g.table_name)
        from information_schema.role_table_grants g
        where g.table_schema = 'public' and g.table_name ^@ 'crm_'
          and (g.grantee in ('PUBLIC', 'crm_capture')
               or g.grantee in ('crm_app', 'crm_flow') and g.privilege_type in ('TRUNCATE', 'REFERENCES', 'TRIGGER'))
    """,
    "owners": """
        select format('table %s belongs to %s, not crm_owner', c.relname, pg_get_userbyid(c.relowner))
        from pg_class c
        where c.relnamespace = 'public'::regnamespace and c.relname ^@ 'crm_' and pg_get_userbyid(c.relowner) <> 'crm_owner'
    """,
    "definer functions": """
        select format('function %s runs as its owner without a pinned search_path', p.oid::regprocedure)
        from pg_proc p
        where p.pronamespace = 'public'::regnamespace and p.prosecdef
          and not exists (select from unnest(p.proconfig) as setting where setting ^@ 'search_path=')
    """,
    "definer functions for everybody": """
        select format('function %s runs as its owner and everybody may call it', p.oid::regprocedure)
        from pg_proc p
        where p.pronamespace = 'public'::regnamespace and p.prosecdef and p.prorettype <> 'trigger'::regtype
          and has_function_privilege('public', p.oid, 'execute')
    """,
    "views": """
        select format('view %s reads with its owner''s rights', c.relname)
        from pg_class c
        where c.relnamespace = 'public'::regnamespace and c.relkind = 'v' and c.relname ^@ 'crm_'
          and not coalesce('security_invoker=true' = any (c.reloptions), false)
    """,
    "roles": """
        select format('role %s %s', wanted.role, case
                 when r.rolname is null then 'is missing'
                 when r.rolsuper then 'is a superuser'
                 when r.rolbypassrls then 'bypasses row-level security'
                 else 'cannot log in' end)
        from unnest(cast(:roles as text[])) as wanted(role) left join pg_roles r on r.rolname = wanted.role
        where r.rolname is null or r.rolsuper or r.rolbypassrls or not r.rolcanlogin
    """,
}


def problems(owner_url: str) -> list[str]:
    """What is wrong with roles, tables, policies, keys and functions, a sentence each; empty: nothing."""
    engine = open_engine(owner_url, pool_size=2)
    try:
        with engine.connect() as connection:
            return [sentence for query in _CHECKS.values() for sentence in _ask(connection, query)]
    finally:
        engine.dispose()


def _ask(connection: Connection, query: str) -> list[str]:
    values = {"unwalled": list(UNWALLED), "roles": list(ROLES)}
    statement = text(query)
    used = {name: value for name, value in values.items() if f":{name}" in query}
    return list(connection.scalars(statement, used))
