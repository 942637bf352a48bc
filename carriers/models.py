"""Tables of the carriers: which parcels are followed where, how each carrier is, and what it has answered of late."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from parcels.models import Base, BigId, words

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


class Outcome(StrEnum):
    """What has become of a wish. DECLINED is a refusal that is not yet believed, VOID one that nobody has any more."""

    WAITING = "waiting"
    DECLINED = "declined"
    TAKEN = "taken"
    REFUSED = "refused"
    VOID = "void"


class CarrierWish(Base):
    """What is to be said about days to the carrier of a followed parcel: the one that was chosen, and which it has.

    `seq` is the fact of the choice. Until it is settled it is told at `due_at`, which is the lease as well, and from
    `give_up_at` on it counts as not confirmed; both are empty afterwards. `identity` is the carrier's own id of the
    order, "" as long as it is not known. Without `days_due_at` the carrier is not asked for days.
    """

    __tablename__ = "carrier_wishes"
    tracking_id: Mapped[int] = mapped_column(ForeignKey("trackings.id"), primary_key=True, autoincrement=False)
    identity: Mapped[str] = mapped_column(String(NUMBER_LENGTH), default="")
    seq: Mapped[int | None]
    outcome: Mapped[Outcome | None] = mapped_column(words(Outcome, 16))
    said: Mapped[str] = mapped_column(String(200), default="")
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime | None] = mapped_column(index=True)
    give_up_at: Mapped[datetime | None] = mapped_column(index=True)
    days_due_at: Mapped[datetime | None] = mapped_column(index=True)


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


class UnknownCode(Base):
    """A status that a carrier has told and nobody has told us the meaning of, in its words; `parcel_id` was the first.

    `settled_by` is who has seen to it. One row for one code, however often it comes.
    """

    __tablename__ = "unknown_codes"
    carrier: Mapped[str] = mapped_column(String(32), primary_key=True)
    code: Mapped[str] = mapped_column(String(200), primary_key=True)
    text: Mapped[str] = mapped_column(String(500))
    parcel_id: Mapped[int] = mapped_column(ForeignKey("parcels.id"))
    first_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[str] = mapped_column(String(80), default="")


class RawAnswer(Base):
    """An answer as it came, packed with zlib, for a week; `status` is that of HTTP, 0 for what was pushed to us."""

    __tablename__ = "raw_answers"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    carrier: Mapped[str] = mapped_column(String(32))
    came_at: Mapped[datetime] = mapped_column(index=True)
    status: Mapped[int]
    body: Mapped[bytes] = mapped_column(LargeBinary)
