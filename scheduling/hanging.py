"""Parcels that hang: on the road, and silent for longer than is usual on their way. Each silence is told once."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, case, func, select
from sqlalchemy.orm import Session

from parcels import journal
from parcels.journal import NewFact
from parcels.models import Fact, Parcel, Settlement, Shop
from parcels.stages import GOING_BACK, ON_THE_ROAD, Kind, Stage
from scheduling import lessons, matrix
from scheduling.silences import LEAST, allowed

#: Where a parcel can hang: handed over, and not in the recipient's city yet.
_ROAD = (Stage.HANDED_OVER, Stage.AT_WAREHOUSE, Stage.IN_TRANSIT)
_moved = func.max(case((Fact.kind.in_(ON_THE_ROAD), Fact.seq)))
_noticed = func.coalesce(func.max(case((Fact.kind == Kind.HANGING, Fact.seq))), 0)
_since = func.max(case((Fact.kind.in_(ON_THE_ROAD), Fact.occurred_at)))


def find(session: Session, now: datetime) -> list[tuple[int, timedelta]]:
    """Parcels whose silence has become unusual and has not been told of: their ids, and what would be usual."""
    silences = lessons.silences(session)
    lanes: dict[tuple[str, int], dict[int, int]] = {}
    found = []
    for row in session.execute(_silent(now)):
        way = (row.carrier, row.origin_id)
        if way not in lanes:
            lanes[way] = _lane_days(session, *way, now.date())
        may = allowed(silences.get(row.carrier, {}), row.origin_id, row.region, lanes[way].get(row.settlement_id))
        if may is not None and now - row.since > may:
            found.append((row.id, may))
    return found


def _silent(now: datetime) -> Any:
    """Open parcels on the road of which nothing has been heard for a day, and whose silence is news."""
    return (
        select(Parcel.id, Parcel.settlement_id, Shop.carrier, Shop.origin_id, Settlement.region, _since.label("since"))
        .join(Fact, Fact.parcel_id == Parcel.id)
        .join(Shop, Shop.id == Parcel.shop_id)
        .join(Settlement, Settlement.id == Parcel.settlement_id)
        .where(Parcel.closed_at.is_(None), Parcel.road.in_(_ROAD), Fact.kind.in_((*ON_THE_ROAD, Kind.HANGING)))
        .where(Parcel.side.is_(None) | Parcel.side.not_in(GOING_BACK))
        .group_by(Parcel.id, Parcel.settlement_id, Shop.carrier, Shop.origin_id, Settlement.region)
        .having(_since < now - LEAST, _moved > _noticed)
    )


def _lane_days(session: Session, carrier: str, origin_id: int, on: date) -> dict[int, int]:
    version = matrix.current(session, carrier, origin_id, on)
    return {lane.settlement_id: lane.days_max for lane in matrix.lanes_of(session, version.id)} if version else {}


def notice(session: Session, parcel: Parcel, may: timedelta, now: datetime) -> bool:
    """Write down that a parcel hangs, unless it has moved meanwhile. Args: `parcel` held by `journal.lock`."""
    scans = [fact for fact in journal.facts_of(session, parcel) if fact.kind in ON_THE_ROAD]
    if parcel.road not in _ROAD or parcel.closed_at is not None or not scans:
        return False
    since = max(fact.occurred_at for fact in scans)
    if now - since <= may:
        return False
    details = {"since": since.isoformat(), "usual_hours": round(may / timedelta(hours=1))}
    new = NewFact(Kind.HANGING, "agenda", details=details, dedup_key=f"hanging:{max(fact.seq for fact in scans)}")
    return journal.record(session, parcel, new, now) is not None


def of(session: Session, parcels: Iterable[Parcel]) -> Mapping[int, datetime]:
    """Which of these parcels hang, and since when nothing has been heard of them."""
    ids = [parcel.id for parcel in parcels if parcel.road in _ROAD and parcel.closed_at is None]
    query = (
        select(Fact.parcel_id, _since.label("since"))
        .where(Fact.parcel_id.in_(ids), Fact.kind.in_((*ON_THE_ROAD, Kind.HANGING)))
        .group_by(Fact.parcel_id)
        .having(_noticed > func.coalesce(_moved, 0))
    )
    rows: list[Row[Any]] = list(session.execute(query).all())
    return {row.parcel_id: row.since for row in rows}
