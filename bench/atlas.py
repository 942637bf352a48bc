"""The largest wanted matrix, made from the files of the product: 3,092 settlements, 50 origins, days that differ."""

import csv
from array import array
from datetime import date, datetime, time
from sys import intern
from zoneinfo import ZoneInfo

from portal.places import DAYS_FROM_CHELYABINSK, SETTLEMENTS
from scheduling.calendars import calendar_of
from scheduling.matrix_memory import Destination, Key, LaneKind, Memory, Route
from scheduling.promise import EVERY_DAY, Unit
from scheduling.zones import Service

ORIGINS = 50
TODAY = date(2026, 11, 16)
NOON = datetime(2026, 11, 16, 12, tzinfo=ZoneInfo("Asia/Yekaterinburg"))


def build() -> Memory:
    """The memory as it would be read from a database that holds all of it."""
    memory = Memory(calendars={"RU": calendar_of("RU")})
    with DAYS_FROM_CHELYABINSK.open(encoding="utf-8", newline="") as file:
        lanes = [
            (int(row["cdek_code"]), int(row["days_min"]), int(row["days_max"]), row) for row in csv.DictReader(file)
        ]
    zones, regions = _column("zone"), {code: intern(name) for code, name in _column("region").items()}
    shared: dict[Destination, Destination] = {}
    numbers: dict[LaneKind, int] = {}
    for code, _low, _high, row in lanes:
        service = Service(1, zones[code], time(18), frozenset(range(6))) if _has_courier(row) else None
        there = Destination(zones[code], "RU", service, "", frozenset())
        memory.rows[code] = len(memory.destinations)
        memory.destinations.append(shared.setdefault(there, there))
        memory.regions.append(regions[code])
    for number in range(ORIGINS):
        route = Route(number + 1, zones[lanes[number][0]], "RU", array("H", bytes(2 * len(lanes))))
        kinds = ((code, _kind(low, high, row, number)) for code, low, high, row in lanes)
        memory.add_route(key_of(memory, number), route, kinds, numbers)
    return memory


def key_of(memory: Memory, number: int) -> Key:
    """Carrier and origin of the route with this number."""
    return "cdek", list(memory.rows)[number]


def _kind(low: int, high: int, row: dict[str, str], number: int) -> LaneKind:
    longer = number % 7
    cutoff = time(18 - number % 3, 30 * (number % 2))
    unit = Unit.CALENDAR if number % 10 == 9 else Unit.WORKING
    return LaneKind(low + longer, high + longer, _has_courier(row), unit, cutoff, EVERY_DAY if number % 5 else 0b11111)


def _has_courier(row: dict[str, str]) -> bool:
    return row["courier"].lower() in ("true", "1")


def _column(name: str) -> dict[int, str]:
    with SETTLEMENTS.open(encoding="utf-8", newline="") as file:
        return {int(row["code"]): row[name] for row in csv.DictReader(file)}
