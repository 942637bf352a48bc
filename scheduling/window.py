"""PURE from when to when a delivery may be agreed, what moves that window, and what comes at its end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

from parcels.stages import Kind
from parcels.storage import STORAGE_DAYS, agreed_until
from scheduling.calendars import CALLS_FROM, moment

#: How long a parcel waits for its buyer, counted from the first day it could have come.
LIMIT_DAYS = STORAGE_DAYS
#: Days with a free place that are left to him after something that was not his doing.
FRESH_DAYS = 3
#: So long before the last day he and the shop are told of it.
TOLD_BEFORE, TOLD_AT = timedelta(days=2), time(10)
#: The furthest to which an operator may put the last day, counted from today.
EXTENDS_BY = timedelta(days=30)
#: Causes for which we took back what we had agreed to; what the carrier cannot do, we cannot.
BROKEN_BY_US = frozenset({"delay", "no_date", "blackout", "incident", "stop_not_marked", "carrier", "carrier_silent"})


class Cause(StrEnum):
    """Why the last day was moved on."""

    MISSED = "missed"
    INCIDENT = "incident"
    DELAY = "delay"
    ARRIVED = "arrived"
    UNREACHABLE = "unreachable"
    FULL = "full"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Window:
    """The days from which the recipient may choose, both included."""

    first: date
    last: date

    @classmethod
    def from_first_possible(cls, first: date) -> "Window":
        """The window of a parcel to which nothing has happened yet."""
        return cls(first, agreed_until(None, first))

    @classmethod
    def of(cls, first: date, choose_until: date | None) -> "Window":
        """The window as it stands, from a parcel's columns `promised_from` and `choose_until`."""
        return cls(first, choose_until or agreed_until(None, first))

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


#: Facts that say from when to when a delivery may be agreed.
MOVES_WINDOW = (Kind.PROMISED, Kind.WINDOW_MOVED, Kind.DETAILS_CHANGED)


def after(window: Window | None, kind: Kind, details: Mapping[str, Any]) -> Window | None:
    """The window after one more fact, as the parcel's columns have it; None while nothing is promised."""
    if kind is Kind.PROMISED:
        first = date.fromisoformat(details["promised_from"])
        return Window(first, agreed_until(window.last if window else None, first))
    if kind is Kind.WINDOW_MOVED and window is not None:
        return Window(window.first, date.fromisoformat(details["kept_until"]))
    return None if kind is Kind.DETAILS_CHANGED and "settlement" in details.get("changed", ()) else window


_MOVES: Mapping[Kind, Cause] = {
    Kind.NOT_DELIVERED: Cause.MISSED,
    Kind.INCIDENT: Cause.INCIDENT,
    Kind.UNKNOWN: Cause.INCIDENT,
    Kind.ARRIVED: Cause.ARRIVED,
    Kind.AT_PICKUP: Cause.ARRIVED,
    Kind.MESSAGE_FAILED: Cause.UNREACHABLE,
}


def cause_of(kind: Kind, details: Mapping[str, Any]) -> Cause | None:
    """What a fact has done to the buyer's time to choose; None when it was his own doing, or nothing."""
    if kind is Kind.CHOICE_WITHDRAWN and details.get("cause") in BROKEN_BY_US:
        return Cause.INCIDENT if details["cause"] in ("incident", "stop_not_marked") else Cause.DELAY
    return _MOVES.get(kind)


def moved_on(window: Window, cause: Cause, free: Sequence[date], today: date) -> date | None:
    """The new last day after something that was not the buyer's doing; None when the window is wide enough.

    At least `FRESH_DAYS` days with a free place are left, counted from now. While an incident or an unknown word lies
    over a parcel nobody can choose in earnest: it waits as long as a new one.

    Args: `free` the days with a free place that can still be chosen, also those after the window, in order.
    """
    last = window.last
    if cause is Cause.INCIDENT:
        last = max(last, today + timedelta(days=LIMIT_DAYS))
    if free[:FRESH_DAYS]:
        last = max(last, free[:FRESH_DAYS][-1])
    return last if last > window.last else None


@lru_cache(maxsize=1_000)
def closes_at(day: date, closing: time, timezone: str) -> datetime:
    """Until when a day may be chosen: `closing` on the evening before, by the clock of the place; UTC."""
    return moment(day - timedelta(days=1), closing, timezone)


def answer_day(free: Sequence[date]) -> date | None:
    """The last day before whose closing the buyer must have answered, so that one day is left for a call.

    Args: `free` the days of the window with a free place that can still be chosen, in order.
    Returns: None when there is no such day: then somebody calls as soon as he can.
    """
    return free[-2] if len(free) > 1 else None


def warns_at(last: date, timezone: str) -> datetime:
    """When buyer and shop are told that the last day is near; UTC."""
    return moment(last - TOLD_BEFORE, TOLD_AT, timezone)


def ends_at(last: date, timezone: str) -> datetime:
    """When storage is over, with nothing agreed: the morning after the last day; UTC."""
    return moment(last + timedelta(days=1), CALLS_FROM, timezone)
