"""The walls: who may touch which table, row-level security, and the triggers that keep rows true."""

from alembic import op

from crm_db.migrations.walls import protect, unprotect

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ALL = "select, insert, update, delete"

# What each role may do with a table. A bracket limits SELECT to columns: secrets and hashes are read by definer functions only.
APP = {
    "crm_orgs": "select, update",
    "crm_teams": ALL,
    "crm_users": "select (org_id, id, email, name, role, phone, timezone, active, takes_leads, capacity,"
    " last_assigned_at, created_at, updated_at, version), insert, update, delete",
    "crm_memberships": ALL,
    "crm_api_keys": "select (org_id, id, name, prefix, scopes, user_id, source_id, created_at, expires_at,"
    " revoked_at, last_used_at), insert, update, delete",
    "crm_settings": ALL,
    "crm_sources": "select (org_id, id, name, format, region, mapping, defaults, honeypot, rate_per_minute,"
    " team_id, active, created_at, updated_at, version), insert, update, delete",
    "crm_inbox": "select, update",
    "crm_keys": ALL,
    "crm_events": "select, insert",
    "crm_changes": "select",
    "crm_leads": ALL,
    "crm_score_history": "select, insert",
    "crm_assignments": "select, insert",
    "crm_pipelines": ALL,
    "crm_pipeline_stages": ALL,
    "crm_deals": ALL,
    "crm_activities": ALL,
    "crm_sequences": ALL,
    "crm_sequence_versions": ALL,
    "crm_steps": ALL,
    "crm_enrolments": ALL,
    "crm_templates": ALL,
    "crm_messages": "select, insert, update",
    "crm_message_attempts": "select",
    "crm_suppressions": ALL,
}
FLOW = {
    **APP,
    "crm_orgs": "select",
    "crm_users": "select (org_id, id, email, name, role, phone, timezone, active, takes_leads, capacity,"
    " last_assigned_at, created_at, updated_at, version), update (last_assigned_at)",
    "crm_api_keys": "",
    "crm_sources": "select (org_id, id, name, format, region, mapping, defaults, honeypot, rate_per_minute,"
    " team_id, active, created_at, updated_at, version)",
    "crm_message_attempts": "select, insert, update",
}

# Children of a lead: what a flow writes must carry its parent's team.
CHILDREN = ("crm_activities", "crm_enrolments", "crm_messages")
TOUCHED = (
    "crm_orgs",
    "crm_teams",
    "crm_users",
    "crm_settings",
    "crm_sources",
    "crm_leads",
    "crm_pipelines",
    "crm_pipeline_stages",
    "crm_deals",
    "crm_activities",
    "crm_sequences",
    "crm_enrolments",
    "crm_templates",
    "crm_messages",
)
TRACKED = {
    "crm_leads": "external_id first_name last_name email phone company title source status value currency probability score"
    " owner_id team_id country timezone consent tags custom deleted_at",
    "crm_deals": "name lead_id stage_id status value currency probability expected_close owner_id team_id custom deleted_at",
    "crm_activities": "kind subject body outcome due_at done_at lead_id deal_id",
    "crm_users": "email name role active takes_leads capacity",
    "crm_teams": "name parent_id business_hours",
    "crm_settings": "key value",
    "crm_sources": "name format region mapping defaults active",
    "crm_pipeline_stages": "name order_index probability color",
    "crm_templates": "name subject body",
    "crm_sequences": "name is_default",
}


def upgrade() -> None:
    for table in APP:
        protect(table, flow_check=_carries_parent(table))
        _grant(table)
    for table in TOUCHED:
        op.execute(
            f"create trigger crm_touch before update on {table} for each row"
            " when (old.* is distinct from new.*) execute function crm_touch()"
        )
    for table, columns in TRACKED.items():
        listed = ", ".join(f"'{column}'" for column in columns.split())
        op.execute(
            f"create trigger crm_log_change after update or delete on {table}"
            f" for each row execute function crm_log_change({listed})"
        )
    for table in (*CHILDREN,):
        op.execute(
            f"create trigger crm_inherit_visibility before insert or update of lead_id on {table}"
            " for each row execute function crm_inherit_visibility()"
        )
    op.execute(
        "create trigger crm_hand_on_visibility after update of team_id, owner_id on crm_leads for each row"
        " when (old.team_id is distinct from new.team_id or old.owner_id is distinct from new.owner_id)"
        " execute function crm_hand_on_visibility()"
    )


def downgrade() -> None:
    op.execute("drop trigger crm_hand_on_visibility on crm_leads")
    for table in (*CHILDREN,):
        op.execute(f"drop trigger crm_inherit_visibility on {table}")
    for table in TRACKED:
        op.execute(f"drop trigger crm_log_change on {table}")
    for table in TOUCHED:
        op.execute(f"drop trigger crm_touch on {table}")
    for table in APP:
        unprotect(table)


def _carries_parent(table: str) -> str:
    """Foreign keys hold the org; for children of a lead the team must be the lead's as well."""
    if table not in CHILDREN:
        return "true"
    return (
        f"lead_id is null or exists (select from crm_leads parent where parent.org_id = {table}.org_id"
        f" and parent.id = {table}.lead_id and parent.team_id is not distinct from {table}.team_id)"
    )


def _grant(table: str) -> None:
    for role, rights in (("crm_app", APP[table]), ("crm_flow", FLOW[table])):
        if rights:
            op.execute(f"grant {rights} on {table} to {role}")
