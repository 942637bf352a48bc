"""What a parcel would be promised before it exists: by courier and at a pick-up point, from the hand-over on."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from scheduling.calendars import UnknownDay, WorkCalendar
from scheduling.matrix_memory import Memory
from scheduling.promise import LegKind, Progress, Promise, Terms, compute
from scheduling.reserve import reserve_for, with_reserve


@dataclass(frozen=True, slots=True)
class Question:
    """From where to where, by whom, and when the shop hands over."""

    carrier: str
    origin_id: int
    settlement_id: int
    handed_over_at: datetime


@dataclass(frozen=True, slots=True)
class Estimate:
    """Both promises, None where there is none; the version of the matrix they come from; the name of the zone."""

    version: int
    zone: str
    timezone: str
    courier: Promise | None
    pickup: Promise | None


class NoLane(LookupError):
    """The matrix says nothing about this way."""


def estimate(memory: Memory, asked: Question) -> Estimate:
    """Answer from memory alone.

    Raises: NoLane; UnknownDay when the calendars do not reach that far.
    """
    lane = memory.lane(asked.carrier, asked.origin_id, asked.settlement_id)
    if lane is None:
        raise NoLane(asked)
    route = memory.routes[asked.carrier, asked.origin_id]
    there = memory.destinations[memory.rows[asked.settlement_id]]
    terms = memory.terms(asked.carrier, asked.origin_id, asked.settlement_id)
    calendar = memory.calendars[route.country]

    def promise(by_courier: bool) -> Promise | None:
        return _promise(memory, asked, terms, calendar, memory.delivers(asked.settlement_id, by_courier))

    courier = None
    if lane.has_courier and there.service is not None:
        courier = promise(by_courier=True)
    pickup = promise(by_courier=False)
    if courier is None and pickup is None:
        raise UnknownDay(asked.handed_over_at.isoformat())
    return Estimate(route.version, there.zone_name if courier else "", there.zone, courier, pickup)


def _promise(
    memory: Memory, asked: Question, terms: Terms, calendar: WorkCalendar, delivers: Callable[[date], bool]
) -> Promise | None:
    handed = asked.handed_over_at
    learned = memory.learned.get(asked.carrier)
    try:
        promise = compute(Progress(handed, handed), terms, calendar, delivers, handed)
        if learned is None:
            return promise
        reserve = reserve_for(learned, memory.way(asked.origin_id, asked.settlement_id), promise)
        return with_reserve(promise, reserve, terms, delivers)
    except UnknownDay:
        return None


#: The legs that begin with the hand-over; what comes before it is the shop's own.
AFTER_HAND_OVER = (LegKind.ORIGIN, LegKind.ROAD, LegKind.RESERVE, LegKind.CITY)
