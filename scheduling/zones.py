"""Which couriers serve a settlement, and the slots that are open in their zone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from parcels.models import Settlement
from scheduling.calendars import COUNTRY, KNOWN, WorkCalendar, local_date
from scheduling.days import calendar_for, closed_days
from scheduling.models import Blackout, Interval, Slot, Zone, ZoneSettlement
from scheduling.slots import SlotRow, Window

#: Slots stand open this far ahead: the longest lane (35 working days) and two weeks of waiting.
OPEN_DAYS = 70
BIG_CITY, MILLION = 100_000, 1_000_000
MORNING, DAY, EVENING = (time(10), time(14)), (time(14), time(18)), (time(18), time(22))
WORK_WEEK, SATURDAY, SUNDAY = range(5), 5, 6


@dataclass(frozen=True, slots=True)
class Service:
    """How a settlement is served: zone, its clock, when choosing closes, on which weekdays.

    `days_off` are the black-out days of the zone and the settlement's own closed days.
    """

    zone_id: int
    timezone: str
    closing: time
    weekdays: frozenset[int]
    days_off: frozenset[date] = frozenset()

    def delivers(self, day: date, calendar: WorkCalendar) -> bool:
        """Does a courier drive here on this day?"""
        is_open = day.weekday() in self.weekdays and day not in self.days_off
        return is_open and not calendar.is_public_holiday(day)


def service_of(session: Session, settlement_id: int | None) -> Service | None:
    """The zone that serves a settlement; None where no courier goes. Read once per session."""
    known: dict[int, Service | None] = session.info.setdefault("services", {})
    if settlement_id is None:
        return None
    if settlement_id not in known:
        query = (
            select(Zone.id, Zone.timezone, Zone.closing, Interval.weekday)
            .join(ZoneSettlement, ZoneSettlement.zone_id == Zone.id)
            .outerjoin(Interval, (Interval.zone_id == Zone.id) & (Interval.capacity > 0))
            .where(ZoneSettlement.settlement_id == settlement_id)
        )
        rows = session.execute(query).all()
        weekdays = frozenset(row.weekday for row in rows if row.weekday is not None)
        off = _blackouts(session, rows[0].id) | closed_days(session, settlement_id) if rows else frozenset()
        known[settlement_id] = Service(*rows[0][:3], weekdays, off) if rows else None
    return known[settlement_id]


def _blackouts(session: Session, zone_id: int) -> frozenset[date]:
    return frozenset(session.scalars(select(Blackout.day).where(Blackout.zone_id == zone_id)))


def slot_rows(session: Session, service: Service, window: Window) -> list[SlotRow]:
    """The slots that serve a settlement within a window, in the order of day and hour, without closed ones."""
    query = (
        select(Slot.id, Slot.day, Slot.starts, Slot.ends, Slot.capacity - Slot.taken)
        .where(Slot.zone_id == service.zone_id, Slot.day.between(window.first, window.last), Slot.capacity > 0)
        .order_by(Slot.day, Slot.starts)
    )
    return [SlotRow(*row) for row in session.execute(query) if row.day not in service.days_off]


def country_of(session: Session, zone_id: int) -> str:
    """The country that a zone lies in: that of its settlements."""
    return _countries(session).get(zone_id, COUNTRY)


def zones_in(session: Session, country: str) -> list[int]:
    """The zones of a country, in the order of their ids."""
    countries = _countries(session)
    return [n for n in session.scalars(select(Zone.id).order_by(Zone.id)) if countries.get(n, COUNTRY) == country]


def _countries(session: Session) -> dict[int, str]:
    query = select(ZoneSettlement.zone_id, func.min(Settlement.country).label("country")).group_by(
        ZoneSettlement.zone_id
    )
    joined = query.join(Settlement, Settlement.id == ZoneSettlement.settlement_id)
    return {row.zone_id: row.country for row in session.execute(joined)}


def assign(session: Session, settlements: Sequence[Settlement]) -> int:
    """Give each settlement that has no zone yet one: a big city its own, the others that of their region.

    Returns: how many settlements were assigned.
    """
    placed = set(session.scalars(select(ZoneSettlement.settlement_id)))
    zones = {zone.name: zone for zone in session.scalars(select(Zone))}
    count = 0
    for place in settlements:
        if place.id in placed:
            continue
        name = _zone_name(place)
        zone = zones.get(name)
        if zone is None:
            zone = zones[name] = _new_zone(session, name, place)
        session.add(ZoneSettlement(settlement_id=place.id, zone_id=zone.id))
        count += 1
    session.flush()
    return count


def _zone_name(place: Settlement) -> str:
    """Big cities are named with their region, since names repeat; small places share region and clock."""
    if (place.population or 0) >= BIG_CITY:
        return f"{place.name}, {place.region}"
    return f"{place.region}, {place.zone}"


def _new_zone(session: Session, name: str, place: Settlement) -> Zone:
    zone = Zone(name=name, timezone=place.zone)
    session.add(zone)
    session.flush()
    session.add_all(
        Interval(zone_id=zone.id, weekday=weekday, starts=starts, ends=ends, capacity=capacity)
        for weekday, (starts, ends), capacity in usual_intervals(place.population or 0)
    )
    return zone


def usual_intervals(population: int) -> list[tuple[int, tuple[time, time], int]]:
    """The intervals a new zone starts with, as (weekday, (from, to), capacity), by the size of its place."""
    if population >= MILLION:
        return [(day, hours, 40) for day in range(7) for hours in (MORNING, DAY, EVENING)]
    if population >= BIG_CITY:
        week = [(day, hours, 14) for day in (*WORK_WEEK, SATURDAY) for hours in (MORNING, DAY, EVENING)]
        return week + [(SUNDAY, hours, 14) for hours in (MORNING, DAY)]
    return [(day, hours, 12) for day in (*WORK_WEEK, SATURDAY) for hours in (MORNING, DAY)]


def open_days(session: Session, now: datetime, ahead: int = OPEN_DAYS) -> int:
    """Open the slots of every zone up to `ahead` days from its own today, by the calendar of its country.

    What is open already stays as it is.

    Returns: how many slots were opened. Safe to run twice and at once: the slot's own key refuses doubles.
    """
    due = _behind(session, now, ahead)
    intervals, closed = _weekly(session), _closed(session)
    rows: list[dict[str, object]] = []
    for zone, calendar, first, last in due:
        days = [day for day in _days(first, last) if day not in closed.get(zone.id, ())]
        rows += slots_of(zone.id, intervals.get(zone.id, []), days, calendar)
        session.execute(update(Zone).where(Zone.id == zone.id).values(opened_until=last))
    insert_missing(session, rows)
    return len(rows)


def _behind(session: Session, now: datetime, ahead: int) -> list[tuple[Zone, WorkCalendar, date, date]]:
    """The zones with days to open, from the first to the last of them; in a country without a calendar none are.

    They are locked before their intervals and closed days are read: a manager who changes those waits, or was first.
    """
    query = select(Zone).order_by(Zone.id).with_for_update(key_share=True)
    behind, countries = [], _countries(session)
    for zone in session.scalars(query.execution_options(populate_existing=True)):
        country = countries.get(zone.id, COUNTRY)
        if country not in KNOWN:
            continue
        calendar = calendar_for(session, country)
        today = local_date(now, zone.timezone)
        last = min(today + timedelta(days=ahead), calendar.last)
        if zone.opened_until is None or zone.opened_until < last:
            first = today if zone.opened_until is None else max(today, zone.opened_until + timedelta(days=1))
            behind.append((zone, calendar, first, last))
    return behind


def _weekly(session: Session) -> dict[int, list[Interval]]:
    intervals: dict[int, list[Interval]] = {}
    for interval in session.scalars(select(Interval).where(Interval.capacity > 0).order_by(Interval.starts)):
        intervals.setdefault(interval.zone_id, []).append(interval)
    return intervals


def _closed(session: Session) -> dict[int, set[date]]:
    closed: dict[int, set[date]] = {}
    for zone_id, day in session.execute(select(Blackout.zone_id, Blackout.day)):
        closed.setdefault(zone_id, set()).add(day)
    return closed


def _days(first: date, last: date) -> list[date]:
    return [date.fromordinal(n) for n in range(first.toordinal(), last.toordinal() + 1)]


def slots_of(
    zone_id: int, intervals: Sequence[Interval], days: Sequence[date], calendar: WorkCalendar
) -> list[dict[str, object]]:
    """The slots that weekly intervals make on some days, as rows to insert; none on a public holiday."""
    return [
        {"zone_id": zone_id, "day": day, "starts": i.starts, "ends": i.ends, "capacity": i.capacity, "taken": 0}
        for day in days
        if not calendar.is_public_holiday(day)
        for i in intervals
        if i.weekday == day.weekday()
    ]


def insert_missing(session: Session, rows: list[dict[str, object]]) -> None:
    """Insert slots, except those that are there already."""
    if not rows:
        return
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    session.execute(dialect.insert(Slot).on_conflict_do_nothing(), rows)
