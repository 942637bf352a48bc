"""How long a parcel of a way is usually silent between two scans; learned daily from those that arrived (M10)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from typing import Any, Final

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from parcels.models import Fact, Parcel, Settlement, Shop
from parcels.stages import ON_THE_ROAD, Kind, Stage

#: Parcels accepted so long ago still teach: what was usual in another season is not.
READ_DAYS: Final = timedelta(days=180)
#: So many of a way that arrived say what is usual there; the share of them that was silent for no longer is.
ENOUGH, SHARE = 20, 0.95
SAMPLE: Final = 20_000
#: Nobody is worried sooner, whatever the record says.
LEAST: Final = timedelta(days=1)
#: What ends the road: in the city, or further than that.
_ENDS = (Kind.ARRIVED, Kind.AT_PICKUP, Kind.DELIVERED)
_ARRIVED = (Stage.IN_CITY, Stage.WITH_COURIER, Stage.DELIVERED)
#: Hours by name of a way; "" is the carrier as a whole.
Silences = Mapping[str, float]


def name_of(origin_id: int, region: str) -> str:
    """What a way is called."""
    return f"{origin_id}|{region}"


def longest(moments: Sequence[datetime]) -> timedelta:
    """The longest silence between scans, in the order in which they were made; none with fewer than two."""
    return max((after - before for before, after in pairwise(sorted(moments))), default=timedelta())


def usual(found: Iterable[tuple[str, timedelta]]) -> dict[str, float]:
    """What is usual on each way and on all together, in hours. Args: `found` a way's name and a longest silence each.

    A way with fewer than `ENOUGH` parcels says nothing of its own.
    """
    hours: dict[str, list[float]] = defaultdict(list)
    for name, silence in found:
        for key in (name, ""):
            hours[key].append(silence / timedelta(hours=1))
    return {name: round(_quantile(values), 1) for name, values in hours.items() if len(values) >= ENOUGH}


def _quantile(values: list[float]) -> float:
    return sorted(values)[min(int(SHARE * len(values)), len(values) - 1)]


def allowed(silences: Silences, origin_id: int, region: str, lane_days: int | None) -> timedelta | None:
    """How long nothing may be heard of a parcel; None when nothing is known of its way.

    Args: `lane_days` the working days of its lane by the matrix: where nothing was learned, all of them may be silent.
    """
    hours = silences.get(name_of(origin_id, region), silences.get(""))
    if hours is not None:
        return max(timedelta(hours=hours), LEAST)
    return None if lane_days is None else timedelta(days=-(-lane_days * 7 // 5)) + LEAST


def learned(session: Session, carrier: str, now: datetime) -> dict[str, float]:
    """What the carrier's parcels of late say: the newest `SAMPLE` of those that arrived."""
    arrived = (
        select(Parcel.id)
        .join(Shop, Shop.id == Parcel.shop_id)
        .where(Shop.carrier == carrier, Parcel.accepted_at >= now - READ_DAYS, Parcel.road.in_(_ARRIVED))
        .order_by(Parcel.id.desc())
        .limit(SAMPLE)
        .subquery()
    )
    query = (
        select(Fact.parcel_id, Fact.kind, Fact.occurred_at, Shop.origin_id, Settlement.region)
        .join(arrived, arrived.c.id == Fact.parcel_id)
        .join(Parcel, Parcel.id == Fact.parcel_id)
        .join(Shop, Shop.id == Parcel.shop_id)
        .join(Settlement, Settlement.id == Parcel.settlement_id)
        .where(Fact.kind.in_((*ON_THE_ROAD, *_ENDS)))
        .order_by(Fact.parcel_id, Fact.occurred_at)
    )
    return usual(_ways(session.execute(query)))


def _ways(rows: Iterable[Row[Any]]) -> Iterable[tuple[str, timedelta]]:
    for _parcel_id, scans in groupby(rows, key=lambda row: row.parcel_id):
        of_one = list(scans)
        ends = next((n for n, scan in enumerate(of_one, start=1) if scan.kind in _ENDS), len(of_one))
        yield name_of(of_one[0].origin_id, of_one[0].region), longest([scan.occurred_at for scan in of_one[:ends]])
