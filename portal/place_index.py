"""All settlements in memory: one found by code or name without asking the database."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from parcels.models import Settlement
from portal.places import UnknownPlace, name_key, one_place
from scheduling.models import Matrix, ZoneSettlement


class KnownPlace(NamedTuple):
    """A settlement as the index keeps it."""

    id: int
    name: str
    region_code: str
    region: str
    zone: str
    population: int | None
    country: str


class PlaceIndex:
    """Finds places by what people write; of several codes of one city, a preferred one."""

    def __init__(
        self, places: Iterable[KnownPlace], preferred: frozenset[int], origins: frozenset[int] = frozenset()
    ) -> None:
        self.by_id = {place.id: place for place in places}
        self._preferred, self._origins = preferred, origins
        self._by_name: Mapping[str, list[KnownPlace]] = defaultdict(list)
        for place in self.by_id.values():
            self._by_name[name_key(place.name)].append(place)

    def find(self, text: str, region: str = "", *, is_origin: bool = False) -> KnownPlace:
        """The place with this code or name; `region` decides between namesakes. Of several codes of one city the one
        that a courier serves is meant; of an origin the one that parcels have been sent from. Raises UnknownPlace.
        """
        better = self._origins if is_origin else self._preferred
        wanted = name_key(text)
        if wanted.isascii() and wanted.isdigit() and len(wanted) < 10 and int(wanted) in self.by_id:
            return self.by_id[int(wanted)]
        found = one_place(text, region, self._by_name.get(wanted, []))
        return min(found, key=lambda place: (place.id not in better, place.id))


def read_index(session: Session) -> PlaceIndex:
    """The index of all settlements; those that couriers serve are preferred."""
    columns = (Settlement.id, Settlement.name, Settlement.region_code, Settlement.region, Settlement.zone)
    rows = session.execute(select(*columns, Settlement.population, Settlement.country))
    served = frozenset(session.scalars(select(ZoneSettlement.settlement_id)))
    origins = frozenset(session.scalars(select(Matrix.origin_id).distinct()))
    return PlaceIndex((KnownPlace(*row) for row in rows), served, origins)


__all__ = ["KnownPlace", "PlaceIndex", "UnknownPlace", "read_index"]
