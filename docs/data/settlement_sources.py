"""Read the three source files of the settlement table and compare names across alphabets.

Everything here is pure apart from the readers. A name is compared by its *key*: a Latin spelling in which the habits of
different transliterators (ё, й, ый, soft signs, apostrophes, accents) no longer show.
"""

from __future__ import annotations

import csv
import math
import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

REFERENCE = datetime(2026, 1, 1, tzinfo=UTC)
"""The moment at which offsets are compared; fixed, so that the output does not depend on the day of the run."""

CDEK_FILE = "delivery_periods_from_chelyabinsk.csv"
HFLABS_FILE = "hflabs_city.csv"
GEONAMES_FILE = "geonames_ru_500.csv"
REGION_CENTRE = "2"

# Code 231 has the KLADR code of a village Чита in Tatarstan. Its row is that of a distant regional centre (tariff 136,
# 5-8 days, 415 roubles, the price of Владивосток; Казань costs 335), next to code 230, Улан-Удэ: the city Чита.
MISPLACED = {"231": "75000001000"}
# Rows of settlements (by level) that were made towns or moved to another district since; GeoNames knows one such name.
GROWN = {"568", "1429", "1666"}
# Regions that GeoNames files under another country; IANA's zone1970.tab has one zone for both.
CRIMEA = {"91": "Europe/Simferopol", "92": "Europe/Simferopol"}
# Codes of CDEK are below a million; those of cities that the matrix lacks are made of KLADR codes.
TOWN_CODES, INNER_TOWN_CODES = 900_000_000, 800_000_000
# Part of Москва since 2012, and so in GeoNames; the matrix has them under Московская область: no namesakes.
NEW_MOSCOW = {"troitsk", "shcherbinka", "moskovski", "kommunarka"}

# Official names that do not follow from the type and the name in hflabs.
REGION_NAMES = {
    "Саха /Якутия/": "Республика Саха (Якутия)",
    "Северная Осетия - Алания": "Республика Северная Осетия — Алания",
    "Чувашская Республика": "Чувашская Республика",
    "Кемеровская область - Кузбасс": "Кемеровская область — Кузбасс",
    "Ханты-Мансийский Автономный округ - Югра": "Ханты-Мансийский автономный округ — Югра",
}
REGION_TYPES = {"край": "край", "обл": "область", "АО": "автономный округ", "Аобл": "автономная область"}

_RUSSIAN = "а б в г д е ё ж з и й к л м н о п р с т у ф х ц ч ш щ ъ ы ь э ю я"
_ENGLISH = "a b v g d e yo zh z i y k l m n o p r s t u f kh ts ch sh shch ' y ' e yu ya"
_LATIN = dict(zip(_RUSSIAN.split(" "), _ENGLISH.split(" "), strict=True))


class Cdek(NamedTuple):
    """A row of the delivery matrix: the settlement the table needs."""

    code: str
    name: str
    kladr: str

    @property
    def region(self) -> str:
        return self.kladr[:2]

    @property
    def area(self) -> str:
        return self.kladr[:5]

    @property
    def is_town(self) -> bool:
        """KLADR level of a town: no settlement number below it."""
        return self.kladr.endswith("000")


class City(NamedTuple):
    """A city of hflabs, with its offset from UTC in hours."""

    kladr: str
    name: str
    address: str
    region_type: str
    region_name: str
    offset: float
    lat: float
    lon: float
    population: str
    is_centre: bool

    @property
    def code(self) -> str:
        """A code for a city that has none of CDEK's: the first digit tells a town inside a town from others."""
        base = TOWN_CODES if self.kladr.endswith("000") else INNER_TOWN_CODES
        return str(base + int(self.kladr[:8]))


class Place(NamedTuple):
    """A place of GeoNames."""

    name: str
    admin1: str
    lat: float
    lon: float
    population: str
    zone: str


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def read_cdek(folder: Path) -> list[Cdek]:
    """The rows of the matrix in their order; the KLADR code is put together from its parts (11 digits)."""
    widths = {"kladr_region": 2, "kladr_area": 3, "kladr_city": 3, "kladr_settlement": 3}
    parts = [
        ("".join(row[part].zfill(width) for part, width in widths.items()), row) for row in _rows(folder / CDEK_FILE)
    ]
    return [Cdek(row["cdek_code"], row["city"], MISPLACED.get(row["cdek_code"], kladr)) for kladr, row in parts]


