"""The rows of a file of the matrix: what a good one says, and what is wrong with a bad one."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import time
from functools import lru_cache

from scheduling.promise import EVERY_DAY, Unit

CODE_COLUMNS = ("cdek_code", "code")
COLUMNS = ("days_min", "days_max", "courier")
#: Columns that a file may have beside them.
OPTIONAL = ("unit", "cutoff", "weekdays", "carrier", "origin")
#: A lane longer than this is a slip of the pen, not a promise.
MAX_DAYS = 90
_YES_NO = {"true": True, "1": True, "да": True, "yes": True, "false": False, "0": False, "нет": False, "no": False}
_UNITS = {"": Unit.WORKING, "working": Unit.WORKING, "calendar": Unit.CALENDAR}
_CARRIER = re.compile(r"[a-z0-9_-]{1,32}")
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::00)?")
_WEEKDAYS = re.compile(r"[1-7](?:-[1-7])?")


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be taken: its line in the file (the header is line 1), a code of the reason, the bad value."""

    line: int
    reason: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class LaneRow:
    """One good row: days to the door, and whether a courier goes there.

    `cutoff` None is that of the matrix; `carrier` and `origin_id` None are those of the whole file. An estimate stands
    in no file (`gaps`).
    """

    settlement_id: int
    days_min: int
    days_max: int
    has_courier: bool
    unit: Unit = Unit.WORKING
    cutoff: time | None = None
    weekdays: int = EVERY_DAY
    carrier: str | None = None
    origin_id: int | None = None
    is_estimate: bool = False

    @property
    def terms(self) -> tuple[int, int, bool, str, time | None, int]:
        """What the lane says, without where it goes."""
        return self.days_min, self.days_max, self.has_courier, self.unit.value, self.cutoff, self.weekdays


class BadFile(ValueError):
    """The file as a whole cannot be read as a matrix; nothing was changed."""


class _Bad(ValueError):
    """What is wrong with a row: code of the reason and the bad value."""


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
    seen: dict[tuple[str | None, int | None, int], int] = {}
    for line, cells in rows:
        try:
            row = _read(cells, code_column, known)
            first = seen.setdefault((row.carrier, row.origin_id, row.settlement_id), line)
            if first != line:
                raise _Bad("repeated", str(first))
        except _Bad as problem:
            bad.append(BadRow(line, *problem.args))
        else:
            good.append(row)
    if not good and not bad:
        raise BadFile("empty")
    return good, bad


def _read(cells: Mapping[str, str], code_column: str, known: set[int]) -> LaneRow:
    code = _place(cells.get(code_column, ""), known, "bad_code", "unknown_settlement")
    low, high = _days(cells)
    courier = _YES_NO.get(cells.get("courier", "").strip().lower())
    if courier is None:
        raise _Bad("bad_courier", cells.get("courier", ""))
    unit = _UNITS.get(cells.get("unit", "").strip().lower())
    if unit is None:
        raise _Bad("bad_unit", cells["unit"])
    carrier, origin = cells.get("carrier", "").strip().lower(), cells.get("origin", "").strip()
    if carrier and not _CARRIER.fullmatch(carrier):
        raise _Bad("bad_carrier", cells["carrier"])
    origin_id = _place(origin, known, "bad_origin", "unknown_origin") if origin else None
    cutoff, weekdays = _cutoff(cells.get("cutoff", "").strip()), _weekdays(cells.get("weekdays", "").strip())
    return LaneRow(code, low, high, courier, unit, cutoff, weekdays, carrier or None, origin_id)


def _place(text: str, known: set[int], if_no_number: str, if_unknown: str) -> int:
    code = _whole(text)
    if code is None:
        raise _Bad(if_no_number, text)
    if code not in known:
        raise _Bad(if_unknown, str(code))
    return code


def _days(cells: Mapping[str, str]) -> tuple[int, int]:
    low, high = _whole(cells.get("days_min", "")), _whole(cells.get("days_max", ""))
    if low is None or high is None:
        raise _Bad("bad_days", f"{cells.get('days_min', '')}–{cells.get('days_max', '')}")
    if low > high:
        raise _Bad("min_over_max", f"{low}–{high}")
    if high > MAX_DAYS:
        raise _Bad("too_long", str(high))
    return low, high


def _whole(text: str) -> int | None:
    """A whole number >= 0 as a spreadsheet or a CSV may write it (`7`, `7.0`), else None."""
    digits = text.strip().removesuffix(".0")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else None


@lru_cache(maxsize=1_000)
def _cutoff(text: str) -> time | None:
    """`17:30`, or nothing."""
    if not text:
        return None
    found = _CLOCK.fullmatch(text)
    if found is None:
        raise _Bad("bad_cutoff", text)
    return time(int(found[1]), int(found[2]))


@lru_cache(maxsize=1_000)
def _weekdays(text: str) -> int:
    """`1-5` or `1,3,5`, Monday being 1, as bits; nothing is every day."""
    if not text:
        return EVERY_DAY
    bits = 0
    for part in text.replace(" ", "").split(","):
        if not _WEEKDAYS.fullmatch(part) or part[0] > part[-1]:
            raise _Bad("bad_weekdays", text)
        for day in range(int(part[0]), int(part[-1]) + 1):
            bits |= 1 << (day - 1)
    return bits
