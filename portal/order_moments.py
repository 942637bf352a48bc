"""When an order was accepted, as people and programs write dates: one meaning or none, and within a year of today."""

import re
from datetime import datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from portal.cells import Kept, kept
from portal.order_reasons import BadOrder

#: An order from longer ago is a slip of the pen, or what a program writes where it knows no date.
OLDEST = timedelta(days=366)
#: Up to here reach the dates that stand for none: 0001-01-01 of 1C, 1753 of SQL Server, 1899 and 1900 of Excel, 1970.
_LAST_EMPTY_YEAR = 1970
_DATES = (
    re.compile(r"(?P<year>\d{4})(?P<by>[-/.])(?P<month>\d{1,2})(?P=by)(?P<day>\d{1,2})", re.ASCII),
    re.compile(r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)", re.ASCII),
    re.compile(r"(?P<day>\d{1,2})(?P<by>[-.])(?P<month>\d{1,2})(?P=by)(?P<year>\d{4})(?: ?г\.?)?", re.ASCII),
    re.compile(r"(?P<day>\d{1,2}) (?P<name>[а-я]{3,8}) (?P<year>\d{4})(?: года| ?г\.?)?", re.ASCII),
)
#: What stands between a date and a time, the Russian letter that looks like T among it.
_TIME = re.compile(
    r"(?:,? |[TТ])(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,]\d{1,9})?)?"
    r"(?: ?(?P<zone>Z|UTC|GMT|MSK|МСК|[+-]\d\d(?::?\d\d)?))?",
    re.ASCII | re.IGNORECASE,
)
_MONTHS = "января февраля марта апреля мая июня июля августа сентября октября ноября декабря".split()  # noqa: SIM905
_ZONES = {"Z": 0, "UTC": 0, "GMT": 0, "MSK": 3, "МСК": 3}


def accepted(text: str, zone: str, now: datetime) -> datetime:
    """A moment; without an offset it is the clock of `zone`. Raises BadOrder, also for one to come or long past."""
    bare = " ".join(text.split())
    try:
        moment = None if kept(text) is Kept.FLAG else _moment(bare, ZoneInfo(zone))
    except (ValueError, OverflowError):
        moment = None
    if moment is None:
        raise BadOrder("bad_accepted_at", bare)
    if moment.year <= _LAST_EMPTY_YEAR:
        raise BadOrder("bad_accepted_at", bare, says="empty_date")
    if moment < now - OLDEST:
        raise BadOrder("bad_accepted_at", bare, says="long_ago")
    if moment > now:
        raise BadOrder("future", bare)
    return moment


def _moment(text: str, zone: tzinfo) -> datetime | None:
    """The moment that is written; None when nothing is. Raises: ValueError for what no calendar or clock knows."""
    for form in _DATES:
        found = form.match(text.lower() if "name" in form.groupindex else text)
        if found is None:
            continue
        rest = text[found.end() :]
        at = _TIME.fullmatch(rest)
        if rest and at is None:
            continue
        day = datetime(int(found["year"]), _month(found), int(found["day"]))  # noqa: DTZ001 - its zone comes last
        return _at(day, at, zone)
    return None


def _month(found: re.Match[str]) -> int:
    if "name" in found.re.groupindex:
        return _MONTHS.index(found["name"]) + 1
    return int(found["month"])


def _at(day: datetime, at: re.Match[str] | None, zone: tzinfo) -> datetime:
    if at is None:
        return day.replace(tzinfo=zone)
    clock = day.replace(hour=int(at["hour"]), minute=int(at["minute"]), second=int(at["second"] or 0))
    return clock.replace(tzinfo=_offset(at["zone"]) if at["zone"] else zone)


def _offset(written: str) -> tzinfo:
    """The zone that a moment names: `Z`, `MSK`, `+0300`."""
    name = written.upper()
    if name in _ZONES:
        return timezone(timedelta(hours=_ZONES[name]))
    digits = name[1:].replace(":", "").ljust(4, "0")
    ahead = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(ahead if name[0] == "+" else -ahead)
