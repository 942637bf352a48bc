"""A courier's word is not the receiver's scan; a cashier counts, pays out and reverses.

What was handed in before by a courier's own word stays as it was: his rounds are closed and counted.

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_WAITING = "done_at IS NULL AND dropped_at IS NULL"


def upgrade():
    with op.batch_alter_table("staff") as table:
        table.add_column(sa.Column("is_cashier", sa.Boolean(), server_default=sa.false(), nullable=False))
    with op.batch_alter_table("rounds") as table:
        table.add_column(sa.Column("handed_at", _MOMENT, nullable=True))
        table.add_column(sa.Column("counted_at", _MOMENT, nullable=True))
        table.add_column(sa.Column("unpaid_at", _MOMENT, nullable=True))
        table.add_column(sa.Column("cash_counted", sa.JSON(), nullable=True))
    with op.batch_alter_table("round_stops") as table:
        table.add_column(sa.Column("received_at", _MOMENT, nullable=True))
    op.execute(sa.text("UPDATE rounds SET handed_at = closed_at, counted_at = closed_at, cash_counted = cash_handed"))
    op.execute(sa.text("UPDATE round_stops SET received_at = back_at"))
    op.create_table(
        "payouts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("shop_id", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("keys", sa.JSON(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=False),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.Column("confirmed_by", sa.Integer(), nullable=True),
        sa.Column("done_at", _MOMENT, nullable=True),
        sa.Column("dropped_at", _MOMENT, nullable=True),
        sa.Column("reverses", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name="fk_payouts_shop_id"),
        sa.ForeignKeyConstraint(["made_by"], ["staff.id"], name="fk_payouts_made_by"),
        sa.ForeignKeyConstraint(["confirmed_by"], ["staff.id"], name="fk_payouts_confirmed_by"),
        sa.ForeignKeyConstraint(["reverses"], ["payouts.id"], name="fk_payouts_reverses"),
        sa.PrimaryKeyConstraint("id", name="pk_payouts"),
        sa.UniqueConstraint("reverses", name="uq_payouts_reverses"),
    )
    with op.batch_alter_table("payouts") as table:
        table.create_index(
            "ix_payouts_waiting",
            ["made_at"],
            sqlite_where=sa.text(_WAITING),
            postgresql_where=sa.text(_WAITING),
        )
        table.create_index("ix_payouts_made_by_made_at", ["made_by", "made_at"])
        table.create_index("ix_payouts_done_at", ["done_at"])


def downgrade():
    op.drop_table("payouts")
    with op.batch_alter_table("round_stops") as table:
        table.drop_column("received_at")
    with op.batch_alter_table("rounds") as table:
        table.drop_column("cash_counted")
        table.drop_column("unpaid_at")
        table.drop_column("counted_at")
        table.drop_column("handed_at")
    with op.batch_alter_table("staff") as table:
        table.drop_column("is_cashier")
