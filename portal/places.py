"""Places and the ways to them: the table of settlements, finding one by what people write, and a file of the matrix."""

import csv
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

import parcels
import scheduling
from parcels.models import Settlement
from portal import sheets
from scheduling import matrix, zones
from scheduling.calendars import calendar_of
from scheduling.matrix import BadRow
from scheduling.models import Matrix, ZoneSettlement
from scheduling.promising import CARRIER, COUNTRY

SETTLEMENTS = Path(parcels.__file__).parent / "data" / "settlements.csv"
DAYS_FROM_CHELYABINSK = Path(scheduling.__file__).parent / "data" / "days_from_chelyabinsk.csv"
#: The carrier answered about the days in that file in 2013, so it counts from then on, until a newer one comes.
COUNTS_FROM = date(2013, 1, 1)
CHELYABINSK = 259
_BAD_LANES = {
    "bad_code": "код «{}» — не число; впишите код населённого пункта",
    "unknown_settlement": "населённого пункта с кодом {} нет; проверьте код",
    "bad_days": "дни «{}» непонятны; впишите целые числа",
    "min_over_max": "дней «от» больше, чем «до»: {}; поменяйте их местами",
    "too_long": "{} дней — слишком долго, предел 90; проверьте число",
    "bad_courier": "courier «{}» непонятно; впишите да или нет",
    "repeated": "этот населённый пункт уже был в строке {}; оставьте одну",
    "extra_cells": "лишний текст после последнего столбца: «{}»; проверьте разделители",
}
_CITY = re.compile(r"^(?:г\.|г |город )\s*")
_NOT_A_NAME = {"область", "обл", "край", "республика", "респ", "автономный", "автономная", "округ", "ао", "г", "город"}


class UnknownPlace(LookupError):
    """No settlement, or more than one, fits what was written: `reason` is a code, `words` says it in Russian."""

    def __init__(self, reason: str, words: str) -> None:
        super().__init__(reason)
        self.reason, self.words = reason, words


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


def load(session: Session) -> int:
    """Bring the table of settlements up to the file that comes with the product. Returns how many rows changed."""
    known = {place.id: place for place in session.scalars(select(Settlement))}
    missing, changed = [], 0
    with SETTLEMENTS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            columns = {name: row[name] for name in ("name", "region_code", "region", "zone")}
            values = {**columns, "population": int(row["population"]) if row["population"] else None}
            place = known.get(int(row["code"]))
            if place is None:
                missing.append({"id": int(row["code"]), **values})
            elif any(getattr(place, column) != value for column, value in values.items()):
                changed += 1
                for column, value in values.items():
                    setattr(place, column, value)
    if missing:
        session.execute(insert(Settlement), missing)
    session.flush()
    session.info.pop("places", None)
    return changed + len(missing)


def find_settlement(session: Session, text: str, region: str = "") -> Settlement:
    """The settlement with this code, or this name; case and ё do not matter, `region` decides between namesakes.

    Several codes of one city (same region, same population) are one place: the one that a courier serves is taken.
    Raises: UnknownPlace when there is none, or when one cannot tell which is meant; then the words list them.
    """
    wanted = _key(text)
    if wanted.isascii() and wanted.isdigit() and len(wanted) < 10:
        place = session.get(Settlement, int(wanted))
        if place is not None:
            return place
    found = session.scalars(select(Settlement).where(Settlement.id.in_(_by_name(session).get(wanted, [])))).all()
    if region:
        found = [place for place in found if _is_region(region, place)]
    if not found:
        asked = f"«{text}» в регионе «{region}»" if region else f"«{text}»"
        raise UnknownPlace("unknown_place", f"Нет населённого пункта {asked}; проверьте название или укажите код.")
    if len({(place.region_code, place.population or place.id) for place in found}) > 1:
        raise UnknownPlace("ambiguous_place", _which(text, found))
    served = set(
        session.scalars(
            select(ZoneSettlement.settlement_id).where(ZoneSettlement.settlement_id.in_([p.id for p in found]))
        )
    )
    return min(found, key=lambda place: (place.id not in served, place.id))


def _which(text: str, found: Sequence[Settlement]) -> str:
    regions = sorted({place.region for place in found})
    if len(regions) > 1:
        return f"«{text}» есть в нескольких регионах: {', '.join(regions)}; укажите регион."
    codes = ", ".join(str(place.id) for place in sorted(found, key=lambda place: place.id))
    return f"«{text}» встречается в регионе {regions[0]} несколько раз; укажите код: {codes}."


def _by_name(session: Session) -> dict[str, list[int]]:
    """Ids of settlements by the key of their name. Read once per session: SQLite cannot lower Cyrillic letters."""
    known: dict[str, list[int]] | None = session.info.get("places")
    if known is None:
        known = defaultdict(list)
        for place_id, name in session.execute(select(Settlement.id, Settlement.name)):
            known[_key(name)].append(place_id)
        session.info["places"] = known
    return known


def _key(name: str) -> str:
    return _CITY.sub("", " ".join(name.lower().replace("ё", "е").split()))


def _is_region(asked: str, place: Settlement) -> bool:
    """Does `asked` (`70`, `Томская обл.`, `Татарстан`) mean the region of a place?"""
    if asked.strip().zfill(2) == place.region_code:
        return True
    words = _region_words(asked)
    return bool(words) and words <= _region_words(place.region)


def _region_words(region: str) -> set[str]:
    return set(re.findall(r"[а-я]+", region.lower().replace("ё", "е"))) - _NOT_A_NAME


def bad_lane(row: BadRow) -> str:
    """What is wrong with a row of the matrix, where, and what to do."""
    return f"Строка {row.line}: {_BAD_LANES[row.reason].format(row.value)}."


def bad_matrix(error: matrix.BadFile) -> str:
    """Why a file is no matrix at all."""
    reason, _, columns = str(error).partition(":")
    if reason == "missing_columns":
        return f"В файле нет столбцов: {columns}; добавьте их в первую строку."
    if reason == "drops":
        return f"В файле нет {columns} направлений, которые есть сейчас; дополните файл или добавьте --replace."
    return "В файле нет ни одной строки с днями; добавьте их под названиями столбцов."


def import_matrix(
    session: Session, path: Path, origin: Settlement, valid_from: date, now: datetime, may_drop: bool = False
) -> Imported:
    """Check a file of delivery days from `origin`; if every row is good, store it, and give new places their slots.

    Raises: sheets.BadSheet; matrix.BadFile, also when more than a tenth of today's lanes would go unless it `may_drop`.
    """
    header, rows = sheets.read(path)
    known = set(session.scalars(select(Settlement.id)))
    table = list(rows)
    lanes, bad = matrix.check(table, header, known)
    bad += [BadRow(line, "extra_cells", cells[sheets.BEYOND]) for line, cells in table if sheets.BEYOND in cells]
    if bad:
        return Imported(bad=sorted(bad, key=lambda row: row.line))
    lost, had = matrix.missing(session, lanes, matrix.current(session, CARRIER, origin.id, valid_from))
    if lost > had // 10 and not may_drop:
        raise matrix.BadFile(f"drops:{lost}")
    version, is_new = matrix.store(session, lanes, CARRIER, origin.id, valid_from, now)
    zones.assign(session, matrix.served_settlements(session, version.id))
    opened = zones.open_days(session, calendar_of(COUNTRY), now)
    return Imported(version=version, lanes=len(lanes), is_new=is_new, opened=opened)