def read_cities(folder: Path) -> list[City]:
    return [
        City(
            kladr=row["kladr_id"][:11],
            name=row["settlement"] or row["city"] or row["area"] or row["region"],
            address=row["address"],
            region_type=row["region_type"],
            region_name=row["region"],
            offset=float(row["timezone"].removeprefix("UTC")),
            lat=float(row["geo_lat"]),
            lon=float(row["geo_lon"]),
            population=row["population"],
            is_centre=row["capital_marker"] == REGION_CENTRE,
        )
        for row in _rows(folder / HFLABS_FILE)
    ]


def read_places(folder: Path) -> list[Place]:
    return [
        Place(row["name"], row["admin1"], float(row["lat"]), float(row["lon"]), row["population"], row["timezone"])
        for row in _rows(folder / GEONAMES_FILE)
    ]


def with_todays_codes(rows: Iterable[Cdek], cities: Iterable[City]) -> list[Cdek]:
    """The rows, those of cities whose KLADR code has changed since with the code of today.

    A settlement (by its level) in another district is a village that bears the city's name, unless it is in `GROWN`.
    """
    named = {(city.kladr[:2], plain_russian(city.name)): city.kladr for city in cities}
    codes = set(named.values())

    def today(row: Cdek) -> Cdek:
        code = named.get((row.region, plain_russian(row.name)))
        is_city = code is not None and (row.is_town or row.area == code[:5] or row.code in GROWN)
        return row._replace(kladr=code) if code and is_city and row.kladr not in codes else row

    return [today(row) for row in rows]


def region_name(city: City) -> str:
    """«Томская область», «Республика Адыгея», «Москва»."""
    if city.region_name in REGION_NAMES:
        return REGION_NAMES[city.region_name]
    if city.region_type == "г":
        return city.region_name
    if city.region_type == "Респ":
        adjective = city.region_name.endswith("ая")
        return f"{city.region_name} Республика" if adjective else f"Республика {city.region_name}"
    return f"{city.region_name} {REGION_TYPES[city.region_type]}"


def offset_hours(zone: str) -> float:
    """The zone's offset from UTC at the reference moment."""
    delta = REFERENCE.astimezone(ZoneInfo(zone)).utcoffset()
    return delta.total_seconds() / 3600 if delta is not None else 0.0


def distance_km(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Great-circle distance by the haversine formula."""
    phi1, phi2 = math.radians(lat1), math.radians(lat2)
    half_lat, half_lon = (phi2 - phi1) / 2, math.radians(lon2 - lon1) / 2
    chord = math.sin(half_lat) ** 2 + math.cos(phi1) * math.cos(phi2) * math.sin(half_lon) ** 2
    return 2 * 6371.0 * math.asin(math.sqrt(chord))


def by_distance(city: City, places: Iterable[Place], limit_km: float) -> list[Place]:
    """The places within the limit, nearest first."""
    band = limit_km / 110
    near = [place for place in places if abs(place.lat - city.lat) <= band]
    measured = [(distance_km(city.lat, city.lon, place.lat, place.lon), place) for place in near]
    return [place for far, place in sorted(measured) if far <= limit_km]


def plain_russian(name: str) -> str:
    """The name without a note in brackets, in lower case, with ё as е: for comparing Russian with Russian."""
    return re.sub(r"\s*\(.*?\)", "", name).strip().lower().replace("ё", "е")


def latin(name: str) -> str:
    """Russian to Latin, letter by letter; other characters stay."""
    return "".join(_LATIN.get(letter, letter) for letter in name.lower())


def name_key(name: str) -> str:
    """What Russian and GeoNames spellings of one name have in common (Артём, Artëm, Artyom -> "artem")."""
    text = unicodedata.normalize("NFD", latin(plain_russian(name)))
    text = "".join(mark for mark in text if not unicodedata.combining(mark))
    text = re.sub(r"[’'`\"]", "", text).replace("-", " ")
    text = re.sub(r"[iyj]*[eo]", lambda found: "e" if len(found[0]) > 1 else found[0], text)
    return re.sub(r"[iyj]+", "i", re.sub(r"\s+", " ", text)).strip()
