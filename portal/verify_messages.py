"""I4 of a live database: every fact that must be told has its row in the outbox, exactly one for each channel."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from parcels.models import Fact, Parcel, Shop
from parcels.stages import Kind
from sms import duties, preferences
from sms.models import Message
from sms.occasions import Occasion
from sms.owing import owed
from sms.preferences import Preferences

#: So far back each fact is looked at again, by the choices that its shop had then.
LOOKED_BACK = timedelta(days=30)
BATCH = 500
#: Told for a state and not for a fact, or in days to come: what they depend on may have changed since.
_NOT_BY_FACT = frozenset(
    {
        *(Occasion.FIRST_LINK, Occasion.FRESH_LINK, Occasion.CASH, Occasion.STILL_WAITING, Occasion.STORAGE_ENDS),
        *(Occasion.UNCOLLECTED, Occasion.PENALTY_NEAR, Occasion.DAY_BEFORE, Occasion.HOUR_BEFORE, Occasion.VISIT_MOVED),
    }
)


def facts_are_told(session: Session) -> list[str]:
    """I4: what the duties say of each recent fact stands in the outbox, also when it was left out later.

    The key of a row keeps it from being there twice. Facts from before there were duties are nobody's debt, and so
    are those before a change of the order, which may have changed whom to tell.
    """
    first = session.scalar(select(func.min(Message.created_at)).where(Message.seq > 0))
    newest = session.scalar(select(func.max(Fact.recorded_at)))
    if first is None or newest is None:
        return []
    since = max(first, newest - LOOKED_BACK)
    around = joinedload(Parcel.shop).joinedload(Shop.origin), joinedload(Parcel.settlement)
    query = select(Parcel).where(Parcel.accepted_at >= since - LOOKED_BACK).options(*around).order_by(Parcel.id)
    found: list[str] = []
    for batch in session.scalars(query.execution_options(yield_per=BATCH)).partitions():
        found += _untold(session, {parcel.id: parcel for parcel in batch}, since)
    return found


def _untold(session: Session, parcels: dict[int, Parcel], since: datetime) -> Iterator[str]:
    ids = Fact.parcel_id.between(min(parcels), max(parcels))
    facts = session.scalars(select(Fact).where(ids).order_by(Fact.parcel_id, Fact.seq)).all()
    keys = select(Message.dedup_key).where(Message.parcel_id.between(min(parcels), max(parcels)))
    known = set(session.scalars(keys))
    choices: dict[int, Preferences] = {}
    for parcel_id, of_parcel in groupby(facts, lambda fact: fact.parcel_id):
        parcel = parcels.get(parcel_id)
        if parcel is None:
            continue
        for fact in _unchanged_since(list(of_parcel)):
            if fact.recorded_at < since:
                continue
            then = _choices(session, choices, parcel.shop_id, fact.recorded_at)
            yield from _missing(parcel, fact, then, known)


def _unchanged_since(facts: list[Fact]) -> list[Fact]:
    changed = max((f.seq for f in facts if f.kind in (Kind.DETAILS_CHANGED, Kind.LINK_REVOKED)), default=0)
    return [fact for fact in facts if fact.seq > changed]


def _choices(session: Session, known: dict[int, Preferences], shop_id: int, at: datetime) -> Preferences:
    """What the shop had chosen then; a shop that has never chosen anything is asked once."""
    if shop_id not in known:
        known[shop_id] = preferences.of_shop(session, shop_id)
    return known[shop_id] if known[shop_id] == Preferences() else preferences.of_shop(session, shop_id, at)


def _missing(parcel: Parcel, fact: Fact, choices: Preferences, known: set[str]) -> Iterator[str]:
    for duty in owed(parcel, fact, choices):
        if duty.occasion in _NOT_BY_FACT:
            continue
        for channel, _address in duties.told_by_us(duty, parcel, choices):
            if duties.key_of(parcel, duty, channel) not in known:
                what = f"{duty.occasion.value} ({channel.value})"
                yield f"посылка {parcel.id}, факт {fact.seq}: о нём никому не сказано, {what}"
