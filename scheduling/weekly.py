"""Use cases of the manager: the week of a zone, interval by interval, and whether days already open follow it.

An open day with bookings always stays as it is: nobody's agreed hours move because the week has changed.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from scheduling.calendars import local_date
from scheduling.capacity import MOST, Changed, Impossible, hold
from scheduling.days import calendar_for
from scheduling.models import Blackout, Interval, Slot, Zone
from scheduling.zones import country_of, insert_missing, slots_of


@dataclass(frozen=True, slots=True)
class Hours:
    """What a weekly interval says besides when it begins."""

    ends: time
    capacity: int


@dataclass(frozen=True, slots=True)
class Followed:
    """How many open days follow the new week, and how many stay as they were because somebody has a time there."""

    changed: int = 0
    kept: int = 0


def intervals(session: Session, zone_id: int) -> list[Interval]:
    """The week of a zone, in the order of days and hours."""
    query = select(Interval).where(Interval.zone_id == zone_id)
    return list(session.scalars(query.order_by(Interval.weekday, Interval.starts)))


def add(
    session: Session,
    zone_id: int,
    key: tuple[int, time],
    new: Hours,
    also_open: bool,
    now: datetime,
) -> Followed:
    """Add an interval that begins at `key` = (weekday, hour).

    Raises: LookupError; Impossible when its hours make no sense or cross another's; Changed when it is there.
    """
    zone = hold(session, zone_id)
    there = session.get(Interval, (zone_id, *key))
    if there is not None:
        if Hours(there.ends, there.capacity) == new:
            return Followed()
        raise Changed(Hours(there.ends, there.capacity))
    _insist_on_sense(session, zone_id, key, new)
    session.add(Interval(zone_id=zone_id, weekday=key[0], starts=key[1], ends=new.ends, capacity=new.capacity))
    session.flush()
    return _follow(session, zone, key, None, new, now) if also_open else Followed()


def change(
    session: Session,
    zone_id: int,
    key: tuple[int, time],
    seen: Hours,
    new: Hours,
    also_open: bool,
    now: datetime,
) -> Followed:
    """Give an interval other places or another end. Raises as `add`; Changed when it is not any more as `seen`."""
    zone = hold(session, zone_id)
    _insist_on_sense(session, zone_id, key, new)
    moved = update(Interval).where(*_row(zone_id, key, seen)).values(ends=new.ends, capacity=new.capacity)
    if session.connection().execute(moved).rowcount != 1:
        if (current := _current(session, zone_id, key)) != new:
            raise Changed(current)
        return Followed()
    return _follow(session, zone, key, seen, new, now) if also_open else Followed()


def remove(
    session: Session,
    zone_id: int,
    key: tuple[int, time],
    seen: Hours,
    also_open: bool,
    now: datetime,
) -> Followed:
    """Drive no more in an interval. Raises: LookupError; Changed when it is not any more as `seen`."""
    zone = hold(session, zone_id)
    if session.connection().execute(delete(Interval).where(*_row(zone_id, key, seen))).rowcount != 1:
        raise Changed(_current(session, zone_id, key))
    session.expire_all()
    return _follow(session, zone, key, seen, None, now) if also_open else Followed()


def _row(zone_id: int, key: tuple[int, time], seen: Hours) -> tuple[ColumnElement[bool], ...]:
    weekday, starts = key
    own = Interval.zone_id == zone_id, Interval.weekday == weekday, Interval.starts == starts
    return *own, Interval.ends == seen.ends, Interval.capacity == seen.capacity


def _current(session: Session, zone_id: int, key: tuple[int, time]) -> Hours | None:
    session.expire_all()
    there = session.get(Interval, (zone_id, *key))
    return Hours(there.ends, there.capacity) if there is not None else None


def _insist_on_sense(session: Session, zone_id: int, key: tuple[int, time], new: Hours) -> None:
    weekday, starts = key
    if not (0 <= weekday <= 6 and starts < new.ends):
        raise Impossible("hours")
    if not 1 <= new.capacity <= MOST:
        raise Impossible("places")
    same_day = Interval.zone_id == zone_id, Interval.weekday == weekday, Interval.starts != starts
    crossing = select(Interval).where(*same_day, Interval.starts < new.ends, Interval.ends > starts)
    if session.scalar(crossing.limit(1)) is not None:
        raise Impossible("crossing")


def _follow(
    session: Session,
    zone: Zone,
    key: tuple[int, time],
    seen: Hours | None,
    new: Hours | None,
    now: datetime,
) -> Followed:
    """Let the open days of a weekday follow, from tomorrow on, where nobody has a time yet."""
    weekday, starts = key
    calendar = calendar_for(session, country_of(session, zone.id))
    days, kept = _open_days(session, zone, weekday, now)
    days = [day for day in days if not calendar.is_public_holiday(day)]
    which = [Slot.zone_id == zone.id, Slot.day.in_(days), Slot.starts == starts, Slot.taken == 0]
    if seen is not None:
        # What the manager has set by hand for one day is his word for that day.
        which.append(Slot.capacity == seen.capacity)
    values = {"capacity": new.capacity, "ends": new.ends} if new is not None else {"capacity": 0}
    changed = session.connection().execute(update(Slot).where(*which).values(**values)).rowcount
    if new is not None and seen is None:
        weekly = [Interval(zone_id=zone.id, weekday=weekday, starts=starts, ends=new.ends, capacity=new.capacity)]
        rows = slots_of(zone.id, weekly, days, calendar)
        insert_missing(session, rows)
        changed = len(rows)
    session.expire_all()
    return Followed(changed, kept)


def _open_days(session: Session, zone: Zone, weekday: int, now: datetime) -> tuple[list[date], int]:
    """The open days of a weekday on which nobody has a time and which are not closed, and how many are not free."""
    today = local_date(now, zone.timezone)
    last = zone.opened_until or today
    days = {today + timedelta(days=n) for n in range(1, (last - today).days + 1)}
    days = {day for day in days if day.weekday() == weekday}
    days -= set(session.scalars(select(Blackout.day).where(Blackout.zone_id == zone.id)))
    taken = set(session.scalars(select(Slot.day).where(Slot.zone_id == zone.id, Slot.taken > 0)))
    return sorted(days - taken), len(days & taken)
