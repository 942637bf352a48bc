"""Working days, and what time it is where somebody lives."""

from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

#: Years the calendar answers for: those whose transferred days have been decreed, the last one being 2027.
#: Outside of them every day is unknown: not working and not bookable.
KNOWN_YEARS = range(2012, 2028)


class UnknownDay(ValueError):
    """The calendar does not reach that far; nothing may be promised on a guess."""


class WorkCalendar:
    """Working days of one country as a sorted table of ordinals, so that counting is a look-up."""

    def __init__(self, country: str, years: range = KNOWN_YEARS) -> None:
        rules = holidays.country_holidays(country, years=years)
        self.first, self.last = date(years[0], 1, 1), date(years[-1], 12, 31)
        span = range(self.first.toordinal(), self.last.toordinal() + 1)
        self._days = [n for n in span if rules.is_working_day(date.fromordinal(n))]
        self._working = frozenset(self._days)
        self._off = frozenset(day for day in rules if day.weekday() < 5)

    def is_working(self, day: date) -> bool:
        """Is it a day on which warehouses and shops work? Raises UnknownDay."""
        return self._known(day).toordinal() in self._working

    def is_public_holiday(self, day: date) -> bool:
        """Is it a feast that falls on a weekday, when couriers rest too? Raises UnknownDay."""
        return self._known(day) in self._off

    def on_or_after(self, day: date) -> date:
        """The nearest working day, the day itself included. Raises UnknownDay."""
        return self.add(day, 0)

    def add(self, day: date, count: int) -> date:
        """`count` working days after `day`; with 0 the day itself when it is a working one. Raises UnknownDay.

        A count that starts on a day off starts at the next working day.
        """
        at = bisect_left(self._days, self._known(day).toordinal()) + count
        if at >= len(self._days):
            raise UnknownDay(f"{day.isoformat()} + {count}")
        return date.fromordinal(self._days[at])

    def _known(self, day: date) -> date:
        if not self.first <= day <= self.last:
            raise UnknownDay(day.isoformat())
        return day


@lru_cache(maxsize=8)
def calendar_of(country: str) -> WorkCalendar:
    """The calendar of a country by its ISO 3166 code."""
    return WorkCalendar(country)


def local(moment: datetime, zone: str) -> datetime:
    """A moment as the clock of an IANA zone shows it."""
    return moment.astimezone(ZoneInfo(zone))


def local_date(moment: datetime, zone: str) -> date:
    """The date that people in the zone have at a moment."""
    return local(moment, zone).date()


def moment(day: date, clock: time, zone: str) -> datetime:
    """The UTC moment when the clock of a zone shows `clock` on `day`, with the offset of that very day."""
    return datetime.combine(day, clock, ZoneInfo(zone)).astimezone(UTC)


CALLS_FROM, CALLS_UNTIL = time(9), time(21)


def calling_window(wanted: datetime, zone: str) -> tuple[datetime, datetime]:
    """The first stretch of calling hours (09 to 21 local) that is not over at `wanted`, as (from, until) in UTC.

    `from` is never before `wanted`.
    """
    day = local_date(wanted, zone)
    if wanted >= moment(day, CALLS_UNTIL, zone):
        day += timedelta(days=1)
    opens, closes = moment(day, CALLS_FROM, zone), moment(day, CALLS_UNTIL, zone)
    return max(wanted.astimezone(UTC), opens), closes
