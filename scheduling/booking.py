"""Use cases of agreeing a delivery: offer, book, move, postpone, remind, undo, withdraw. One way, whoever asks.

A place is claimed in `claiming`; nothing is read first and decided later.
"""

from datetime import date, datetime, time
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from parcels import journal
from parcels.journal import NewFact
from parcels.models import Parcel
from parcels.stages import Kind
from scheduling import agreed, changes, claiming, days, slots, waiting
from scheduling.calendars import local_date
from scheduling.models import Booking, Slot
from scheduling.policy import (
    BROKEN_BY_US,
    Reason,
    Refusal,
    why_no_choice,
    why_no_reminder,
    why_no_undo,
    why_not_day,
)
from scheduling.policy import (
    Asker as Asker,
)
from scheduling.slots import DayOffers
from scheduling.waiting import window_of as window_of
from scheduling.window import Window
from scheduling.zones import Service, service_of, slot_rows


def offered(session: Session, parcel: Parcel, now: datetime, *, to_staff: bool = False) -> list[DayOffers]:
    """What can be chosen for a parcel now, day by day. Raises Refusal when nothing can."""
    service = _servable(session, parcel, by_staff=to_staff)
    return waiting.days_of(session, parcel, service, window_of(parcel), now)


def active_booking(session: Session, parcel_id: int) -> Booking | None:
    """What is agreed for a parcel at the moment."""
    query = select(Booking).where(Booking.parcel_id == parcel_id, Booking.is_active)
    return session.scalar(query.options(joinedload(Booking.slot)))


def book(session: Session, parcel: Parcel, day: date, starts: time, asker: Asker, now: datetime) -> Booking:
    """Take a place in a slot for a parcel held by `journal.lock`; a place it already has is given back.

    A second press for the same slot changes nothing, unless an incident lies over the parcel: agreeing again lifts it.
    Raises: Refusal, with the three nearest free slots when this one is gone; StaleVersion.
    """
    held = active_booking(session, parcel.id)
    if held is not None and held.slot is not None and (held.slot.day, held.slot.starts) == (day, starts):
        if parcel.side is not None and _why_not(parcel, asker) is None:
            agreed.put_down(session, parcel, held, held.slot, asker.name, now, moved=False)
        return held
    service = _admit(session, parcel, asker)
    slot = _bookable(session, parcel, service, day, starts, now)
    if not claiming.claim(session, slot.slot_id, held.slot_id if held else None, parcel.settlement_id):
        days.forget(session)  # what was read of the day before the claim may be what made it fail
        raise _gone(session, parcel, service, Reason.SLOT_FULL, day, starts, now)
    return _agree(session, parcel, held, Booking(slot_id=slot.slot_id), slot, asker, now)


def postpone(session: Session, parcel: Parcel, to: date, asker: Asker, now: datetime) -> Booking:
    """Keep the parcel back until `to`; a place it has is given back. Raises Refusal, StaleVersion."""
    held = active_booking(session, parcel.id)
    if held is not None and held.postponed_to == to:
        return held
    service = _admit(session, parcel, asker)
    window = window_of(parcel)
    reason = why_not_day(to, window, local_date(now, service.timezone))
    if reason is None and now >= slots.closes_at(to, service.closing, service.timezone):
        reason = Reason.TOO_LATE
    if reason is None and not slot_rows(session, service, Window(to, to)):
        reason = Reason.CLOSED_DAY
    if reason is not None:
        raise Refusal(reason)
    claiming.give_back(session, held)
    return _agree(session, parcel, held, Booking(postponed_to=to), None, asker, now)


def remind(session: Session, parcel: Parcel, on: date, asker: Asker, now: datetime) -> Booking:
    """Choose nothing now and be asked again on a day of the window; a place the parcel has is given back.

    Raises: Refusal; StaleVersion.
    """
    held = active_booking(session, parcel.id)
    if held is not None and held.remind_on == on:
        return held
    service = _admit(session, parcel, asker)
    reason = why_no_reminder(on, window_of(parcel), local_date(now, service.timezone))
    if reason is not None:
        raise Refusal(reason)
    claiming.give_back(session, held)
    return _agree(session, parcel, held, Booking(remind_on=on), None, asker, now)


def undo(session: Session, parcel: Parcel, asker: Asker, now: datetime) -> Booking | None:
    """Take the recipient's last choice back within 15 minutes and restore what was agreed before it.

    Returns: what is agreed now. Raises: Refusal when it is too late or the place before has gone; StaleVersion.
    """
    held = active_booking(session, parcel.id)
    if agreed.was_just_undone(session, parcel.id, now):
        return held
    if held is None:
        raise Refusal(Reason.NOTHING_TO_UNDO)
    journal.insist_on(session, parcel, asker.seen)
    reason = _why_not(parcel, asker) or why_no_undo(held.made_at, held.made_by, now)
    if reason is not None:
        raise Refusal(reason)
    before = session.get(Booking, held.replaces_id) if held.replaces_id else None
    if before is None:
        withdraw(session, parcel, asker.name, "undo", now)
        return None
    slot = _same_slot_again(session, parcel, before, held, now)
    if before.slot_id is None:
        claiming.give_back(session, held)
    again = agreed.again(before)
    booking = agreed.replace(session, parcel, held, again, "undo", now)
    agreed.put_down(session, parcel, booking, slot, asker.name, now, moved=True, undone=True)
    return booking


