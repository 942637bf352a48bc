"""What carriers are to be told and asked about days: taken up when due, settled by what they say, given up in time.

A refusal is believed once the same keys have got an answer to the question which days there are, since TopDelivery says
no to a wrong password just as it does to a day. So whoever has to choose anew sees what is left, too.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime, time

from sqlalchemy import select
from sqlalchemy.orm import Session

from carriers.base import Busy, Carrier, CarrierError
from carriers.days import LOOK_AGAIN, LOOK_EVERY, is_news, is_to_come, named, next_try, stands, wants_days
from carriers.errands import Errand, Heard, What
from carriers.following import LEASE, of_shops
from carriers.models import CarrierWish, Outcome, Tracking
from parcels import journal
from parcels.clocks import local_date
from parcels.journal import NewFact
from parcels.models import Fact, Parcel
from parcels.stages import Kind

BATCH = 50
OPEN = (Outcome.WAITING, Outcome.DECLINED)
#: Why a day was refused, as what was agreed is taken back for.
SAID_NO, SAID_NOTHING = "carrier", "carrier_silent"
TAKEN, DECLINED, REFUSED, VOID, UNREACHED = "day_taken", "day_declined", "day_refused", "day_void", "day_unreached"
KNOWN, NEWS, IDENTIFIED, OLD = "days_known", "days_news", "identified", "day_old"


def claim(session: Session, carrier: str, shops: Collection[int], is_theirs: bool, now: datetime) -> Errand | None:
    """Take one question that is due at a carrier, wishes first; nobody else gets it within the lease.

    What nobody wants any more is left out on the way.
    """
    theirs = (
        select(CarrierWish, Tracking)
        .join(Tracking, Tracking.id == CarrierWish.tracking_id)
        .join(Parcel, Parcel.id == Tracking.parcel_id)
        .where(Tracking.carrier == carrier, of_shops(shops, is_theirs))
        .limit(BATCH)
        .with_for_update(skip_locked=True, of=CarrierWish)
        .execution_options(populate_existing=True)
    )
    # Two questions, since each follows its own index, however much is due.
    for wish, tracking in session.execute(theirs.where(CarrierWish.due_at <= now).order_by(CarrierWish.due_at)):
        _plan(wish, _as_it_is(session, tracking), now)
        if wish.due_at is not None:
            return _wish(session, wish, tracking, now)
    look = theirs.where(CarrierWish.days_due_at <= now).order_by(CarrierWish.days_due_at)
    for wish, tracking in session.execute(look):
        _plan(wish, _as_it_is(session, tracking), now)
        if wish.days_due_at is not None and wish.days_due_at <= now:
            wish.days_due_at = now + LEASE
            return _errand(wish, tracking, What.LOOK, is_wish=False)
    return None


def _as_it_is(session: Session, tracking: Tracking) -> Parcel:
    """The parcel once its wish is held: what is joined to a row that had to be locked is older than the row."""
    return session.get_one(Parcel, tracking.parcel_id, populate_existing=True)


def _plan(wish: CarrierWish, parcel: Parcel, now: datetime) -> None:
    """Leave out what nobody wants any more, and put off what nobody wants yet."""
    if wish.due_at is not None and not stands(parcel.state):
        _close(wish, Outcome.VOID)
    if not is_to_come(parcel.state):
        wish.days_due_at = None
    elif wish.days_due_at is not None and wish.days_due_at <= now and not wants_days(parcel.state):
        wish.days_due_at = now + LOOK_AGAIN


def _wish(session: Session, wish: CarrierWish, tracking: Tracking, now: datetime) -> Errand:
    chosen = session.get_one(Fact, (tracking.parcel_id, wish.seq)).details
    hours = time.fromisoformat(chosen["starts"]), time.fromisoformat(chosen["ends"])
    what = What.TELL if wish.outcome is Outcome.WAITING else What.LOOK
    wish.attempts, wish.due_at = wish.attempts + 1, now + LEASE
    errand = _errand(wish, tracking, what, is_wish=True)
    return replace(errand, day=date.fromisoformat(chosen["day"]), hours=hours)


def _errand(wish: CarrierWish, tracking: Tracking, what: What, *, is_wish: bool) -> Errand:
    what = what if wish.identity else What.IDENTIFY
    return Errand(tracking.id, tracking.parcel_id, tracking.number, what, is_wish, wish.identity, wish.seq)


def settle(
    session: Session, carrier: Carrier, errand: Errand, said: Heard | CarrierError, now: datetime, chance: float
) -> str:
    """Write down what came of a question. Returns the outcome by name.

    An answer about an older choice, or about a number that is not the parcel's any more, changes nothing.
    """
    parcel = journal.lock(session, errand.parcel_id)
    wish = session.get_one(CarrierWish, errand.tracking_id, populate_existing=True)
    if session.get_one(Tracking, errand.tracking_id, populate_existing=True).number != errand.number:
        return OLD
    if errand.is_wish and (wish.seq != errand.seq or wish.outcome not in OPEN):
        return OLD
    if errand.is_wish and not stands(parcel.state):
        _close(wish, Outcome.VOID)
        return VOID
    if isinstance(said, CarrierError):
        return _put_off(wish, errand, said, now, chance)
    if isinstance(said, list):
        return _look(session, parcel, wish, errand, carrier, named(said, local_date(now, parcel.zone)), now)
    if errand.what is What.IDENTIFY:
        wish.identity = said
        wish.due_at, wish.days_due_at = (now, wish.days_due_at) if errand.is_wish else (wish.due_at, now)
        return IDENTIFIED
    if said:
        wish.outcome, wish.said, wish.due_at = Outcome.DECLINED, said[:200], now
        return DECLINED
    _close(wish, Outcome.TAKEN)
    _tell(session, parcel, wish, carrier, Kind.DAY_TAKEN, now)
    return TAKEN


def due_to_give_up(
    session: Session, carrier: str, shops: Collection[int], is_theirs: bool, now: datetime
) -> list[tuple[int, int]]:
    """The wishes that the carrier has not confirmed in time, as (parcel, tracking)."""
    query = select(Tracking.parcel_id, Tracking.id).join(CarrierWish, CarrierWish.tracking_id == Tracking.id)
    query = query.join(Parcel, Parcel.id == Tracking.parcel_id).where(of_shops(shops, is_theirs))
    late = query.where(Tracking.carrier == carrier, CarrierWish.give_up_at <= now)
    return [(row.parcel_id, row.id) for row in session.execute(late.limit(BATCH))]


def give_up(session: Session, carrier: Carrier, parcel_id: int, tracking_id: int, now: datetime) -> str | None:
    """A day that nobody has confirmed by now is not promised any longer. Returns the outcome; None if it is settled."""
    parcel = journal.lock(session, parcel_id)
    wish = session.get_one(CarrierWish, tracking_id, populate_existing=True)
    if wish.give_up_at is None or wish.give_up_at > now:
        return None
    if not stands(parcel.state):
        _close(wish, Outcome.VOID)
        return VOID
    return _refuse(session, parcel, wish, carrier, SAID_NOTHING, now)


def _look(
    session: Session,
    parcel: Parcel,
    wish: CarrierWish,
    errand: Errand,
    carrier: Carrier,
    days: dict[str, list[list[str]]],
    now: datetime,
) -> str:
    """The carrier has named its days, and by that proved that a refusal was one."""
    wish.days_due_at = now + LOOK_EVERY
    outcome = KNOWN
    if is_news(parcel.carrier_days, days, local_date(now, parcel.zone)):
        details = {"by": carrier.name, "days": days}
        journal.record(session, parcel, NewFact(Kind.DAYS_OFFERED, _source(carrier), details=details), now)
        outcome = NEWS
    if errand.is_wish and wish.outcome is Outcome.DECLINED:
        return _refuse(session, parcel, wish, carrier, SAID_NO, now)
    return outcome


def _refuse(session: Session, parcel: Parcel, wish: CarrierWish, carrier: Carrier, cause: str, now: datetime) -> str:
    _close(wish, Outcome.REFUSED)
    _tell(session, parcel, wish, carrier, Kind.DAY_REFUSED, now, cause=cause, text=wish.said)
    return REFUSED


def _put_off(wish: CarrierWish, errand: Errand, trouble: CarrierError, now: datetime, chance: float) -> str:
    """Nothing is known: a busy carrier is asked when it wants; else each time later, and a wish is told anew."""
    if not errand.is_wish:
        wish.days_due_at = now if isinstance(trouble, Busy) else now + LOOK_AGAIN
    else:
        wish.outcome = Outcome.WAITING
        wish.due_at = now if isinstance(trouble, Busy) else now + next_try(wish.attempts, chance)
    return UNREACHED


def _tell(
    session: Session, parcel: Parcel, wish: CarrierWish, carrier: Carrier, kind: Kind, now: datetime, **more: str
) -> None:
    """The outcome as a fact: `by` the carrier's name, the `booking` and its `day`, `starts` and `ends`."""
    chosen = session.get_one(Fact, (parcel.id, wish.seq)).details
    details: dict[str, object] = {"by": carrier.name}
    details |= {name: chosen[name] for name in ("booking", "day", "starts", "ends") if name in chosen}
    details |= {name: words for name, words in more.items() if words}
    fact = NewFact(
        kind,
        _source(carrier),
        details=details,
        dedup_key=f"{carrier.code}:{kind.value}:{wish.seq}",
    )
    journal.record(session, parcel, fact, now)


def _source(carrier: Carrier) -> str:
    """Not the carrier's code: under that stands its news, and among them the order of time counts."""
    return f"carrier:{carrier.code}"


def _close(wish: CarrierWish, outcome: Outcome) -> None:
    wish.outcome, wish.due_at, wish.give_up_at = outcome, None, None
