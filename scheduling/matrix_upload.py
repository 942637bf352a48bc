"""A file of the matrix on its way in: what it would change, kept until somebody applies exactly that, and undone again.

Nothing counts before `apply`. A file may hold several carriers and origins; each pair becomes a version of its own,
and those about which it says nothing new are left alone.
"""

import hashlib
import json
import zlib
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from scheduling import matrix
from scheduling.matrix_rows import BadRow, LaneRow
from scheduling.models import MatrixUpload
from scheduling.promise import Unit

#: So long may somebody look at what a file would change.
KEPT = timedelta(hours=2)
#: So many rows of each list are kept to be shown; the counts are exact.
SHOWN = 200


class StaleUpload(Exception):
    """What was shown cannot be applied any more; the text is a code: gone, applied, expired, changed, bad_rows."""


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one lane: its old and its new row, None for what there is not."""

    old: LaneRow | None
    new: LaneRow | None


@dataclass(frozen=True, slots=True)
class Route:
    """One carrier's lanes from one origin, the version they would replace (0 for none), and what they change."""

    carrier: str
    origin_id: int
    base_id: int
    lanes: list[LaneRow]
    changes: list[Change]


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of it: ids of the new versions, and how many lanes the file held."""

    upload_id: int
    matrix_ids: list[int]
    lanes: int


def plan(session: Session, rows: list[LaneRow], carrier: str, origin_id: int, valid_from: date) -> list[Route]:
    """What the rows of a file would change; rows without carrier or origin take those given here."""
    groups: dict[tuple[str, int], dict[int, LaneRow]] = defaultdict(dict)
    for row in rows:
        groups[row.carrier or carrier, row.origin_id or origin_id][row.settlement_id] = row
    routes = []
    for (of, origin), lanes in sorted(groups.items()):
        base = matrix.current(session, of, origin, valid_from)
        old = {lane.settlement_id: lane for lane in matrix.lanes_of(session, base.id)} if base else {}
        routes.append(Route(of, origin, base.id if base else 0, list(lanes.values()), _changes(old, lanes)))
    return routes


def _changes(old: dict[int, LaneRow], new: dict[int, LaneRow]) -> list[Change]:
    changed = [Change(old.get(place), row) for place, row in new.items() if _differs(old.get(place), row)]
    gone = [row for place, row in old.items() if place not in new and not row.is_estimate]
    return changed + [Change(row, None) for row in gone]


def _differs(old: LaneRow | None, new: LaneRow) -> bool:
    return old is None or old.is_estimate or old.terms != new.terms


def stage(
    session: Session, routes: list[Route], bad: list[BadRow], valid_from: date, name: str, by: str, now: datetime
) -> MatrixUpload:
    """Keep a checked file for `KEPT`, with what is to be shown of it. With bad rows it can only be looked at."""
    session.execute(delete(MatrixUpload).where(MatrixUpload.applied_at.is_(None), MatrixUpload.expires_at < now))
    summary = _summary(routes, bad, valid_from)
    payload = _pack(routes)
    upload = MatrixUpload(
        name=name[:120],
        made_by=by,
        made_at=now,
        expires_at=now + KEPT,
        digest=hashlib.sha256(payload + json.dumps(summary, sort_keys=True).encode()).hexdigest(),
        summary=summary,
        payload=None if bad else payload,
    )
    session.add(upload)
    session.flush()
    return upload


def _summary(routes: list[Route], bad: list[BadRow], valid_from: date) -> dict[str, Any]:
    shown: dict[str, list[Any]] = {"added": [], "changed": [], "removed": []}
    counts = dict.fromkeys(shown, 0)
    for route in routes:
        for change in route.changes:
            kind = "removed" if change.new is None else "added" if change.old is None else "changed"
            counts[kind] += 1
            if len(shown[kind]) < SHOWN:
                shown[kind].append(_shown(route, change))
    return {
        "valid_from": valid_from.isoformat(),
        "lanes": sum(len(route.lanes) for route in routes),
        "routes": [[route.carrier, route.origin_id, route.base_id, len(route.lanes)] for route in routes],
        "counts": {**counts, "bad": len(bad)},
        "bad": [[row.line, row.reason, row.value] for row in bad[:SHOWN]],
        **shown,
    }


def _shown(route: Route, change: Change) -> list[Any]:
    place = (change.new or change.old or route.lanes[0]).settlement_id
    terms = [[*_plain(row)[1:], row.is_estimate] if row else None for row in (change.old, change.new)]
    return [route.carrier, route.origin_id, place, *terms]


def _plain(lane: LaneRow) -> tuple[Any, ...]:
    """A lane as JSON can keep it."""
    low, high, courier, unit, cutoff, weekdays = lane.terms
    return lane.settlement_id, low, high, courier, unit, f"{cutoff:%H:%M}" if cutoff else None, weekdays


def _pack(routes: list[Route]) -> bytes:
    rows = [[r.carrier, r.origin_id, r.base_id, [_plain(lane) for lane in r.lanes]] for r in routes if r.changes]
    return zlib.compress(json.dumps(rows).encode(), 1)


def apply(session: Session, upload_id: int, digest: str, now: datetime) -> Applied:
    """Make versions of exactly the lanes that were shown under `digest`. Raises StaleUpload."""
    upload = session.get(MatrixUpload, upload_id)
    if upload is None or upload.digest != digest:
        raise StaleUpload("gone")
    payload, since = upload.payload, date.fromisoformat(upload.summary["valid_from"])
    claimed = (
        update(MatrixUpload)
        .where(MatrixUpload.id == upload_id, MatrixUpload.applied_at.is_(None), MatrixUpload.expires_at > now)
        .values(applied_at=now, payload=None)
        .execution_options(synchronize_session=False)
        .returning(MatrixUpload.id)
    )
    if payload is None:
        raise StaleUpload("applied" if upload.applied_at else "bad_rows")
    if session.scalar(claimed) is None:
        session.refresh(upload)
        raise StaleUpload("applied" if upload.applied_at else "expired")
    versions = []
    for carrier, origin_id, base_id, rows in json.loads(zlib.decompress(payload)):
        base = matrix.current(session, carrier, origin_id, since)
        if (base.id if base else 0) != base_id:
            raise StaleUpload("changed")
        version, _ = matrix.store(session, [_lane(row) for row in rows], carrier, origin_id, since, now, upload_id)
        versions.append(version.id)
    return Applied(upload_id, versions, int(upload.summary["lanes"]))


def _lane(row: list[Any]) -> LaneRow:
    place, low, high, courier, unit, cutoff, weekdays = row
    return LaneRow(place, low, high, courier, Unit(unit), time.fromisoformat(cutoff) if cutoff else None, weekdays)
