"""What couriers say they have handed in, and what a storekeeper and a cashier have taken from them so far."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, text
from sqlalchemy.orm import Session, joinedload

from parcels.custody import Role
from parcels.custody_models import Holding
from parcels.models import Warehouse
from scheduling import round_closing, rounds
from scheduling.models import ZoneSettlement
from scheduling.round_models import Round, RoundStop
from scheduling.rounds import DELIVERED, Stop

#: Parcels of rounds that are older than this are somebody's incident by now.
SHOWN_FOR = timedelta(days=60)
_IS_CASH = text("holdings.what = 'cash'")


@dataclass(frozen=True, slots=True)
class HandIn:
    """One round: the parcels that no storekeeper has scanned back, how many he has, and the money in minor units by
    currency: what the courier answers for, and what he says he hands in.
    """

    round: Round
    waiting: list[Stop]
    received: int
    owed: dict[str, int]

    @property
    def said(self) -> list[Stop]:
        """What he says he has handed in already."""
        return [stop for stop in self.waiting if stop.at.back_at is not None]

    @property
    def is_said(self) -> bool:
        """Does he say that anything of it has been handed in?"""
        return self.round.handed_at is not None or bool(self.said)


def open_ones(session: Session, now: datetime, warehouse: Warehouse | None = None) -> list[HandIn]:
    """The rounds of which something is not taken over yet, those that are said to be handed in first.

    Args: `warehouse` where only the rounds that come back there are wanted.
    """
    wanted = {*_with_parcels(session, now), *_with_money(session)}
    query = select(Round).where(Round.id.in_(wanted)).options(joinedload(Round.courier), joinedload(Round.zone))
    if warehouse is not None:
        here = select(ZoneSettlement.zone_id).where(ZoneSettlement.settlement_id == warehouse.settlement_id)
        query = query.where(Round.zone_id.in_(here))
    found = [_read(session, one) for one in session.scalars(query.order_by(Round.day, Round.id))]
    return sorted(found, key=lambda one: not one.is_said)


def _read(session: Session, one: Round) -> HandIn:
    stops = rounds.stops_of(session, one.id)
    waiting = [stop for stop in stops if stop.is_not_received]
    owed = round_closing.sums((stop.parcel.currency, minor) for stop, minor in round_closing.uncounted(session, stops))
    received = sum(stop.at.received_at is not None for stop in stops)
    return HandIn(one, waiting, received, owed)


def _with_parcels(session: Session, now: datetime) -> list[int]:
    failed = RoundStop.done_at.is_not(None), RoundStop.outcome != DELIVERED
    query = select(RoundStop.round_id).join(Round, Round.id == RoundStop.round_id)
    query = query.where(*failed, RoundStop.loaded_at.is_not(None), RoundStop.received_at.is_(None))
    return list(session.scalars(query.where(Round.day >= (now - SHOWN_FOR).date()).distinct()))


def _with_money(session: Session) -> list[int]:
    held = _IS_CASH, Holding.until.is_(None), Holding.role == Role.COURIER
    query = select(RoundStop.round_id).join(Holding, Holding.parcel_id == RoundStop.parcel_id)
    return list(session.scalars(query.where(*held, RoundStop.done_at.is_not(None)).distinct()))
