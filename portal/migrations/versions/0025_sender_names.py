"""sender_names

Names that shops write under today wait for a manager's word; until then their SMS leave under the default name.

Revision ID: 0025
Revises: 0024
"""
import json
from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = '0025'
down_revision = '0024'
branch_labels = None
depends_on = None

_LOOK_ALIKE = str.maketrans("013456789", "oieasbtbg")


def upgrade():
    table = op.create_table(
        'sender_names',
        sa.Column('skeleton', sa.String(length=11), nullable=False),
        sa.Column('name', sa.String(length=11), nullable=False),
        sa.Column('shop_id', sa.Integer(), nullable=False),
        sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('decided_by', sa.String(length=80), server_default='', nullable=False),
        sa.Column('is_approved', sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(['shop_id'], ['shops.id'], name=op.f('fk_sender_names_shop_id')),
        sa.PrimaryKeyConstraint('skeleton', name=op.f('pk_sender_names')),
    )
    op.bulk_insert(table, _in_use(op.get_bind()))


def _in_use(connection):
    """One row for each name that a shop's newest choices name."""
    rows = connection.execute(sa.text('SELECT shop_id, since, choices FROM informing ORDER BY since, id')).all()
    newest = {row.shop_id: row for row in rows}
    found = {}
    for row in newest.values():
        choices = row.choices if isinstance(row.choices, dict) else json.loads(row.choices)
        name = choices.get('sender') or 'pochta'
        skeleton = _skeleton(name)
        if name != 'pochta' and skeleton not in found:
            found[skeleton] = dict(
                skeleton=skeleton, name=name, shop_id=row.shop_id, asked_at=_moment(row.since),
                decided_at=None, decided_by='', is_approved=None,
            )
    return list(found.values())


def _moment(said):
    return datetime.fromisoformat(said) if isinstance(said, str) else said


def _skeleton(name):
    letters = ''.join(sign for sign in name.lower() if sign.isalnum())
    return letters.translate(_LOOK_ALIKE).replace('l', 'i')


def downgrade():
    op.drop_table('sender_names')
