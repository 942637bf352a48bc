"""Promises by looking them up: for every day of hand-over and every length of way the day at the door stands ready.

Says the same as `promise.compute` for a parcel handed over at a moment (a property test holds them together), in
about the time of one conversion of a time zone, and for a million at once with numpy. A nought in the tables means
"compute it": clocks that change within the window, closed days of a settlement, days beyond the calendar.
"""

from array import array
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from scheduling.calendars import UnknownDay, WorkCalendar
from scheduling.matrix_memory import Destination, Key, LaneKind, Memory
from scheduling.promise import Progress, Unit, compute, first_delivery_day, is_among
from scheduling.promising import delivery_days
from scheduling.zones import Service

DAY = 86_400
#: Hand-overs from so many days before today, and so many days in all.
BEFORE, WIDTH = 60, 150
#: A promise lies at most so many days after its hand-over: 90 working days and a month of waiting.
REACH = 240
#: A shift that leads out of every table.
NEVER = -(1 << 50)
#: Parcels that are looked up at once.
CHUNK = 16_384
Numbers = NDArray[np.int64]
Days = NDArray[np.uint16]
#: How long a way is (working or calendar days on the road) and on which weekdays it ends.
Variant = tuple[Unit, int, int]


class QuickPromises:
    """The tables for one memory, around one day. In seconds since 1970 and days since `base`."""

    def __init__(self, memory: Memory, today: date) -> None:
        self._memory, self._rows = memory, memory.rows
        self.base = today - timedelta(days=BEFORE)
        self.dates = [self.base + timedelta(days=n) for n in range(WIDTH + REACH)]
        variants = sorted({variant for kind in memory.kinds[1:] if kind for variant in _variants(kind)})
        numbers = {variant: number * WIDTH for number, variant in enumerate(variants)}
        profiles: dict[Destination, int] = {}
        span = len(variants) * WIDTH
        by_courier, pickup = (
            array("i", (self._profile(profiles, there, is_courier) * span for there in memory.destinations))
            for is_courier in (True, False)
        )
        nothing = array("i", bytes(4 * len(memory.destinations)))
        self._kinds: list[tuple[int, int, int, array[int]]] = [
            (*_begins(numbers, kind), _seconds(kind.cutoff), by_courier if kind.has_courier else pickup)
            if kind
            else (0, 0, 0, nothing)
            for kind in memory.kinds
        ]
        tables = {
            country: self._table(calendar, variants, list(profiles)) for country, calendar in memory.calendars.items()
        }
        self._routes = {
            key: (route.kinds, self._shift(route.zone), tables[route.country]) for key, route in memory.routes.items()
        }
        self._starts = np.concatenate([np.array(starts, dtype=np.int32) for starts in (nothing, by_courier, pickup)])
        rank = {id(nothing): 0, id(by_courier): 1, id(pickup): 2}
        columns = [(e, late, cut, rank[id(starts)] * len(nothing)) for e, late, cut, starts in self._kinds]
        self._columns = np.array(columns, dtype=np.int32).T.copy()

    def promise(self, key: Key, settlement_id: int, seconds: int) -> tuple[date, date]:
        """The first and the last local date for a parcel of (carrier, origin) handed over at a moment.

        Args: `seconds` since 1970, whole. Raises: KeyError without a lane, UnknownDay.
        """
        index, shift, table = self._routes[key]
        row = self._rows[settlement_id]
        early, late, cutoff, starts = self._kinds[index[row]]
        day = (seconds + shift - cutoff) // DAY
        if 0 <= day < WIDTH:
            day += starts[row]
            first, last = table[day + early], table[day + late]
            if first and last:
                return self.dates[first], self.dates[last]
        return self._computed(key, settlement_id, seconds)

    def recompute(self, key: Key, rows: Numbers, seconds: Numbers) -> tuple[Days, Days]:
        """The same for many parcels of one route: `rows` of their settlements in the memory, moments of hand-over.

        Returns: first and last day, counted from `base`; 0 where `promise` has to be asked.
        """
        index, shift, table = self._routes[key]
        if not rows.size or shift == NEVER:
            return np.zeros(rows.size, dtype=np.uint16), np.zeros(rows.size, dtype=np.uint16)
        kinds, lines = np.frombuffer(index, dtype=np.uint16), np.frombuffer(table, dtype=np.uint16)
        first, last = np.empty(rows.size, dtype=np.uint16), np.empty(rows.size, dtype=np.uint16)
        for begin in range(0, rows.size, CHUNK):  # whole columns would not stay in the processor's cache: 2x slower
            part = slice(begin, begin + CHUNK)
            self._look_up(kinds, lines, rows[part], seconds[part] + shift, first[part], last[part])
        return first, last

    def _look_up(self, of: Days, lines: Days, rows: Numbers, seconds: Numbers, first: Days, last: Days) -> None:
        """Fill `first` and `last` for some parcels; `seconds` count from the window's begin, by the origin's clock."""
        kinds = of.take(rows)
        early, late, cutoff, pile = (column.take(kinds) for column in self._columns)
        day = (np.clip(seconds, -DAY, DAY * (WIDTH + 2)).astype(np.int32) - cutoff) // np.int32(DAY)
        is_inside = int(day.min()) >= 0 and int(day.max()) < WIDTH
        outside = None if is_inside else (day < 0) | (day >= WIDTH)
        if outside is not None:
            day[outside] = 0
        day += self._starts.take(rows + pile)
        lines.take(day + early, out=first, mode="clip")
        lines.take(day + late, out=last, mode="clip")
        if outside is not None:
            first[outside] = last[outside] = 0

    def _computed(self, key: Key, settlement_id: int, seconds: int) -> tuple[date, date]:
        terms = self._memory.terms(*key, settlement_id)
        lane = self._memory.lane(*key, settlement_id)
        handed = datetime.fromtimestamp(seconds, UTC)
        country = self._memory.routes[key].country
        delivers = self._memory.delivers(settlement_id, lane is not None and lane.has_courier)
        calendar = self._memory.calendars[country]
        found = compute(Progress(handed, handed), terms, calendar, delivers, handed)
        return found.earliest, found.latest

    def _profile(self, profiles: dict[Destination, int], there: Destination, is_courier: bool) -> int:
        """The number of how a settlement is served; settlements served alike share it, 0 has to be computed."""
        if there.closed:
            return 0
        service = there.service if is_courier else None
        if service is not None:
            service = Service(0, "", time(), service.weekdays)
        profile = Destination("", there.country, service, "", there.closed)
        return profiles.setdefault(profile, len(profiles) + 1)

    def _table(self, calendar: WorkCalendar, variants: list[Variant], profiles: list[Destination]) -> "array[int]":
        """Days at the door, by profile, variant and day of hand-over; the first profile is noughts."""
        table = array("H", bytes(2 * len(variants) * WIDTH))
        ways = {(unit, steps): self._arrivals(calendar, unit, steps) for unit, steps, _ in variants}
        for profile in profiles:
            served = {weekdays: self._served(profile, weekdays) for weekdays in {v[2] for v in variants}}
            for unit, steps, weekdays in variants:
                days = served[weekdays]
                table.extend(days[n + 1] if n else 0 for n in ways[unit, steps])
        return table

    def _arrivals(self, calendar: WorkCalendar, unit: Unit, steps: int) -> list[int]:
        """By day of hand-over the day of arrival; 0 when it is not known, or may depend on the clock of the city."""
        return [self._arrival(calendar, day, unit, steps) if steps else 0 for day in self.dates[:WIDTH]]

    def _arrival(self, calendar: WorkCalendar, day: date, unit: Unit, steps: int) -> int:
        try:
            leaves = calendar.on_or_after(day)
            comes = calendar.add(leaves, steps) if unit is Unit.WORKING else leaves + timedelta(days=steps)
            found = (calendar.known(comes) - self.base).days
        except UnknownDay:
            return 0
        return found if found + 1 < len(self.dates) else 0

    def _served(self, profile: Destination, weekdays: int) -> list[int]:
        """By day the first one from it on when something is given out, 0 when none is known."""
        gives = delivery_days(profile.service, self._memory.calendars[profile.country], profile.closed)
        return [self._first(day, lambda d: is_among(d, weekdays) and gives(d)) for day in self.dates]

    def _first(self, day: date, gives: Callable[[date], bool]) -> int:
        try:
            return (first_delivery_day(day, gives) - self.base).days
        except UnknownDay:
            return 0

    def _shift(self, zone: str) -> int:
        """What turns seconds since 1970 less the cut-off into days of the window, by a clock that does not change."""
        clock = ZoneInfo(zone)
        noons = (datetime(day.year, day.month, day.day, 12, tzinfo=clock) for day in self.dates[:WIDTH])
        offsets = {noon.utcoffset() for noon in noons}
        if len(offsets) != 1:
            return NEVER
        offset = offsets.pop() or timedelta()
        return int(offset.total_seconds()) - 1 + DAY - (self.base - date(1970, 1, 1)).days * DAY


def _variants(kind: LaneKind) -> tuple[Variant, Variant]:
    early, late = max(kind.days_min - 1, 0), max(kind.days_max - 1, 0)
    return (kind.unit, early, kind.weekdays), (kind.unit, late, kind.weekdays)


def _begins(numbers: dict[Variant, int], kind: LaneKind) -> tuple[int, int]:
    early, late = _variants(kind)
    return numbers[early], numbers[late]


@lru_cache
def _seconds(cutoff: time) -> int:
    return cutoff.hour * 3600 + cutoff.minute * 60 + cutoff.second
