"""A delivery history as columns: rows of a file checked, dates as people saw them, and when each became known."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scheduling.accuracy_districts import district

Ints = NDArray[np.int64]

COLUMNS: Final = ("handed_over_at", "delivered_at", "origin", "destination", "destination_region")
PROMISED: Final = "promised_at"
#: Stands for the date of what has not happened.
NEVER: Final = 10**7
#: A moment of another year is a mistake. Years that the calendar does not know have plain weeks.
YEARS: Final = range(1990, 2100)
#: This share of bad rows is left out and named; more of them and the file is not believed.
BAD_SHARE: Final = 0.01


class BadHistory(ValueError):
    """The rows as a whole cannot be a history: `reason` is a code, `bad` the rows that cannot be taken."""

    def __init__(self, reason: str, value: str = "", bad: tuple["BadRow", ...] = ()) -> None:
        super().__init__(f"{reason}: {value}" if value else reason)
        self.reason, self.value, self.bad = reason, value, bad


class BadRow(NamedTuple):
    """A row that cannot be taken: its line in the file, a code of the reason, the bad value."""

    line: int
    reason: str
    value: str = ""


class Parcel(NamedTuple):
    """One good row; moments as written, None for what has not happened or is not known."""

    handed: datetime
    delivered: datetime | None
    origin: str
    destination: str
    region: str
    promised: date | None


@dataclass(frozen=True, slots=True)
class History:
    """Parcels in the order of hand-over. All dates are ordinals, NEVER for what has not happened, arrays of n.

    `handed` and `delivered` are dates by the local clock. What is in `known_handed` and `known_delivered` may be
    used on every later date, and not on that one. `codes` (columns x n, `sizes` codes in each): macro-region,
    region, origin and region, origin and settlement. `prior`: a promise in working days given from outside, such as
    the matrix's (0: none). `promised`: the carrier's (0: none).
    """

    handed: Ints
    delivered: Ints
    known_handed: Ints
    known_delivered: Ints
    codes: Ints
    sizes: tuple[int, ...]
    prior: Ints
    promised: Ints

    @property
    def last(self) -> int:
        """The last date on which anything is known to have happened."""
        return int(max(self.handed.max(), self.delivered[self.delivered < NEVER].max(initial=0)))


def check(
    rows: Iterable[tuple[int, Mapping[str, str]]], header: Iterable[str]
) -> tuple[list[Parcel], tuple[BadRow, ...]]:
    """The parcels of a file, and the few rows that could not be taken.

    Args: `rows` as (line, cells by column name), `header` as it stands in the file; other columns are ignored.
    Raises: BadHistory when a column is missing, when there is no row, or when one in a hundred rows is bad.
    """
    columns = set(header)
    missing = [name for name in COLUMNS if name not in columns]
    if missing:
        raise BadHistory("missing_columns", ", ".join(missing))
    read = [_read(line, cells) for line, cells in rows]
    bad = tuple(row for row in read if isinstance(row, BadRow))
    if not read:
        raise BadHistory("empty")
    if len(bad) >= max(BAD_SHARE * len(read), 1):
        raise BadHistory("bad_rows", f"{len(bad)} / {len(read)}", bad)
    return [row for row in read if isinstance(row, Parcel)], bad


def _read(line: int, cells: Mapping[str, str]) -> Parcel | BadRow:
    moments: list[datetime | None] = []
    for name in (COLUMNS[0], COLUMNS[1], PROMISED):
        text = cells.get(name, "").strip()
        try:
            moments.append(datetime.fromisoformat(text) if text else None)
        except ValueError:
            return BadRow(line, "bad_moment", f"{name} = {text}")
    handed, delivered, promised = moments
    origin, destination, region = (" ".join(cells.get(name, "").split()) for name in COLUMNS[2:])
    if handed is None:
        return BadRow(line, "no_hand_over")
    if not (origin and destination):
        return BadRow(line, "no_place")
    if unknown := next((m for m in moments if m is not None and m.year not in YEARS), None):
        return BadRow(line, "unknown_year", str(unknown.year))
    if delivered is not None and _is_before(delivered, handed):
        return BadRow(line, "delivered_before", cells[COLUMNS[1]])
    return Parcel(handed, delivered, origin, destination, region, promised.date() if promised else None)


def _is_before(one: datetime, other: datetime) -> bool:
    """Compared as moments, or as clocks show them while one has no offset; a mere date is its whole day."""
    if one.tzinfo is None or other.tzinfo is None:
        one, other = one.replace(tzinfo=None), other.replace(tzinfo=None)
        return one.date() < other.date() if one.time() == datetime.min.time() else one < other
    return one < other


def columns_of(parcels: list[Parcel]) -> History:
    """The parcels as columns. Raises: BadHistory when there is none.

    A moment without an offset is taken to be late: on the westernmost clock of the file. A date becomes known when
    the easternmost clock shows it, so that no clock of the file has yet to see the midnight before a promise.
    """
    if not parcels:
        raise BadHistory("empty")
    parcels = sorted(parcels, key=lambda parcel: (parcel.handed.date(), parcel.handed.replace(tzinfo=None)))
    offsets = [m.utcoffset() or timedelta() for p in parcels for m in p[:2] if m is not None and m.tzinfo is not None]
    west, east = min(offsets, default=timedelta()), max(offsets, default=timedelta())

    def known(moment: datetime) -> int:
        utc = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment - west
        return max((utc + east).toordinal(), moment.toordinal())

    handed = np.array([parcel.handed.toordinal() for parcel in parcels])
    promised = np.array([parcel.promised.toordinal() if parcel.promised else 0 for parcel in parcels])
    codes, sizes = _codes(parcels)
    return History(
        handed,
        np.array([p.delivered.toordinal() if p.delivered else NEVER for p in parcels]),
        np.array([known(p.handed) for p in parcels]),
        np.array([known(p.delivered) if p.delivered else NEVER for p in parcels]),
        codes,
        sizes,
        np.zeros(len(parcels), dtype=np.int64),
        promised,
    )


def _codes(parcels: list[Parcel]) -> tuple[Ints, tuple[int, ...]]:
    """Numbers for what a parcel has in common with others, column by column, and how many there are of each."""
    columns: list[list[object]] = [
        [district(p.region) for p in parcels],
        [p.region for p in parcels],
        [(p.origin, p.region) for p in parcels],
        [(p.origin, p.region, p.destination) for p in parcels],
    ]
    numbered, sizes = [], []
    for column in columns:
        seen: dict[object, int] = {}
        numbered.append([seen.setdefault(value, len(seen)) for value in column])
        sizes.append(len(seen))
    return np.array(numbered, dtype=np.int64), tuple(sizes)
