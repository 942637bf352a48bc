"""Use cases of the manager: how many places a slot has, and until when a day may be chosen.

Every change is compared with what the manager saw and made by a conditional UPDATE. Managers of one zone wait for
each other (`hold`); bookings wait for nobody, and their guard is the UPDATE itself.
"""

from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from parcels.models import Parcel
from scheduling.calendars import local_date
from scheduling.models import Blackout, Booking, Slot, Zone, ZoneSettlement
from scheduling.steps import Action

#: A slot has at most so many places; a typing error has more.
MOST = 999


@dataclass(frozen=True, slots=True)
class Occupant:
    """A booking that stands in the way, with whom it is for."""

    booking_id: int
    parcel_id: int
    order_number: str
    recipient: str
    day: date
    starts: time
    ends: time


class Changed(Exception):
    """What the manager wanted to change is not any more what he saw; `current` is what it is now."""

    def __init__(self, current: object):
        super().__init__(str(current))
        self.current = current


class Occupied(Exception):
    """What the manager wanted to close is taken; `by` names everybody who stands in the way."""

    def __init__(self, by: list[Occupant]):
        super().__init__(f"{len(by)} bookings")
        self.by = by


class Impossible(ValueError):
    """A wish that makes no sense whatever the bookings are: too many places, a day that is over, hours that cross."""


def hold(session: Session, zone_id: int) -> Zone:
    """A zone, held against other managers until the transaction ends. Raises LookupError."""
    query = select(Zone).where(Zone.id == zone_id).with_for_update(key_share=True)
    zone = session.scalar(query.execution_options(populate_existing=True))
    if zone is None:
        raise LookupError(f"zone {zone_id}")
    return zone


def set_capacity(session: Session, slot_id: int, seen: int, new: int, now: datetime) -> Slot:
    """Give a slot another number of places; none closes it. A second press changes nothing.

    Raises: LookupError; Impossible; Changed with the places it has now; Occupied by those who are more than `new`.
    """
    if not 0 <= new <= MOST:
        raise Impossible("places")
    known = session.get(Slot, slot_id)
    if known is None:
        raise LookupError(f"slot {slot_id}")
    zone = hold(session, known.zone_id)
    if known.day < local_date(now, zone.timezone):
        raise Impossible("past")
    if session.get(Blackout, (zone.id, known.day)) is not None:
        raise Changed("blackout")
    which = Slot.id == slot_id, Slot.taken <= new, Slot.capacity == seen
    moved = session.connection().execute(update(Slot).where(*which).values(capacity=new)).rowcount
    session.refresh(known)
    if moved == 1 or known.capacity == new:
        return known
    if known.capacity != seen:
        raise Changed(known.capacity)
    raise Occupied(occupants(session, zone.id, known.day, slot_id))


def occupants(
    session: Session, zone_id: int, day: date, slot_id: int | None = None, settlement_id: int | None = None
) -> list[Occupant]:
    """Who has a place in a slot, or in any slot of a day, or of them a settlement, in the order of hours and orders."""
    query = (
        select(Booking.id, Parcel.id, Parcel.order_number, Parcel.recipient, Slot.day, Slot.starts, Slot.ends)
        .join(Slot, Slot.id == Booking.slot_id)
        .join(Parcel, Parcel.id == Booking.parcel_id)
        .where(Booking.is_active, Slot.zone_id == zone_id, Slot.day == day)
        .order_by(Slot.starts, Parcel.order_number)
    )
    if slot_id is not None:
        query = query.where(Slot.id == slot_id)
    if settlement_id is not None:
        query = query.where(Parcel.settlement_id == settlement_id)
    return [Occupant(*row) for row in session.execute(query)]


def set_closing(session: Session, zone_id: int, seen: time, new: time, now: datetime) -> None:
    """Let days of a zone be chosen until another hour of the evening before. Raises LookupError; Changed."""
    hold(session, zone_id)
    which = Zone.id == zone_id, Zone.closing == seen
    moved = session.connection().execute(update(Zone).where(*which).values(closing=new)).rowcount
    if moved != 1:
        current = session.scalar(select(Zone.closing).where(Zone.id == zone_id))
        if current != new:
            raise Changed(current)
        return
    _look_again(session, zone_id, now)


def _look_again(session: Session, zone_id: int, now: datetime) -> None:
    """Let the sweep find anew when those who have not chosen are called: their deadline was the old closing time."""
    places = select(ZoneSettlement.settlement_id).where(ZoneSettlement.zone_id == zone_id)
    waits = (Parcel.next_action == Action.ASK.value, Parcel.owner == "recipient", Parcel.side.is_(None))
    which = (Parcel.settlement_id.in_(places), *waits, Parcel.next_action_at > now)
    ids = list(session.scalars(select(Parcel.id).where(*which).order_by(Parcel.id).with_for_update()))
    session.execute(update(Parcel).where(Parcel.id.in_(ids)).values(next_action_at=now))
