"""no free places on feasts that fall on a weekend

Couriers rest on them as on other feasts. Slots stand open 70 days ahead: those of the New Year 2027 have been made
already. What somebody has chosen there stays agreed; nothing more can be chosen.

Revision ID: 0015
Revises: 0014
Create Date: 2026-11-29 03:55:00.000000

"""
from datetime import date

from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None

FEASTS = (date(2027, 1, 2), date(2027, 1, 3))
SHUT = sa.text(
    "UPDATE slots SET capacity = taken WHERE day = :day"
    " AND zone_id IN (SELECT zs.zone_id FROM zone_settlements zs JOIN settlements s ON s.id = zs.settlement_id"
    " WHERE s.country = 'RU')"
    " AND NOT EXISTS (SELECT 1 FROM day_changes c WHERE c.country = 'RU' AND c.day = :day AND c.is_working)"
)


def upgrade():
    for day in FEASTS:
        op.get_bind().execute(SHUT.bindparams(sa.bindparam("day", type_=sa.Date)), {"day": day})


def downgrade():
    """The week's places are not remembered; a manager gives them back on the page of days."""
