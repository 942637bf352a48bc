"""The lanes that count now, in memory: every carrier, origin and settlement in well under a megabyte.

Lanes repeat: of 150,000 only some hundreds say different things. So each kind of lane stands once, and a route is an
array of two-byte numbers of kinds, one per settlement. Read anew when `stamp_of` changes.
"""

from array import array
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import lru_cache
from sys import intern
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from parcels.models import Settlement
from scheduling import lessons
from scheduling.calendars import WorkCalendar, local_date
from scheduling.day_models import ApprovedYear, ClosedDay, DayChange
from scheduling.days import all_closed_days, calendar_for
from scheduling.learned import Learned, Way
from scheduling.models import Blackout, Interval, Lane, Matrix, Zone, ZoneSettlement
from scheduling.promise import Terms, Unit
from scheduling.promising import delivery_days
from scheduling.zones import Service

Key = tuple[str, int]
Stamp = tuple[Any, ...]


class LaneKind(NamedTuple):
    """What a lane says; many lanes say the same."""

    days_min: int
    days_max: int
    has_courier: bool
    unit: Unit
    cutoff: time
    weekdays: int


class Route(NamedTuple):
    """A carrier's lanes from an origin: their version, whose clock and calendar count, numbers of kinds by row."""

    version: int
    zone: str
    country: str
    kinds: "array[int]"


class Destination(NamedTuple):
    """What matters of a settlement: its clock and calendar, who serves it, when nobody does."""

    zone: str
    country: str
    service: Service | None
    zone_name: str
    closed: frozenset[date]


@dataclass(slots=True)
class Memory:
    """The lanes that count: `rows` numbers the settlements; kind 0 is no lane at all.

    `regions` are those of the settlements, `learned` what each carrier's deliveries have taught.
    """

    routes: dict[Key, Route] = field(default_factory=dict)
    rows: dict[int, int] = field(default_factory=dict)
    kinds: list[LaneKind | None] = field(default_factory=lambda: [None])
    destinations: list[Destination] = field(default_factory=list)
    calendars: dict[str, WorkCalendar] = field(default_factory=dict)
    regions: list[str] = field(default_factory=list)
    learned: dict[str, Learned] = field(default_factory=dict)

    def lane(self, carrier: str, origin_id: int, settlement_id: int) -> LaneKind | None:
        """What the lane says; None when there is none."""
        route, row = self.routes.get((carrier, origin_id)), self.rows.get(settlement_id)
        return None if route is None or row is None else self.kinds[route.kinds[row]]

    def terms(self, carrier: str, origin_id: int, settlement_id: int) -> Terms:
        """What a promise along a lane is computed from, counted from the hand-over. Raises KeyError without a lane."""
        lane = self.lane(carrier, origin_id, settlement_id)
        if lane is None:
            raise KeyError((carrier, origin_id, settlement_id))
        route, there = self.routes[carrier, origin_id], self.destinations[self.rows[settlement_id]]
        days = (lane.days_min, lane.days_max)
        return Terms(0, lane.cutoff, *days, route.zone, there.zone, lane.unit, lane.weekdays)

    def way(self, origin_id: int, settlement_id: int) -> Way:
        """From where to where, as what is learned names it."""
        return Way(origin_id, self.regions[self.rows[settlement_id]], settlement_id)

    def delivers(self, settlement_id: int, by_courier: bool) -> Callable[[date], bool]:
        """Whether something is given out in a settlement on a local date. Raises KeyError for an unknown country."""
        there = self.destinations[self.rows[settlement_id]]
        service = there.service if by_courier else None
        return delivery_days(service, self.calendars[there.country], there.closed)

    def add_route(
        self, key: Key, route: Route, lanes: Iterable[tuple[int, LaneKind]], numbers: dict[LaneKind, int]
    ) -> None:
        """Take in the lanes of one version, as (settlement, what its lane says).

        `numbers` of the kinds are needed only while reading; cut-offs that are equal become one object.
        """
        for settlement_id, kind in lanes:
            number = numbers.get(kind)
            if number is None:
                number = numbers[kind] = len(self.kinds)
                self.kinds.append(kind._replace(cutoff=_same(kind.cutoff)))
            route.kinds[self.rows[settlement_id]] = number
        self.routes[key] = route


@lru_cache(maxsize=1_440)
def _same(clock: time) -> time:
    return clock


