"""FOLLOWER: after each fact that tells where a parcel is, its promise is computed anew and recorded if it changed.

A promise keeps what its buyer was last told (`told`), and owes him news (`tells`) when it outruns that.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy.orm import Session

from parcels import journal
from parcels.clocks import answer_by, moment
from parcels.models import Fact, Parcel
from parcels.stages import Kind
from scheduling import changes, lessons, matrix, past_promises
from scheduling.calendars import COUNTRY as COUNTRY
from scheduling.calendars import UnknownDay, WorkCalendar, local_date
from scheduling.days import calendar_for, closed_days
from scheduling.delays import MOST_MOVES, SHOP_DAYS, Given, LateLeg, Told, as_told, given_of, more_days
from scheduling.gaps import CARRIER as CARRIER
from scheduling.learned import Way
from scheduling.models import Lane, Matrix
from scheduling.past_promises import SCANS, Past
from scheduling.promise import Leg, Progress, Promise, Span, Terms, Unit, compute
from scheduling.reserve import Reserve, holds, reserve_for, reserve_of, with_reserve
from scheduling.zones import Service, service_of

END_OF_DAY = time(23, 59)
_MOVES_IT = frozenset(
    {
        Kind.ORDER_ACCEPTED,
        Kind.DETAILS_CHANGED,
        Kind.HANDED_OVER,
        Kind.AT_WAREHOUSE,
        Kind.DEPARTED,
        Kind.PASSED,
        Kind.ARRIVED,
    }
)
DATES = ("promised_from", "promised_to", "hand_over_by", "arrival_from", "arrival_by")


def follow(session: Session, parcel: Parcel, fact: Fact, now: datetime) -> None:
    """Follower of the journal."""
    if parcel.closed_at is not None:
        return
    if fact.kind is Kind.HAND_OVER_LATE:
        put_off(session, parcel, LateLeg.HAND_OVER, now, cause=fact.kind)
    elif fact.kind is Kind.CHOICE_WITHDRAWN:
        _tell_what_stood_back(session, parcel, now)
    elif fact.kind in _MOVES_IT and _is_about_the_way(fact):
        refresh(session, parcel, now, cause=fact.kind)


def _is_about_the_way(fact: Fact) -> bool:
    return fact.kind is not Kind.DETAILS_CHANGED or "settlement" in fact.details["changed"]


def refresh(session: Session, parcel: Parcel, now: datetime, cause: str) -> bool:
    """Compute the promise of a parcel again and record it when it differs from the last one.

    Returns: whether there is a new promise. No lane or no calendar means no promise, never a guess.
    """
    past = past_promises.read(session, parcel)
    if past.is_withdrawn and cause not in SCANS:
        return False
    return _promise_anew(session, parcel, past, _given(session, parcel, past, now), now, cause)


def put_off(session: Session, parcel: Parcel, leg: LateLeg, now: datetime, cause: str) -> None:
    """A leg is late: its promise gets a wider range, or is withdrawn when that has been done often enough."""
    past = past_promises.read(session, parcel)
    given = given_of(past.last.details) if past.last is not None else Given()
    if past.last is None or past.is_withdrawn or not _is_over(parcel, leg, given, now):
        refresh(session, parcel, now, cause)
    elif given.moves(leg) >= MOST_MOVES:
        _withdraw(session, parcel, past.last, now, cause)
    else:
        until = _waited_for(session, parcel, past.last, leg, given.moves(leg), now)
        _promise_anew(session, parcel, past, given.more(leg, until), now, cause)


def _is_over(parcel: Parcel, leg: LateLeg, given: Given, now: datetime) -> bool:
    """Has the day gone by until which this leg was waited for?"""
    if leg is LateLeg.HAND_OVER:
        return given.hand_over is None or local_date(now, parcel.shop.origin.zone) >= given.hand_over
    return parcel.arrival_by is not None and now >= moment(parcel.arrival_by, END_OF_DAY, parcel.zone)


def _waited_for(session: Session, parcel: Parcel, last: Fact, leg: LateLeg, moves: int, now: datetime) -> date:
    """Until when a late leg is waited for now, by what is known of such delays."""
    if leg is LateLeg.HAND_OVER:
        return local_date(now, parcel.shop.origin.zone) + timedelta(days=SHOP_DAYS[moves])
    lane = matrix.find_lane(session, last.details["matrix"], last.details["settlement"])
    region = parcel.settlement.region if parcel.settlement is not None else ""
    seen = lessons.delays(session, parcel.shop.carrier)
    days = more_days(seen, parcel.shop.origin_id, region, lane.days_max if lane is not None else 0, moves)
    return local_date(now, parcel.zone) + timedelta(days=days)


def _tell_what_stood_back(session: Session, parcel: Parcel, now: datetime) -> None:
    """Nothing is agreed any more: a promise that meanwhile outran what the buyer was told counts again, and is told."""
    past = past_promises.read(session, parcel)
    if past.last is None or past.is_withdrawn or past.told is None:
        return
    true = past_promises.range_of(past.last)
    if true.last <= past.told.last:
        return
    details = {**past.last.details, "told": as_told(*true), "tells": True}
    journal.record(session, parcel, journal.NewFact(Kind.PROMISED, "promise", details=details), now)


def _withdraw(session: Session, parcel: Parcel, last: Fact, now: datetime, cause: str) -> None:
    """Nobody knows any more when it comes: say so, and by when somebody answers."""
    given = {name: last.details[name] for name in ("promised_from", "promised_to")}
    details = {"cause": str(cause), "answer_by": answer_by(now, parcel.zone).isoformat(), **given}
    journal.record(session, parcel, journal.NewFact(Kind.PROMISE_WITHDRAWN, "promise", details=details), now)


def _given(session: Session, parcel: Parcel, past: Past, now: datetime) -> Given:
    """What a parcel has been given so far. One that turns up on the road after nobody knew is given time once more."""
    if past.last is None:
        return Given()
    given = given_of(past.last.details)
    if not past.is_withdrawn or given.arrival is None:
        return given
    until = _waited_for(session, parcel, past.last, LateLeg.ARRIVAL, MOST_MOVES - 1, now)
    return replace(given, arrival=until)


def _promise_anew(session: Session, parcel: Parcel, past: Past, given: Given, now: datetime, cause: str) -> bool:
    """Compute the promise with what has been given, and record it when it says something else. Was it recorded?"""
    found = _terms(session, parcel, now, past.last)
    if found is None:
        return False
    matrix_id, terms = found
    promise, learned = _promise(session, parcel, past, terms, now, given)
    if promise is None:
        return False
    says = {**_dates(promise), **learned, **given.record()}
    told, tells = _news(parcel, past, promise)
    if tells and changes.taken_back_at(session, parcel.id) == now:
        tells = False  # the message that the choice is taken back says it, and is worded from what is true then
    is_same = past.last is not None and not past.is_withdrawn and _says(past.last.details) == _says(says)
    if is_same and not tells:
        return False
    calendar = calendar_for(session, parcel.shop.origin.country)
    details = {
        **says,
        "legs": [_leg(leg, calendar) for leg in promise.legs],
        "matrix": matrix_id,
        "settlement": parcel.settlement_id,
        "cause": str(cause),
        "told": as_told(*told),
        **({"tells": True} if tells else {}),
    }
    journal.record(session, parcel, journal.NewFact(Kind.PROMISED, "promise", details=details), now)
    return True


def _news(parcel: Parcel, past: Past, promise: Promise) -> tuple[Told, bool]:
    """What the buyer will have been told with this promise, and whether it owes him a message of its own.

    A day that is agreed stands beside the promise: while it can be kept nothing is told, and when it cannot, that it
    is taken back is told.
    """
    now_true = Told(promise.earliest, promise.latest)
    told = past.told
    if told is None:
        return now_true, past.is_withdrawn
    if promise.latest <= told.last or promise.has_arrived or parcel.side is not None:
        return told, False
    agreed = past.agreed_day(parcel)
    if agreed is None:
        return now_true, True
    return (now_true if agreed < promise.earliest else told), False


def _terms(session: Session, parcel: Parcel, now: datetime, last: Fact | None) -> tuple[int, Terms] | None:
    """The lane that counts for a parcel: of the version it was first promised from, else of the newest."""
    settlement, shop = parcel.settlement, parcel.shop
    if settlement is None:
        return None
    if last is not None:
        version = session.get(Matrix, last.details["matrix"])
    else:
        version = matrix.current(session, shop.carrier, shop.origin_id, local_date(now, shop.origin.zone))
    lane = matrix.find_lane(session, version.id, settlement.id) if version else None
    if version is None or lane is None:
        return None
    return version.id, terms_of(lane, version, shop.handling_days, shop.origin.zone, settlement.zone)


def terms_of(lane: Lane, version: Matrix, handling_days: int, origin_zone: str, zone: str) -> Terms:
    """What a promise is computed from, along a lane of a version, for a shop that needs so many working days."""
    return Terms(
        handling_days=handling_days,
        cutoff=lane.cutoff or version.cutoff,
        days_min=lane.days_min,
        days_max=lane.days_max,
        origin_zone=origin_zone,
        zone=zone,
        unit=Unit(lane.unit),
        weekdays=lane.weekdays,
    )


def _promise(
    session: Session, parcel: Parcel, past: Past, terms: Terms, now: datetime, given: Given
) -> tuple[Promise | None, dict[str, Any]]:
    """The promise by the matrix with its learned last date, and what of that the fact keeps.

    What is late already is given its own time: the date that was learned has gone by.
    """
    service = service_of(session, parcel.settlement_id)
    closed = closed_days(session, parcel.settlement_id)
    progress = _progress(parcel, past.facts)
    try:
        calendar = calendar_for(session, parcel.shop.origin.country)
        there = calendar_for(session, parcel.settlement.country) if parcel.settlement else calendar
        delivers = delivery_days(service, there, closed)
        promise = compute(progress, terms, calendar, delivers, now, given.patience)
        if given.arrival is not None:
            return promise, {}
        is_given = progress.handed_over_at is not None or progress.departed_at is not None
        reserve = _reserve(session, parcel, promise, past.last if is_given else None)
        found = with_reserve(promise, reserve, terms, delivers)
    except UnknownDay:
        return None, {}
    return found, {"learned": reserve.record(holds(promise, reserve), is_given)} if reserve else {}


def _reserve(session: Session, parcel: Parcel, promise: Promise, last: Fact | None) -> Reserve | None:
    """The learned last date. What was given for this hand-over stays, whatever has been learned since."""
    given = last.details.get("learned") if last is not None else None
    if given is not None and given["is_given"] and given["handed"] == promise.hand_over.late.isoformat():
        return reserve_of(given)
    if parcel.settlement is None:
        return None
    way = Way(parcel.shop.origin_id, parcel.settlement.region, parcel.settlement.id)
    return reserve_for(lessons.learned_for(session, parcel.shop.carrier), way, promise)


def delivery_days(service: Service | None, calendar: WorkCalendar, closed: frozenset[date]) -> Callable[[date], bool]:
    """Whether something is given out on a local date: by the couriers of a zone, else by pick-up points."""

    def delivers(day: date) -> bool:
        return day not in closed and (service.delivers(day, calendar) if service else calendar.is_working(day))

    return delivers


def _progress(parcel: Parcel, facts: list[Fact]) -> Progress:
    """The first moment of each step, whoever reported it and in whatever order."""
    first: dict[Kind, datetime] = {}
    for fact in facts:
        first[fact.kind] = min(first.get(fact.kind, fact.occurred_at), fact.occurred_at)
    handed = first.get(Kind.HANDED_OVER) or first.get(Kind.AT_WAREHOUSE)
    departed = first.get(Kind.DEPARTED) or first.get(Kind.PASSED)
    return Progress(parcel.accepted_at, handed, departed, first.get(Kind.ARRIVED))


def _says(details: Mapping[str, Any]) -> dict[str, Any]:
    """What makes a promise another one: its dates, what it was given, whether its learned date stays from now on."""
    is_given = details.get("learned", {}).get("is_given", False)
    return {**{name: details[name] for name in DATES}, "is_given": is_given, "delay": details.get("delay")}


def _dates(promise: Promise) -> dict[str, str]:
    """The dates that a parcel carries; their names are its columns."""
    return {
        "promised_from": promise.earliest.isoformat(),
        "promised_to": promise.latest.isoformat(),
        "hand_over_by": promise.hand_over.early.isoformat(),
        "arrival_from": promise.arrival.early.isoformat(),
        "arrival_by": promise.arrival.late.isoformat(),
    }


def _leg(leg: Leg, calendar: WorkCalendar) -> dict[str, Any]:
    """A leg as the promise's fact keeps it; `feasts` are the first and the last public holiday that lengthen it."""
    kept = {"kind": leg.kind.value, "begins": _span(leg.begins), "ends": _span(leg.ends), "past": leg.is_past}
    days = (leg.begins.early + timedelta(days=n) for n in range(1, (leg.ends.late - leg.begins.early).days))
    feasts = [day for day in days if calendar.first <= day <= calendar.last and calendar.is_public_holiday(day)]
    if feasts and not leg.is_past:
        kept["feasts"] = [feasts[0].isoformat(), feasts[-1].isoformat()]
    return kept


def _span(span: Span) -> list[str]:
    return [span.early.isoformat(), span.late.isoformat()]
