"""Tables of custody: who held what and until when, what went wrong, what was scanned and printed."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from parcels.custody import Holder, Role, What
from parcels.models import Base, BigId, Parcel, Staff, only_where, words


class Holding(Base):
    """One time of holding a parcel or its cash, begun by the fact `seq`; rows are added and ended, never changed.

    `step` is the scan that the open one waits for until `due_at`; `missed_at` is the last such moment that has gone by.
    A moment without a step asks the sweep to decide both.
    """

    __tablename__ = "holdings"
    parcel_id: Mapped[int] = mapped_column(ForeignKey("parcels.id"), primary_key=True)
    what: Mapped[What] = mapped_column(words(What, 8), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    role: Mapped[Role] = mapped_column(words(Role, 16))
    name: Mapped[str] = mapped_column(String(120), default="")
    holder_id: Mapped[int | None]
    place: Mapped[str] = mapped_column(String(120), default="")
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    step: Mapped[str | None] = mapped_column(String(16))
    due_at: Mapped[datetime | None]
    missed_at: Mapped[datetime | None]
    __table_args__ = (
        Index("uq_holdings_open", "parcel_id", "what", unique=True, **only_where("until IS NULL")),
        Index("ix_holdings_due", "due_at", **only_where("due_at IS NOT NULL AND until IS NULL")),
        Index("ix_holdings_cash", "role", **only_where("what = 'cash' AND until IS NULL")),
        Index("ix_holdings_holder", "holder_id", **only_where("holder_id IS NOT NULL AND until IS NULL")),
    )

    @property
    def holder(self) -> Holder:
        """Who holds it."""
        return Holder(self.role, self.name, self.holder_id)


class Incident(Base):
    """Something that did not happen in time (`step` of a deadline), or an accident; the holder of then answers for it.

    `ended_by` is "scan" when the awaited scan came, else the name of who resolved it with the sentence `resolution`.
    """

    __tablename__ = "incidents"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    parcel_id: Mapped[int] = mapped_column(ForeignKey("parcels.id"))
    step: Mapped[str] = mapped_column(String(16))
    seq: Mapped[int]
    role: Mapped[Role] = mapped_column(words(Role, 16))
    name: Mapped[str] = mapped_column(String(120), default="")
    said: Mapped[str] = mapped_column(String(200), default="")
    opened_at: Mapped[datetime]
    assigned_to: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    resolved_at: Mapped[datetime | None]
    ended_by: Mapped[str] = mapped_column(String(80), default="")
    resolution: Mapped[str] = mapped_column(String(300), default="")
    version: Mapped[int] = mapped_column(default=1)
    parcel: Mapped[Parcel] = relationship()
    assignee: Mapped[Staff | None] = relationship()
    __table_args__ = (
        Index("uq_incidents_open", "parcel_id", "step", unique=True, **only_where("resolved_at IS NULL")),
        Index("ix_incidents_open", "opened_at", **only_where("resolved_at IS NULL")),
        Index(None, "parcel_id"),
    )


class IncidentComment(Base):
    """What somebody wrote or did about an incident; rows are only added."""

    __tablename__ = "incident_comments"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"), index=True)
    by: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]
    text: Mapped[str] = mapped_column(String(500))


class StationScan(Base):
    """One scan at a station, as the page sent it under its own `client_id`, and what was answered to it."""

    __tablename__ = "station_scans"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    client_id: Mapped[str] = mapped_column(String(40))
    warehouse_id: Mapped[int] = mapped_column(ForeignKey("warehouses.id"))
    mode: Mapped[str] = mapped_column(String(16))
    code: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    parcel_id: Mapped[int | None] = mapped_column(ForeignKey("parcels.id"))
    refusal: Mapped[str | None] = mapped_column(String(24))
    said: Mapped[dict[str, Any]]
    __table_args__ = (
        UniqueConstraint("staff_id", "client_id"),
        Index(None, "warehouse_id", "at"),
    )


class Print(Base):
    """A label or register that left the printer: which copy, by whom and when. A register's `about` names its list."""

    __tablename__ = "prints"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    parcel_id: Mapped[int | None] = mapped_column(ForeignKey("parcels.id"))
    about: Mapped[str] = mapped_column(String(80))
    copy: Mapped[int]
    by: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("about", "copy"),)
