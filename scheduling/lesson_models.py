"""Tables of the learned promise: what was learned on which day, and the share of promises that managers chose."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, Float, String
from sqlalchemy.orm import Mapped, mapped_column

from parcels.models import Base


class KeptLesson(Base):
    """What a carrier's deliveries had taught by the morning of a day (UTC), and what its promises were worth by then.

    `target` is the share learned for, `parcels` how many were read, `trust` how much of a promise is learned.
    Of `judged` learned promises of late `kept` were kept; `stated` is the share that pages may state, if any.
    `body` is a `learned.Learned` as JSON (None: nothing learned), named by `digest`; `report` is for the manager;
    `silences` are the usual ones by way, in hours (`silences.learned`); `delays` how late late ones
    are, in days (`delays.usual`).
    """

    __tablename__ = "lessons"
    carrier: Mapped[str] = mapped_column(String(32), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    target: Mapped[float] = mapped_column(Float)
    learned_at: Mapped[datetime]
    parcels: Mapped[int]
    trust: Mapped[float] = mapped_column(Float)
    kept: Mapped[int]
    judged: Mapped[int]
    stated: Mapped[float | None] = mapped_column(Float)
    digest: Mapped[str] = mapped_column(String(32))
    body: Mapped[dict[str, Any] | None]
    report: Mapped[dict[str, Any]]
    silences: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    delays: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    __table_args__ = (CheckConstraint("0 <= kept AND kept <= judged", name="kept"),)


class Coverage(Base):
    """The share of promises that a manager wants kept; the newest row counts."""

    __tablename__ = "coverages"
    id: Mapped[int] = mapped_column(primary_key=True)
    target: Mapped[float] = mapped_column(Float)
    made_by: Mapped[str] = mapped_column(String(80))
    made_at: Mapped[datetime]
    __table_args__ = (CheckConstraint("0.5 <= target AND target <= 0.999", name="target"),)
