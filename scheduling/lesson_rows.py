"""What the journal says of a carrier's parcels, as the learned promise and its judges need it."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Row, select
from sqlalchemy.orm import Session, aliased

from parcels.models import Fact, Parcel, Settlement, Shop
from parcels.stages import Kind
from scheduling.calendars import local
from scheduling.delays import told_in
from scheduling.learned import Way
from scheduling.learning import Carried, Given

#: Parcels accepted so many days ago teach and are judged.
READ_DAYS: Final = timedelta(days=420)
BATCH: Final = 2_000
_HAND_OVER = frozenset({Kind.HANDED_OVER, Kind.AT_WAREHOUSE})
_CHOICE = frozenset({Kind.SLOT_BOOKED, Kind.POSTPONED})
_BACK = frozenset({Kind.REFUSED, Kind.RETURNING, Kind.RETURNED, Kind.RECALLED})
_ENDS = frozenset({Kind.ARRIVED, Kind.AT_PICKUP, Kind.DELIVERED})
_DATES = frozenset({Kind.PROMISED, Kind.PROMISE_WITHDRAWN, Kind.TOLD})
_READ = _DATES | _ENDS | _HAND_OVER | _CHOICE | _BACK
_origin = aliased(Settlement)
_FACTS: Final = (
    select(
        *(Fact.parcel_id, Fact.kind, Fact.occurred_at, Fact.recorded_at, Fact.details),
        *(Settlement.id.label("to"), Settlement.region, Settlement.zone),
        *(_origin.id.label("origin"), _origin.zone.label("origin_zone")),
    )
    .join(Parcel, Parcel.id == Fact.parcel_id)
    .join(Shop, Shop.id == Parcel.shop_id)
    .join(_origin, _origin.id == Shop.origin_id)
    .join(Settlement, Settlement.id == Parcel.settlement_id)
    .where(Fact.kind.in_(_READ))
    .order_by(Fact.parcel_id, Fact.seq)
)


def carried(session: Session, carrier: str, now: datetime) -> list[Carried]:
    """The carrier's parcels that have been handed over. Those that go back undelivered teach nothing.

    Read some thousands at a time, each time by one statement, so that no transaction has to stay open meanwhile.
    """
    teaches = (Shop.carrier == carrier, Parcel.accepted_at >= now - READ_DAYS)
    found: list[Carried] = []
    last = 0
    ids = select(Parcel.id).join(Shop, Shop.id == Parcel.shop_id).where(*teaches).order_by(Parcel.id).limit(BATCH)
    while batch := session.scalars(ids.where(Parcel.id > last)).all():
        last = batch[-1]
        found += _parcels(session.execute(_FACTS.where(*teaches, Fact.parcel_id.between(batch[0], last))))
    return found


def _parcels(rows: Iterable[Row[Any]]) -> Iterator[Carried]:
    for _parcel_id, facts in groupby(rows, key=lambda row: row.parcel_id):
        found = _parcel(list(facts))
        if found is not None:
            yield found


def _parcel(facts: list[Row[Any]]) -> Carried | None:
    """One parcel from its facts in the order in which they became known."""
    head = facts[0]
    handed = [fact for fact in facts if fact.kind in _HAND_OVER]
    came = _came(facts)
    if not handed or (came is None and any(fact.kind in _BACK for fact in facts)):
        return None
    moment = local(min(fact.occurred_at for fact in handed), head.origin_zone)
    if came is not None and came < moment:
        return None
    promises = _promises(facts)
    at_hand_over = [fact for fact in promises if fact.recorded_at <= handed[0].recorded_at]
    given = at_hand_over[-1].details if at_hand_over else None
    return Carried(
        way=Way(head.origin, head.region, head.to),
        handed=moment,
        came=came,
        by_matrix=_by_matrix(given) if given else None,
        first=_given(promises[0].details) if promises else None,
        handed_promise=_given(given) if given else None,
        last=_last_told(facts, promises),
    )


def _promises(facts: list[Row[Any]]) -> list[Row[Any]]:
    """The promises for the place it goes to now, up to when it came."""
    ends = (n for n, fact in enumerate(facts) if fact.kind in (Kind.DELIVERED, Kind.AT_PICKUP))
    before = facts[: next(ends, len(facts))]
    return [fact for fact in before if fact.kind is Kind.PROMISED and fact.details["settlement"] == fact.to]


def _last_told(facts: list[Row[Any]], promises: list[Row[Any]]) -> Given | None:
    """What the buyer was last told before it came; a promise that was taken back was not kept by the next one."""
    if not promises:
        return None
    last = promises[-1]
    until = facts.index(last) + 1
    withdrawn = next((n for n, fact in enumerate(facts) if fact.kind is Kind.PROMISE_WITHDRAWN), until)
    known = facts[: min(until, withdrawn)]
    told = [fact for fact in known if fact.kind in (Kind.PROMISED, Kind.TOLD) and told_in(fact.details)]
    dates = told_in(told[-1].details) if told else None
    given = _given(last.details)
    return given._replace(earliest=dates.first, latest=dates.last) if dates is not None else given


def _came(facts: list[Row[Any]]) -> datetime | None:
    """When it was delivered, reached its place of issue, or could have come to somebody who wanted it later.

    A later day that the recipient has chosen is no delay, nor is that he has chosen none yet: the parcel then counts
    as come on the day after its arrival, provided that we kept the chosen day.
    """
    first: dict[Kind, Row[Any]] = {}
    for fact in facts:
        first.setdefault(fact.kind, fact)
    ends = [local(first[k].occurred_at, first[k].zone) for k in (Kind.DELIVERED, Kind.AT_PICKUP) if k in first]
    over = min(ends, default=None)
    arrived, chosen = first.get(Kind.ARRIVED), _chosen(facts)
    if arrived is None:
        return over
    ready = local(arrived.occurred_at, arrived.zone) + timedelta(days=1)
    if chosen is None:
        return over or ready
    if over is not None and over.date() > chosen:
        return over
    if over is None:
        return ready if ready.date() < chosen else None
    return min(over, ready)


def _chosen(facts: list[Row[Any]]) -> date | None:
    """The day that was chosen last."""
    for fact in reversed(facts):
        if fact.kind in _CHOICE:
            day = next((fact.details[name] for name in ("day", "to", "remind_on") if name in fact.details), None)
            return date.fromisoformat(day) if day else None
    return None


def _by_matrix(details: dict[str, Any]) -> date:
    learned = details.get("learned")
    return date.fromisoformat(learned["by_matrix"] if learned else details["promised_to"])


def _given(details: dict[str, Any]) -> Given:
    learned = details.get("learned")
    is_wholly = learned is not None and learned["holds"] and learned["trust"] >= 1
    earliest, latest = (date.fromisoformat(details[name]) for name in ("promised_from", "promised_to"))
    return Given(earliest, latest, learned["target"] if learned and is_wholly else 0.0)
