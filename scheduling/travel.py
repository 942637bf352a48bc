"""PURE how long it takes from one address to the next, in minutes, as far as two lines of words can tell.

There is no geocoder: an address is a settlement and what the shop wrote. Where both settlements' coordinates are known
the way between them is reckoned from those. Within one settlement the same street by its words is near, the nearer the
closer the numbers of the houses are; another street is a constant. These are honest orders of magnitude, not a map:
they keep stops of one street together and leave a courier time to get there.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import asin, cos, radians, sin, sqrt

#: Minutes at a door: finding it, the lift, the money, the signature. The one place where this is said.
AT_DOOR = 8
#: Minutes between two doors of one house, two houses of one street at most, and two streets of one settlement.
SAME_HOUSE, SAME_STREET_MOST, OTHER_STREET = 2, 8, 12
#: House numbers that a minute leads past.
NUMBERS_A_MINUTE = 12
#: Minutes to another settlement of the zone when no coordinates are known; km/h and the bends of roads when they are.
OTHER_SETTLEMENT, SPEED, BENDS = 40, 50.0, 1.3
_STREET_WORDS = re.compile(
    r"\b(?:улица|ул|проспект|просп|пр-кт|пр-т|пр|переулок|пер|площадь|пл|бульвар|б-р|шоссе|ш|наб|набережная|проезд|тракт)\b\.?"
)
_HOUSE = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Door:
    """Where a stop is: a settlement's code, the address in words, and degrees north and east where they are known."""

    settlement: int | None
    address: str
    at: tuple[float, float] | None = None


def minutes(start: Door, end: Door) -> int:
    """The way from one door to another; the same in both directions."""
    if start.settlement != end.settlement:
        return _between_settlements(start, end)
    street, house = _read(start.address)
    other_street, other_house = _read(end.address)
    if not street or street != other_street:
        return OTHER_STREET
    if house is None or other_house is None:
        return SAME_STREET_MOST
    return min(SAME_STREET_MOST, SAME_HOUSE + abs(house - other_house) // NUMBERS_A_MINUTE)


def matrix(doors: Sequence[Door]) -> list[list[int]]:
    """The way from each door to each; none from a door to itself."""
    return [[0 if a is b else minutes(a, b) for b in doors] for a in doors]


def street_of(address: str) -> str:
    """The street of an address in a form that can be compared; empty where none can be told."""
    return _read(address)[0]


def _between_settlements(start: Door, end: Door) -> int:
    if start.at is None or end.at is None:
        return OTHER_SETTLEMENT
    return max(OTHER_STREET, round(_kilometres(start.at, end.at) * BENDS / SPEED * 60))


def _kilometres(start: tuple[float, float], end: tuple[float, float]) -> float:
    """The great circle between two places."""
    (north, east), (north_to, east_to) = [tuple(map(radians, place)) for place in (start, end)]
    half = sin((north_to - north) / 2) ** 2 + cos(north) * cos(north_to) * sin((east_to - east) / 2) ** 2
    return 2 * 6371.0 * asin(sqrt(half))


@lru_cache(maxsize=10_000)
def _read(address: str) -> tuple[str, int | None]:
    """Street and house of an address: what stands before its first comma, and the first number after that."""
    words = _STREET_WORDS.sub(" ", address.lower().replace("ё", "е"))
    street, _comma, rest = words.partition(",")
    inline = re.match(r"(.*\D)\s+(\d+)\S*$", street.strip())
    if not rest and inline:
        street, rest = inline.group(1), inline.group(2)
    found = _HOUSE.search(rest)
    return " ".join(street.replace(".", " ").split()), int(found.group()) if found else None
