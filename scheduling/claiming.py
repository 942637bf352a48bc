"""Where a place in a slot is taken and given back: one conditional UPDATE whose row count is checked."""

from datetime import date

from sqlalchemy import Select, Update, bindparam, select, update
from sqlalchemy.orm import Session

from scheduling.day_models import ClosedDay
from scheduling.models import Booking, Slot

CLAIM: Update = (
    update(Slot).where(Slot.id == bindparam("slot"), Slot.taken < Slot.capacity).values(taken=Slot.taken + 1)
)
GIVE_BACK: Update = update(Slot).where(Slot.id == bindparam("slot"), Slot.taken > 0).values(taken=Slot.taken - 1)


def claim(session: Session, slot_id: int, given_up: int | None = None, settlement_id: int | None = None) -> bool:
    """Take a place in a slot if there is one, and only then give up the other.

    Returns: whether it was taken; never on a closed day of the settlement.
    """
    # Both rows are locked in the order of their ids, so that moves in opposite directions cannot block each other.
    if given_up is not None:
        ids = sorted({slot_id, given_up})
        session.execute(select(Slot.id).where(Slot.id.in_(ids)).order_by(Slot.id).with_for_update())
    if session.connection().execute(CLAIM, {"slot": slot_id}).rowcount != 1:
        return False
    # Whoever closes a day holds its slots meanwhile: only now that the slot is ours is it certain what it is.
    if settlement_id is not None and session.scalar(_closed(slot_id, settlement_id)) is not None:
        session.connection().execute(GIVE_BACK, {"slot": slot_id})
        return False
    if given_up is not None:
        session.connection().execute(GIVE_BACK, {"slot": given_up})
    return True


def _closed(slot_id: int, settlement_id: int) -> Select[date]:
    """The day of a slot, if it is a closed one in a settlement."""
    query = select(ClosedDay.day).join(Slot, Slot.day == ClosedDay.day)
    return query.where(Slot.id == slot_id, ClosedDay.settlement_id == settlement_id)


def give_back(session: Session, held: Booking | None) -> None:
    """Give back the place of a booking, if it has one."""
    if held is not None and held.slot_id is not None:
        session.connection().execute(GIVE_BACK, {"slot": held.slot_id})
