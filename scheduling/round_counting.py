"""Use case of the cashier: he counts what a courier brings; his count alone passes the money on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from parcels import journal
from parcels.stages import Kind
from scheduling.depots import at_depot
from scheduling.round_changes import held_for_update
from scheduling.round_closing import settle, sums, uncounted
from scheduling.round_models import Round
from scheduling.rounds import Stop, stops_of


@dataclass(frozen=True, slots=True)
class Teller:
    """Who counts: his id among the staff and his name."""

    id: int
    name: str

    @property
    def source(self) -> str:
        return f"cashier:{self.id}"


class NothingToCount(Exception):
    """The courier has no money of this round any more: somebody has counted it before."""


class Differs(Exception):
    """What was counted is not what the courier should have; `gap` in minor units by currency, negative when short."""

    def __init__(self, gap: dict[str, int]):
        super().__init__(str(gap))
        self.gap = gap


def count(
    session: Session,
    round_id: int,
    counted: dict[str, int],
    accepted: dict[str, int],
    teller: Teller,
    now: datetime,
    note: str = "",
) -> dict[str, int]:
    """Take over the money of a round. Returns the gap, by currency; {} when it is what it should be.

    Args: `counted` in minor units by currency; `accepted` is the gap that the page has shown and the cashier confirmed:
    it becomes an incident on the courier. Raises: LookupError, NothingToCount, Differs.
    """
    one = held_for_update(session, round_id)
    owed = uncounted(session, stops_of(session, one.id))
    if not owed:
        raise NothingToCount
    due = sums((stop.parcel.currency, minor) for stop, minor in owed)
    gap = {currency: counted.get(currency, 0) - minor for currency, minor in due.items()}
    gap = {currency: minor for currency, minor in gap.items() if minor}
    if gap != accepted:
        raise Differs(gap)
    _take_over(session, one, owed, counted, teller, now, gap, note)
    before = one.cash_counted or {}
    one.counted_at = now
    one.cash_counted = sums([*before.items(), *((currency, counted.get(currency, 0)) for currency in due)])
    session.flush()
    settle(session, one.id, now)
    return gap


def _take_over(
    session: Session,
    one: Round,
    owed: Sequence[tuple[Stop, int]],
    counted: dict[str, int],
    teller: Teller,
    now: datetime,
    gap: dict[str, int],
    note: str,
) -> None:
    """The till has what was counted, order by order; what is short is missing from the last ones."""
    left, unsaid = dict(counted), dict(gap)
    in_order = sorted(owed, key=lambda pair: pair[0].parcel.id)
    last = {stop.parcel.currency: stop.parcel.id for stop, _minor in in_order}
    for stop, minor in in_order:
        currency = stop.parcel.currency
        taken = min(minor, left.get(currency, 0))
        left[currency] = left.get(currency, 0) - taken
        details: dict[str, Any] = {"by": teller.name, "from": one.courier.name, "round": one.name}
        details |= {"cod_minor": taken, "currency": currency}
        is_last = last[currency] == stop.parcel.id
        if taken < minor:
            details["short_minor"] = minor - taken
        if currency in unsaid and (taken < minor or is_last):
            details |= {"gap_minor": unsaid.pop(currency), "note": note}
        parcel = journal.lock(session, stop.parcel.id)
        new = at_depot(session, one.zone_id, Kind.CASH_HANDED_IN, details, source=teller.source)
        journal.record(session, parcel, new, now)
