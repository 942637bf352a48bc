"""Webhooks of shops: where to, what is owed to each address, and what came of every attempt."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from parcels.models import Base, BigId, Parcel, only_where, words
from sms.hook_secrets import Secret


class HookStatus(StrEnum):
    """How far a delivery has come; the last two are its ends, and only a replay leads back from `dead`."""

    PENDING = "pending"
    SENDING = "sending"
    DELIVERED = "delivered"
    DEAD = "dead"


#: What is still owed.
OPEN = (HookStatus.PENDING, HookStatus.SENDING)


class Why(StrEnum):
    """Why a delivery is dead, or an address is off."""

    GONE = "gone"
    EXHAUSTED = "exhausted"
    EXPIRED = "expired"
    BY_HAND = "by_hand"


class HookEndpoint(Base):
    """An address of a shop. `events` are the types it wants, None for all; `secrets` the newest first.

    `failures` counts those in a row: after each of them it is left alone until `resting_until`, so that a dead one
    takes nobody's turn. `tried_at` is when it last had a turn of its own. `enabled_at`: what happened before is not
    owed to it. `version` counts the shop's edits.
    """

    __tablename__ = "hook_endpoints"
    id: Mapped[int] = mapped_column(primary_key=True)
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"), index=True)
    url: Mapped[str] = mapped_column(String(500))
    description: Mapped[str] = mapped_column(String(120), default="")
    events: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    secrets: Mapped[list[Secret]] = mapped_column(JSON)
    created_at: Mapped[datetime]
    is_enabled: Mapped[bool] = mapped_column(default=True)
    enabled_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    disabled_at: Mapped[datetime | None]
    disabled_because: Mapped[Why | None] = mapped_column(words(Why, 16))
    failures: Mapped[int] = mapped_column(default=0)
    resting_until: Mapped[datetime | None]
    tried_at: Mapped[datetime | None]


class HookDelivery(Base):
    """One event owed to one address, once: `message_id` is that of the fact `seq` and the same in every attempt.

    `body` is what is sent, to the byte. `attempts` counts all of them, `rung` those of the ladder that it stands on
    now; both count before the work. After `give_up_at` nothing is tried any more.
    """

    __tablename__ = "hook_deliveries"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    endpoint_id: Mapped[int] = mapped_column(ForeignKey("hook_endpoints.id"))
    parcel_id: Mapped[int | None] = mapped_column(ForeignKey("parcels.id"))
    seq: Mapped[int | None]
    message_id: Mapped[str] = mapped_column(String(40))
    event: Mapped[str] = mapped_column(String(40))
    body: Mapped[str] = mapped_column(Text)
    occurred_at: Mapped[datetime]
    created_at: Mapped[datetime]
    status: Mapped[HookStatus] = mapped_column(words(HookStatus, 16), default=HookStatus.PENDING)
    attempts: Mapped[int] = mapped_column(default=0)
    rung: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    give_up_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    reason: Mapped[Why | None] = mapped_column(words(Why, 16))

    endpoint: Mapped[HookEndpoint] = relationship()
    parcel: Mapped[Parcel | None] = relationship()

    __table_args__ = (
        UniqueConstraint("endpoint_id", "parcel_id", "seq"),
        # At most one in flight per address, whatever the workers think.
        Index(
            "uq_hook_deliveries_in_flight",
            "endpoint_id",
            unique=True,
            **only_where("status = 'sending'"),
        ),
        Index(None, "status", "due_at"),
        Index(None, "endpoint_id", "status", "due_at"),
        CheckConstraint("status <> 'dead' OR reason IS NOT NULL", name="dead_with_a_reason"),
    )


class HookAttempt(Base):
    """What came of one attempt: an HTTP `status`, or the `error` in one word. `answer` is how the reply began."""

    __tablename__ = "hook_attempts"
    delivery_id: Mapped[int] = mapped_column(ForeignKey("hook_deliveries.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    made_at: Mapped[datetime]
    status: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(String(40))
    milliseconds: Mapped[int]
    answer: Mapped[str] = mapped_column(String(500), default="")
