"""FOLLOWER: after each fact that tells where a parcel is, its promise is computed anew and recorded if it changed."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from parcels import journal
from parcels.models import Fact, Parcel
from parcels.stages import Kind
from scheduling import lessons, matrix
from scheduling.calendars import COUNTRY as COUNTRY
from scheduling.calendars import UnknownDay, WorkCalendar, local_date
from scheduling.days import calendar_for, closed_days
from scheduling.gaps import CARRIER as CARRIER
from scheduling.learned import Way
from scheduling.models import Lane, Matrix
from scheduling.promise import Leg, Progress, Promise, Span, Terms, Unit, compute
from scheduling.reserve import Reserve, holds, reserve_for, reserve_of, with_reserve
from scheduling.zones import Service, service_of

_MOVES_IT = frozenset(
    {
        Kind.ORDER_ACCEPTED,
        Kind.DETAILS_CHANGED,
        Kind.HAND_OVER_LATE,
        Kind.HANDED_OVER,
        Kind.AT_WAREHOUSE,
        Kind.DEPARTED,
        Kind.PASSED,
        Kind.ARRIVED,
    }
)
DATES = ("promised_from", "promised_to", "hand_over_by", "arrival_from", "arrival_by")
_READ = (Kind.HANDED_OVER, Kind.AT_WAREHOUSE, Kind.DEPARTED, Kind.PASSED, Kind.ARRIVED, Kind.PROMISED)


def follow(session: Session, parcel: Parcel, fact: Fact, now: datetime) -> None:
    """Follower of the journal."""
    if fact.kind is Kind.DETAILS_CHANGED and "settlement" not in fact.details["changed"]:
        return
    if fact.kind in _MOVES_IT and parcel.closed_at is None:
        refresh(session, parcel, now, cause=fact.kind)


def refresh(session: Session, parcel: Parcel, now: datetime, cause: str) -> bool:
    """Compute the promise of a parcel again and record it when it differs from the last one.

    Returns: whether there is a new promise. No lane or no calendar means no promise, never a guess.
    """
    query = select(Fact).where(Fact.parcel_id == parcel.id, Fact.kind.in_(_READ)).order_by(Fact.seq)
    facts = list(session.scalars(query))
    last = next((f for f in reversed(facts) if f.kind is Kind.PROMISED), None)
    if last is not None and last.details["settlement"] != parcel.settlement_id:
        last = None
    found = _terms(session, parcel, now, last)
    if found is None:
        return False
    matrix_id, terms = found
    promise, learned = _promise(session, parcel, facts, terms, now, last)
    if promise is None or (last is not None and _says(last.details) == _says({**_dates(promise), **learned})):
        return False
    details = {
        **_dates(promise),
        "legs": [_leg(leg) for leg in promise.legs],
        "matrix": matrix_id,
        "settlement": parcel.settlement_id,
        "cause": str(cause),
        **learned,
    }
    journal.record(session, parcel, journal.NewFact(Kind.PROMISED, "promise", details=details), now)
    return True


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
    session: Session, parcel: Parcel, facts: list[Fact], terms: Terms, now: datetime, last: Fact | None
) -> tuple[Promise | None, dict[str, Any]]:
    """The promise by the matrix with its learned last date, and what of that the fact keeps."""
    service = service_of(session, parcel.settlement_id)
    closed = closed_days(session, parcel.settlement_id)
    progress = _progress(parcel, facts)
    try:
        calendar = calendar_for(session, parcel.shop.origin.country)
        there = calendar_for(session, parcel.settlement.country) if parcel.settlement else calendar
        delivers = delivery_days(service, there, closed)
        promise = compute(progress, terms, calendar, delivers, now)
        is_given = progress.handed_over_at is not None or progress.departed_at is not None
        reserve = _reserve(session, parcel, promise, last if is_given else None)
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
    """What makes a promise another one: its dates, and whether its learned date stays from now on."""
    is_given = details.get("learned", {}).get("is_given", False)
    return {**{name: details[name] for name in DATES}, "is_given": is_given}


def _dates(promise: Promise) -> dict[str, str]:
    """The dates that a parcel carries; their names are its columns."""
    return {
        "promised_from": promise.earliest.isoformat(),
        "promised_to": promise.latest.isoformat(),
        "hand_over_by": promise.hand_over.late.isoformat(),
        "arrival_from": promise.arrival.early.isoformat(),
        "arrival_by": promise.arrival.late.isoformat(),
    }


def _leg(leg: Leg) -> dict[str, Any]:
    return {"kind": leg.kind.value, "begins": _span(leg.begins), "ends": _span(leg.ends), "past": leg.is_past}


def _span(span: Span) -> list[str]:
    return [span.early.isoformat(), span.late.isoformat()]
