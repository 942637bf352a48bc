"""FOLLOWER: a day that is chosen for a parcel is wished of the carrier that follows it, where that one plans days."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from carriers.days import give_up_at, stands
from carriers.models import CarrierWish, Outcome, Tracking
from carriers.registry import DAYS
from parcels.models import Fact, Parcel
from parcels.stages import Kind


def follow(session: Session, parcel: Parcel, fact: Fact, now: datetime) -> None:
    """Follower of the journal. A new choice takes the place of an older one, told already or not.

    With the hand-over the carrier is asked which days it has.

    What is taken back needs nothing: a wish that nobody has any more is left out when its turn comes.
    """
    if fact.kind not in (Kind.SLOT_BOOKED, Kind.HANDED_OVER):
        return
    of_it = select(CarrierWish).join(Tracking, Tracking.id == CarrierWish.tracking_id)
    for wish in session.scalars(of_it.where(Tracking.parcel_id == parcel.id)):
        if fact.kind is Kind.SLOT_BOOKED:
            _choose(wish, parcel, fact, now)
        else:
            wish.days_due_at = now  # from now on the carrier can name them, and somebody may be choosing already


def tie(session: Session, parcel: Parcel, tracking: Tracking, now: datetime) -> None:
    """A carrier's number, a new one or another, is tied to a parcel: what was chosen before is wished now.

    Args: `parcel` held by `journal.lock`: who chooses at this very moment sees the wish, or is seen by it.
    """
    if tracking.carrier not in DAYS:
        return
    wish = session.get(CarrierWish, tracking.id)
    if wish is None:
        wish = CarrierWish(tracking_id=tracking.id)
        session.add(wish)
    wish.identity, wish.days_due_at = "", now
    if stands(parcel.state):
        chosen = select(Fact).where(Fact.parcel_id == parcel.id, Fact.kind == Kind.SLOT_BOOKED)
        fact = session.scalar(chosen.order_by(Fact.seq.desc()).limit(1))
        if fact is not None:
            _choose(wish, parcel, fact, now)
    session.flush()


def _choose(wish: CarrierWish, parcel: Parcel, fact: Fact, now: datetime) -> None:
    wish.seq, wish.outcome, wish.said, wish.attempts = fact.seq, Outcome.WAITING, "", 0
    wish.due_at, wish.give_up_at = now, give_up_at(fact.details, parcel.zone, now)
