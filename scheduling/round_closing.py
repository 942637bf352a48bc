"""The end of a courier's day: what he says he hands in, and what a storekeeper and a cashier have taken from him.

His word frees him of nothing. A round is closed when all that came back has been scanned and the money counted.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from sqlalchemy import select, text
from sqlalchemy.orm import Session, joinedload

from parcels import incidents, journal
from parcels.custody import Role
from parcels.custody_models import Holding
from parcels.journal import NewFact
from parcels.stages import Kind
from scheduling.calendars import moment
from scheduling.models import Zone
from scheduling.round_models import Round, RoundStop
from scheduling.rounds import DELIVERED, Standing, Stop, stops_of

#: Written out, so that SQLite too finds its few rows by the index of them.
_IS_CASH = text("holdings.what = 'cash'")
#: Until then, on the day after, a cashier has counted what a courier brought.
COUNTED_BY = time(12)


@dataclass(frozen=True, slots=True)
class Missing:
    """What still keeps a round from being handed in: numbers of stops, and sums in minor units by currency."""

    unmarked: list[int]
    to_return: list[int]
    taken: dict[str, int]
    entered: dict[str, int]

    @property
    def is_cash_short(self) -> bool:
        return {k: v for k, v in self.entered.items() if v} != {k: v for k, v in self.taken.items() if v}


class NotClosable(Exception):
    """A round that cannot be handed in yet; `missing` says why."""

    def __init__(self, missing: Missing):
        super().__init__(str(missing))
        self.missing = missing


def missing(stops: Sequence[Stop], entered: dict[str, int]) -> Missing:
    """What is missing for a round to be handed in. Args: `entered` the money the courier hands in, by currency."""
    unmarked = [stop.number for stop in stops if not stop.is_done]
    to_return = [stop.number for stop in stops if stop.is_to_return]
    taken = sums((stop.parcel.currency, stop.cash_minor) for stop in stops)
    return Missing(unmarked, to_return, taken, entered)


def sums(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Minor units added up by currency."""
    found: dict[str, int] = {}
    for currency, minor in pairs:
        found[currency] = found.get(currency, 0) + minor
    return found


def close(session: Session, one: Round, entered: dict[str, int], now: datetime) -> None:
    """The courier says that he hands his round in: every stop is marked, and he gives back what he has taken.

    A second press changes nothing. Raises NotClosable.
    """
    if one.handed_at is not None:
        return
    stops = stops_of(session, one.id)
    lacks = missing(stops, entered)
    if one.counted_at is not None:  # he has nothing to say of what a cashier has taken already
        left = sums((stop.parcel.currency, minor) for stop, minor in uncounted(session, stops))
        lacks = replace(lacks, taken=left)
    if lacks.unmarked or lacks.to_return or lacks.is_cash_short:
        raise NotClosable(lacks)
    one.handed_at, one.cash_handed = now, lacks.taken
    session.flush()
    settle(session, one.id, now)


def uncounted(session: Session, stops: Sequence[Stop]) -> list[tuple[Stop, int]]:
    """The money that a courier still answers for, stop by stop in minor units."""
    wanted = {stop.parcel.id: stop for stop in stops if _money_of(stop)}
    held = select(Holding.parcel_id).where(_IS_CASH, Holding.until.is_(None), Holding.role == Role.COURIER)
    still = set(session.scalars(held.where(Holding.parcel_id.in_(wanted))))
    return [(stop, _money_of(stop)) for parcel_id, stop in wanted.items() if parcel_id in still]


def _money_of(stop: Stop) -> int:
    """As `Stop.cash_minor`; but of what a carrier calls delivered only a storekeeper's scan says that it was not."""
    is_unsaid = stop.standing is Standing.DELIVERED and stop.at.outcome != DELIVERED
    if is_unsaid and stop.at.loaded_at is not None and stop.at.received_at is None:
        return stop.parcel.cod_minor
    return stop.at.cash_minor


def settle(session: Session, round_id: int, now: datetime, may_wait: bool = True) -> bool:
    """Close a round once nothing of it is with the courier any more. Returns whether it is closed.

    That he hands it in he need not have said, if every stop is marked and a cashier has counted.

    Args: `may_wait` False where somebody else may hold the round while we hold one of its parcels; then the sweep
    (`to_settle`) does it a moment later.
    """
    query = select(Round).where(Round.id == round_id).with_for_update(of=Round, skip_locked=not may_wait)
    one = session.scalar(query.execution_options(populate_existing=True))
    if one is None:
        return False
    if one.closed_at is None:
        stops = stops_of(session, one.id)
        is_said = one.handed_at is not None or (one.counted_at is not None and all(stop.is_done for stop in stops))
        if not is_said:
            return False
        is_left = any(stop.is_not_received for stop in stops) or uncounted(session, stops)
        if not is_left:
            one.closed_at = now
            session.flush()
    return one.closed_at is not None


def to_settle(session: Session) -> list[int]:
    """Ids of the rounds that are said to be handed in, or were counted, and are not closed."""
    is_said = Round.handed_at.is_not(None) | Round.counted_at.is_not(None)
    return list(session.scalars(select(Round.id).where(is_said, Round.closed_at.is_(None)).order_by(Round.id)))


def unpaid(session: Session, now: datetime) -> list[int]:
    """Ids of the rounds of before whose money no cashier has counted by noon, and of which nobody has said so yet."""
    query = (
        select(Round.id, Round.day, Zone.timezone)
        .join(Zone, Zone.id == Round.zone_id)
        .join(RoundStop, RoundStop.round_id == Round.id)
        .join(Holding, Holding.parcel_id == RoundStop.parcel_id)
        .where(_IS_CASH, Holding.until.is_(None), Holding.role == Role.COURIER, Round.unpaid_at.is_(None))
        .distinct()
        .order_by(Round.id)
    )
    rows = session.execute(query).all()
    return [row.id for row in rows if moment(row.day + timedelta(days=1), COUNTED_BY, row.timezone) <= now]


def tell_unpaid(session: Session, round_id: int, now: datetime) -> bool:
    """Money that has not come is an incident on its courier. Returns whether that was news."""
    query = select(Round).where(Round.id == round_id, Round.unpaid_at.is_(None)).with_for_update(of=Round)
    one = session.scalar(query.options(joinedload(Round.courier)))
    owed = uncounted(session, stops_of(session, round_id)) if one is not None else []
    if one is None or not owed:
        return False
    one.unpaid_at = now
    total = sums((stop.parcel.currency, minor) for stop, minor in owed)
    note = ", ".join(f"{minor / 100:.2f} {currency}" for currency, minor in total.items())
    details = {"step": incidents.CASH, "role": Role.COURIER.value, "name": one.courier.name}
    new = NewFact(
        Kind.DEADLINE_MISSED,
        "agenda",
        details={**details, "note": f"{one.name}: {note}"},
        dedup_key=f"round:{round_id}:cash",
    )
    parcel = journal.lock(session, min(stop.parcel.id for stop, _minor in owed))
    return journal.record(session, parcel, new, now) is not None
