"""PURE a carrier that plans days: how it is asked for those it has and told the one that was chosen, and how often."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from carriers.base import Keys, Request
from parcels.clocks import moment
from parcels.stages import GOING_BACK, Stage, State

#: From and until, by the clock of the recipient's place.
Hours = tuple[time, time]
#: A wish that nobody has answered is told again after a minute, then each time later.
FIRST_RETRY, LAST_RETRY = timedelta(minutes=1), timedelta(minutes=15)
#: A choice made as the day closes still leaves the carrier so long to answer.
LEAST_TIME = timedelta(minutes=30)
#: How often a carrier is asked which days it has; sooner when the last question brought nothing.
LOOK_EVERY, LOOK_AGAIN = timedelta(hours=4), timedelta(minutes=30)
MOST_DAYS = 20
#: Facts of before the closing time stood in them: the usual one.
_CLOSING = time(18)
_SPREAD = 0.2


@dataclass(frozen=True, slots=True)
class NearDate:
    """A day with room for `available` more orders, and the windows (local time) in which it may be."""

    day: date
    available: int
    windows: tuple[Hours, ...]


@dataclass(frozen=True, slots=True)
class Days:
    """How a carrier is told a day; every question names the order by the carrier's own `identity` of it.

    `identify(answer, number)` finds that in what `Carrier.fetch` brings; `near` reads the days it has, all that it
    names; `declined` gives its words for not taking a wish, "" for taking it. All raise BadAnswer.
    """

    carrier: str
    identify: Callable[[bytes, str], str]
    ask_near: Callable[[Keys, str], Request]
    near: Callable[[bytes], list[NearDate]]
    ask_for: Callable[[Keys, str, date, Hours], Request]
    declined: Callable[[bytes], str]


def named(near: Iterable[NearDate], today: date) -> dict[str, list[list[str]]]:
    """The days from today on as a fact keeps them: windows by day, none on one that is full."""
    days: dict[date, set[tuple[str, str]]] = {}
    for one in near:
        if one.day >= today:
            windows = one.windows if one.available > 0 else ()
            days.setdefault(one.day, set()).update((f"{a:%H:%M}", f"{b:%H:%M}") for a, b in windows)
    return {day.isoformat(): sorted(map(list, days[day])) for day in sorted(days)[:MOST_DAYS]}


def is_news(known: Mapping[str, Any] | None, found: Mapping[str, Any], today: date) -> bool:
    """Does a carrier name other days than it did? That a day has passed is no news; nor is it to name none at all."""
    still = {day: windows for day, windows in (known or {}).items() if day >= today.isoformat()}
    return bool(found) and still != found


def wants_days(state: State) -> bool:
    """Is it worth asking which days there are? From the hand-over on, as long as no courier has the parcel."""
    return state.road not in (Stage.ACCEPTED, Stage.WITH_COURIER) and is_to_come(state)


def stands(state: State) -> bool:
    """Is the day that was chosen still what is agreed, and still to be planned?"""
    return state.plan is Stage.SCHEDULED and state.road is not Stage.WITH_COURIER and is_to_come(state)


def is_to_come(state: State) -> bool:
    """Is the parcel on its way to the recipient?"""
    return not state.is_closed and state.side not in GOING_BACK


def give_up_at(choice: Mapping[str, Any], zone: str, now: datetime) -> datetime:
    """Until when a carrier may confirm a choice: as long as the recipient could still choose another day."""
    if "closes_at" in choice:
        closes = datetime.fromisoformat(choice["closes_at"])
    else:
        closes = moment(date.fromisoformat(choice["day"]) - timedelta(days=1), _CLOSING, zone)
    return max(closes, now + LEAST_TIME)


def next_try(attempts: int, chance: float) -> timedelta:
    """In how long a wish is told again. Args: `attempts` so far, from 1; `chance` from 0 to 1."""
    pause: timedelta = min(FIRST_RETRY * (1 << min(attempts - 1, 10)), LAST_RETRY)
    return pause * (1 - _SPREAD / 2 + _SPREAD * chance)
