"""Use cases of the manager: a day on which nobody drives in a zone, and what becomes of who was to be visited then."""

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from parcels import journal
from parcels.models import Parcel
from scheduling import booking, promising
from scheduling.calendars import WorkCalendar, local_date
from scheduling.capacity import Changed, Impossible, Occupant, Occupied, hold, occupants
from scheduling.models import Blackout, Interval, Slot
from scheduling.zones import insert_missing, slots_of


def black_out(
    session: Session, zone_id: int, day: date, why: str, by: str, agreed_to: Iterable[int], now: datetime
) -> int:
    """Close a day of a zone. The bookings in `agreed_to` (their ids) are withdrawn and their buyers are told.

    Returns: how many bookings were withdrawn. Raises: LookupError; Impossible on a day that has begun; Changed when the
    day is closed already; Occupied when there are bookings that the manager has not agreed to withdraw.
    """
    zone = hold(session, zone_id)
    if day <= local_date(now, zone.timezone):
        raise Impossible("past")
    if session.get(Blackout, (zone_id, day)) is not None:
        raise Changed("blackout")
    there = _locked_occupants(session, zone_id, day)
    if not {one.booking_id for one in there} <= set(agreed_to):
        raise Occupied(there)
    session.add(Blackout(zone_id=zone_id, day=day, why=why.strip()[:120], made_by=by, made_at=now))
    session.flush()
    session.info.pop("services", None)
    for one in there:
        parcel = session.get_one(Parcel, one.parcel_id)
        booking.withdraw(session, parcel, by, "blackout", now, note=why.strip()[:120])
        promising.refresh(session, parcel, now, cause="blackout")
    closed = update(Slot).where(Slot.zone_id == zone_id, Slot.day == day).values(capacity=0)
    session.connection().execute(closed)
    session.expire_all()
    return len(there)


def _locked_occupants(session: Session, zone_id: int, day: date) -> list[Occupant]:
    """Who has a place on a day, with their parcels and then all slots of the day locked, each in the order of ids.

    Parcel before slot is the order in which a booking takes them; read again after that, nothing can change any more.
    """
    for parcel_id in sorted({one.parcel_id for one in occupants(session, zone_id, day)}):
        journal.lock(session, parcel_id)
    slots = select(Slot.id).where(Slot.zone_id == zone_id, Slot.day == day).order_by(Slot.id)
    session.execute(slots.with_for_update())
    return occupants(session, zone_id, day)


def reopen(session: Session, zone_id: int, day: date, calendar: WorkCalendar) -> None:
    """Drive on a day after all: its slots are again those of the week. Raises LookupError; Changed when it is open."""
    zone = hold(session, zone_id)
    gone = delete(Blackout).where(Blackout.zone_id == zone_id, Blackout.day == day)
    if session.connection().execute(gone).rowcount != 1:
        raise Changed("open")
    weekly = session.scalars(select(Interval).where(Interval.zone_id == zone_id, Interval.capacity > 0)).all()
    is_opened = zone.opened_until is not None and day <= zone.opened_until
    rows = slots_of(zone_id, weekly, [day], calendar) if is_opened else []
    for row in rows:
        same = Slot.zone_id == zone_id, Slot.day == day, Slot.starts == row["starts"], Slot.taken == 0
        session.execute(update(Slot).where(*same).values(capacity=row["capacity"], ends=row["ends"]))
    insert_missing(session, rows)
