"""The call centre's queue as its desk shows it: people in the order in which they are rung, and who rings them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import Session

from parcels.models import Parcel, Settlement, Staff
from scheduling import booking, calls
from scheduling.models import Call

UPCOMING = 12
Rows = Sequence[tuple[Call, Parcel, int]]


@dataclass(frozen=True, slots=True)
class Line:
    """A person as the queue shows him, by the first of his `count` calls.

    `zone` is his own clock, `holder` who rings him now, by the call `held_id`.
    """

    call: Call
    parcel: Parcel
    zone: str
    count: int
    holder: Staff | None
    held_id: int | None


def desk(session: Session, moment: datetime) -> dict[str, Any]:
    """What the desk and the column on the left of a call show."""
    ready, others = calls.waiting(session, moment)
    line = lines(session, calls.next_in_line(session, moment), moment)
    in_hand = sum(one.holder is not None for one in line)
    both = select(Call, Parcel).join(Parcel, Parcel.id == Call.parcel_id)
    return {
        "now": moment,
        "ready": ready,
        "in_hand": in_hand,
        "later": others - in_hand,
        "lines": line,
        "upcoming": lines(session, calls.later(session, moment, UPCOMING), moment),
        "mine": session.execute(both.where(*held(moment)).limit(1)).first(),
    }


def held(moment: datetime) -> tuple[Any, ...]:
    """Conditions of the call that the operator has in hand."""
    return Call.leased_by == current_user.id, Call.leased_until > moment, Call.closed_at.is_(None)


def is_mine(call: Call) -> bool:
    """Does the operator who asks hold this call?"""
    return call.closed_at is None and call.leased_by == current_user.id


def lost(session: Session, call: Call, moment: datetime) -> dict[str, Any]:
    """The desk, with why a call is not this operator's: what settled it, or who has it now."""
    agreed = booking.active_booking(session, call.parcel_id)
    settled = agreed if agreed is not None and agreed.made_at == call.closed_at else None
    (line,) = lines(session, [(call, session.get_one(Parcel, call.parcel_id), 1)], moment)
    why = {"call": call, "settled": settled, "slot": settled.slot if settled else None, "line": line}
    return desk(session, moment) | {"lost": why}


def lines(session: Session, rows: Rows, moment: datetime) -> list[Line]:
    """People of the queue with who rings them."""
    # Kept in a name so that each parcel finds its settlement in the session instead of asking for it.
    places = session.scalars(
        select(Settlement).where(Settlement.id.in_({parcel.settlement_id for _, parcel, _ in rows}))
    ).all()
    rung = _rung(session, moment)
    found = []
    for call, parcel, count in rows:
        held_id, holder = rung.get(parcel.phone or call.id, (None, None))
        found.append(Line(call, parcel, parcel.zone, count, holder, held_id))
    del places
    return found


def _rung(session: Session, moment: datetime) -> dict[str | int, tuple[int, Staff]]:
    """Who is being rung, by phone, or by the call where there is no phone: by which call, and by whom."""
    leased = Call.closed_at.is_(None), Call.leased_until > moment
    query = select(Call, Staff).join(Staff, Staff.id == Call.leased_by).where(*leased)
    return {call.leased_phone or call.id: (call.id, staff) for call, staff in session.execute(query)}
