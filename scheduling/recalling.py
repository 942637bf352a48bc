"""Use case of the shop: it wants a parcel back that has not come to its recipient; what was agreed is given back."""

from datetime import datetime

from sqlalchemy.orm import Session

from parcels import journal
from parcels.journal import NewFact
from parcels.models import Parcel
from parcels.stages import Kind, Stage
from scheduling.booking import Asker
from scheduling.policy import Refusal, why_no_recall


def recall(session: Session, parcel: Parcel, asker: Asker, note: str, now: datetime) -> None:
    """Recall a parcel held by `journal.lock`. One that the shop still has is back with it at once.

    The followers do the rest: the place is given back, an open call is closed, the recipient is told. It cannot be
    taken back. Raises: Refusal when it is with the courier, on its way back or over; StaleVersion.
    """
    journal.insist_on(session, parcel, asker.seen)
    if (reason := why_no_recall(parcel.state)) is not None:
        raise Refusal(reason)
    is_with_shop = parcel.road is Stage.ACCEPTED
    details = {"note": note} if note else {}
    journal.record(session, parcel, NewFact(Kind.RECALLED, asker.name, details=details), now)
    if is_with_shop:
        journal.record(session, parcel, NewFact(Kind.RETURNED, asker.name, place=parcel.shop.name), now)
