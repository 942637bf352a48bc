"""Places and the ways to them: the table of settlements, and finding one by what people write."""

import csv
import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Protocol, TypeVar

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

import parcels
import scheduling
from parcels.models import Settlement
from scheduling.models import Matrix, ZoneSettlement

SETTLEMENTS = Path(parcels.__file__).parent / "data" / "settlements.csv"
DAYS_FROM_CHELYABINSK = Path(scheduling.__file__).parent / "data" / "days_from_chelyabinsk.csv"
#: The carrier answered about the days in that file in 2013, so it counts from then on, until a newer one comes.
COUNTS_FROM = date(2013, 1, 1)
CHELYABINSK = 259
_CITY = re.compile(r"^(?:г\.|г |город )\s*")
_NOT_A_NAME = {"область", "обл", "край", "республика", "респ", "автономный", "автономная", "округ", "ао", "г", "город"}


class Place(Protocol):
    """What is asked of a settlement, be it a row of the database or one kept in memory."""

    @property
    def id(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def region_code(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def population(self) -> int | None: ...


AnyPlace = TypeVar("AnyPlace", bound=Place)


class UnknownPlace(LookupError):
    """No settlement, or more than one, fits what was written: `reason` is a code, `words` says it in Russian."""

    def __init__(self, reason: str, words: str, candidates: Sequence[Place] = ()) -> None:
        super().__init__(reason)
        self.reason, self.words, self.candidates = reason, words, candidates


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
    wanted = name_key(text)
    if wanted.isascii() and wanted.isdigit() and len(wanted) < 10:
        place = session.get(Settlement, int(wanted))
        if place is not None:
            return place
    named = session.scalars(select(Settlement).where(Settlement.id.in_(_by_name(session).get(wanted, [])))).all()
    found = one_place(text, region, named)
    served = set(
        session.scalars(
            select(ZoneSettlement.settlement_id).where(ZoneSettlement.settlement_id.in_([p.id for p in found]))
        )
    )
    return min(found, key=lambda place: (place.id not in served, place.id))


def find_origin(session: Session, text: str) -> Settlement:
    """The settlement that parcels are sent from: of several codes of one city the one that a matrix begins at.

    Raises: UnknownPlace.
    """
    found = find_settlement(session, text)
    codes = _by_name(session).get(name_key(found.name), [])
    namesakes = Settlement.id.in_(codes), Settlement.region_code == found.region_code
    known = select(Settlement).join(Matrix, Matrix.origin_id == Settlement.id).where(*namesakes)
    is_code = text.strip().isdigit()
    return found if is_code else session.scalars(known.order_by(Settlement.id).limit(1)).first() or found


def one_place(text: str, region: str, named: Sequence[AnyPlace]) -> Sequence[AnyPlace]:
    """Of all places with a name the codes of the one that is meant. Raises UnknownPlace."""
    found = [place for place in named if _is_region(region, place)] if region else named
    if not found:
        asked = f"«{text}» в регионе «{region}»" if region else f"«{text}»"
        words = f"Нет населённого пункта {asked}; проверьте название или укажите код."
        raise UnknownPlace("unknown_place", words, named)
    if len({(place.region_code, place.population or place.id) for place in found}) > 1:
        raise UnknownPlace("ambiguous_place", _which(text, found), found)
    return found


def _which(text: str, found: Sequence[Place]) -> str:
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
            known[name_key(name)].append(place_id)
        session.info["places"] = known
    return known


def name_key(name: str) -> str:
    """A name as it is compared: case, ё and a leading «г.» do not matter."""
    return _CITY.sub("", " ".join(name.lower().replace("ё", "е").split()))


def _is_region(asked: str, place: Place) -> bool:
    """Does `asked` (`70`, `Томская обл.`, `Татарстан`) mean the region of a place?"""
    if asked.strip().zfill(2) == place.region_code:
        return True
    words = _region_words(asked)
    return bool(words) and words <= _region_words(place.region)


def _region_words(region: str) -> set[str]:
    return set(re.findall(r"[а-я]+", region.lower().replace("ё", "е"))) - _NOT_A_NAME
