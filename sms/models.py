"""The outbox: one row per message that is owed to somebody, and the receipts that came back for it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from parcels.models import Base, BigId, words


class Status(StrEnum):
    """How far a message has come: owed, then worded and queued, then on its way."""

    OWED = "owed"
    QUEUED = "queued"
    SENDING = "sending"
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    DEAD = "dead"
    DROPPED = "dropped"
    UNDELIVERED = "undelivered"
    DELIVERED = "delivered"


#: A status gives way to a higher rank only. Rank 0 is our own work, which goes round until the provider has answered;
#: a delivery stands above every failure, because a network may report both and the phone has the text.
RANK = {
    Status.OWED: 0,
    Status.QUEUED: 0,
    Status.SENDING: 0,
    Status.UNKNOWN: 0,
    Status.ACCEPTED: 1,
    Status.REFUSED: 2,
    Status.DEAD: 2,
    Status.DROPPED: 2,
    Status.UNDELIVERED: 2,
    Status.DELIVERED: 3,
}


def may_become(status: Status) -> tuple[Status, ...]:
    """The statuses from which a message may go over to `status`."""
    rank = RANK[status]
    return tuple(other for other in Status if RANK[other] < rank or RANK[other] == rank == 0)


class Message(Base):
    """One SMS or letter. `dedup_key` is `<parcel>:<kind>:<epoch>:<channel>`: what has been said once is not said again.

    It is owed in the transaction of the fact it tells (`about` are that fact's details, `seq` its number), and worded
    only when it is about to leave, from what is true then. `recipient` is E.164 or an e-mail address; `parts` of a
    letter are 0. `due_at` is when it is next looked at: worded, sent, or asked about once the lease is over.
    `looks` counts how often the provider has said in vain that it does not know the message; `error` is the
    provider's reason, or ours for leaving it out. `price_minor` is what the shop pays for it.
    """

    __tablename__ = "messages"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    parcel_id: Mapped[int] = mapped_column(ForeignKey("parcels.id"))
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    kind: Mapped[str] = mapped_column(String(16))
    channel: Mapped[str] = mapped_column(String(8), default="sms")
    audience: Mapped[str] = mapped_column(String(12), default="recipient", server_default="recipient")
    priority: Mapped[int] = mapped_column(default=0, server_default="0")
    dedup_key: Mapped[str] = mapped_column(String(80), unique=True)
    seq: Mapped[int] = mapped_column(default=0, server_default="0")
    about: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    recipient: Mapped[str] = mapped_column(String(254))
    sender: Mapped[str] = mapped_column(String(11), default="", server_default="")
    subject: Mapped[str] = mapped_column(String(200), default="", server_default="")
    unsubscribe: Mapped[str] = mapped_column(String(200), default="", server_default="")
    text: Mapped[str] = mapped_column(Text, default="")
    language: Mapped[str] = mapped_column(String(8), default="")
    parts: Mapped[int] = mapped_column(default=0)
    price_minor: Mapped[int] = mapped_column(default=0, server_default="0")
    status: Mapped[Status] = mapped_column(words(Status, 16), default=Status.OWED)
    provider: Mapped[str] = mapped_column(String(16), default="")
    provider_id: Mapped[str | None] = mapped_column(String(254))
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    looks: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(String(120))
    __table_args__ = (
        Index(None, "status", "priority", "due_at"),
        Index(None, "recipient", "due_at"),
        Index(None, "shop_id", "created_at"),
        Index(None, "shop_id", "due_at"),
        Index(None, "provider_id"),
        Index(None, "parcel_id"),
        CheckConstraint("parts >= 0", name="parts"),
    )


class Receipt(Base):
    """What the provider reported of a message, once per (its id, its status); the status is in its own words."""

    __tablename__ = "receipts"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"), index=True)
    provider_id: Mapped[str] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(24))
    error: Mapped[str | None] = mapped_column(String(120))
    received_at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("provider_id", "status"),)
