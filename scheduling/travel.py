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
from itertools import takewhile
from math import asin, cos, radians, sin, sqrt

#: Minutes at a door: finding it, the lift, the money, the signature. The one place where this is said.
AT_DOOR = 8
#: Minutes between two doors of one house, two houses of one street at most, and two streets of one settlement.
SAME_HOUSE, SAME_STREET_MOST, OTHER_STREET = 2, 8, 12
#: House numbers that a minute leads past.
NUMBERS_A_MINUTE = 12
#: Minutes to another settlement of the zone when no coordinates are known; km/h and the bends of roads when they are.
OTHER_SETTLEMENT, SPEED, BENDS = 40, 50.0, 1.3
#: Latitude and longitude in degrees.
Spot = tuple[float, float]
_STREET_WORDS = re.compile(
    r"\b(?:улица|ул|проспект|просп|пр-кт|пр-т|пр|переулок|пер|площадь|пл|бульвар|б-р|шоссе|ш|наб|набережная|проезд|тракт"
    r"|вулиця|вул|провулок|пров)\b\.?"
)
#: What a part of an address says when it names a place and no street.
_PLACE_WORDS = re.compile(
    r"^(?:г|город|м|місто|пгт|пос|поселок|с|село|д|дер|деревня|х|хутор|станица)\b\.?\s"
    r"|\b(?:обл|область|край|респ|республика|район|р-н)\b"
)
_POSTCODE = re.compile(r"(?<!\d)\d{5,6}\s{0,3},")
#: People in a place where one street is as near as another.
VILLAGE = 3_000
_KEY_LENGTH = 120
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


def district_of(settlement: int | None, population: int | None, address: str) -> str | None:
    """What addresses have in common that are near each other: the street of a town, all of a village; None if unknown.

    Args: `settlement` is the carrier's code, `population` as far as it is known.
    """
    if settlement is None:
        return None
    if population is not None and population < VILLAGE:
        return str(settlement)
    street = street_of(address)
    return f"{settlement} {street}"[:_KEY_LENGTH] if any(map(str.isalpha, street)) else None


def _between_settlements(start: Door, end: Door) -> int:
    if start.at is None or end.at is None:
        return OTHER_SETTLEMENT
    return max(OTHER_STREET, round(kilometres(start.at, end.at) * BENDS / SPEED * 60))


def kilometres(start: Spot, end: Spot) -> float:
    """The great circle between two places."""
    (north, east), (north_to, east_to) = [tuple(map(radians, place)) for place in (start, end)]
    half = sin((north_to - north) / 2) ** 2 + cos(north) * cos(north_to) * sin((east_to - east) / 2) ** 2
    return 2 * 6371.0 * asin(sqrt(half))


@lru_cache(maxsize=10_000)
def _read(address: str) -> tuple[str, int | None]:
    """Street and house of an address, or its place in place of a street; the first number after it is the house."""
    parts = _POSTCODE.sub("", address.lower().replace("ё", "е"), count=1).split(",")
    n = _street_part(parts)
    street, rest = _STREET_WORDS.sub(" ", parts[n]), ",".join(parts[n + 1 :])
    head, _, last = street.strip().rpartition(" ")
    if not rest and head and last[:1].isdigit():
        street, rest = head, last
    found = _HOUSE.search(rest)
    return " ".join(street.replace(".", " ").split()), int(found.group()) if found else None


def _street_part(parts: Sequence[str]) -> int:
    """Which part names the street: the one that says so, else the first that is no place, before any number."""
    words = [part.strip() for part in takewhile(lambda part: not part.strip()[:1].isdigit(), parts)]
    said = [n for n, part in enumerate(words) if _STREET_WORDS.search(part)]
    others = [n for n, part in enumerate(words) if part and not _PLACE_WORDS.search(part)]
    return next(iter(said + others), 0)
