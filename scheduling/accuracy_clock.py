"""The clock of the learned promise: working days as a table, so that a whole history is counted in one look-up."""

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scheduling.calendars import calendar_of

Ints = NDArray[np.int64]

#: A promise is looked up at most this many calendar days beyond the last date of a history.
AHEAD: Final = 2_000
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


class Clocks:
    """The clocks that a network in a country may have, from `first` to long after `last` (ordinals).

    A network may well deliver on Saturdays, or not keep the feasts of the country it was said to be in: a kind of
    day off (Saturday, Sunday, feast) counts as one only while deliveries on it are rare. Years that the calendar does
    not know have plain weeks.
    """

    def __init__(self, country: str, first: int, last: int) -> None:
        self.dates = np.arange(first - 7, last + AHEAD)
        weekday, self.off = (self.dates - _MONDAY) % 7, days_off(country, self.dates)
        self.kinds = [weekday == 5, weekday == 6, self.off & (weekday < 5)]
        self._made: dict[tuple[bool, ...], Clock] = {}

    def of(self, delivered: Ints) -> Clock:
        """The clock that these deliveries (ordinals) bear out; the same one for the same kinds of days off."""
        count = np.bincount(delivered - self.dates[0], minlength=len(self.dates))[: len(self.dates)]
        reach = self._reach(delivered)
        ordinary = _rate(count, ~self.off & reach)
        is_idle = tuple(len(delivered) < ENOUGH or _rate(count, kind & reach) < IDLE * ordinary for kind in self.kinds)
        if is_idle not in self._made:
            self._made[is_idle] = self._make(is_idle)
        return self._made[is_idle]

    def _reach(self, delivered: Ints) -> NDArray[np.bool_]:
        """The dates from the first of the deliveries to the last."""
        if not len(delivered):
            return np.zeros(len(self.dates), dtype=bool)
        reach: NDArray[np.bool_] = (self.dates >= delivered.min()) & (self.dates <= delivered.max())
        return reach

    def _make(self, is_idle: tuple[bool, ...]) -> Clock:
        believed = np.any([kind & idle for kind, idle in zip(self.kinds, is_idle, strict=True)], axis=0)
        working = ~(believed & self.off)
        index = np.concatenate(([0], np.cumsum(working)[:-1]))
        return Clock(int(self.dates[0]), index, self.dates[working])


def days_off(country: str, dates: Ints) -> NDArray[np.bool_]:
    """Which of the dates (ordinals in a row) are days off in the country."""
    weekend = (dates - _MONDAY) % 7 >= 5
    calendar = calendar_of(country)
    known = (dates >= calendar.first.toordinal()) & (dates <= calendar.last.toordinal())
    off = weekend.copy()
    off[known] = [not calendar.is_working(date.fromordinal(day)) for day in dates[known].tolist()]
    return off


def _rate(count: Ints, days: NDArray[np.bool_]) -> float:
    return float(count[days].mean()) if days.any() else 0.0
