"""The delivery-time matrix: store checked lanes as a version, and look a lane up."""

import hashlib
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from parcels.models import Settlement
from scheduling import gaps
from scheduling.matrix_rows import BadFile as BadFile
from scheduling.matrix_rows import BadRow as BadRow
from scheduling.matrix_rows import LaneRow as LaneRow
from scheduling.matrix_rows import check as check
from scheduling.models import Lane, Matrix
from scheduling.promise import EVERY_DAY, Unit

_COLUMNS = (
    *("matrix_id", "settlement_id", "days_min", "days_max", "has_courier"),
    *("unit", "cutoff", "weekdays", "is_estimate"),
)
_USUAL = (Unit.WORKING.value, None, EVERY_DAY)


def store(
    session: Session,
    lanes: list[LaneRow],
    carrier: str,
    origin_id: int,
    valid_from: date,
    now: datetime,
    upload_id: int | None = None,
) -> tuple[Matrix, bool]:
    """Keep the lanes as a new version of the matrix, unless the newest one says exactly the same.

    Estimates among them are made anew, by the lanes that are none.

    Returns: the version and whether it is a new one. A promise already given keeps the version it came from.
    """
    lanes = [lane for lane in lanes if not lane.is_estimate]
    digest = digest_of(lanes)
    newest = current(session, carrier, origin_id, valid_from)
    if newest is not None and newest.digest == digest:
        return newest, False
    matrix = Matrix(
        carrier=carrier,
        origin_id=origin_id,
        valid_from=valid_from,
        imported_at=now,
        digest=digest,
        upload_id=upload_id,
    )
    session.add(matrix)
    session.flush()
    _write(session, matrix.id, [*lanes, *_estimates(session, carrier, lanes)])
    return matrix, True


def _estimates(session: Session, carrier: str, lanes: list[LaneRow]) -> list[LaneRow]:
    return gaps.estimates(lanes, gaps.spotted(session)) if carrier == gaps.CARRIER else []


def fill_gaps(session: Session, matrix_id: int) -> int:
    """Give a version that was stored before there were estimates, or before a city was known, those that it lacks.

    Returns: how many.
    """
    version = session.get_one(Matrix, matrix_id)
    there = lanes_of(session, matrix_id)
    known = {lane.settlement_id for lane in there}
    estimates = _estimates(session, version.carrier, [lane for lane in there if not lane.is_estimate])
    missing = [lane for lane in estimates if lane.settlement_id not in known]
    _write(session, matrix_id, missing)
    return len(missing)


def _write(session: Session, matrix_id: int, lanes: list[LaneRow]) -> None:
    """Write the lanes of a version; PostgreSQL takes 120,000 of them by COPY in a third of the time."""
    if session.get_bind().dialect.name == "postgresql":
        names = ", ".join(_COLUMNS)
        raw: Any = session.connection().connection
        with raw.cursor().copy(f"COPY lanes ({names}) FROM STDIN") as copy:  # names of columns, nothing from outside
            for lane in lanes:
                copy.write_row((matrix_id, lane.settlement_id, *lane.terms, lane.is_estimate))
    elif lanes:
        rows = [(matrix_id, lane.settlement_id, *lane.terms, lane.is_estimate) for lane in lanes]
        session.execute(insert(Lane), [dict(zip(_COLUMNS, row, strict=True)) for row in rows])


def digest_of(lanes: list[LaneRow]) -> str:
    """What the lanes say, as 64 hexadecimal digits; their order does not matter."""
    return hashlib.sha256(repr(sorted(map(_key, lanes))).encode()).hexdigest()


def _key(lane: LaneRow) -> tuple[object, ...]:
    """What a lane says; usual terms are left out, as versions did that knew no others."""
    days = (lane.settlement_id, lane.days_min, lane.days_max, lane.has_courier)
    unusual = lane.terms[3:]
    return days if unusual == _USUAL else (*days, str(unusual))


def current(session: Session, carrier: str, origin_id: int, on: date) -> Matrix | None:
    """The version of a carrier's matrix from an origin that counts on a date."""
    query = (
        select(Matrix)
        .where(
            Matrix.carrier == carrier,
            Matrix.origin_id == origin_id,
            Matrix.valid_from <= on,
            Matrix.withdrawn_at.is_(None),
        )
        .order_by(Matrix.valid_from.desc(), Matrix.id.desc())
        .limit(1)
    )
    return session.scalar(query)


def find_lane(session: Session, matrix_id: int, settlement_id: int) -> Lane | None:
    """The lane of one version to a settlement."""
    return session.get(Lane, (matrix_id, settlement_id))


def lanes_of(session: Session, matrix_id: int) -> list[LaneRow]:
    """All lanes of a version, as a file would have them, and its estimates."""
    columns = (Lane.settlement_id, Lane.days_min, Lane.days_max, Lane.has_courier, Lane.unit, Lane.cutoff)
    rows = session.execute(select(*columns, Lane.weekdays, Lane.is_estimate).where(Lane.matrix_id == matrix_id))
    units = {unit.value: unit for unit in Unit}
    return [LaneRow(*row[:4], units[row.unit], row.cutoff, row.weekdays, is_estimate=row.is_estimate) for row in rows]


def served_settlements(session: Session, *matrix_ids: int) -> list[Settlement]:
    """The settlements of one version or several to which a courier goes."""
    served = select(Lane.settlement_id).where(Lane.matrix_id.in_(matrix_ids), Lane.has_courier)
    return list(session.scalars(select(Settlement).where(Settlement.id.in_(served)).order_by(Settlement.id)))
