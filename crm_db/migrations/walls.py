"""Walls of a table, for migrations: what every table of the CRM gets besides its columns. Frozen: migrations that ran used it."""

from alembic import op


def protect(table: str, *, flow_check: str = "true") -> None:
    """Row-level security on and forced, a policy for each role and verb, and an org that never changes.

    flow_check: what must hold of a row that a flow writes.
    """
    wall = "id" if table == "crm_orgs" else "org_id"
    inside = f"{wall} = (select crm_org())"
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    op.execute(f"create policy owner_all on {table} to crm_owner using (true) with check (true)")
    op.execute(f"create policy app_select on {table} for select to crm_app using ({inside})")
    op.execute(f"create policy app_insert on {table} for insert to crm_app with check ({inside})")
    op.execute(
        f"create policy app_update on {table} for update to crm_app using ({inside}) with check ({inside})"
    )
    op.execute(f"create policy app_delete on {table} for delete to crm_app using ({inside})")
    op.execute(f"create policy flow_select on {table} for select to crm_flow using (true)")
    op.execute(f"create policy flow_insert on {table} for insert to crm_flow with check ({flow_check})")
    op.execute(
        f"create policy flow_update on {table} for update to crm_flow using (true) with check ({flow_check})"
    )
    op.execute(f"create policy flow_delete on {table} for delete to crm_flow using (true)")
    op.execute(
        f"create trigger crm_keep_org before update on {table} for each row"
        f" when (old.{wall} is distinct from new.{wall}) execute function crm_keep_org()"
    )


def unprotect(table: str) -> None:
    """Undo `protect`, and revoke what the roles were granted."""
    op.execute(f"drop trigger crm_keep_org on {table}")
    for policy in ("owner_all", "app_select", "app_insert", "app_update", "app_delete"):
        op.execute(f"drop policy {policy} on {table}")
    for policy in ("flow_select", "flow_insert", "flow_update", "flow_delete"):
        op.execute(f"drop policy {policy} on {table}")
    op.execute(f"revoke all on {table} from crm_app, crm_flow")
    op.execute(f"alter table {table} no force row level security")
    op.execute(f"alter table {table} disable row level security")
