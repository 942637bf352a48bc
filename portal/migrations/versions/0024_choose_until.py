"""Until when a delivery of each parcel may be agreed, and of which last day its people have been told

Revision ID: 0024
Revises: 0023
"""
from alembic import op
import sqlalchemy as sa


revision = '0024'
down_revision = '0023'
branch_labels = None
depends_on = None

#: What has been promised so far waits fourteen days from its first possible day.
LAST_DAY = {
    'postgresql': 'promised_from + 14',
    'sqlite': "date(promised_from, '+14 days')",
}


def upgrade():
    with op.batch_alter_table('parcels', schema=None) as batch_op:
        batch_op.add_column(sa.Column('choose_until', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('warned_until', sa.Date(), nullable=True))
    op.execute(f'UPDATE parcels SET choose_until = {LAST_DAY[op.get_bind().dialect.name]}')


def downgrade():
    with op.batch_alter_table('parcels', schema=None) as batch_op:
        batch_op.drop_column('warned_until')
        batch_op.drop_column('choose_until')
