"""Build parcels/data/settlements.csv: every settlement of the delivery matrix and every city, with region and zone.

Run `python docs/data/build_settlements.py` from anywhere; `--root DIR` writes under another folder. The three source
files lie in docs/data/sources. Writes the table, the places that are not in it, the matrix (a copy), and the
generated part of docs/data/README.md.
How a zone is found, and which ways are weak, is told in that README.
"""

from __future__ import annotations

import argparse
import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import settlement_report
from settlement_sources import (
    CDEK_FILE,
    CRIMEA,
    NEW_MOSCOW,
    Cdek,
    City,
    Place,
    by_distance,
    distance_km,
    name_key,
    offset_hours,
    plain_russian,
    read_cdek,
    read_cities,
    read_places,
    region_name,
    with_todays_codes,
)

HERE = Path(__file__).resolve().parent
HEADER = (
    *("code", "name", "region_code", "region", "zone", "zone_source", "population"),
    *("lat", "lon", "is_city"),
)
ELSEWHERE = ("name", "region_code", "region", "near")
NEAR_KM = 30.0
FAR_KM = 20_100.0
MOSCOW = "77"

# Where GeoNames still has the zones of before 2011 for the east of Yakutia. The names and districts are those of the
# comments in IANA's zone1970.tab: Khandyga "Tomponsky, Ust-Maysky", Ust-Nera "Oymyakonsky", Srednekolymsk "Sakha (E)".
# "Sakha (E); N Kuril Is"; the other Kurils are Asia/Sakhalin.
DISTRICT_ZONES = {
    "14028": "Asia/Khandyga",
    "14030": "Asia/Khandyga",
    "14022": "Asia/Ust-Nera",
    "65011": "Asia/Srednekolymsk",
}
RENAMED_ZONES = {("14", "Asia/Magadan"): "Asia/Srednekolymsk", ("65", "Asia/Magadan"): "Asia/Sakhalin"}


class Settlement(NamedTuple):
    """A row of the table, in the order of its header."""

    code: str
    name: str
    region_code: str
    region: str
    zone: str
    zone_source: str
    population: str
    lat: str
    lon: str
    is_city: str


@dataclass(frozen=True)
class Atlas:
    """What is known about regions and cities before the settlements are looked at."""

    region_names: Mapping[str, str]
    places: Mapping[str, list[Place]]
    cities: Mapping[str, City]
    located: Mapping[str, tuple[str, str]]


class Found(NamedTuple):
    """What is known of a row: coordinates are empty where its place on earth is not certain."""

    zone: str
    source: str
    population: str = ""
    lat: str = ""
    lon: str = ""
    is_city: str = "0"


def most_common(zones: Iterable[str]) -> str:
    """The most frequent value; of equals, the first by alphabet."""
    counted = Counter(zones)
    return min(counted, key=lambda value: (-counted[value], value))


def admin1_of_regions(cities: Iterable[City], places: list[Place]) -> dict[str, str]:
    """KLADR region -> GeoNames admin1: what most cities of the region have as their nearest place."""
    bands: dict[int, list[Place]] = defaultdict(list)
    for place in places:
        bands[int(place.lat)].append(place)
    votes: dict[str, list[str]] = defaultdict(list)
    for city in cities:
        around = [place for band in (-1, 0, 1) for place in bands[int(city.lat) + band]]
        votes[city.kladr[:2]] += [place.admin1 for place in by_distance(city, around, NEAR_KM)[:1]]
    return {region: most_common(found) for region, found in sorted(votes.items())}


def places_of_region(region: str, admin1: str, places: Iterable[Place]) -> list[Place]:
    """The region's places; a zone that a single one of them has is an error of GeoNames and leaves with its place."""
    own = [place for place in places if place.admin1 == admin1]
    counted = Counter(place.zone for place in own)
    return [
        place._replace(zone=RENAMED_ZONES.get((region, place.zone), place.zone))
        for place in own
        if counted[place.zone] > 1
    ]


def locate_city(city: City, places: list[Place]) -> tuple[str, str]:
    """Zone and zone_source of a city with coordinates, by the region's places."""
    near = by_distance(city, places, NEAR_KM)
    agreeing = [place for place in near if offset_hours(place.zone) == city.offset]
    if agreeing or near:
        return (agreeing or near)[0].zone, "hflabs_geonames"
    far = by_distance(city, places, FAR_KM)
    return next((place for place in far if offset_hours(place.zone) == city.offset), far[0]).zone, "hflabs_offset"


