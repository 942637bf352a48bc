"""I14: what is closed holds nothing that is still to come, neither a place in a later day nor a stop of a round."""

from datetime import date, datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload

from parcels.models import Parcel, Shop
from scheduling.calendars import local_date
from scheduling.models import Booking, Slot
from scheduling.round_models import Round, RoundStop


def nothing_is_left_to_come(session: Session) -> list[str]:
    """A closed parcel has no active booking and no stop for a day after the one on which it was closed.

    The place in the day itself has been used, and stays taken.
    """
    return [*_bookings(session), *_stops(session)]


def _bookings(session: Session) -> list[str]:
    is_for_nothing = or_(Booking.slot_id.is_(None), _not_before_end(Slot.day))
    query = (
        select(Parcel, Booking.id, Slot.day)
        .join(Booking, Booking.parcel_id == Parcel.id)
        .outerjoin(Slot, Slot.id == Booking.slot_id)
        .where(Parcel.closed_at.is_not(None), Booking.is_active, is_for_nothing)
        .options(joinedload(Parcel.settlement), joinedload(Parcel.shop).joinedload(Shop.origin))
        .order_by(Booking.id)
    )
    return [
        f"посылка {parcel.id}: закрыта, а запись {booking_id} действует"
        for parcel, booking_id, day in session.execute(query)
        if day is None or _is_after_end(parcel, day)
    ]


def _stops(session: Session) -> list[str]:
    query = (
        select(Parcel, Round.name, Round.day)
        .join(RoundStop, RoundStop.parcel_id == Parcel.id)
        .join(Round, Round.id == RoundStop.round_id)
        .join(Booking, Booking.id == RoundStop.booking_id)
        .where(Parcel.closed_at.is_not(None), Booking.is_active, RoundStop.done_at.is_(None))
        .where(_not_before_end(Round.day))
        .options(joinedload(Parcel.settlement), joinedload(Parcel.shop).joinedload(Shop.origin))
        .order_by(RoundStop.booking_id)
    )
    return [
        f"посылка {parcel.id}: закрыта, а стоит в рейсе {name} на {day}"
        for parcel, name, day in session.execute(query)
        if _is_after_end(parcel, day)
    ]


def _not_before_end(day: InstrumentedAttribute[date]) -> ColumnElement[bool]:
    """A first sieve in the database, by the date of UTC; the east of it is never earlier."""
    return day >= func.date(Parcel.closed_at)


def _is_after_end(parcel: Parcel, day: date) -> bool:
    closed_at: datetime | None = parcel.closed_at
    return closed_at is not None and day > local_date(closed_at, parcel.zone)
