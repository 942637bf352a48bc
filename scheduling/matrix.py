"""The delivery-time matrix: check the rows of a file, store them as a version, look a lane up."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from parcels.models import Settlement
from scheduling.models import Lane, Matrix

CODE_COLUMNS = ("cdek_code", "code")
COLUMNS = ("days_min", "days_max", "courier")
#: A lane longer than this is a slip of the pen, not a promise.
MAX_DAYS = 90
_YES_NO = {"true": True, "1": True, "да": True, "yes": True, "false": False, "0": False, "нет": False, "no": False}


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be taken: its line in the file (the header is line 1), a code of the reason, the bad value."""

    line: int
    reason: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class LaneRow:
    """One good row: working days to the door, and whether a courier goes there."""

    settlement_id: int
    days_min: int
    days_max: int
    has_courier: bool


class BadFile(ValueError):
    """The file as a whole cannot be read as a matrix; nothing was changed."""


def check(
    rows: Iterable[tuple[int, Mapping[str, str]]], header: Iterable[str], known: set[int]
) -> tuple[list[LaneRow], list[BadRow]]:
    """Sort the rows of a file into good and bad.

    Args: `rows` as (line, cells by column name), `header` as it stands in the file, `known` settlement codes.
    Raises: BadFile when a column is missing or there is no row.
    """
    columns = list(header)
    code_column = next((name for name in CODE_COLUMNS if name in columns), CODE_COLUMNS[0])
    missing = [name for name in (code_column, *COLUMNS) if name not in columns]
    if missing:
        raise BadFile("missing_columns:" + ", ".join(missing))
    good: list[LaneRow] = []
    bad: list[BadRow] = []
    seen: dict[int, int] = {}
    for line, cells in rows:
        row = _read(line, cells, code_column, known)
        if isinstance(row, LaneRow) and row.settlement_id in seen:
            row = BadRow(line, "repeated", str(seen[row.settlement_id]))
        if isinstance(row, BadRow):
            bad.append(row)
            continue
        seen[row.settlement_id] = line
        good.append(row)
    if not good and not bad:
        raise BadFile("empty")
    return good, bad


def _read(line: int, cells: Mapping[str, str], code_column: str, known: set[int]) -> LaneRow | BadRow:
    code, days_min, days_max = (_whole(cells.get(name, "")) for name in (code_column, "days_min", "days_max"))
    if code is None:
        return BadRow(line, "bad_code", cells.get(code_column, ""))
    if code not in known:
        return BadRow(line, "unknown_settlement", str(code))
    if days_min is None or days_max is None:
        return BadRow(line, "bad_days", f"{cells.get('days_min', '')}–{cells.get('days_max', '')}")
    if days_min > days_max:
        return BadRow(line, "min_over_max", f"{days_min}–{days_max}")
    if days_max > MAX_DAYS:
        return BadRow(line, "too_long", str(days_max))
    courier = _YES_NO.get(cells.get("courier", "").strip().lower())
    if courier is None:
        return BadRow(line, "bad_courier", cells.get("courier", ""))
    return LaneRow(code, days_min, days_max, courier)


def _whole(text: str) -> int | None:
    """A whole number >= 0 as a spreadsheet or a CSV may write it (`7`, `7.0`), else None."""
    digits = text.strip().removesuffix(".0")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else None


def store(
    session: Session, lanes: list[LaneRow], carrier: str, origin_id: int, valid_from: date, now: datetime
) -> tuple[Matrix, bool]:
    """Keep the lanes as a new version of the matrix, unless the newest one says exactly the same.

    Returns: the version and whether it is a new one. A promise already given keeps the version it came from.
    """
    digest = hashlib.sha256(repr(sorted(map(_key, lanes))).encode()).hexdigest()
    newest = current(session, carrier, origin_id, valid_from)
    if newest is not None and newest.digest == digest:
        return newest, False
    matrix = Matrix(carrier=carrier, origin_id=origin_id, valid_from=valid_from, imported_at=now, digest=digest)
    session.add(matrix)
    session.flush()
    session.execute(
        insert(Lane),
        [
            {
                "matrix_id": matrix.id,
                "settlement_id": lane.settlement_id,
                "days_min": lane.days_min,
                "days_max": lane.days_max,
                "has_courier": lane.has_courier,
            }
            for lane in lanes
        ],
    )
    return matrix, True


def _key(lane: LaneRow) -> tuple[int, int, int, bool]:
    return lane.settlement_id, lane.days_min, lane.days_max, lane.has_courier


def current(session: Session, carrier: str, origin_id: int, on: date) -> Matrix | None:
    """The version of a carrier's matrix from an origin that counts on a date."""
    query = (
        select(Matrix)
        .where(Matrix.carrier == carrier, Matrix.origin_id == origin_id, Matrix.valid_from <= on)
        .order_by(Matrix.valid_from.desc(), Matrix.id.desc())
        .limit(1)
    )
    return session.scalar(query)


def missing(session: Session, lanes: list[LaneRow], version: Matrix | None) -> tuple[int, int]:
    """How many lanes of a version a new file does not have, and how many the version has."""
    if version is None:
        return 0, 0
    had = set(session.scalars(select(Lane.settlement_id).where(Lane.matrix_id == version.id)))
    return len(had - {lane.settlement_id for lane in lanes}), len(had)


def find_lane(session: Session, matrix_id: int, settlement_id: int) -> Lane | None:
    """The lane of one version to a settlement."""
    return session.get(Lane, (matrix_id, settlement_id))


def served_settlements(session: Session, matrix_id: int) -> list[Settlement]:
    """The settlements of a version to which a courier goes."""
    query = select(Settlement).join(Lane, Lane.settlement_id == Settlement.id)
    return list(session.scalars(query.where(Lane.matrix_id == matrix_id, Lane.has_courier).order_by(Settlement.id)))
