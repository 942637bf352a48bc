"""What carriers offer, in memory: costs by way and pick-up points by settlement. Read anew when `stamp_of` changes."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from math import cos, radians
from sys import intern
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from carriers.offer_models import PickupPoint, Tariff
from carriers.offers import step_of
from carriers.tariffs import RECENT

Stamp = tuple[Any, ...]
Where = tuple[float, float]


class Cost(NamedTuple):
    """What a way costs at a weight step, in minor units, and since when the carrier says so."""

    minor: int
    currency: str
    weight_g: int
    since: datetime


class KnownPoint(NamedTuple):
    """A pick-up point that is open, as checkout shows it."""

    carrier: str
    code: str
    address: str
    hours: str
    phone: str
    latitude: float | None
    longitude: float | None


@dataclass(slots=True)
class OfferMemory:
    """Costs by carrier, origin, settlement, weight step and "to the door"; points by settlement, by their address."""

    costs: dict[tuple[str, int, int, int, bool], Cost] = field(default_factory=dict)
    points: dict[int, list[KnownPoint]] = field(default_factory=dict)

    def cost(self, carrier: str, origin_id: int, settlement_id: int, weight_g: int, *, to_door: bool) -> Cost | None:
        """What a parcel of a weight costs on a way; None where the carrier has not said it."""
        return self.costs.get((carrier, origin_id, settlement_id, step_of(weight_g) or 0, to_door))

    def points_in(self, settlement_id: int, carrier: str = "", near: Where | None = None) -> list[KnownPoint]:
        """The open points of a settlement, of one carrier or of all, by address, or those nearest to a place first."""
        found = [point for point in self.points.get(settlement_id, []) if not carrier or point.carrier == carrier]
        return found if near is None else sorted(found, key=lambda point: _distance(point, near))


def _distance(point: KnownPoint, near: Where) -> float:
    """How far it is, in degrees squared as a flat map has them; a point that says no place is the farthest."""
    if point.latitude is None or point.longitude is None:
        return float("inf")
    north, east = point.latitude - near[0], (point.longitude - near[1]) * cos(radians(near[0]))
    return north * north + east * east


def load(session: Session, now: datetime) -> OfferMemory:
    """Read all that is offered now; a cost that has not been asked for a month is nobody's word any more."""
    memory = OfferMemory()
    key = Tariff.carrier, Tariff.origin_id, Tariff.settlement_id, Tariff.weight_g, Tariff.to_door
    rows = session.execute(
        select(*key, Tariff.cost_minor, Tariff.currency, Tariff.changed_at).where(
            Tariff.cost_minor.is_not(None), Tariff.asked_at > now - RECENT
        )
    )
    for carrier, origin, there, weight, to_door, minor, currency, since in rows:
        memory.costs[carrier, origin, there, weight, to_door] = Cost(minor or 0, currency, weight, since)
    points: dict[int, list[KnownPoint]] = defaultdict(list)
    columns = [getattr(PickupPoint, name) for name in KnownPoint._fields]
    shown = select(PickupPoint.settlement_id, *columns).where(
        PickupPoint.gone_at.is_(None), PickupPoint.settlement_id.is_not(None)
    )
    for row in session.execute(shown.order_by(PickupPoint.address, PickupPoint.id)):
        there, carrier, code, address, hours, phone, *where = row
        # Points of one carrier keep the same hours and answer by the same phone.
        points[there].append(KnownPoint(intern(carrier), code, address, intern(hours), intern(phone), *where))
    memory.points = dict(points)
    return memory


def stamp_of(session: Session, now: datetime) -> Stamp:
    """What the memory was read from, in a few figures: equal stamps, equal memories."""
    costs = session.execute(select(func.count(), func.max(Tariff.changed_at)).select_from(Tariff)).one()
    last = func.max(PickupPoint.changed_at), func.max(PickupPoint.gone_at), func.count(PickupPoint.gone_at)
    return now.date(), tuple(costs), tuple(session.execute(select(func.count(), *last).select_from(PickupPoint)).one())
