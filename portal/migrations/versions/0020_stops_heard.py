"""phones that said СТОП through a local provider as 8913… stop under the number that we write to

Revision ID: 0020
Revises: 0019
Create Date: 2026-11-29 04:40:00.000000

"""
from alembic import op


# revision identifiers, used by Alembic.
revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None

_WRONG = "(address LIKE '+89%' OR address LIKE '+87%') AND length(address) = 12"


def upgrade():
    op.execute(
        f"UPDATE opt_outs SET address = '+7' || substr(address, 3) WHERE {_WRONG}"
        " AND NOT EXISTS (SELECT 1 FROM opt_outs AS known WHERE known.address = '+7' || substr(opt_outs.address, 3))"
    )
    op.execute(f"DELETE FROM opt_outs WHERE {_WRONG}")


def downgrade():
    """Who has said stop is not forgotten."""
