"""The end of a courier's day: what still keeps his round from being closed, and closing it, cash and all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from parcels import journal
from parcels.stages import Kind
from scheduling.depots import at_depot
from scheduling.round_models import Round
from scheduling.rounds import Stop, stops_of


@dataclass(frozen=True, slots=True)
class Missing:
    """What still keeps a round from being closed: numbers of stops, and sums in minor units by currency."""

    unmarked: list[int]
    to_return: list[int]
    taken: dict[str, int]
    entered: dict[str, int]

    @property
    def is_cash_short(self) -> bool:
        return {k: v for k, v in self.entered.items() if v} != {k: v for k, v in self.taken.items() if v}


class NotClosable(Exception):
    """A round that cannot be closed yet; `missing` says why."""

    def __init__(self, missing: Missing):
        super().__init__(str(missing))
        self.missing = missing


def missing(stops: Sequence[Stop], entered: dict[str, int]) -> Missing:
    """What is missing for a round to be closed. Args: `entered` the money the courier gives back, by currency."""
    taken: dict[str, int] = {}
    for stop in stops:
        taken[stop.parcel.currency] = taken.get(stop.parcel.currency, 0) + stop.cash_minor
    unmarked = [stop.number for stop in stops if not stop.is_done]
    return Missing(unmarked, [stop.number for stop in stops if stop.is_to_return], taken, entered)


def close(session: Session, one: Round, entered: dict[str, int], now: datetime) -> None:
    """The day is over: every stop is marked, what was not handed over is back, the money adds up.

    A second press changes nothing. Raises NotClosable.
    """
    if one.closed_at is not None:
        return
    left = missing(stops_of(session, one.id), entered)
    if left.unmarked or left.to_return or left.is_cash_short:
        raise NotClosable(left)
    for stop in sorted(stops_of(session, one.id), key=lambda stop: stop.parcel.id):
        if stop.cash_minor:
            parcel = journal.lock(session, stop.parcel.id)
            details = {"by": one.courier.name, "cod_minor": stop.cash_minor, "currency": parcel.currency}
            journal.record(session, parcel, at_depot(session, one.zone_id, Kind.CASH_HANDED_IN, details), now)
    one.closed_at, one.cash_handed = now, left.taken
