"""The page of one call: whom to ring, about which of his parcels, what to say, and what can be agreed."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from parcels import journal
from parcels.models import Parcel
from portal import call_desk, refusals
from portal.languages import language
from scheduling import booking, people, slots
from scheduling.models import Booking, Call
from scheduling.policy import Refusal
from scheduling.zones import service_of
from sms.models import Message

POSTPONE_BY = (7, 14)


@dataclass(frozen=True, slots=True)
class Other:
    """Another open parcel of the same person: why he is to be called about it, and may one answer be for both?"""

    parcel: Parcel
    call: Call | None
    held: Booking | None
    is_shared: bool


def sheet(session: Session, call: Call, moment: datetime) -> dict[str, Any]:
    """What the page of one call shows."""
    parcel = session.get_one(Parcel, call.parcel_id)
    days, shut = [], None
    try:
        days = booking.offered(session, parcel, moment, to_staff=True)
    except Refusal as reason:
        shut = refusals.refusal(reason, language())
    messages = select(Message).where(Message.parcel_id == parcel.id).order_by(Message.created_at.desc())
    held = booking.active_booking(session, parcel.id)
    return call_desk.desk(session, moment) | {
        "call": call,
        "parcel": parcel,
        "zone": parcel.zone,
        "others": _others(session, parcel),
        "days": days,
        "shut": shut,
        "later_days": _later_days(session, parcel, moment) if days else [],
        "proposed": slots.first_free(days),
        "held": held,
        "slot": held.slot if held else None,
        "facts": journal.facts_of(session, parcel)[::-1],
        "messages": session.scalars(messages).all(),
    }


def _others(session: Session, parcel: Parcel) -> list[Other]:
    calls_of = {call.parcel_id: call for call in people.open_calls(session, parcel.phone, parcel.id)}
    rows = []
    for other in people.open_parcels(session, parcel):
        held = booking.active_booking(session, other.id)
        rows.append(Other(other, calls_of.get(other.id), held, people.shares_answer(parcel, other)))
    return rows


def _later_days(session: Session, parcel: Parcel, moment: datetime) -> list[date]:
    """The days to which the parcel may still be postponed."""
    service, first = service_of(session, parcel.settlement_id), booking.window_of(parcel).first
    if service is None:
        return []
    days = (first + timedelta(days=n) for n in POSTPONE_BY)
    return [day for day in days if moment < slots.closes_at(day, service.closing, service.timezone)]