def load(session: Session, now: datetime) -> Memory:
    """Read everything that counts at `now`. About a second for 120,000 lanes."""
    memory = Memory()
    _read_places(session, memory)
    units, numbers = {unit.value: unit for unit in Unit}, dict[LaneKind, int]()
    columns = (Lane.settlement_id, Lane.days_min, Lane.days_max, Lane.has_courier, Lane.unit, Lane.cutoff)
    for version, origin in current_versions(session, now):
        route = Route(version.id, origin.zone, origin.country, array("H", bytes(2 * len(memory.rows))))
        rows = session.execute(select(*columns, Lane.weekdays).where(Lane.matrix_id == version.id))
        usual = version.cutoff
        lanes = ((place, LaneKind(a, b, c, units[u], cut or usual, w)) for place, a, b, c, u, cut, w in rows)
        memory.add_route((version.carrier, version.origin_id), route, lanes, numbers)
    for carrier in {carrier for carrier, _origin in memory.routes}:
        if (learned := lessons.learned_for(session, carrier)) is not None:
            memory.learned[carrier] = learned
    return memory


def current_versions(session: Session, now: datetime) -> list[tuple[Matrix, Settlement]]:
    """The versions that count at `now` by the date of their origins, with those origins."""
    query = select(Matrix, Settlement).join(Settlement, Settlement.id == Matrix.origin_id)
    rows = session.execute(query.where(Matrix.withdrawn_at.is_(None)).order_by(Matrix.valid_from, Matrix.id))
    found = {}
    for version, origin in rows:
        if version.valid_from <= local_date(now, origin.zone):
            found[version.carrier, version.origin_id] = (version, origin)
    return list(found.values())


def _read_places(session: Session, memory: Memory) -> None:
    weekdays: dict[int, set[int]] = {}
    intervals = select(Interval.zone_id, Interval.weekday).where(Interval.capacity > 0).distinct()
    for zone_id, weekday in session.execute(intervals):
        weekdays.setdefault(zone_id, set()).add(weekday)
    off: dict[int, set[date]] = {}
    for zone_id, day in session.execute(select(Blackout.zone_id, Blackout.day)):
        off.setdefault(zone_id, set()).add(day)
    services = {zone.id: (_service(zone, weekdays, off), zone.name) for zone in session.scalars(select(Zone))}
    closed, nobody = all_closed_days(session), (None, "")
    query = select(Settlement.id, Settlement.zone, Settlement.country, Settlement.region, ZoneSettlement.zone_id)
    shared: dict[Destination, Destination] = {}
    for row in session.execute(query.outerjoin(ZoneSettlement, ZoneSettlement.settlement_id == Settlement.id)):
        service, name = services.get(row.zone_id, nobody)
        there = Destination(row.zone, row.country, service, name, closed.get(row.id, frozenset()))
        memory.rows[row.id] = len(memory.destinations)
        memory.destinations.append(shared.setdefault(there, there))
        memory.regions.append(intern(row.region))
        if row.country not in memory.calendars:
            memory.calendars[row.country] = calendar_for(session, row.country)


def _service(zone: Zone, weekdays: Mapping[int, set[int]], off: Mapping[int, set[date]]) -> Service:
    days = frozenset(weekdays.get(zone.id, ())), frozenset(off.get(zone.id, ()))
    return Service(zone.id, zone.timezone, zone.closing, *days)


def stamp_of(session: Session, now: datetime) -> Stamp:
    """What the memory was read from, in a few numbers: equal stamps, equal memories."""
    step = Interval.zone_id * 7 + Interval.weekday
    places = session.execute(select(func.count(), func.max(ZoneSettlement.zone_id)).select_from(ZoneSettlement)).one()
    hours = session.execute(
        select(func.count(), func.sum(step), func.sum(step * step)).where(Interval.capacity > 0)
    ).one()
    days = [
        tuple(session.execute(select(func.count(), func.max(table.made_at)).select_from(table)).one())
        for table in (DayChange, ClosedDay, ApprovedYear, Blackout)
    ]
    settlements = session.scalar(select(func.count()).select_from(Settlement))
    taught = tuple(sorted(lessons.digests(session).items()))
    versions = tuple(version.id for version, _ in current_versions(session, now))
    return (local_date(now, "UTC"), versions, settlements, tuple(places), tuple(hours), taught, *days)
