"""Table of payments to shops: who wrote one down, who confirmed it, and what reverses it."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from parcels.models import Base, BigId, Shop, Staff, only_where


class Payout(Base):
    """One payment of a shop's money, of `total_minor` units of `currency`; `keys` are its orders as `Cash.key` says.

    A large one waits until a second cashier confirms it, or is dropped. What was a mistake is never changed: a row of
    its own `reverses` it, with a `reason`.
    """

    __tablename__ = "payouts"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    currency: Mapped[str] = mapped_column(String(3))
    total_minor: Mapped[int] = mapped_column(BigInteger)
    keys: Mapped[list[Any]] = mapped_column(JSON)
    number: Mapped[str] = mapped_column(String(40))
    paid_on: Mapped[date] = mapped_column(Date)
    made_by: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    made_at: Mapped[datetime]
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    done_at: Mapped[datetime | None]
    dropped_at: Mapped[datetime | None]
    reverses: Mapped[int | None] = mapped_column(ForeignKey("payouts.id"), unique=True)
    reason: Mapped[str] = mapped_column(String(300), default="")
    shop: Mapped[Shop] = relationship()
    maker: Mapped[Staff] = relationship(foreign_keys=[made_by])
    confirmer: Mapped[Staff | None] = relationship(foreign_keys=[confirmed_by])
    __table_args__ = (
        Index("ix_payouts_waiting", "made_at", **only_where("done_at IS NULL AND dropped_at IS NULL")),
        Index(None, "made_by", "made_at"),
        Index(None, "done_at"),
    )
