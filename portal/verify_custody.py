"""I13: at every minute exactly one holder of each parcel and of its cash, as the facts have it."""

from collections.abc import Iterator
from itertools import groupby, pairwise
from operator import attrgetter

from sqlalchemy import select
from sqlalchemy.orm import Session

from parcels.custody import Spell, What, fold
from parcels.custody_models import Holding
from parcels.models import Fact, Parcel

BATCH = 1000


def everything_is_held(session: Session) -> list[str]:
    """Times of holding touch without gap or overlap, one is open, and all are what the facts add up to."""
    found: list[str] = []
    parcels = session.execute(select(Parcel.id, Parcel.cod_minor).order_by(Parcel.id)).all()
    for start in range(0, len(parcels), BATCH):
        batch = parcels[start : start + BATCH]
        first, last = batch[0].id, batch[-1].id
        facts, rows = _facts(session, first, last), _rows(session, first, last)
        for parcel_id, cod_minor in batch:
            spells = fold(facts.get(parcel_id, []), cod_minor)
            found += [f"посылка {parcel_id}: {words}" for words in _wrong(spells, rows.get(parcel_id, []))]
    return found


def _facts(session: Session, first: int, last: int) -> dict[int, list[Fact]]:
    query = select(Fact).where(Fact.parcel_id.between(first, last)).order_by(Fact.parcel_id, Fact.seq)
    return {key: list(rows) for key, rows in groupby(session.scalars(query), attrgetter("parcel_id"))}


def _rows(session: Session, first: int, last: int) -> dict[int, list[Holding]]:
    query = select(Holding).where(Holding.parcel_id.between(first, last))
    rows = session.scalars(query.order_by(Holding.parcel_id, Holding.what, Holding.seq))
    return {key: list(group) for key, group in groupby(rows, attrgetter("parcel_id"))}


def _wrong(spells: list[Spell], rows: list[Holding]) -> Iterator[str]:
    written = [Spell(row.what, row.seq, row.holder, row.since, row.until) for row in rows]
    for what in What:
        mine = [spell for spell in written if spell.what is what]
        ends = [spell.until for spell in mine]
        if (what is What.PARCEL or mine) and ends.count(None) != 1:
            yield f"держателей ({what.value}) сейчас {ends.count(None)}"
        yield from _gaps(mine)
    if set(written) != set(spells):
        yield "держатели не такие, как по журналу"


def _gaps(spells: list[Spell]) -> Iterator[str]:
    for before, after in pairwise(spells):
        if before.until != after.since:
            yield f"между держателями {before.seq} и {after.seq} разрыв или два держателя сразу"
