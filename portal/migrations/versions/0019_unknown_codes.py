"""statuses of carriers that nobody understands, one row for each code

Revision ID: 0019
Revises: 0018
Create Date: 2026-11-29 04:30:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        'unknown_codes',
        sa.Column('carrier', sa.String(length=32), nullable=False),
        sa.Column('code', sa.String(length=200), nullable=False),
        sa.Column('text', sa.String(length=500), nullable=False),
        sa.Column('parcel_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('first_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('settled_by', sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(['parcel_id'], ['parcels.id'], name=op.f('fk_unknown_codes_parcel_id_parcels')),
        sa.PrimaryKeyConstraint('carrier', 'code', name=op.f('pk_unknown_codes')),
    )


def downgrade():
    op.drop_table('unknown_codes')
