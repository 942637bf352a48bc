"""Tables of the carriers: which parcels are followed where, how each carrier is, and what it has answered of late."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from parcels.models import Base, BigId

NUMBER_LENGTH = 64


class Tracking(Base):
    """A parcel followed at a carrier by the carrier's own `number`. Without `next_poll_at` it is asked about no more.

    `failures` counts refusals of this number in a row; `last_changed_at` is when it last told something new.
    """

    __tablename__ = "trackings"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    parcel_id: Mapped[int] = mapped_column(ForeignKey("parcels.id"))
    carrier: Mapped[str] = mapped_column(String(32))
    number: Mapped[str] = mapped_column(String(NUMBER_LENGTH))
    followed_at: Mapped[datetime]
    next_poll_at: Mapped[datetime | None]
    last_asked_at: Mapped[datetime | None]
    last_changed_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    __table_args__ = (
        UniqueConstraint("carrier", "number"),
        UniqueConstraint("parcel_id", "carrier"),
        Index(None, "carrier", "next_poll_at"),
    )


class CarrierHealth(Base):
    """How a carrier is, for all workers together: `breaker.Health`, and what an operator may want to know.

    One worker at a time asks a carrier: whoever holds the lease.
    """

    __tablename__ = "carrier_health"
    carrier: Mapped[str] = mapped_column(String(32), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    open_until: Mapped[datetime | None]
    rest_until: Mapped[datetime | None]
    minute: Mapped[datetime | None]
    calls: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    last_answered_at: Mapped[datetime | None]
    last_trouble: Mapped[str] = mapped_column(String(200), default="")
    unknown_codes: Mapped[int] = mapped_column(default=0)


class RawAnswer(Base):
    """An answer as it came, packed with zlib, for a week; `status` is that of HTTP, 0 for what was pushed to us."""

    __tablename__ = "raw_answers"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    carrier: Mapped[str] = mapped_column(String(32))
    came_at: Mapped[datetime] = mapped_column(index=True)
    status: Mapped[int]
    body: Mapped[bytes] = mapped_column(LargeBinary)