def withdraw(session: Session, parcel: Parcel, by: str, cause: str, now: datetime, note: str = "") -> bool:
    """End what is agreed for a parcel and give its place back. Returns whether there was anything.

    When it was us who could not keep a slot, the fact names the nearest days that are free instead.
    """
    held = release(session, parcel, cause, now)
    if held is None:
        return False
    details: dict[str, object] = {"cause": cause, "booking": held.id, **agreed.words(held)}
    if note:
        details["note"] = note
    if cause in BROKEN_BY_US:
        details["instead"] = [day.isoformat() for day in _free_days(session, parcel, held, now)[:2]]
    journal.record(session, parcel, NewFact(Kind.CHOICE_WITHDRAWN, by, details=details), now)
    return True


def release(session: Session, parcel: Parcel, because: str, now: datetime) -> Booking | None:
    """End what is agreed and give its place back, without a fact of its own. Returns what it was."""
    held = active_booking(session, parcel.id)
    if held is not None:
        claiming.give_back(session, held)
        agreed.end(session, held, because, now)
    return held


def _free_days(session: Session, parcel: Parcel, instead_of: Booking, now: datetime) -> list[date]:
    """The other days with a free place, the nearest first; none when nothing can be chosen at all."""
    lost = instead_of.slot.day if instead_of.slot else None
    try:
        return [day.day for day in offered(session, parcel, now) if not day.is_full and day.day != lost]
    except Refusal:
        return []


def _admit(session: Session, parcel: Parcel, asker: Asker) -> Service:
    """Let somebody change what is agreed: he saw what matters, it can be changed, and he may. Returns who serves it.

    Raises: StaleVersion; Refusal.
    """
    journal.insist_on(session, parcel, asker.seen)
    service = _servable(session, parcel, by_staff=asker.is_staff)
    changes.insist_on_one_left(session, parcel, asker.name)
    return service


def _agree(
    session: Session,
    parcel: Parcel,
    held: Booking | None,
    new: Booking,
    slot: slots.SlotRow | None,
    asker: Asker,
    now: datetime,
) -> Booking:
    """Let a new booking take the place of the one that is held, and record it."""
    booking = agreed.replace(session, parcel, held, new, asker.name, now)
    agreed.put_down(session, parcel, booking, slot, asker.name, now, moved=held is not None)
    return booking


def _why_not(parcel: Parcel, asker: Asker) -> Reason | None:
    """Why somebody cannot choose anything for a parcel that couriers serve."""
    return why_no_choice(parcel.state, parcel.promised_from, has_courier=True, by_staff=asker.is_staff)


def _servable(session: Session, parcel: Parcel, *, by_staff: bool) -> Service:
    service = service_of(session, parcel.settlement_id)
    reason = why_no_choice(parcel.state, parcel.promised_from, service is not None, by_staff=by_staff)
    if reason is not None:
        raise Refusal(reason)
    return cast(Service, service)


def _bookable(
    session: Session, parcel: Parcel, service: Service, day: date, starts: time, now: datetime
) -> slots.SlotRow:
    """The slot asked for, if it exists and may still be chosen; whether it has a place is for `claim` to say."""
    window = window_of(parcel)
    reason = why_not_day(day, window, local_date(now, service.timezone))
    rows = slot_rows(session, service, Window(day, day)) if reason is None else []
    row = next((row for row in rows if row.starts == starts), None)
    if reason is None and row is None:
        reason = Reason.CLOSED_DAY
    elif row is not None and now >= slots.closes_at(day, service.closing, service.timezone):
        reason = Reason.TOO_LATE
    elif row is not None and not slots.has_room(row, _room(parcel, window, service, now)):
        reason = Reason.CARRIER_FULL
    if reason is not None or row is None:
        raise _gone(session, parcel, service, reason or Reason.CLOSED_DAY, day, starts, now)
    return row


def _room(parcel: Parcel, window: Window, service: Service, now: datetime) -> slots.Room | None:
    return slots.room_of(parcel.carrier_days, window, service.timezone, now)


def _gone(
    session: Session, parcel: Parcel, service: Service, reason: Reason, day: date, starts: time, now: datetime
) -> Refusal:
    """A refusal that brings the three nearest free slots along."""
    days = waiting.days_of(session, parcel, service, window_of(parcel), now)
    return Refusal(reason, (day, starts.hour), slots.nearest(days, day, starts))


def _same_slot_again(session: Session, parcel: Parcel, before: Booking, held: Booking, now: datetime) -> Slot | None:
    """Claim the place that the recipient had before. Raises Refusal when it has gone."""
    if before.slot is None:
        return None
    service = _servable(session, parcel, by_staff=True)  # whoever asks has been let in already
    _bookable(session, parcel, service, before.slot.day, before.slot.starts, now)
    if not claiming.claim(session, before.slot.id, held.slot_id, parcel.settlement_id):
        raise Refusal(Reason.UNDO_TAKEN)
    return before.slot
