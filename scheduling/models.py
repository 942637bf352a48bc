"""Tables of scheduling: the matrix and its lanes, zones with their intervals, slots, bookings and calls."""

from datetime import date, datetime, time
from typing import Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, LargeBinary, String, Time, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from parcels.models import Base, BigId, only_where


class MatrixUpload(Base):
    """A file of the matrix: checked and waiting until somebody applies it before `expires_at`, or applied.

    `payload` holds the checked lanes while they wait, `summary` what was shown of them; `digest` names both.
    """

    __tablename__ = "matrix_uploads"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    made_by: Mapped[str] = mapped_column(String(80))
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    applied_at: Mapped[datetime | None]
    digest: Mapped[str] = mapped_column(String(64))
    summary: Mapped[dict[str, Any]]
    payload: Mapped[bytes | None] = mapped_column(LargeBinary)


class Matrix(Base):
    """One imported version of a carrier's delivery times from one origin; the newest valid one counts.

    A withdrawn version counts for nothing but the promises that were given from it.
    """

    __tablename__ = "matrices"
    id: Mapped[int] = mapped_column(primary_key=True)
    carrier: Mapped[str] = mapped_column(String(32))
    origin_id: Mapped[int] = mapped_column(ForeignKey("settlements.id"))
    valid_from: Mapped[date] = mapped_column(Date)
    imported_at: Mapped[datetime]
    digest: Mapped[str] = mapped_column(String(64))
    cutoff: Mapped[time] = mapped_column(Time, default=time(18))
    withdrawn_at: Mapped[datetime | None]
    upload_id: Mapped[int | None] = mapped_column(ForeignKey("matrix_uploads.id"))
    __table_args__ = (Index(None, "origin_id", "carrier", "valid_from"),)


class Lane(Base):
    """Days (of `unit`) from the matrix's origin to a settlement's door, and whether a courier goes there.

    `cutoff` is the lane's own hour at the origin, `weekdays` the days of delivery, bit 0 being Monday. An estimate was
    in no file: its days are those of the nearest places, until a file has the place.
    """

    __tablename__ = "lanes"
    matrix_id: Mapped[int] = mapped_column(ForeignKey("matrices.id"), primary_key=True)
    settlement_id: Mapped[int] = mapped_column(ForeignKey("settlements.id"), primary_key=True)
    days_min: Mapped[int]
    days_max: Mapped[int]
    has_courier: Mapped[bool]
    unit: Mapped[str] = mapped_column(String(8), default="working", server_default="working")
    cutoff: Mapped[time | None] = mapped_column(Time)
    weekdays: Mapped[int] = mapped_column(default=127, server_default="127")
    is_estimate: Mapped[bool] = mapped_column(default=False, server_default=false())
    __table_args__ = (CheckConstraint("0 <= days_min AND days_min <= days_max", name="days"),)


class Zone(Base):
    """Settlements that the same couriers serve. Until `closing` the evening before, a day can be chosen.

    `opened_until` is the last day whose slots have been made.
    """

    __tablename__ = "zones"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    timezone: Mapped[str] = mapped_column(String(40))
    closing: Mapped[time] = mapped_column(Time, default=time(18))
    opened_until: Mapped[date | None] = mapped_column(Date)


class ZoneSettlement(Base):
    """Which zone serves a settlement."""

    __tablename__ = "zone_settlements"
    settlement_id: Mapped[int] = mapped_column(ForeignKey("settlements.id"), primary_key=True)
    zone_id: Mapped[int] = mapped_column(ForeignKey("zones.id"), index=True)


class Interval(Base):
    """A weekly interval of a zone: on this weekday (0 = Monday), between these hours, so many places."""

    __tablename__ = "intervals"
    zone_id: Mapped[int] = mapped_column(ForeignKey("zones.id"), primary_key=True)
    weekday: Mapped[int] = mapped_column(primary_key=True)
    starts: Mapped[time] = mapped_column(Time, primary_key=True)
    ends: Mapped[time] = mapped_column(Time)
    capacity: Mapped[int]
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        CheckConstraint("starts < ends", name="hours"),
        CheckConstraint("capacity >= 0", name="capacity"),
    )


