"""Tables of days that differ from the calendar: decreed changes, closed days of a settlement, approved years."""

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from parcels.models import Base


class DayChange(Base):
    """A decreed change: in this country this day is a working one, or is not, whatever the rules say."""

    __tablename__ = "day_changes"
    country: Mapped[str] = mapped_column(String(2), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    is_working: Mapped[bool]
    reason: Mapped[str] = mapped_column(String(120))
    made_by: Mapped[str] = mapped_column(String(80))
    made_at: Mapped[datetime]


class ClosedDay(Base):
    """A day on which nothing is delivered in a settlement: a closed ferry, a town holiday."""

    __tablename__ = "closed_days"
    settlement_id: Mapped[int] = mapped_column(ForeignKey("settlements.id"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    reason: Mapped[str] = mapped_column(String(120))
    made_by: Mapped[str] = mapped_column(String(80))
    made_at: Mapped[datetime]


class ApprovedYear(Base):
    """A year beyond those of the product whose working days somebody has checked and vouches for."""

    __tablename__ = "approved_years"
    country: Mapped[str] = mapped_column(String(2), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    made_by: Mapped[str] = mapped_column(String(80))
    made_at: Mapped[datetime]
