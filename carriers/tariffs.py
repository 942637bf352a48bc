"""What ways take and cost at carriers: which are worth asking about, and what is kept of the answers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import case, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from carriers.offer_models import Tariff, WantedWay
from carriers.offers import STEPS, USUAL_STEP, Offers, Term
from parcels.models import Parcel, Shop

#: A way is worth asking about so long after a parcel went it, or a checkout asked for it; and once a day.
RECENT, EVERY = timedelta(days=30), timedelta(hours=23)
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, order=True)
class Way:
    """From where to where, at which weight step, to the door or to a point."""

    origin_id: int
    settlement_id: int
    weight_g: int
    to_door: bool


def due(session: Session, offers: Offers, now: datetime) -> list[Way]:
    """The ways that a carrier is to be asked about now; what it was asked about longest ago comes first.

    Those that parcels go come before those that a checkout has only asked for: anybody may ask.
    """
    used, asked_for = _used(session, now), _asked_for(session, now)
    wanted = {Way(*way, to_door): way in used for way in used | asked_for for to_door in offers.to_door}
    rows = session.execute(
        select(Tariff.origin_id, Tariff.settlement_id, Tariff.weight_g, Tariff.to_door, Tariff.asked_at).where(
            Tariff.carrier == offers.carrier
        )
    )
    asked = {Way(*row[:4]): row.asked_at for row in rows}
    late = [way for way in wanted if asked.get(way, _NEVER) <= now - EVERY]
    return sorted(late, key=lambda way: (not wanted[way], asked.get(way, _NEVER), way))


def _used(session: Session, now: datetime) -> set[tuple[int, int, int]]:
    """The ways that parcels have gone of late: origin, settlement, weight step."""
    step = case(*((Parcel.weight_g <= step, step) for step in STEPS), (Parcel.weight_g.is_(None), USUAL_STEP))
    recent = Parcel.accepted_at > now - RECENT, Parcel.settlement_id.is_not(None), step.is_not(None)
    gone = select(Shop.origin_id, Parcel.settlement_id, step).join(Shop, Shop.id == Parcel.shop_id).where(*recent)
    return {(origin, there, weight) for origin, there, weight in session.execute(gone.distinct())}


def _asked_for(session: Session, now: datetime) -> set[tuple[int, int, int]]:
    """The ways that checkouts have asked for of late."""
    ways = select(WantedWay.origin_id, WantedWay.settlement_id, WantedWay.weight_g)
    rows = session.execute(ways.where(WantedWay.wanted_at > now - RECENT))
    return {(origin, there, weight) for origin, there, weight in rows}


def keep(session: Session, carrier: str, way: Way, term: Term | None, now: datetime) -> bool:
    """Write down what a carrier says of a way, or that it does not go there. Returns: is that news?"""
    row = session.get(Tariff, (carrier, way.origin_id, way.settlement_id, way.weight_g, way.to_door))
    if row is None:
        ends = {"origin_id": way.origin_id, "settlement_id": way.settlement_id}
        row = Tariff(carrier=carrier, **ends, weight_g=way.weight_g, to_door=way.to_door, currency="", changed_at=now)
        session.add(row)
    said = (term.days_min, term.days_max, term.cost, term.currency) if term else (None, None, None, "")
    is_news = (row.days_min, row.days_max, row.cost_minor, row.currency) != said
    row.days_min, row.days_max, row.cost_minor, row.currency = said
    row.asked_at = now
    if is_news:
        row.changed_at = now
    session.flush()
    return is_news


def put_off(session: Session, carrier: str, way: Way, now: datetime) -> None:
    """An answer that nobody can understand changes nothing, but the way does not stand first in the queue again."""
    row = session.get(Tariff, (carrier, way.origin_id, way.settlement_id, way.weight_g, way.to_door))
    if row is None:
        keep(session, carrier, way, None, now)
    else:
        row.asked_at = now
        session.flush()


def want(session: Session, ways: Iterable[tuple[int, int, int]], now: datetime) -> None:
    """Remember ways that a checkout has asked about: origin, settlement, weight step."""
    rows = [dict(zip(("origin_id", "settlement_id", "weight_g"), way, strict=True)) for way in sorted(ways)]
    if not rows:
        return
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    new = dialect.insert(WantedWay).values([row | {"wanted_at": now} for row in rows])
    keys = [WantedWay.origin_id, WantedWay.settlement_id, WantedWay.weight_g]
    session.execute(new.on_conflict_do_update(index_elements=keys, set_={"wanted_at": now}))
    session.execute(delete(WantedWay).where(WantedWay.wanted_at < now - RECENT))
