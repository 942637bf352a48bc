"""All settlements in memory: one found by code or name without asking the database."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from parcels.models import Settlement
from portal.gazetteer import Gazetteer, KnownPlace, UnknownPlace
from scheduling.models import Matrix, ZoneSettlement


class PlaceIndex:
    """Finds places by what people write; of several codes of one city, a preferred one."""

    def __init__(
        self, places: Iterable[KnownPlace], preferred: frozenset[int], origins: frozenset[int] = frozenset()
    ) -> None:
        self._all = Gazetteer(places)
        self._preferred, self._origins = preferred, origins
        self.by_id = self._all.by_id

    def find(self, text: str, region: str = "", *, is_origin: bool = False) -> KnownPlace:
        """The place with this code or name; `region` decides between namesakes. Of several codes of one city the one
        that a courier serves is meant; of an origin the one that parcels have been sent from. Raises UnknownPlace.
        """
        better = self._origins if is_origin else self._preferred
        return min(self._all.find(text, region), key=lambda place: (place.id not in better, place.id))


def gazetteer(session: Session) -> Gazetteer:
    """All settlements of a database, read once per session: SQLite cannot lower Cyrillic letters."""
    known: Gazetteer | None = session.info.get("places")
    if known is None:
        columns = (Settlement.id, Settlement.name, Settlement.region_code, Settlement.region, Settlement.zone)
        rows = session.execute(select(*columns, Settlement.population, Settlement.country, Settlement.is_city))
        known = session.info["places"] = Gazetteer(KnownPlace(*row) for row in rows)
    return known


def read_index(session: Session) -> PlaceIndex:
    """The index of all settlements; those that couriers serve are preferred."""
    served = frozenset(session.scalars(select(ZoneSettlement.settlement_id)))
    origins = frozenset(session.scalars(select(Matrix.origin_id).distinct()))
    return PlaceIndex(gazetteer(session).by_id.values(), served, origins)


__all__ = ["KnownPlace", "PlaceIndex", "UnknownPlace", "gazetteer", "read_index"]
