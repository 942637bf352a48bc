"""A file of the matrix, from its first byte to a version that counts: the same checks for the page and the terminal."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from parcels.models import Settlement
from portal import sheets
from portal.place_index import PlaceIndex, read_index
from portal.places import CHELYABINSK, COUNTS_FROM, DAYS_FROM_CHELYABINSK, UnknownPlace
from portal.table_header import Columns
from scheduling import matrix, matrix_upload, zones
from scheduling.calendars import local_date
from scheduling.matrix_memory import current_versions
from scheduling.matrix_rows import CODE_COLUMNS, COLUMNS, OPTIONAL, BadFile, BadRow, check
from scheduling.matrix_upload import Applied, Route
from scheduling.models import Matrix, MatrixUpload
from scheduling.promising import CARRIER

#: A file may name places in this column instead of giving their codes; `region` tells namesakes apart.
NAMES, REGION, CODE, ORIGIN = "settlement", "region", "code", "origin"
TABLE = Columns(COLUMNS, frozenset({*CODE_COLUMNS, *COLUMNS, *OPTIONAL, NAMES, REGION}))


@dataclass(frozen=True, slots=True)
class Source:
    """Where a file comes from: its name, who brought it, and what counts where its rows say nothing."""

    name: str
    by: str
    origin: int
    valid_from: date
    carrier: str = CARRIER


#: The file that comes with the product.
SHIPPED = Source(DAYS_FROM_CHELYABINSK.name, "terminal", CHELYABINSK, COUNTS_FROM)


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of a file of the matrix: bad rows and nothing else, or the version with its number of lanes.

    `is_new` is False when the file says what is known already; `opened` are the slots opened for new zones.
    """

    bad: list[BadRow] = field(default_factory=list)
    version: Matrix | None = None
    lanes: int = 0
    is_new: bool = False
    opened: int = 0


def examine(session: Session, path: Path, source: Source) -> tuple[list[Route], list[BadRow]]:
    """What a file would change, and its bad rows in order. Raises sheets.BadSheet, matrix_rows.BadFile."""
    header, rows = sheets.read(path, TABLE)
    bad: list[BadRow] = []
    has_codes = any(name in header for name in CODE_COLUMNS)
    named = header if has_codes or NAMES not in header else [*header, CODE]
    table = list(_with_codes(rows, named, read_index(session), source, bad))
    lanes, refused = check(table, named, set(session.scalars(select(Settlement.id)))) if table or not bad else ([], [])
    bad += refused
    bad += [BadRow(line, "extra_cells", cells[sheets.BEYOND]) for line, cells in table if sheets.BEYOND in cells]
    routes = matrix_upload.plan(session, lanes, source.carrier, source.origin, source.valid_from)
    return routes, sorted(bad, key=lambda row: row.line)


def _with_codes(
    rows: Iterator[sheets.Row], header: list[str], places: PlaceIndex, source: Source, bad: list[BadRow]
) -> Iterator[sheets.Row]:
    """The rows with a code for every name and the file's own carrier and origin where a cell is empty."""
    found: dict[tuple[str, str], str] = {}
    fills = {
        name: value for name, value in (("carrier", source.carrier), (ORIGIN, str(source.origin))) if name in header
    }
    wants_code = NAMES in header and header[-1] == CODE
    for line, given in rows:
        cells = {**given, **{name: value for name, value in fills.items() if not given.get(name)}}
        try:
            if wants_code:
                cells[CODE] = _code(found, places, cells.get(NAMES, ""), cells.get(REGION, ""))
            if ORIGIN in cells:
                cells[ORIGIN] = _origin(places, cells)
        except UnknownPlace as problem:
            bad.append(BadRow(line, problem.reason, str(problem.words)))
            continue
        yield line, cells


def _code(found: dict[tuple[str, str], str], places: PlaceIndex, name: str, region: str) -> str:
    if (name, region) not in found:
        try:
            found[name, region] = str(places.find(name, region).id)
        except UnknownPlace as problem:
            raise UnknownPlace(problem.reason, f"{name}, {region}" if region else name) from problem
    return found[name, region]


def _origin(places: PlaceIndex, cells: Mapping[str, str]) -> str:
    try:
        return str(places.find(cells[ORIGIN], is_origin=True).id)
    except UnknownPlace as problem:
        raise UnknownPlace("unknown_origin", cells[ORIGIN]) from problem


def stage(session: Session, path: Path, source: Source, now: datetime) -> MatrixUpload:
    """Check a file and keep it, with what it would change, until somebody applies it. Raises as `examine`."""
    routes, bad = examine(session, path, source)
    return matrix_upload.stage(session, routes, bad, source.valid_from, source.name, source.by, now)


def apply(session: Session, upload_id: int, digest: str, now: datetime) -> tuple[Applied, int]:
    """Apply what was shown, and open slots for places that are new. Returns also how many slots were opened.

    Raises: matrix_upload.StaleUpload.
    """
    done = matrix_upload.apply(session, upload_id, digest, now)
    zones.assign(session, matrix.served_settlements(session, *done.matrix_ids))
    return done, zones.open_days(session, now)


def complete(session: Session, now: datetime) -> int:
    """Give the versions that count, now or later, estimates for the cities that they lack, and couriers' places there.

    Returns: how many lanes were added; none the second time.
    """
    counting = [version.id for version, _origin in current_versions(session, now) if version.carrier == CARRIER]
    later = Matrix.valid_from > local_date(now, "UTC"), Matrix.carrier == CARRIER, Matrix.withdrawn_at.is_(None)
    versions = {*counting, *session.scalars(select(Matrix.id).where(*later))}
    filled = sum(matrix.fill_gaps(session, version) for version in sorted(versions))
    zones.assign(session, matrix.served_settlements(session, *counting))
    zones.open_days(session, now)
    return filled


def import_matrix(session: Session, path: Path, source: Source, now: datetime, may_drop: bool = False) -> Imported:
    """Check a file of delivery days; if every row is good, apply it at once.

    Raises: as `examine`; BadFile also when more than a tenth of today's lanes would go, unless it `may_drop`.
    """
    routes, bad = examine(session, path, source)
    if bad:
        return Imported(bad=bad)
    gone = sum(change.new is None for route in routes for change in route.changes)
    if gone > sum(len(route.lanes) for route in routes) // 10 and not may_drop:
        raise BadFile(f"drops:{gone}")
    lanes = sum(len(route.lanes) for route in routes)
    known = next((route.base_id for route in routes if route.base_id), 0)
    if not any(route.changes for route in routes):
        return Imported(version=session.get(Matrix, known), lanes=lanes)
    upload = matrix_upload.stage(session, routes, [], source.valid_from, source.name, source.by, now)
    done, opened = apply(session, upload.id, upload.digest, now)
    return Imported(version=session.get(Matrix, done.matrix_ids[0]), lanes=lanes, is_new=True, opened=opened)
