"""An address of webhooks has a version, so that every edit is compare-and-set; lessons hold the usual silences.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("hook_endpoints") as table:
        table.add_column(sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    with op.batch_alter_table("lessons") as table:
        table.add_column(sa.Column("silences", sa.JSON(), server_default="{}", nullable=False))


def downgrade():
    with op.batch_alter_table("lessons") as table:
        table.drop_column("silences")
    with op.batch_alter_table("hook_endpoints") as table:
        table.drop_column("version")
