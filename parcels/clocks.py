"""The clock on the wall of a place: every local date and hour of the product goes through here."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo


def local(moment: datetime, zone: str) -> datetime:
    """A moment as the clock of an IANA zone shows it."""
    return moment.astimezone(ZoneInfo(zone))


def local_date(moment: datetime, zone: str) -> date:
    """The date that people in the zone have at a moment."""
    return local(moment, zone).date()


def moment(day: date, clock: time, zone: str) -> datetime:
    """The UTC moment when the clock of a zone shows `clock` on `day`, with the offset of that very day."""
    return datetime.combine(day, clock, ZoneInfo(zone)).astimezone(UTC)
