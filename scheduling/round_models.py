"""Tables of the courier's day: a round per courier and date, and its stops in their order."""

from datetime import date, datetime, time
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Date, ForeignKey, Index, String, Time, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from parcels.models import Base, BigId, Parcel, Staff
from scheduling.models import Booking, Zone


class Round(Base):
    """What one courier drives on one day. He is to be out by `start_by`; `late_at` is when it was seen that he is not.

    `version` grows with every change of the order. `handed_at` is when he said that he hands it in, with the money
    `cash_handed`; `counted_at` is when a cashier counted, and `cash_counted` what he found, both in minor units by
    currency. It is closed when a storekeeper has what came back and a cashier the money. `unpaid_at` is when it was
    seen that the money has not come.
    """

    __tablename__ = "rounds"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    zone_id: Mapped[int] = mapped_column(ForeignKey("zones.id"))
    day: Mapped[date] = mapped_column(Date)
    courier_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    name: Mapped[str] = mapped_column(String(16))
    start_by: Mapped[datetime]
    built_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    late_at: Mapped[datetime | None]
    handed_at: Mapped[datetime | None]
    counted_at: Mapped[datetime | None]
    unpaid_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    cash_handed: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    cash_counted: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    version: Mapped[int] = mapped_column(default=1)
    zone: Mapped[Zone] = relationship()
    courier: Mapped[Staff] = relationship()
    __table_args__ = (
        UniqueConstraint("courier_id", "day"),
        UniqueConstraint("zone_id", "day", "name"),
        Index(None, "start_by"),
    )


class RoundStop(Base):
    """A booking on a round. `place` counts from 1; the hour told is local time of the zone, and so is the day's own.

    `leg` are the minutes from the stop before to this one's end. `is_late` says honestly that the slot cannot be kept;
    `is_moved` that a person has put it where it is. `outcome` is "delivered" or why not, once `done_at` is set.
    `back_at` is when the courier said that he hands the parcel in, `received_at` when a storekeeper scanned it.
    """

    __tablename__ = "round_stops"
    booking_id: Mapped[int] = mapped_column(ForeignKey("bookings.id"), primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("rounds.id"))
    parcel_id: Mapped[int] = mapped_column(ForeignKey("parcels.id"), index=True)
    place: Mapped[int]
    arrives_from: Mapped[time] = mapped_column(Time)
    arrives_until: Mapped[time] = mapped_column(Time)
    leg: Mapped[int]
    is_late: Mapped[bool] = mapped_column(default=False)
    is_moved: Mapped[bool] = mapped_column(default=False)
    loaded_at: Mapped[datetime | None]
    warned_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(24))
    cash_minor: Mapped[int] = mapped_column(default=0)
    back_at: Mapped[datetime | None]
    received_at: Mapped[datetime | None]
    round: Mapped[Round] = relationship()
    booking: Mapped[Booking] = relationship()
    parcel: Mapped[Parcel] = relationship()
    __table_args__ = (
        Index(None, "round_id", "place"),
        CheckConstraint("cash_minor >= 0", name="cash"),
    )

    @property
    def is_loaded(self) -> bool:
        """Did the courier take it, and no depot has it back?"""
        return self.loaded_at is not None and self.back_at is None
