"""The clock on the wall of a place: every local date and hour of the product, and when people may be rung there."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

CALLS_FROM, CALLS_UNTIL = time(9), time(21)
#: Somebody who is to answer has so much of a day's calling hours at least.
TIME_TO_ANSWER = timedelta(hours=2)


def local(moment: datetime, zone: str) -> datetime:
    """A moment as the clock of an IANA zone shows it."""
    return moment.astimezone(ZoneInfo(zone))


def local_date(moment: datetime, zone: str) -> date:
    """The date that people in the zone have at a moment."""
    return local(moment, zone).date()


def moment(day: date, clock: time, zone: str) -> datetime:
    """The UTC moment when the clock of a zone shows `clock` on `day`, with the offset of that very day."""
    return datetime.combine(day, clock, ZoneInfo(zone)).astimezone(UTC)


def calling_window(wanted: datetime, zone: str) -> tuple[datetime, datetime]:
    """The first stretch of calling hours (09 to 21 local) that is not over at `wanted`, as (from, until) in UTC.

    `from` is never before `wanted`.
    """
    day = local_date(wanted, zone)
    if wanted >= moment(day, CALLS_UNTIL, zone):
        day += timedelta(days=1)
    opens = moment(day, CALLS_FROM, zone)
    closes = moment(day, CALLS_UNTIL, zone)
    return max(wanted.astimezone(UTC), opens), closes


def answer_by(asked: datetime, zone: str) -> datetime:
    """By when somebody answers what came up at `asked`: the end of the first calling hours with time for it; UTC."""
    _opens, closes = calling_window(asked + TIME_TO_ANSWER, zone)
    return closes
