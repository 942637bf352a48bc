"""Pick-up points as carriers list them, page by page: kept, changed, and gone when a whole list has them no more."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from carriers.offer_models import PickupPoint, PointsRead
from carriers.offers import Point, Spot

NEW, CHANGED, SAME, GONE, UNPLACED = "new", "changed", "same", "gone", "unplaced"
#: A list is read once a day; one that could not be read, an hour later.
EVERY, AGAIN = timedelta(days=1), timedelta(hours=1)
#: More pages than any carrier has: one that repeats itself for ever is left.
MOST_PAGES = 200
_LENGTHS = {"code": 64, "city": 120, "region": 120, "address": 250, "hours": 250, "phone": 40, "city_code": 64}
_FIELDS = (*_LENGTHS, "latitude", "longitude")
_AT_ONCE = 500
#: The settlement of a point; None where its place is not among ours.
Place = Callable[[Point], int | None]


def keep(session: Session, points: Sequence[Point], place: Place, now: datetime) -> Counter[str]:
    """Keep points of one carrier. Returns how many are new, changed, as before; and how many have no settlement."""
    done: Counter[str] = Counter()
    for first in range(0, len(points), _AT_ONCE):
        rows = [_row(point, place(point)) for point in points[first : first + _AT_ONCE]]
        known = {row.code: row for row in _known(session, rows)}
        done[UNPLACED] += sum(row["settlement_id"] is None for row in rows)
        fresh = [row for row in rows if row["code"] not in known]
        if fresh:
            session.execute(insert(PickupPoint), [row | {"changed_at": now, "seen_at": now} for row in fresh])
        done[NEW] += len(fresh)
        for row in rows:
            if row["code"] in known:
                done[_change(known[row["code"]], row, now)] += 1
    session.flush()
    return +done


def _row(point: Point, settlement_id: int | None) -> dict[str, object]:
    cut = {name: getattr(point, name)[:length] for name, length in _LENGTHS.items()}
    where = {"latitude": point.latitude, "longitude": point.longitude, "settlement_id": settlement_id}
    return {"carrier": point.carrier, **cut, **where}


def _known(session: Session, rows: Sequence[dict[str, object]]) -> Sequence[PickupPoint]:
    which = PickupPoint.carrier == rows[0]["carrier"], PickupPoint.code.in_([row["code"] for row in rows])
    return session.scalars(select(PickupPoint).where(*which).order_by(PickupPoint.id).with_for_update()).all()


def _change(known: PickupPoint, row: dict[str, object], now: datetime) -> str:
    is_other = known.gone_at is not None or any(getattr(known, name) != said for name, said in row.items())
    known.seen_at = now
    if not is_other:
        return SAME
    for name, said in row.items():
        setattr(known, name, said)
    known.changed_at, known.gone_at = now, None
    return CHANGED


def page_of(session: Session, carrier: str, now: datetime, at_once: bool = False) -> int | None:
    """Which page of a carrier's list is to be read now: the first, if it is time again; None if it is not."""
    row = session.get(PointsRead, carrier)
    if row is None:
        row = PointsRead(carrier=carrier, begun_at=now, page=0, due_at=now)
        session.add(row)
    elif row.due_at > now and not at_once:
        return None
    if row.page == 0:
        row.begun_at = now
    session.flush()
    return row.page


def turn(session: Session, carrier: str, is_last: bool, now: datetime) -> int:
    """A page has been read. After the last one, points that were not in the list are gone. Returns how many."""
    row = session.get_one(PointsRead, carrier)
    if not is_last and row.page < MOST_PAGES:
        row.page, row.due_at = row.page + 1, now
        session.flush()
        return 0
    stale = PickupPoint.carrier == carrier, PickupPoint.gone_at.is_(None), PickupPoint.seen_at < row.begun_at
    gone = session.connection().execute(update(PickupPoint).where(*stale).values(gone_at=now)).rowcount
    row.page, row.due_at = 0, now + EVERY
    session.flush()
    return gone


def put_off(session: Session, carrier: str, now: datetime) -> None:
    """A page could not be read: the list is begun anew, later."""
    row = session.get_one(PointsRead, carrier)
    row.page, row.due_at = 0, now + AGAIN
    session.flush()


def spots(session: Session, carrier: str, settlements: set[int]) -> dict[int, Spot]:
    """What a carrier calls settlements in which it has points, and one point of each."""
    which = PickupPoint.carrier == carrier, PickupPoint.gone_at.is_(None), PickupPoint.settlement_id.in_(settlements)
    first = select(func.min(PickupPoint.id)).where(*which).group_by(PickupPoint.settlement_id)
    columns = PickupPoint.settlement_id, PickupPoint.city_code, PickupPoint.code
    rows = session.execute(select(*columns).where(PickupPoint.id.in_(first)))
    return {place: Spot(place, city, code) for place, city, code in rows if place is not None}
