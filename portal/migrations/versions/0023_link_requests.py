"""requests for links, answered by the worker

Revision ID: 0023
Revises: 0022
Create Date: 2026-11-29 05:02:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0023'
down_revision = '0022'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('link_requests',
    sa.Column('phone', sa.String(length=20), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('phone', name=op.f('pk_link_requests'))
    )


def downgrade():
    op.drop_table('link_requests')