def make_atlas(cities: list[City], places: list[Place], needed: set[str]) -> Atlas:
    """Sort the sources by KLADR region and give every city its zone."""
    mapped = [city for city in cities if city.kladr[:2] not in CRIMEA]
    admin1 = admin1_of_regions(mapped, places)
    if set(admin1) != needed or len(set(admin1.values())) != len(admin1):
        raise ValueError("the map of KLADR regions to GeoNames admin1 is not one to one")
    own = {region: places_of_region(region, admin1[region], places) for region in admin1}
    return Atlas(
        region_names={city.kladr[:2]: region_name(city) for city in cities},
        places=own,
        cities={city.kladr: city for city in cities},
        located={
            **{city.kladr: locate_city(city, own[city.kladr[:2]]) for city in mapped},
            **{city.kladr: (CRIMEA[city.kladr[:2]], "region") for city in cities if city.kladr[:2] in CRIMEA},
            **{
                city.kladr: (DISTRICT_ZONES[city.kladr[:5]], "region")
                for city in cities
                if city.kladr[:5] in DISTRICT_ZONES
            },
        },
    )


def on_earth(spot: City | Place) -> tuple[str, str]:
    """Latitude and longitude to some ten metres."""
    return f"{spot.lat:.4f}", f"{spot.lon:.4f}"


def found_by_kladr(row: Cdek, atlas: Atlas) -> Found | None:
    """The city with the same KLADR code; its population only if the names agree, for suburbs borrow the code."""
    if row.kladr not in atlas.located:
        return None
    zone, source = atlas.located[row.kladr]
    city = atlas.cities[row.kladr]
    if plain_russian(city.name) != plain_russian(row.name):
        return Found(zone, source)
    return Found(zone, source, city.population, *on_earth(city), is_city="1")


def found_by_name(row: Cdek, atlas: Atlas, namesakes: Mapping[tuple[str, str], set[str]]) -> Found | None:
    """A place of the region with the same name, if all such places share a zone.

    Its population is taken only if the name is single on both sides and the row is not a village that has the name of
    a city of its region.
    """
    key = name_key(row.name)
    found = [place for place in atlas.places[row.region] if name_key(place.name) == key]
    if len({place.zone for place in found}) != 1:
        return None
    single = len(found) == 1 and len(namesakes[row.region, key]) == 1 and "(" not in row.name
    cities = {name_key(city.name) for city in atlas.cities.values() if city.kladr[:2] == row.region}
    if not single or not (row.is_town or key not in cities):
        return Found(found[0].zone, "geonames_name")
    population = found[0].population if found[0].population != "0" else ""
    return Found(found[0].zone, "geonames_name", population, *on_earth(found[0]))


def found_by_region(row: Cdek, atlas: Atlas, matched: Mapping[str, list[str]]) -> Found:
    """The district's zone where IANA names it, else the region's; a region of several zones is asked by district."""
    if row.area in DISTRICT_ZONES:
        return Found(DISTRICT_ZONES[row.area], "region")
    if len({place.zone for place in atlas.places[row.region]}) == 1:
        return Found(most_common(matched[row.region]), "region")
    if matched[row.area] and not row.area.endswith("000"):
        return Found(most_common(matched[row.area]), "region")
    centre = next(city for city in atlas.cities.values() if city.is_centre and city.kladr[:2] == row.region)
    return Found(atlas.located[centre.kladr][0], "region")


def zones_by_area(rows: Iterable[Cdek], found: Mapping[str, Found], atlas: Atlas) -> dict[str, list[str]]:
    """Zones of what is already placed (settlements of the matrix and all cities), by KLADR region and by area."""
    zones: dict[str, list[str]] = defaultdict(list)
    pairs = [(row.kladr, found[row.code].zone) for row in rows if row.code in found]
    pairs += [(kladr, zone) for kladr, (zone, _source) in atlas.located.items()]
    for kladr, zone in sorted(pairs):
        zones[kladr[:2]].append(zone)
        zones[kladr[:5]].append(zone)
    return zones


