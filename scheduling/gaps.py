"""Cities that the matrix has no row for: their days are those of the nearest places that it has, marked as estimates.

The carrier's table is of 2013 and has holes, Новосибирск among them. An estimate lives in a version of the matrix like
any lane; the first file that has the place replaces it.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from parcels.models import OWN_CODES, Settlement
from scheduling.matrix_rows import LaneRow
from scheduling.travel import Spot, kilometres

#: The carrier whose table has holes. A place that another's lacks is one to which it does not go.
CARRIER = "cdek"
#: So many neighbours tell the days: the earliest of them and the latest.
NEIGHBOURS = 3
#: Where the carrier had no code for a whole region (Крым), neighbours may lie in another, this far away at most.
FARTHEST_KM = 700.0


@dataclass(frozen=True, slots=True)
class Spotted:
    """A settlement whose place on earth is known."""

    id: int
    city: tuple[str, str]
    spot: Spot
    is_city: bool

    @property
    def region_code(self) -> str:
        return self.city[0]


def estimates(lanes: Iterable[LaneRow], places: Sequence[Spotted]) -> list[LaneRow]:
    """A lane for each city to which none of the `lanes` goes; none where nothing is near enough to tell.

    Several codes of one city are one city: a lane to any of them will do.
    """
    by_id = {lane.settlement_id: lane for lane in lanes}
    reached = {place.city for place in places if place.is_city and place.id in by_id}
    near: dict[str, list[Spotted]] = defaultdict(list)
    for place in places:
        if place.id in by_id:
            near[place.region_code].append(place)
    everywhere = [place for region in near.values() for place in region]
    with_codes = {place.region_code for place in places if place.id < OWN_CODES}
    found: dict[tuple[str, str], LaneRow] = {}
    for place in places:
        if place.is_city and place.city not in reached and place.city not in found:
            is_region_there = place.region_code in with_codes
            own = near.get(place.region_code, [])
            neighbours = _nearest(place, own) if is_region_there else _nearest(place, everywhere, FARTHEST_KM)
            if neighbours:
                found[place.city] = _estimate(place.id, [by_id[one.id] for one in neighbours])
    return list(found.values())


def _nearest(place: Spotted, others: Iterable[Spotted], limit_km: float = float("inf")) -> list[Spotted]:
    measured = sorted((kilometres(place.spot, other.spot), other.id, other) for other in others)
    return [other for far, _id, other in measured[:NEIGHBOURS] if far <= limit_km]


def _estimate(settlement_id: int, lanes: list[LaneRow]) -> LaneRow:
    """The lane of the nearest neighbour, wide enough for the days of those that count in the same unit."""
    alike = [lane for lane in lanes if lane.unit is lanes[0].unit]
    low, high = min(lane.days_min for lane in alike), max(lane.days_max for lane in alike)
    return replace(lanes[0], settlement_id=settlement_id, days_min=low, days_max=high, is_estimate=True)


def spotted(session: Session) -> list[Spotted]:
    """All settlements that are somewhere, by code."""
    columns = Settlement.id, Settlement.region_code, Settlement.name, Settlement.lat, Settlement.lon, Settlement.is_city
    query = select(*columns).where(Settlement.lat.is_not(None), Settlement.lon.is_not(None)).order_by(Settlement.id)
    return [
        Spotted(row.id, (row.region_code, row.name), (row.lat, row.lon), row.is_city) for row in session.execute(query)
    ]
