"""Tables of what carriers offer: pick-up points, tariffs, ways wanted at checkout, how far a list has been read."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from parcels.models import Base, BigId


class PickupPoint(Base):
    """A carrier's point, in its words. Without `settlement_id` its place is not among ours; `gone_at`: it is closed."""

    __tablename__ = "pickup_points"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    carrier: Mapped[str] = mapped_column(String(32))
    code: Mapped[str] = mapped_column(String(64))
    city: Mapped[str] = mapped_column(String(120))
    region: Mapped[str] = mapped_column(String(120))
    address: Mapped[str] = mapped_column(String(250))
    hours: Mapped[str] = mapped_column(String(250), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    city_code: Mapped[str] = mapped_column(String(64), default="")
    settlement_id: Mapped[int | None] = mapped_column(ForeignKey("settlements.id"))
    changed_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    gone_at: Mapped[datetime | None]
    __table_args__ = (UniqueConstraint("carrier", "code"), Index(None, "settlement_id"))


class Tariff(Base):
    """What a carrier said of a way at a weight step: days from the hand-over on, cost in minor units.

    All None: it was asked and does not go there. `changed_at` is when it last said something new.
    """

    __tablename__ = "tariffs"
    carrier: Mapped[str] = mapped_column(String(32), primary_key=True)
    origin_id: Mapped[int] = mapped_column(ForeignKey("settlements.id"), primary_key=True)
    settlement_id: Mapped[int] = mapped_column(ForeignKey("settlements.id"), primary_key=True)
    weight_g: Mapped[int] = mapped_column(primary_key=True)
    to_door: Mapped[bool] = mapped_column(primary_key=True)
    days_min: Mapped[int | None]
    days_max: Mapped[int | None]
    cost_minor: Mapped[int | None]
    currency: Mapped[str] = mapped_column(String(3), default="")
    asked_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class WantedWay(Base):
    """A way that a checkout has asked about, once a day: its terms are worth asking for."""

    __tablename__ = "wanted_ways"
    origin_id: Mapped[int] = mapped_column(ForeignKey("settlements.id"), primary_key=True)
    settlement_id: Mapped[int] = mapped_column(ForeignKey("settlements.id"), primary_key=True)
    weight_g: Mapped[int] = mapped_column(primary_key=True)
    wanted_at: Mapped[datetime] = mapped_column(index=True)


class PointsRead(Base):
    """How far a carrier's list of points has been read: since when, up to which page, and when it is due again."""

    __tablename__ = "points_read"
    carrier: Mapped[str] = mapped_column(String(32), primary_key=True)
    begun_at: Mapped[datetime]
    page: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
