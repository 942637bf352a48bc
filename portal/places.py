"""Places and the ways to them: the table of settlements, and finding one by what people write."""

import csv
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

import parcels
import scheduling
from parcels.models import Settlement
from portal.gazetteer import UnknownPlace as UnknownPlace
from portal.place_index import gazetteer
from portal.place_keys import name_key
from portal.place_words import name_of
from scheduling.models import Matrix, ZoneSettlement

SETTLEMENTS = Path(parcels.__file__).parent / "data" / "settlements.csv"
DAYS_FROM_CHELYABINSK = Path(scheduling.__file__).parent / "data" / "days_from_chelyabinsk.csv"
#: The carrier answered about the days in that file in 2013, so it counts from then on, until a newer one comes.
COUNTS_FROM = date(2013, 1, 1)
CHELYABINSK = 259


def load(session: Session) -> int:
    """Bring the table of settlements up to the file that comes with the product. Returns how many rows changed."""
    known = {place.id: place for place in session.scalars(select(Settlement))}
    missing, changed = [], 0
    with SETTLEMENTS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            values = _values(row)
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


def _values(row: dict[str, str]) -> dict[str, Any]:
    """The columns of a settlement, as a row of the file has them."""
    numbers = {name: float(row[name]) if row[name] else None for name in ("lat", "lon")}
    population = int(row["population"]) if row["population"] else None
    words = {name: row[name] for name in ("name", "region_code", "region", "zone")}
    return {**words, **numbers, "population": population, "is_city": row["is_city"] == "1"}


def find_settlement(session: Session, text: str, region: str = "") -> Settlement:
    """The settlement with this code, or this name as people, 1C and ФИАС write it; `region` decides between namesakes,
    and so does a region inside the text.

    Several codes of one city (same region, same population) are one place: the one that a courier serves is taken.
    Raises: UnknownPlace when there is none, or when one cannot tell which is meant; then the words list them.
    """
    found = [place.id for place in gazetteer(session).find(text, region)]
    if len(found) > 1:
        served = select(ZoneSettlement.settlement_id).where(ZoneSettlement.settlement_id.in_(found))
        with_courier = set(session.scalars(served))
        found.sort(key=lambda code: (code not in with_courier, code))
    return session.get_one(Settlement, found[0])


def is_name_of(name: str, text: str) -> bool:
    """Does a text say this name and nothing more, with its type or without: «г. Шуя»?"""
    return bool(name) and name_of(name_key(text).split()).key == name_key(name)


def find_origin(session: Session, text: str) -> Settlement:
    """The settlement that parcels are sent from: of several codes of one city the one that a matrix begins at.

    Raises: UnknownPlace.
    """
    found = find_settlement(session, text)
    if text.strip().isdigit():
        return found
    places = gazetteer(session)
    codes = [place.id for place in places.named_like(places.by_id[found.id])]
    known = select(Settlement).join(Matrix, Matrix.origin_id == Settlement.id).where(Settlement.id.in_(codes))
    return session.scalars(known.order_by(Settlement.id).limit(1)).first() or found
