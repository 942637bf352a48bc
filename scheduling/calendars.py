"""Working days, and what time it is where somebody lives."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache

import holidays

from parcels.clocks import CALLS_FROM as CALLS_FROM
from parcels.clocks import calling_window as calling_window
from parcels.clocks import local as local
from parcels.clocks import local_date as local_date
from parcels.clocks import moment as moment

#: Years the calendar of a country answers for: those whose transferred days have been decreed, as `holidays` has
#: them. Outside of them every day is unknown: not working and not bookable. In Ukraine days off are suspended.
KNOWN = {"RU": range(2012, 2028), "BY": range(2012, 2027), "KZ": range(2012, 2026), "UA": range(2012, 2027)}
KNOWN_YEARS = KNOWN["RU"]
#: Where we are at home.
COUNTRY = "RU"


class UnknownDay(ValueError):
    """The calendar does not reach that far; nothing may be promised on a guess."""


class WorkCalendar:
    """Working days of one country as a sorted table of ordinals, so that counting is a look-up.

    `changes` are decreed later than the rules: the day, and whether people work on it.
    """

    def __init__(self, country: str, years: range = KNOWN_YEARS, changes: Mapping[date, bool] | None = None) -> None:
        changes = changes or {}
        rules = holidays.country_holidays(country, years=years)
        self.first, self.last = date(years[0], 1, 1), date(years[-1], 12, 31)
        span = range(self.first.toordinal(), self.last.toordinal() + 1)
        working = {n for n in span if rules.is_working_day(date.fromordinal(n))}
        working = working.difference(day.toordinal() for day in changes)
        working.update(day.toordinal() for day, is_working in changes.items() if is_working)
        self._days = sorted(working)
        self._working = frozenset(working)
        off = {day for day in rules if not rules.is_working_day(day)}.difference(changes)
        self._off = frozenset(off.union(day for day, is_working in changes.items() if not is_working))

    def is_working(self, day: date) -> bool:
        """Is it a day on which warehouses and shops work? Raises UnknownDay."""
        return self.known(day).toordinal() in self._working

    def is_public_holiday(self, day: date) -> bool:
        """Is it a feast or a day off moved to it, on whatever weekday, when couriers rest too? Raises UnknownDay."""
        return self.known(day) in self._off

    def on_or_after(self, day: date) -> date:
        """The nearest working day, the day itself included. Raises UnknownDay."""
        return self.add(day, 0)

    def add(self, day: date, count: int) -> date:
        """`count` working days after `day`; with 0 the day itself when it is a working one. Raises UnknownDay.

        A count that starts on a day off starts at the next working day.
        """
        at = bisect_left(self._days, self.known(day).toordinal()) + count
        if at >= len(self._days):
            raise UnknownDay(f"{day.isoformat()} + {count}")
        return date.fromordinal(self._days[at])

    @property
    def working_days(self) -> Sequence[int]:
        """Ordinals of all working days, in order."""
        return self._days

    def known(self, day: date) -> date:
        """The day itself. Raises UnknownDay when the calendar does not reach it."""
        if not self.first <= day <= self.last:
            raise UnknownDay(day.isoformat())
        return day


Changes = frozenset[tuple[date, bool]]


@lru_cache(maxsize=32)
def calendar_of(country: str, changes: Changes = frozenset(), last_year: int = 0) -> WorkCalendar:
    """The calendar of a country by its ISO 3166 code, with changes decreed since, up to `last_year` when approved.

    Raises: UnknownDay for a country whose working days nobody has told us.
    """
    if country not in KNOWN:
        raise UnknownDay(country)
    years = KNOWN[country]
    if last_year > years[-1]:
        years = range(years[0], last_year + 1)
    return WorkCalendar(country, years, dict(changes))
