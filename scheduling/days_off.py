"""What becomes of those who have a time on a day on which nobody will drive, and of promises that touch it.

Parcels are locked before slots, each in the order of their ids: that is the order in which a booking takes them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from parcels import journal
from parcels.models import Parcel
from scheduling import booking, promising
from scheduling.calendars import WorkCalendar
from scheduling.capacity import Occupant, Occupied, occupants
from scheduling.models import Interval, Slot, Zone, ZoneSettlement
from scheduling.zones import insert_missing, slots_of

CAUSE, NOTE_LENGTH = "blackout", 120


@dataclass(frozen=True, slots=True)
class Off:
    """A day on which nobody drives in some zones (ids in order); with a settlement, only there."""

    zone_ids: Sequence[int]
    day: date
    settlement_id: int | None = None


def clear(session: Session, off: Off, agreed_to: Iterable[int], by: str, why: str, now: datetime) -> int:
    """Withdraw the bookings of a day and compute anew the promises that touch it; the day is written down already.

    Returns: how many bookings were withdrawn. Raises: Occupied when there are bookings that are not in `agreed_to`
    (their ids); then nothing may be kept.
    """
    touched = _touched(session, off)
    for parcel_id in sorted(touched.union(one.parcel_id for one in _standing(session, off))):
        journal.lock(session, parcel_id)
    which = Slot.zone_id.in_(off.zone_ids), Slot.day == off.day
    session.execute(select(Slot.id).where(*which).order_by(Slot.id).with_for_update())
    there = _standing(session, off)  # read again: nothing can change any more
    if not {one.booking_id for one in there} <= set(agreed_to):
        raise Occupied(there)
    booked = {one.parcel_id for one in there}
    for parcel_id in sorted(touched | booked):
        parcel = session.get_one(Parcel, parcel_id)
        if parcel_id in booked:
            booking.withdraw(session, parcel, by, CAUSE, now, note=why[:NOTE_LENGTH])
        promising.refresh(session, parcel, now, cause=CAUSE)
    return len(there)


def shut(session: Session, zone_ids: Sequence[int], day: date) -> None:
    """Take the places of a cleared day away."""
    which = Slot.zone_id.in_(zone_ids), Slot.day == day
    session.connection().execute(update(Slot).where(*which).values(capacity=0))
    session.expire_all()


def open_again(session: Session, zone: Zone, day: date, calendar: WorkCalendar) -> None:
    """Give a shut day the slots of the week, if it is one of the days that are open already."""
    weekly = session.scalars(select(Interval).where(Interval.zone_id == zone.id, Interval.capacity > 0)).all()
    is_opened = zone.opened_until is not None and day <= zone.opened_until
    rows = slots_of(zone.id, weekly, [day], calendar) if is_opened else []
    for row in rows:
        same = Slot.zone_id == zone.id, Slot.day == day, Slot.starts == row["starts"], Slot.capacity == 0
        session.execute(update(Slot).where(*same).values(capacity=row["capacity"], ends=row["ends"]))
    insert_missing(session, rows)


def _standing(session: Session, off: Off) -> list[Occupant]:
    found = (occupants(session, n, off.day, settlement_id=off.settlement_id) for n in off.zone_ids)
    return [one for of_zone in found for one in of_zone]


def _touched(session: Session, off: Off) -> set[int]:
    """Open parcels that were promised a range of dates with this day in it."""
    places = select(ZoneSettlement.settlement_id).where(ZoneSettlement.zone_id.in_(off.zone_ids))
    where = Parcel.settlement_id.in_(places) if off.settlement_id is None else Parcel.settlement_id == off.settlement_id
    within = Parcel.promised_from <= off.day, Parcel.promised_to >= off.day, Parcel.closed_at.is_(None)
    return set(session.scalars(select(Parcel.id).where(where, *within)))
