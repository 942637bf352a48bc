"""What somebody has chosen, as a form or a program names it, read exactly and carried out by `booking`."""

from datetime import date, datetime, time

from sqlalchemy.orm import Session

from parcels.models import Parcel
from scheduling import booking, slots
from scheduling.booking import Asker
from scheduling.models import Booking
from scheduling.policy import Reason, Refusal


def slot_in(key: str) -> tuple[date, time]:
    """The day and the hour of a slot's key. Raises Refusal when it is none."""
    try:
        return slots.read_key(key)
    except ValueError:
        raise Refusal(Reason.NOT_A_DATE) from None


def day_in(text: str) -> date:
    """A day, e.g. `2026-12-03`. Raises Refusal when it is none."""
    return slot_in(f"{text}T00:00")[0]


def carry_out(session: Session, parcel: Parcel, choice: str, asker: Asker, now: datetime) -> Booking:
    """Book the slot that a key names, or keep the parcel back until a bare day.

    Raises: as `booking.book` and `booking.postpone`; Refusal also for what names neither.
    """
    if "T" in choice:
        return booking.book(session, parcel, *slot_in(choice), asker, now)
    return booking.postpone(session, parcel, day_in(choice), asker, now)
