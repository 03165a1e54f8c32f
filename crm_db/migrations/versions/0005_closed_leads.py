"""When a lead was converted or lost: known of leads that were imported with their history."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TRACKED = (
    "external_id first_name last_name email phone company title source status value currency probability score"
    " owner_id team_id country timezone consent tags custom deleted_at"
)


def upgrade() -> None:
    op.add_column("crm_leads", sa.Column("closed_at", sa.TIMESTAMP(timezone=True), nullable=True))
    _track(f"{TRACKED} closed_at")


def downgrade() -> None:
    _track(TRACKED)
    op.drop_column("crm_leads", "closed_at")


def _track(columns: str) -> None:
    listed = ", ".join(f"'{column}'" for column in columns.split())
    op.execute("drop trigger crm_log_change on crm_leads")
    op.execute(
        "create trigger crm_log_change after update or delete on crm_leads"
        f" for each row execute function crm_log_change({listed})"
    )
