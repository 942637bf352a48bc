"""Who is ringing whom: a person is leased to one operator by his phone, whatever number of parcels he waits for.

The wall is the table's: no two calls hold the same `leased_phone`. What is looked at before only spares the attempt.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from parcels.models import Parcel, Staff
from scheduling.calls import UNLEASED, callable_now, due_now, first_of_person
from scheduling.models import Call
from scheduling.policy import Reason, Refusal

LEASE = timedelta(minutes=15)
#: So many people may be snatched away at the last moment before the operator is told that there is nobody.
SNATCHED = 10


def take(session: Session, operator_id: int, now: datetime) -> Call | None:
    """Lease the person who has waited longest to an operator, by the first of his calls; one he holds comes first.

    Two operators asking at once get two different people: the row is locked, what is locked is skipped, and a second
    call to the same phone is refused by the table. One who asks twice at once gets the same call twice: his second
    asking waits for the first.
    """
    session.execute(select(Staff.id).where(Staff.id == operator_id).with_for_update(key_share=True))
    held = session.scalar(
        select(Call).where(*due_now(now), Call.leased_by == operator_id, Call.leased_until > now).limit(1)
    )
    return held or _lease_first(session, operator_id, (*callable_now(now), first_of_person(now)), now)


def go_on(session: Session, operator_id: int, phone: str, now: datetime) -> Call | None:
    """The next call to a person who is on the line already; None when there is nothing more to speak about."""
    if not phone:
        return None
    return _lease_first(session, operator_id, (*due_now(now), Parcel.phone == phone), now)


def held_by(session: Session, call_id: int, operator_id: int, now: datetime) -> Call:
    """The call an operator holds, locked. Raises Refusal when it is closed or somebody else's."""
    query = select(Call).where(Call.id == call_id).with_for_update().execution_options(populate_existing=True)
    call = session.scalar(query)
    if call is None or call.closed_at is not None or call.leased_by != operator_id:
        raise Refusal(Reason.CALL_LOST)
    call.leased_until = now + LEASE
    return call


def let_go(session: Session, call: Call) -> None:
    """Give a leased call back to the queue without an attempt."""
    call.leased_by = call.leased_until = call.leased_phone = None
    session.flush()


def follow_phone(session: Session, parcel: Parcel) -> None:
    """A parcel has another phone: whoever was ringing the old one has no call to it any more."""
    is_old = Call.parcel_id == parcel.id, Call.leased_phone.is_not(None), Call.leased_phone != parcel.phone
    session.execute(update(Call).where(*is_old).values(UNLEASED))


def _lease_first(
    session: Session, operator_id: int, which: tuple[ColumnElement[bool], ...], now: datetime
) -> Call | None:
    first = select(Call, Parcel.phone).join(Parcel, Parcel.id == Call.parcel_id).where(*which)
    first = first.order_by(Call.due_at, Call.id).limit(1).with_for_update(of=Call, skip_locked=True)
    for _ in range(SNATCHED):
        found = session.execute(first.execution_options(populate_existing=True)).first()
        if found is None:
            return None
        call, phone = found
        if _leased(session, call, phone, operator_id, now):
            return call
    return None


def _leased(session: Session, call: Call, phone: str, operator_id: int, now: datetime) -> bool:
    """Write the lease down, unless somebody has just begun to ring the same phone."""
    _forget_old(session, phone, now)
    lease = {"leased_by": operator_id, "leased_until": now + LEASE, "leased_phone": phone or None}
    try:
        with session.begin_nested():
            session.execute(update(Call).where(Call.id == call.id).values(lease))
    except IntegrityError:
        return False
    session.refresh(call)
    return True


def _forget_old(session: Session, phone: str, now: datetime) -> None:
    """Leases of a phone that have run out stand in nobody's way; one whose operator is writing now keeps it."""
    over = select(Call.id).where(Call.leased_phone == phone, Call.leased_until <= now)
    ids = session.scalars(over.with_for_update(skip_locked=True)).all()
    if ids:
        session.execute(update(Call).where(Call.id.in_(ids)).values(UNLEASED))
