"""What somebody owns, in the order in which it was entered: the list that people look at most."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TABLES = ("crm_leads", "crm_deals", "crm_customers", "crm_activities", "crm_ai_insights")


def upgrade() -> None:
    _replace("org_id", "owner_id", "created_at", "id")


def downgrade() -> None:
    _replace("org_id", "owner_id", "id")


def _replace(*columns: str) -> None:
    for table in TABLES:
        op.drop_index(f"ix_{table}_owner_id", table_name=table)
        op.create_index(f"ix_{table}_owner_id", table, list(columns))
