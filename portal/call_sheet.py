"""The page of one call: whom to ring, about which of his parcels, what to say, and what can be agreed."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from parcels import journal
from parcels.clocks import local_date
from parcels.models import Parcel
from parcels.stages import Kind
from portal import call_desk, refusals
from portal.languages import language
from scheduling import booking, call_scripts, collecting, people, slots
from scheduling.call_scripts import Script
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
    script = call_scripts.script_of(call.reason, parcel.side)
    is_about_time = script in (Script.TIME, Script.UNREACHABLE)
    place = _place(session, parcel, moment) if script is Script.PICKUP else None
    can_extend = place is not None and not place.is_extended
    return call_desk.desk(session, moment) | {
        "script": script.value,
        "outcomes": call_scripts.outcomes(script, can_agree=bool(days), can_extend=can_extend),
        "place": place,
        "trouble": _trouble(session, parcel) if script is Script.TROUBLE else None,
        "call": call,
        "parcel": parcel,
        "zone": parcel.zone,
        "others": _others(session, parcel),
        "days": days,
        "shut": shut,
        "later_days": _later_days(session, parcel, moment) if days else [],
        "proposed": slots.first_free(days) if is_about_time else None,
        "held": held,
        "slot": held.slot if held else None,
        "facts": journal.facts_of(session, parcel)[::-1],
        "messages": session.scalars(messages).all(),
    }


@dataclass(frozen=True, slots=True)
class Place:
    """Where a parcel waits to be collected: the address, its hours, the last day, and whether it was kept longer."""

    address: str
    hours: str
    until: date
    is_extended: bool
    longer_until: date


def _place(session: Session, parcel: Parcel, moment: datetime) -> Place:
    known = collecting.scans(session, parcel)
    until = collecting.kept_until(known, parcel, moment)
    details = known[-1].details if known else {}
    longer = max(until, local_date(moment, parcel.zone)) + collecting.EXTENDS_BY
    address = str(details.get("address") or (known[-1].place if known else ""))
    return Place(address, str(details.get("open", "")), until, collecting.is_extended(known), longer)


def _trouble(session: Session, parcel: Parcel) -> str:
    """The cause of what went wrong last; empty when nobody has told."""
    told = [fact for fact in journal.facts_of(session, parcel) if fact.kind in (Kind.INCIDENT, Kind.UNKNOWN)]
    return str(told[-1].details.get("cause", "")) if told else ""


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
