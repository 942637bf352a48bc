"""How often the recipient may change his mind by link before people take over."""

from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from parcels.models import Parcel
from scheduling.models import Booking
from scheduling.policy import ASKED_ANEW, BROKEN_BY_US, CHANGES_BY_LINK, Reason, Refusal

#: A choice that ended like this was taken back, or it was us who did not keep it: it is not counted.
NOT_COUNTED = ("undo", *sorted(BROKEN_BY_US))


def left(session: Session, parcel_id: int) -> int:
    """How many changes by link are left for a parcel."""
    counts = or_(Booking.ended_because.is_(None), Booking.ended_because.not_in(NOT_COUNTED))
    made = Booking.parcel_id == parcel_id, Booking.made_by == "recipient", counts
    used = session.scalar(select(func.count()).select_from(Booking).where(*made)) or 0
    return max(0, CHANGES_BY_LINK - used)


def insist_on_one_left(session: Session, parcel: Parcel, by: str) -> None:
    """Let the recipient of a parcel held by `journal.lock` change it once more; others always may. Raises Refusal."""
    if by == "recipient" and left(session, parcel.id) == 0:
        raise Refusal(Reason.TOO_MANY_CHANGES)


def taken_back_at(session: Session, parcel_id: int) -> datetime | None:
    """When staff or we ourselves took back what had been agreed last; None when it ended otherwise."""
    query = select(Booking.ended_at, Booking.ended_because).where(Booking.parcel_id == parcel_id)
    last = session.execute(query.order_by(Booking.id.desc()).limit(1)).first()
    return last.ended_at if last is not None and last.ended_because in ASKED_ANEW else None
