"""What was handed over before its agreed day holds no place in that day any more.

Revision ID: 0016
Revises: 0015
"""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_GHOSTS = sa.text(
    """
    SELECT bookings.id, bookings.slot_id, slots.day, parcels.closed_at, settlements.zone
    FROM bookings
    JOIN parcels ON parcels.id = bookings.parcel_id
    JOIN settlements ON settlements.id = parcels.settlement_id
    LEFT JOIN slots ON slots.id = bookings.slot_id
    WHERE bookings.is_active AND parcels.closed_at IS NOT NULL
    """
).columns(
    sa.column("id", sa.BigInteger),
    sa.column("slot_id", sa.Integer),
    sa.column("day", sa.Date),
    sa.column("closed_at", sa.DateTime(timezone=True)),
    sa.column("zone", sa.String),
)
_END = sa.text(
    "UPDATE bookings SET is_active = :over, ended_at = :at, ended_because = 'delivered' WHERE id = :id"
).bindparams(sa.bindparam("at", type_=sa.DateTime(timezone=True)))
_GIVE_BACK = sa.text("UPDATE slots SET taken = taken - 1 WHERE id = :id AND taken > 0")


def upgrade():
    connection = op.get_bind()
    for ghost in connection.execute(_GHOSTS).all():
        closed_at = ghost.closed_at if ghost.closed_at.tzinfo else ghost.closed_at.replace(tzinfo=UTC)
        if _was_kept(ghost.day, closed_at, ghost.zone):
            continue
        connection.execute(_END, {"over": False, "at": ghost.closed_at, "id": ghost.id})
        if ghost.slot_id is not None:
            connection.execute(_GIVE_BACK, {"id": ghost.slot_id})


def _was_kept(day: date | None, closed_at: datetime, zone: str) -> bool:
    return day is not None and day <= closed_at.astimezone(ZoneInfo(zone)).date()


def downgrade():
    """What is over stays over."""
