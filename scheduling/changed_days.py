"""Use cases of the manager: closed days and decrees, which reach what is open already.

Nobody is driven to on such a day: its places go, whoever has one is told, and promises that touch it are made anew.
"""

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduling import days, days_off
from scheduling.calendars import KNOWN, UnknownDay, local_date
from scheduling.capacity import hold
from scheduling.days_off import Off
from scheduling.models import Blackout, Zone, ZoneSettlement
from scheduling.zones import zones_in

#: Who withdraws, as the journal has it.
SOURCE = "manager"


def close(
    session: Session, settlement_id: int, day: date, reason: str, by: str, agreed_to: Iterable[int], now: datetime
) -> int:
    """Nothing is delivered in a settlement on this day. The bookings in `agreed_to` (their ids) are withdrawn.

    Returns: how many. Raises: days.BadDay; Occupied when there are others.
    """
    zone_id = session.scalar(select(ZoneSettlement.zone_id).where(ZoneSettlement.settlement_id == settlement_id))
    zones = _not_begun(session, [zone_id] if zone_id is not None else [], day, now)
    days.close(session, settlement_id, day, reason, by, now)
    return days_off.clear(session, Off([zone.id for zone in zones], day, settlement_id), agreed_to, SOURCE, reason, now)


def decree(
    session: Session,
    country: str,
    day: date,
    is_working: bool,
    reason: str,
    by: str,
    agreed_to: Iterable[int],
    now: datetime,
) -> int:
    """Keep a decreed change of a country. On a new day off the bookings in `agreed_to` (their ids) are withdrawn.

    Returns: how many. Raises: days.BadDay; Occupied when there are others.
    """
    was_off = _is_off(session, country, day)
    days.keep_decree(session, country, day, is_working, reason, by, now)
    return _follow(session, country, day, was_off, agreed_to, reason, now)


def undo_decree(session: Session, country: str, day: date, agreed_to: Iterable[int], now: datetime) -> int:
    """Take a decreed change back; the day may be a day off again. Returns and raises as `decree`."""
    was_off = _is_off(session, country, day)
    days.drop_decree(session, country, day)
    return _follow(session, country, day, was_off, agreed_to, "", now)


def _is_off(session: Session, country: str, day: date) -> bool | None:
    """Do couriers rest on a day? None when the calendar does not reach it."""
    try:
        return days.calendar_for(session, country).is_public_holiday(day)
    except UnknownDay:
        return None


def _follow(
    session: Session,
    country: str,
    day: date,
    was_off: bool | None,
    agreed_to: Iterable[int],
    why: str,
    now: datetime,
) -> int:
    """Let the open slots of a country follow a day whose kind has changed."""
    is_off = _is_off(session, country, day)
    if is_off == was_off or is_off is None or country not in KNOWN:
        return 0
    zones = _not_begun(session, zones_in(session, country), day, now)
    zone_ids = [zone.id for zone in zones]
    if is_off:
        count = days_off.clear(session, Off(zone_ids, day), agreed_to, SOURCE, why, now)
        days_off.shut(session, zone_ids, day)
        return count
    closed = set(session.scalars(select(Blackout.zone_id).where(Blackout.day == day)))
    for zone in zones:
        if zone.id not in closed:
            days_off.open_again(session, zone, day, days.calendar_for(session, country))
    return 0


def _not_begun(session: Session, zone_ids: Iterable[int], day: date, now: datetime) -> list[Zone]:
    """Of some zones those where the day has not begun yet, held; what is under way is the couriers' to mark."""
    zones = [hold(session, zone_id) for zone_id in zone_ids]
    return [zone for zone in zones if local_date(now, zone.timezone) < day]
