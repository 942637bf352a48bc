"""The promise: from a hand-over and a lane of the matrix to a range of local dates, leg by leg.

Every leg begins where the one before it ended, for the early and for the late case alike, so the legs add
up to the promise whatever happens to one of them. A late hand-over is a leg of its own, which only late shops have;
so is the reserve, which only learned promises have.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from scheduling.calendars import UnknownDay, WorkCalendar, local

#: How far ahead a delivery day is looked for before the place counts as not served.
LOOK_AHEAD_DAYS = 31


class LegKind(StrEnum):
    SHOP = "shop"
    LATE = "late"
    ORIGIN = "origin"
    ROAD = "road"
    RESERVE = "reserve"
    CITY = "city"


class Unit(StrEnum):
    """Which days a lane counts."""

    WORKING = "working"
    CALENDAR = "calendar"


#: Weekdays as bits, Monday the lowest.
EVERY_DAY = 0b1111111


def is_among(day: date, weekdays: int) -> bool:
    """Is this one of the weekdays, given as bits?"""
    return bool(weekdays >> day.weekday() & 1)


@dataclass(frozen=True, slots=True)
class Terms:
    """A lane of the matrix with the shop's own days: what a promise is computed from.

    `days_min` and `days_max` are days of `unit` from hand-over to the door; `cutoff` is local time at the origin:
    what comes later leaves a working day later. Deliveries happen on `weekdays`.
    """

    handling_days: int
    cutoff: time
    days_min: int
    days_max: int
    origin_zone: str
    zone: str
    unit: Unit = Unit.WORKING
    weekdays: int = EVERY_DAY


@dataclass(frozen=True, slots=True)
class Progress:
    """What has really happened so far; moments, None for what has not."""

    accepted_at: datetime
    handed_over_at: datetime | None = None
    departed_at: datetime | None = None
    arrived_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Patience:
    """Until when a delayed hand-over or arrival is waited for: the late case is no earlier; None where none is late."""

    hand_over: date | None = None
    arrival: date | None = None


IN_TIME = Patience()


@dataclass(frozen=True, slots=True)
class Span:
    """An early and a late date; both the same when the thing has happened."""

    early: date
    late: date

    @classmethod
    def at(cls, day: date) -> "Span":
        return cls(day, day)


@dataclass(frozen=True, slots=True)
class Leg:
    """One stretch of the way, from the end of the one before it to its own end."""

    kind: LegKind
    begins: Span
    ends: Span
    is_past: bool

    @property
    def days(self) -> tuple[int, int]:
        """Calendar days it takes, early and late case."""
        return (self.ends.early - self.begins.early).days, (self.ends.late - self.begins.late).days


@dataclass(frozen=True, slots=True)
class Promise:
    """The answer: the parcel comes between two local dates, and why."""

    earliest: date
    latest: date
    legs: tuple[Leg, ...]

    @property
    def arrival(self) -> Span:
        """When it is expected in the city: where the last leg begins."""
        return self.legs[-1].begins

    @property
    def has_arrived(self) -> bool:
        """Is it in the city already?"""
        return self.legs[-2].is_past

    @property
    def hand_over(self) -> Span:
        """When the shop hands it over, late or not."""
        return next(leg.begins for leg in self.legs if leg.kind is LegKind.ORIGIN)


def compute(
    progress: Progress,
    terms: Terms,
    calendar: WorkCalendar,
    delivers: Callable[[date], bool],
    now: datetime,
    patience: Patience = IN_TIME,
) -> Promise:
    """When the parcel comes, seen from `now`.

    Args: `delivers` tells whether the settlement is served on a local date; `patience` what a late parcel is given.
    Returns: a range of local dates of the settlement, never in the past, with legs that add up to it: four, and
    one more when the shop hands over later than agreed.
    Raises: UnknownDay when the calendar does not reach that far or the place is not served within a month.
    """
    start = Span.at(local(progress.accepted_at, terms.origin_zone).date())
    shop = _hand_over(progress, terms, calendar, now, patience)
    origin = _departure(progress, terms, calendar, shop, now)
    road = _arrival(progress, terms, calendar, origin, now, patience)
    city = _delivery(road, terms, delivers, local(now, terms.zone).date())
    legs = (
        *_shop_legs(start, shop, progress, terms, calendar),
        Leg(LegKind.ORIGIN, shop, origin, progress.departed_at is not None),
        Leg(LegKind.ROAD, origin, road, progress.arrived_at is not None),
        Leg(LegKind.CITY, road, city, False),
    )
    return Promise(city.early, city.late, legs)


def with_latest(promise: Promise, latest: date, terms: Terms, delivers: Callable[[date], bool]) -> Promise:
    """The promise with another last date, such as the learned one.

    The late arrival moves by as many days as the last date. Later than the matrix has it, they are a leg of their own,
    the reserve; earlier, the road's late case gets shorter, never below its early one. Nothing changes for what has
    arrived, nor for a date that the parcel cannot make any more: the matrix's range is then all that is known.
    Raises: UnknownDay when the place is not served within a month of that date.
    """
    *before, road, _city = promise.legs
    if promise.has_arrived or latest < promise.earliest:
        return promise
    latest = first_delivery_day(latest, _served(terms, delivers))
    moved = latest - promise.latest
    late = max(road.ends.early, road.ends.late + moved)
    arrives = Span(road.ends.early, late)
    if moved > timedelta():
        ways = [road, Leg(LegKind.RESERVE, road.ends, arrives, False)]
    else:
        ways = [replace(road, ends=arrives)]
    legs = (*before, *ways, Leg(LegKind.CITY, arrives, Span(promise.earliest, latest), False))
    return Promise(promise.earliest, latest, legs)


def _hand_over(progress: Progress, terms: Terms, calendar: WorkCalendar, now: datetime, patience: Patience) -> Span:
    """The day the shop hands over: the real one, or the agreed one, or today when that has passed."""
    if progress.handed_over_at is not None:
        return Span.at(local(progress.handed_over_at, terms.origin_zone).date())
    if (left := _left(progress, terms)) is not None:
        return Span.at(left)
    accepted = local(progress.accepted_at, terms.origin_zone).date()
    agreed = calendar.add(accepted, terms.handling_days)
    today = local(now, terms.origin_zone)
    if today.time() > terms.cutoff:
        today += timedelta(days=1)
    next_day = max(agreed, calendar.on_or_after(today.date()))
    if patience.hand_over is None:
        return Span.at(next_day)
    return Span(next_day, max(next_day, calendar.on_or_after(patience.hand_over)))


def _shop_legs(start: Span, shop: Span, progress: Progress, terms: Terms, calendar: WorkCalendar) -> tuple[Leg, ...]:
    """The shop's own leg, and what it is late by. A parcel that left unseen tells nothing about its shop."""
    is_past = progress.handed_over_at is not None
    is_known = is_past or _left(progress, terms) is None
    agreed = Span.at(calendar.add(start.early, terms.handling_days)) if is_known else shop
    if shop.early <= agreed.early:
        return (Leg(LegKind.SHOP, start, shop, is_past),)
    return Leg(LegKind.SHOP, start, agreed, is_past), Leg(LegKind.LATE, agreed, shop, is_past)


