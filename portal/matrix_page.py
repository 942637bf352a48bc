"""What the manager sees of the matrix: what a file would change, which versions there are, where calendars end."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from parcels.models import Settlement
from portal import matrix_words
from scheduling import matrix
from scheduling.calendars import local_date
from scheduling.matrix_memory import current_versions
from scheduling.matrix_versions import has_predecessor
from scheduling.models import Lane, Matrix, MatrixUpload
from scheduling.promising import CARRIER

NEWEST = 30


@dataclass(frozen=True, slots=True)
class LaneLine:
    """One lane that a file changes, in words; `was` or `becomes` is empty where there is none."""

    way: str
    was: str
    becomes: str


@dataclass(frozen=True, slots=True)
class DryRun:
    """A checked file: exact counts, the first rows of each list, and how to name it when applying."""

    upload: MatrixUpload
    valid_from: date
    lanes: int
    counts: dict[str, int]
    bad: list[tuple[int, str]]
    lists: dict[str, list[LaneLine]]

    @property
    def changes(self) -> int:
        """How many lanes would be added, changed or removed."""
        return sum(self.counts[kind] for kind in self.lists)


@dataclass(frozen=True, slots=True)
class Version:
    """The versions that came with one file: who, when, from where, how many lanes, and what can be done with it."""

    key: int
    name: str
    by: str
    at: datetime
    valid_from: date
    origins: list[str]
    lanes: int
    estimates: int
    is_current: bool
    is_withdrawn: bool
    can_go_back: bool


def dry_run(session: Session, upload: MatrixUpload, language: str) -> DryRun:
    """A checked file as it is shown before anybody applies it."""
    summary = upload.summary
    names = _names(session, summary)
    routes = {(route[0], route[1]) for route in summary["routes"]}  # none when every row is bad
    is_plain = len(routes) <= 1 and all(carrier == CARRIER for carrier, _origin in routes)

    def line(row: list[Any]) -> LaneLine:
        carrier, origin, place, old, new = row
        way = f"{names[origin]} → {names[place]}" + ("" if is_plain else f" ({carrier})")
        was, becomes = (matrix_words.lane(terms, language) if terms else "" for terms in (old, new))
        return LaneLine(way, was, becomes)

    return DryRun(
        upload=upload,
        valid_from=date.fromisoformat(summary["valid_from"]),
        lanes=summary["lanes"],
        counts=summary["counts"],
        bad=[(number, matrix_words.row_words(reason, value)) for number, reason, value in summary["bad"]],
        lists={kind: [line(row) for row in summary[kind]] for kind in ("added", "changed", "removed")},
    )


def _names(session: Session, summary: dict[str, Any]) -> dict[int, str]:
    rows = [row for kind in ("added", "changed", "removed") for row in summary[kind]]
    wanted = {row[1] for row in rows} | {row[2] for row in rows}
    query = select(Settlement.id, Settlement.name).where(Settlement.id.in_(wanted))
    return {row.id: row.name for row in session.execute(query)}


def versions(session: Session, now: datetime) -> list[Version]:
    """The newest versions, those that came with one file together."""
    lanes = select(func.count()).where(Lane.matrix_id == Matrix.id)
    counts = lanes.where(~Lane.is_estimate).scalar_subquery(), lanes.where(Lane.is_estimate).scalar_subquery()
    query = (
        select(Matrix, MatrixUpload.name, MatrixUpload.made_by, Settlement, *counts)
        .join(Settlement, Settlement.id == Matrix.origin_id)
        .outerjoin(MatrixUpload, MatrixUpload.id == Matrix.upload_id)
        .order_by(Matrix.id.desc())
        .limit(NEWEST * 50)
    )
    groups: dict[int, list[Any]] = {}
    for row in session.execute(query):
        groups.setdefault(row.Matrix.upload_id or -row.Matrix.id, []).append(row)
    return [_version(session, key, rows, now) for key, rows in list(groups.items())[:NEWEST]]


def estimates(session: Session, now: datetime, language: str) -> list[LaneLine]:
    """The lanes that count and stand in no file, by origin, region and place."""
    counting = {version.id: origin.name for version, origin in current_versions(session, now)}
    terms = Lane.days_min, Lane.days_max, Lane.has_courier, Lane.unit, Lane.cutoff, Lane.weekdays
    query = (
        select(Lane.matrix_id, Settlement.name, Settlement.region, *terms)
        .join(Settlement, Settlement.id == Lane.settlement_id)
        .where(Lane.is_estimate, Lane.matrix_id.in_(counting))
        .order_by(Lane.matrix_id, Settlement.region, Settlement.name)
    )
    return [
        LaneLine(f"{counting[version]} → {name}, {region}", "", matrix_words.lane([*said, True], language))
        for version, name, region, *said in session.execute(query)
    ]


def _version(session: Session, key: int, rows: list[Any], now: datetime) -> Version:
    first: Matrix = rows[0].Matrix
    is_withdrawn = all(row.Matrix.withdrawn_at for row in rows)
    counting = [row for row in rows if _counts(session, row.Matrix, row.Settlement, now)]
    return Version(
        key=key,
        name=rows[0].name or "",
        by=rows[0].made_by or "",
        at=first.imported_at,
        valid_from=first.valid_from,
        origins=sorted(row.Settlement.name for row in rows),
        lanes=sum(row[-2] for row in rows),
        estimates=sum(row[-1] for row in rows),
        is_current=bool(counting),
        is_withdrawn=is_withdrawn,
        can_go_back=any(has_predecessor(session, row.Matrix) for row in counting),
    )


def _counts(session: Session, version: Matrix, origin: Settlement, now: datetime) -> bool:
    on = max(local_date(now, origin.zone), version.valid_from)
    newest = matrix.current(session, version.carrier, version.origin_id, on)
    return newest is not None and newest.id == version.id
