"""What is agreed for a parcel, row by row: one ends, the next is written, and the journal has it in words."""

from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from parcels import journal
from parcels.journal import NewFact
from parcels.models import Parcel
from parcels.stages import Kind
from scheduling.models import Booking, Slot
from scheduling.policy import UNDO_FOR
from scheduling.slots import SlotRow, closes_at
from scheduling.travel import district_of
from scheduling.zones import service_of


def end(session: Session, held: Booking, because: str, now: datetime) -> None:
    """A booking is over."""
    held.is_active = False
    held.ended_at, held.ended_because = now, because
    session.flush()


def replace(session: Session, parcel: Parcel, held: Booking | None, new: Booking, by: str, now: datetime) -> Booking:
    """End the booking that is held, then write the new one; the database lets only one be active."""
    if held is not None:
        end(session, held, "undo" if by == "undo" else "replaced", now)
    new.parcel_id, new.made_by, new.made_at, new.is_active = parcel.id, by, now, True
    new.district = _district_of(parcel) if new.slot_id is not None else None
    new.replaces_id = held.id if held is not None and by != "undo" else None
    session.add(new)
    session.flush()
    return new


def readdress(session: Session, parcel: Parcel) -> None:
    """The parcel goes to another address: what is agreed stays, and stands among other neighbours."""
    held = Booking.parcel_id == parcel.id, Booking.is_active, Booking.slot_id.is_not(None)
    session.execute(update(Booking).where(*held).values(district=_district_of(parcel)))


def _district_of(parcel: Parcel) -> str | None:
    population = parcel.settlement.population if parcel.settlement else None
    return district_of(parcel.settlement_id, population, parcel.address)


def was_just_undone(session: Session, parcel_id: int, now: datetime) -> bool:
    """Is this a second press of a button that has already done its work?"""
    last = session.scalar(select(Booking).where(Booking.parcel_id == parcel_id).order_by(Booking.id.desc()).limit(1))
    is_undo = last is not None and "undo" in (last.made_by, last.ended_because)
    return last is not None and is_undo and now < (last.ended_at or last.made_at) + UNDO_FOR


def again(before: Booking) -> Booking:
    """A new booking of what an earlier one was for; whoever was reminded then is not reminded once more."""
    return Booking(
        slot_id=before.slot_id,
        postponed_to=before.postponed_to,
        remind_on=before.remind_on,
        reminded_at=before.reminded_at,
    )


def put_down(
    session: Session,
    parcel: Parcel,
    booking: Booking,
    slot: Slot | SlotRow | None,
    by: str,
    now: datetime,
    *,
    moved: bool,
    undone: bool = False,
) -> None:
    """Record what has been agreed, and until when another slot may be chosen instead (`closes_at`)."""
    kind = Kind.POSTPONED if slot is None else Kind.SLOT_BOOKED
    details: dict[str, object] = {"booking": booking.id, "moved": moved, "undone": undone, **words(booking, slot)}
    service = service_of(session, parcel.settlement_id)
    if slot is not None and service is not None:
        details["closes_at"] = closes_at(slot.day, service.closing, service.timezone).isoformat()
    journal.record(session, parcel, NewFact(kind, by, details=details), now)


def words(booking: Booking, slot: Slot | SlotRow | None = None) -> dict[str, str]:
    """What was agreed, as a fact keeps it: `day`, `starts`, `ends` of a slot, `to` of a postponement, `remind_on`."""
    slot = slot or booking.slot
    if slot is not None:
        return {"day": slot.day.isoformat(), "starts": f"{slot.starts:%H:%M}", "ends": f"{slot.ends:%H:%M}"}
    return {name: day.isoformat() for name, day in _days(booking).items() if day is not None}


def _days(booking: Booking) -> dict[str, date | None]:
    return {"to": booking.postponed_to, "remind_on": booking.remind_on}
