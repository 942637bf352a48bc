"""Receipts for messages that we do not have, or do not have yet: kept, because somebody will ask about them."""

from datetime import datetime

from sqlalchemy import String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from parcels.models import Base, BigId
from sms import ledger
from sms.models import Message


class StrayReceipt(Base):
    """A genuine receipt without a message, once per (the provider's id, its status), in the provider's own words."""

    __tablename__ = "stray_receipts"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    provider_id: Mapped[str] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(24))
    error: Mapped[str | None] = mapped_column(String(120))
    received_at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("provider_id", "status"),)


def keep(session: Session, provider_id: str, status: str, error: str | None, now: datetime) -> None:
    """Keep a receipt until its message is known."""
    values = {
        "provider_id": provider_id[:64],
        "status": status[:24],
        "error": error[:120] if error else None,
        "received_at": now,
    }
    ledger.put(session, StrayReceipt, values)


def found(session: Session, limit: int = 100) -> list[tuple[StrayReceipt, int]]:
    """Strays whose message has become known since, with its id, the oldest first."""
    query = select(StrayReceipt, Message.id).join(Message, Message.provider_id == StrayReceipt.provider_id)
    rows = session.execute(query.order_by(StrayReceipt.id).limit(limit)).all()
    return [(stray, message_id) for stray, message_id in rows]
