"""Lists of whom not to contact, in the order in which they were entered."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_crm_suppressions_created_at", "crm_suppressions", ["org_id", "created_at", "id"])


def downgrade() -> None:
    op.drop_index("ix_crm_suppressions_created_at", table_name="crm_suppressions")