def _left(progress: Progress, terms: Terms) -> date | None:
    """The day it really left; unless that was reported, the day it arrived, by whichever clock is behind."""
    if progress.departed_at is not None:
        return local(progress.departed_at, terms.origin_zone).date()
    if progress.arrived_at is not None:
        return min(local(progress.arrived_at, zone).date() for zone in (terms.origin_zone, terms.zone))
    return None


def _departure(progress: Progress, terms: Terms, calendar: WorkCalendar, shop: Span, now: datetime) -> Span:
    """The day it leaves the origin; what is handed over after the cut-off waits for the next working day."""
    if (left := _left(progress, terms)) is not None:
        return Span.at(max(shop.early, left))
    leaves = calendar.on_or_after(shop.early)
    handed = progress.handed_over_at
    if handed is not None and leaves == shop.early and local(handed, terms.origin_zone).time() > terms.cutoff:
        leaves = calendar.add(leaves, 1)
    today = calendar.on_or_after(local(now, terms.origin_zone).date())
    return Span(max(leaves, today), max(leaves, today, calendar.on_or_after(shop.late)))


def _arrival(
    progress: Progress, terms: Terms, calendar: WorkCalendar, origin: Span, now: datetime, patience: Patience
) -> Span:
    """The days it may reach the city: the matrix counts to the door, the city takes the last of its days."""
    if progress.arrived_at is not None:
        return Span.at(max(origin.early, local(progress.arrived_at, terms.zone).date()))
    today = local(now, terms.zone).date()
    early = _days_later(origin.early, max(terms.days_min - 1, 0), terms.unit, calendar)
    late = _days_later(origin.late, max(terms.days_max - 1, 0), terms.unit, calendar)
    return Span(max(early, today), max(late, today, patience.arrival or today))


def _days_later(day: date, count: int, unit: Unit, calendar: WorkCalendar) -> date:
    return calendar.add(day, count) if unit is Unit.WORKING else calendar.known(day + timedelta(days=count))


def _delivery(road: Span, terms: Terms, delivers: Callable[[date], bool], today: date) -> Span:
    served = _served(terms, delivers)
    early = first_delivery_day(max(road.early + timedelta(days=1), today), served)
    return Span(early, max(early, first_delivery_day(max(road.late + timedelta(days=1), today), served)))


def _served(terms: Terms, delivers: Callable[[date], bool]) -> Callable[[date], bool]:
    return lambda day: is_among(day, terms.weekdays) and delivers(day)


def first_delivery_day(day: date, delivers: Callable[[date], bool]) -> date:
    """The first served day from `day` on. Raises UnknownDay when there is none within a month."""
    for ahead in range(LOOK_AHEAD_DAYS):
        if delivers(candidate := day + timedelta(days=ahead)):
            return candidate
    raise UnknownDay(f"not served from {day.isoformat()}")
