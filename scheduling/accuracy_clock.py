"""The clock of the learned promise: working days as a table, so that a whole history is counted in one look-up."""

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scheduling.calendars import KNOWN_YEARS, calendar_of

Ints = NDArray[np.int64]

#: A promise is looked up at most this many calendar days beyond the last date of a history.
AHEAD: Final = 800
#: A kind of day off is believed when it sees fewer than this share of an ordinary working day's deliveries.
IDLE: Final = 0.5
#: Fewer deliveries than this say nothing about a rhythm; the calendar is then taken at its word.
ENOUGH: Final = 300
_MONDAY: Final = date(2024, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Clock:
    """Working days between two dates that are far enough apart for a history and its promises.

    `first` is the ordinal of the first date; `index[n]` counts the working days before date `first + n`, which is
    also the number of the first working day on or after it; `days` are the ordinals of the working days.
    """

    first: int
    index: Ints
    days: Ints

    def at(self, dates: Ints) -> Ints:
        """The number of the first working day on or after each date (ordinals, clipped to the table)."""
        inside: Ints = self.index[np.clip(dates - self.first, 0, len(self.index) - 1)]
        return inside

    def after(self, dates: Ints, count: Ints) -> Ints:
        """The ordinals of the dates that lie `count` working days after `dates`, at least one calendar day later."""
        numbers = np.minimum(self.at(dates) + count, len(self.days) - 1)
        later: Ints = np.maximum(self.days[numbers], dates + 1)
        return later


def clock_of(country: str, first: int, last: int, delivered: Ints) -> Clock:
    """The working days of a country, as far as the deliveries bear them out.

    A network may well deliver on Saturdays, or not keep the feasts of the country it was said to be in: a kind of
    day off (Saturday, Sunday, feast) counts as one only while deliveries on it are rare.

    Args: `country` as ISO 3166 code; `first` and `last` ordinals of the history; `delivered` ordinals of the
    deliveries that may be looked at. Years that the calendar does not know have plain weeks.
    """
    dates = np.arange(first - 7, last + AHEAD)
    weekday, off = (dates - _MONDAY) % 7, days_off(country, dates)
    kinds = [weekday == 5, weekday == 6, off & (weekday < 5)]
    believed = np.zeros(len(dates), dtype=bool)
    seen = delivered[(delivered >= first) & (delivered <= last)] - dates[0]
    count = np.bincount(seen, minlength=len(dates))
    reach = (dates >= first) & (dates <= (seen.max() + dates[0] if len(seen) else last))
    ordinary = _rate(count, ~off & reach)
    for kind in kinds:
        is_idle = len(seen) < ENOUGH or _rate(count, kind & reach) < IDLE * ordinary
        believed |= kind & off & is_idle
    working = ~believed
    return Clock(int(dates[0]), np.concatenate(([0], np.cumsum(working)[:-1])), dates[working])


def days_off(country: str, dates: Ints) -> NDArray[np.bool_]:
    """Which of the dates (ordinals in a row) are days off in the country."""
    weekend = (dates - _MONDAY) % 7 >= 5
    calendar = calendar_of(country)
    known = (dates >= calendar.first.toordinal()) & (dates <= calendar.last.toordinal())
    off = weekend.copy()
    off[known] = [not calendar.is_working(date.fromordinal(day)) for day in dates[known].tolist()]
    return off


def is_known(year: int) -> bool:
    """Does the calendar answer for this year?"""
    return year in KNOWN_YEARS


def _rate(count: Ints, days: NDArray[np.bool_]) -> float:
    return float(count[days].mean()) if days.any() else 0.0
