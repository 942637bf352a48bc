"""PURE how far the courier is from one door of his round, told by what he has marked: no positions, only stops."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from scheduling.calendars import local, local_date, moment
from scheduling.travel import AT_DOOR

#: Minutes: the window that is told while the round runs, the steps it begins on, and how early he may be.
WINDOW, GRID, EARLY = 30, 10, 5
#: Minutes: the finer steps of a window that would have begun already.
AT_ONCE = 5


@dataclass(frozen=True, slots=True)
class Near:
    """A stop of the round: minutes from the end of the stop before to its own end, the first hour of its slot."""

    leg: int
    opens: time
    done_at: datetime | None
    is_in_car: bool
    is_mine: bool


@dataclass(frozen=True, slots=True)
class Approach:
    """How many addresses come before mine, and between which hours of the day mine is likely."""

    ahead: int
    begins: time
    ends: time


def approach(
    stops: Sequence[Near], started_at: datetime | None, day: date, zone: str, now: datetime
) -> Approach | None:
    """Where the courier is on his way to my door; None unless his round is running today.

    Args: `stops` in the order of the round. He goes on from his last mark, stays a while at each door that is still to
    come before mine, and waits where he is too early for a slot. However long he has marked nothing, he is not at the
    next door before now, and the others come after it.
    """
    if started_at is None or local_date(now, zone) != day or not any(stop.is_mine for stop in stops):
        return None
    at = max([started_at, *(stop.done_at for stop in stops if stop.done_at is not None)])
    ahead, stay = 0, timedelta(minutes=AT_DOOR)
    for stop in stops:
        if stop.done_at is not None or not stop.is_in_car:
            continue
        opens = moment(day, stop.opens, zone)
        at = max(at + timedelta(minutes=stop.leg) - stay, opens, now)
        if stop.is_mine:
            return _window(ahead, at, earliest=max(opens, now), zone=zone)
        ahead, at = ahead + 1, at + stay
    return None


def _window(ahead: int, at: datetime, earliest: datetime, zone: str) -> Approach:
    """The half-hour around `at`. It begins neither before the slot opens nor in the past."""
    begins = _down(local(at - timedelta(minutes=EARLY), zone))
    if begins < earliest:
        begins = _up(local(earliest, zone))
    ends = begins + timedelta(minutes=WINDOW)
    last = ends.time() if ends.date() == begins.date() else time(23, 59)
    return Approach(ahead, begins.time(), last)


def _down(moment_there: datetime) -> datetime:
    return moment_there.replace(minute=moment_there.minute // GRID * GRID, second=0, microsecond=0)


def _up(moment_there: datetime) -> datetime:
    whole = moment_there.replace(minute=moment_there.minute // AT_ONCE * AT_ONCE, second=0, microsecond=0)
    return whole if whole == moment_there else whole + timedelta(minutes=AT_ONCE)
