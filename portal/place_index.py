"""All settlements in memory: one found by code or name without asking the database."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import func, select
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


#: Gazetteers by what they were read from. Settlements change when the product does; making one takes 15 ms.
_SHARED: dict[tuple[Any, ...], Gazetteer] = {}
_MOST_SHARED = 2


def gazetteer(session: Session) -> Gazetteer:
    """All settlements of a database by name: SQLite cannot lower Cyrillic letters. Looked at once per session, and
    read again when they have changed.
    """
    known: Gazetteer | None = session.info.get("places")
    if known is None:
        stamp = _stamp(session)
        known = _SHARED.get(stamp)
        if known is None:
            known = Gazetteer(_all(session))
            if len(_SHARED) >= _MOST_SHARED:
                _SHARED.clear()
            _SHARED[stamp] = known
        session.info["places"] = known
    return known


def _stamp(session: Session) -> tuple[Any, ...]:
    """Which settlements there are, in a few figures."""
    letters = func.sum(func.length(Settlement.name)), func.min(Settlement.name), func.max(Settlement.name)
    regions = func.sum(func.length(Settlement.region)), func.min(Settlement.region), func.max(Settlement.region)
    people = func.sum(Settlement.population), func.count(Settlement.lat), func.max(Settlement.zone)
    counted = select(func.count(), func.sum(Settlement.id), *letters, *regions, *people)
    return tuple(session.execute(counted).one())


def _all(session: Session) -> list[KnownPlace]:
    columns = (Settlement.id, Settlement.name, Settlement.region_code, Settlement.region, Settlement.zone)
    rows = session.execute(select(*columns, Settlement.population, Settlement.country, Settlement.is_city))
    return [KnownPlace(*row) for row in rows]


def read_index(session: Session) -> PlaceIndex:
    """The index of all settlements; those that couriers serve are preferred."""
    served = frozenset(session.scalars(select(ZoneSettlement.settlement_id)))
    origins = frozenset(session.scalars(select(Matrix.origin_id).distinct()))
    return PlaceIndex(_all(session), served, origins)


__all__ = ["KnownPlace", "PlaceIndex", "UnknownPlace", "gazetteer", "read_index"]
