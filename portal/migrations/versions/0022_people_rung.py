"""people are rung, not parcels

Who is being rung is unique by phone from here on. Leases last a quarter of an hour: those of this moment are let go.

Revision ID: 0022
Revises: 0021
Create Date: 2026-11-29 04:10:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0022'
down_revision = '0021'
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table('calls', schema=None) as batch_op:
        batch_op.add_column(sa.Column('leased_phone', sa.String(length=20), nullable=True))
        batch_op.add_column(sa.Column('rests_until', sa.DateTime(timezone=True), nullable=True))
        batch_op.create_unique_constraint(batch_op.f('uq_calls_leased_phone'), ['leased_phone'])
        batch_op.create_index(batch_op.f('ix_calls_rests_until'), ['rests_until'], unique=False)
    op.execute("UPDATE calls SET leased_by = NULL, leased_until = NULL WHERE leased_by IS NOT NULL")


def downgrade():
    with op.batch_alter_table('calls', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_calls_rests_until'))
        batch_op.drop_constraint(batch_op.f('uq_calls_leased_phone'), type_='unique')
        batch_op.drop_column('rests_until')
        batch_op.drop_column('leased_phone')
