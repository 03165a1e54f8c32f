"""Alembic's environment: it runs on the connection that crm_db.migrate hands over, inside that transaction."""

from typing import Any

from alembic import context

from crm_db.models import Base

UNMANAGED = {"crm_functions"}


def _is_ours(name: str | None, kind: str, _parents: Any) -> bool:
    """Partitions are made by crm_ensure_partitions, and the function register by hand."""
    return not (
        kind == "table"
        and name is not None
        and (name in UNMANAGED or "_p20" in name or name.endswith("_default"))
    )


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    include_name=_is_ours,
    compare_server_default=False,
)
context.run_migrations()