class Blackout(Base):
    """A day on which nobody drives in a zone, whatever its weekly intervals say; `why` in the manager's words."""

    __tablename__ = "blackouts"
    zone_id: Mapped[int] = mapped_column(ForeignKey("zones.id"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    why: Mapped[str] = mapped_column(String(120), default="")
    made_by: Mapped[str] = mapped_column(String(32))
    made_at: Mapped[datetime]


class Slot(Base):
    """An interval on a day, with its places; one without places is closed.

    `taken` is changed only by a conditional UPDATE in `claiming`, `capacity` only by one in `capacity`,
    `blackouts` or `weekly`.
    """

    __tablename__ = "slots"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    zone_id: Mapped[int] = mapped_column(ForeignKey("zones.id"))
    day: Mapped[date] = mapped_column(Date)
    starts: Mapped[time] = mapped_column(Time)
    ends: Mapped[time] = mapped_column(Time)
    capacity: Mapped[int]
    taken: Mapped[int] = mapped_column(default=0)
    __table_args__ = (
        UniqueConstraint("zone_id", "day", "starts"),
        CheckConstraint("0 <= taken AND taken <= capacity", name="taken"),
    )


class Booking(Base):
    """What was agreed for a parcel: a place in a slot, a later first day, or a day to ask again. At most one is active.

    `ended_because` is one of replaced, undo, missed, or the cause of a withdrawal; a delivered one stays active.
    `reminded_at` is when the recipient was reminded as he had asked for by `remind_on`; `district` is the same where
    doors are near each other (`travel.district_of`).
    """

    __tablename__ = "bookings"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    parcel_id: Mapped[int] = mapped_column(ForeignKey("parcels.id"))
    slot_id: Mapped[int | None] = mapped_column(ForeignKey("slots.id"))
    postponed_to: Mapped[date | None] = mapped_column(Date)
    remind_on: Mapped[date | None] = mapped_column(Date)
    reminded_at: Mapped[datetime | None]
    is_active: Mapped[bool] = mapped_column(default=True)
    made_by: Mapped[str] = mapped_column(String(32))
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_because: Mapped[str | None] = mapped_column(String(24))
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("bookings.id"))
    district: Mapped[str | None] = mapped_column(String(120))
    slot: Mapped[Slot | None] = relationship()
    __table_args__ = (
        Index("uq_bookings_active", "parcel_id", unique=True, **only_where("is_active")),
        Index(None, "parcel_id"),
        Index(None, "slot_id"),
        Index(None, "district", "slot_id", **only_where("is_active")),
        CheckConstraint(
            "CASE WHEN slot_id IS NULL THEN 0 ELSE 1 END + CASE WHEN postponed_to IS NULL THEN 0 ELSE 1 END"
            " + CASE WHEN remind_on IS NULL THEN 0 ELSE 1 END = 1",
            name="one_choice",
        ),
    )


class Call(Base):
    """A parcel in the call centre's queue. It may be taken from `due_at` until `closes_at`, by one operator.

    `leased_by` holds it until `leased_until`; then anybody may take it again. `leased_phone` is the number he rings
    meanwhile: nobody else may ring it. `rests_until` is how long the number is left in peace after an attempt.
    """

    __tablename__ = "calls"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    parcel_id: Mapped[int] = mapped_column(ForeignKey("parcels.id"))
    reason: Mapped[str] = mapped_column(String(24))
    queued_at: Mapped[datetime]
    due_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    leased_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    leased_until: Mapped[datetime | None]
    leased_phone: Mapped[str | None] = mapped_column(String(20), unique=True)
    rests_until: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(24))
    __table_args__ = (
        Index("uq_calls_open", "parcel_id", unique=True, **only_where("closed_at IS NULL")),
        Index("ix_calls_due", "due_at", **only_where("closed_at IS NULL")),
        Index(None, "rests_until"),
    )