def resolve(rows: list[Cdek], atlas: Atlas) -> list[Settlement]:
    """A table row for each row of the matrix, in its order."""
    namesakes: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in rows:
        namesakes[row.region, name_key(row.name)].add(row.kladr)
    found: dict[str, Found] = {}
    for row in rows:
        if row.area not in DISTRICT_ZONES:
            match = found_by_kladr(row, atlas) or found_by_name(row, atlas, namesakes)
            found |= {row.code: match} if match else {}
    matched = zones_by_area(rows, found, atlas)
    return [
        Settlement(row.code, row.name, row.region, atlas.region_names[row.region], *answer)
        for row in rows
        for answer in [found.get(row.code) or found_by_region(row, atlas, matched)]
    ]


def cities_beyond(rows: Iterable[Cdek], atlas: Atlas) -> list[Settlement]:
    """A table row for each city that the matrix lacks, by KLADR code. Raises ValueError when two get one code."""
    there = {row.kladr for row in rows if row.kladr in atlas.cities and _is_named_as(row, atlas.cities[row.kladr])}
    missing = [city for kladr, city in sorted(atlas.cities.items()) if kladr not in there]
    if len({city.code for city in missing}) != len(missing):
        raise ValueError("two cities have one code")
    return [
        Settlement(
            city.code,
            city.name,
            city.kladr[:2],
            atlas.region_names[city.kladr[:2]],
            *atlas.located[city.kladr],
            city.population,
            *on_earth(city),
            is_city="1",
        )
        for city in missing
    ]


def _is_named_as(row: Cdek, city: City) -> bool:
    return plain_russian(row.name) == plain_russian(city.name)


def elsewhere(table: Iterable[Settlement], atlas: Atlas) -> list[tuple[str, str, str, str]]:
    """The places of GeoNames that are not in the table: name, code and name of the region, code of the nearest place.

    The name is Russian where a place of the table elsewhere has it, else as GeoNames has it.
    """
    known: dict[str, dict[str, str]] = defaultdict(dict)
    spots: dict[str, list[Settlement]] = defaultdict(list)
    for row in table:
        known[name_key(row.name)].setdefault(row.region_code, plain_russian(row.name))
        if row.lat:
            spots[row.region_code].append(row)
    found: dict[tuple[str, str], str] = {}
    for region, places in atlas.places.items():
        for place in places:
            key = name_key(place.name)
            is_known = region in known[key] or (region == MOSCOW and key in NEW_MOSCOW)
            name = min(known[key].values(), default=place.name)
            if not is_known:
                found.setdefault((name, region), nearest(place, spots[region]))
    return sorted((name, region, atlas.region_names[region], near) for (name, region), near in found.items())


def nearest(place: Place, rows: Iterable[Settlement]) -> str:
    """The code of the row that is nearest to a place."""
    return min(rows, key=lambda row: distance_km(place.lat, place.lon, float(row.lat), float(row.lon))).code


def as_csv(header: tuple[str, ...], table: Iterable[tuple[str, ...]]) -> bytes:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(table)
    return stream.getvalue().encode()


def build() -> dict[str, bytes]:
    """Path under the root -> content of every generated file."""
    sources = HERE / "sources"
    rows, cities, places = read_cdek(sources), read_cities(sources), read_places(sources)
    rows = with_todays_codes(rows, cities)
    atlas = make_atlas(cities, places, {row.region for row in rows})
    beyond = cities_beyond(rows, atlas)
    table = [*resolve(rows, atlas), *beyond]
    disagreeing = [
        (city.address, city.offset, zone)
        for kladr, (zone, _source) in sorted(atlas.located.items())
        for city in [atlas.cities[kladr]]
        if offset_hours(zone) != city.offset
    ]
    readme = (HERE / "README.md").read_text(encoding="utf-8")
    report = settlement_report.generated_part([row._asdict() for row in table], len(beyond), disagreeing)
    return {
        "parcels/data/settlements.csv": as_csv(HEADER, table),
        "parcels/data/elsewhere.csv": as_csv(ELSEWHERE, elsewhere(table, atlas)),
        "scheduling/data/days_from_chelyabinsk.csv": (sources / CDEK_FILE).read_bytes(),
        "docs/data/README.md": settlement_report.with_generated_part(readme, report).encode(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--root", type=Path, default=HERE.parents[1], help="where to write; default: this checkout")
    root: Path = parser.parse_args().root
    for path, content in build().items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


if __name__ == "__main__":
    main()
