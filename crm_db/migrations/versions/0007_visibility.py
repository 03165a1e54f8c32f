"""Who may see and change what inside an org: the owner, the team where it says so, managers their teams, administrators all.

The org stays the wall (0003); these policies stand inside it. As with the org, no role is an error, not an empty answer.
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

FUNCTIONS = """
create function crm_role() returns text language plpgsql stable parallel safe as $$
declare
    setting text := current_setting('crm.role', true);
begin
    if coalesce(setting, '') = '' then
        raise exception 'no identity: crm.role is not set in this transaction' using errcode = '28000';
    end if;
    return setting;
end $$;
comment on function crm_role() is 'As what this transaction acts: admin, manager, rep, viewer, system (nobody''s key), service.';

create function crm_user() returns uuid language sql stable parallel safe
return nullif(current_setting('crm.user_id', true), '')::uuid;

create function crm_teams() returns uuid[] language sql stable parallel safe
return coalesce(nullif(current_setting('crm.team_ids', true), ''), '{}')::uuid[];
comment on function crm_teams() is 'The teams whose records this transaction may see.';

create function crm_sees_org() returns boolean language sql stable parallel safe
return crm_role() in ('admin', 'viewer', 'system', 'service');

create function crm_may_write() returns boolean language sql stable parallel safe
return crm_role() in ('admin', 'manager', 'rep', 'system', 'service');

create function crm_may_manage() returns boolean language sql stable parallel safe
return crm_role() in ('admin', 'manager', 'system', 'service');

create function crm_may_configure() returns boolean language sql stable parallel safe
return crm_role() in ('admin', 'system', 'service');
"""
NAMES = (
    "crm_may_configure",
    "crm_may_manage",
    "crm_may_write",
    "crm_sees_org",
    "crm_teams",
    "crm_user",
    "crm_role",
)

INSIDE = "org_id = (select crm_org())"
SEEN = "((select crm_sees_org()) or owner_id = (select crm_user()) or team_id = any ((select crm_teams())::uuid[]))"
WRITES, MANAGES, CONFIGURES = (f"(select crm_may_{right}())" for right in ("write", "manage", "configure"))

# Records that belong to somebody.
OWNED = (
    "crm_leads",
    "crm_deals",
    "crm_activities",
    "crm_customers",
    "crm_contacts",
    "crm_ai_insights",
    "crm_reports",
    "crm_alerts",
    "crm_enrolments",
    "crm_messages",
)
# What is seen with the record that it belongs to.
OF_A_RECORD = {
    "crm_score_history": ("crm_leads", "lead_id"),
    "crm_assignments": ("crm_leads", "lead_id"),
    "crm_deal_stage_history": ("crm_deals", "deal_id"),
    "crm_message_attempts": ("crm_messages", "message_id"),
}
# How the org works: everybody reads it, administrators change it.
CONFIGURATION = (
    "crm_teams",
    "crm_users",
    "crm_memberships",
    "crm_settings",
    "crm_sources",
    "crm_pipelines",
    "crm_pipeline_stages",
    "crm_sequences",
    "crm_sequence_versions",
    "crm_steps",
    "crm_templates",
    "crm_custom_fields",
)
# Raw submissions and former values hold what belongs to anybody.
FOR_THE_ORG = ("crm_inbox", "crm_changes")


def upgrade() -> None:
    op.execute(FUNCTIONS)
    for table in OWNED:
        _policies(
            table,
            select=f"{INSIDE} and {SEEN}",
            insert=f"{INSIDE} and {WRITES} and {SEEN}",
            update=f"{INSIDE} and {WRITES} and {SEEN}",
            delete=f"{INSIDE} and {CONFIGURES}",
        )
    for table, (parent, key) in OF_A_RECORD.items():
        seen = f"exists (select from {parent} parent where parent.org_id = {table}.org_id and parent.id = {table}.{key})"
        _policies(
            table,
            select=f"{INSIDE} and {seen}",
            insert=f"{INSIDE} and {WRITES} and {seen}",
            update=f"{INSIDE} and {WRITES} and {seen}",
            delete=f"{INSIDE} and {CONFIGURES}",
        )
    for table in CONFIGURATION:
        _policies(table, INSIDE, *[f"{INSIDE} and {CONFIGURES}"] * 3)
    for table in FOR_THE_ORG:
        _policies(table, f"{INSIDE} and (select crm_sees_org())", *[f"{INSIDE} and {CONFIGURES}"] * 3)
    own = f"{INSIDE} and ({CONFIGURES} or user_id = (select crm_user()))"
    _policies("crm_api_keys", own, *[f"{INSIDE} and {CONFIGURES}"] * 3)
    _policies("crm_sales_goals", INSIDE, *[f"{INSIDE} and {MANAGES}"] * 3)
    _policies("crm_suppressions", INSIDE, f"{INSIDE} and {WRITES}", *[f"{INSIDE} and {CONFIGURES}"] * 2)
    op.execute("drop policy app_update on crm_orgs")
    op.execute(
        "create policy app_update on crm_orgs for update to crm_app"
        f" using (id = (select crm_org()) and {CONFIGURES}) with check (id = (select crm_org()) and {CONFIGURES})"
    )


def downgrade() -> None:
    tables = (
        *OWNED, *OF_A_RECORD, *CONFIGURATION, *FOR_THE_ORG, "crm_api_keys", "crm_sales_goals", "crm_suppressions"
    )  # fmt: skip
    for table in tables:
        _policies(table, *[INSIDE] * 4)
    op.execute("drop policy app_update on crm_orgs")
    op.execute(
        "create policy app_update on crm_orgs for update to crm_app"
        " using (id = (select crm_org())) with check (id = (select crm_org()))"
    )
    for name in NAMES:
        op.execute(f"drop function {name}()")


def _policies(table: str, select: str, insert: str, update: str, delete: str) -> None:
    """Replace what the API's login may do with a table."""
    for verb in ("select", "insert", "update", "delete"):
        op.execute(f"drop policy app_{verb} on {table}")
    op.execute(f"create policy app_select on {table} for select to crm_app using ({select})")
    op.execute(f"create policy app_insert on {table} for insert to crm_app with check ({insert})")
    op.execute(
        f"create policy app_update on {table} for update to crm_app using ({update}) with check ({update})"
    )
    op.execute(f"create policy app_delete on {table} for delete to crm_app using ({delete})")
