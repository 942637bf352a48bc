"""Table of what couriers' phones have told: each mark once, with what was answered to it."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from parcels.models import Base, BigId


class DeviceMark(Base):
    """A mark that waited in a phone. `happened_at` is by our clock, worked out from how long it had waited.

    `is_taken` says whether it counts; `words` is what the courier was told: the same however often it is sent.
    """

    __tablename__ = "device_marks"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    device: Mapped[str] = mapped_column(String(40))
    client_id: Mapped[str] = mapped_column(String(40))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    kind: Mapped[str] = mapped_column(String(16))
    parcel: Mapped[str] = mapped_column(String(40), default="")
    fields: Mapped[dict[str, Any]]
    happened_at: Mapped[datetime]
    received_at: Mapped[datetime]
    is_taken: Mapped[bool]
    words: Mapped[str] = mapped_column(String(500), default="")
    __table_args__ = (UniqueConstraint("device", "client_id"), Index(None, "staff_id", "received_at"))
