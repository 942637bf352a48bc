"""Use case of the call centre: take back what is agreed for a parcel, and ask again by phone or by link."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from parcels import journal
from parcels.models import Parcel
from scheduling import agenda, booking, calls
from scheduling.booking import Asker
from scheduling.policy import Reason, Refusal, why_no_choice


class Cause(StrEnum):
    """Why an operator takes something back; of an incident the recipient is told at once."""

    REQUEST = "request"
    INCIDENT = "incident"


def take_back(
    session: Session, parcel: Parcel, cause: Cause, note: str, asker: Asker, now: datetime, *, by_phone: bool
) -> None:
    """End what is agreed for a parcel held by `journal.lock`, and give its place back.

    With `by_phone` it goes to the queue of calls; else the recipient may choose by link, and is called if he does not.
    Raises: Refusal when nothing is agreed or the courier has it; StaleVersion.
    """
    journal.insist_on(session, parcel, asker.seen)
    reason = why_no_choice(parcel.state, parcel.promised_from, has_courier=True, by_staff=True)
    if reason is not None:
        raise Refusal(reason)
    if not booking.withdraw(session, parcel, asker.name, cause.value, now, note):
        raise Refusal(Reason.NOTHING_TO_UNDO)
    if by_phone:
        calls.queue(session, parcel, "withdrawn", parcel.zone, now)
        agenda.replan(session, parcel, now)
