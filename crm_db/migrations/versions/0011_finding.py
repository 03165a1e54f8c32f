"""Finding composes its conditions with less asking of the catalog; the parts of it that have another shape go first."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

FORMER = (
    "crm_find_column(regclass, text)",
    "crm_find_order(text[], boolean[], boolean[], integer, integer)",
    "crm_find_steps(regclass, jsonb, jsonb)",
)


def upgrade() -> None:
    for function in FORMER:
        op.execute(f"drop function if exists {function}")


def downgrade() -> None:
    """The functions of `sql/` belong to the code, not to a revision."""
