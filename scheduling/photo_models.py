"""Table of what couriers photographed at the door."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from parcels.models import Base, BigId


class DoorPhoto(Base):
    """A photo of a parcel that was handed over, as the courier's phone took it; kept for `photos.KEPT`."""

    __tablename__ = "door_photos"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    parcel_id: Mapped[int] = mapped_column(ForeignKey("parcels.id"), index=True)
    by: Mapped[str] = mapped_column(String(80))
    taken_at: Mapped[datetime] = mapped_column(index=True)
    kind: Mapped[str] = mapped_column(String(16))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    __table_args__ = (CheckConstraint("length(body) <= 5242880", name="size"),)
