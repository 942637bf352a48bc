"""The courier's page as one object: his round of a day, what is next, whom to ring, what is missing to close it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from sqlalchemy.orm import Session

from scheduling import round_closing, rounds
from scheduling.calendars import local, local_date, moment
from scheduling.models import Zone
from scheduling.round_closing import Missing
from scheduling.round_models import Round
from scheduling.rounds import Standing, Stop

#: A recipient is rung from so long before his hour begins.
RING_BEFORE = timedelta(minutes=70)
#: Whose round it was sees names, addresses and phones until the day after its closing; and of a round that nobody has
#: closed, until so long after its day.
AFTER_CLOSING, AFTER_DAY = timedelta(days=1), timedelta(days=7)
#: A round that is still driven after midnight is shown as today's until then.
NIGHT_ENDS = time(4)


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a courier; `round` is None as long as none is built. `opened` is a stop taken out of its turn. `owed` is
    the money that no cashier has counted yet, in minor units by currency.
    """

    zone: Zone
    on: date
    today: date
    now: datetime
    round: Round | None = None
    stops: list[Stop] = field(default_factory=list)
    opened: Stop | None = None
    owed: dict[str, int] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """May anything be scanned or marked?"""
        return self.round is not None and self.round.closed_at is None and self.on <= self.today

    @property
    def is_past(self) -> bool:
        """Has he nothing to do with the people of this round any more? Then he sees numbers and sums."""
        if self.round is None:
            return False
        closed_at = self.round.closed_at
        if closed_at is None:
            return self.today > self.on + AFTER_DAY
        last = max(local_date(closed_at, self.zone.timezone), self.on)
        return self.today > last + AFTER_CLOSING

    @property
    def next(self) -> Stop | None:
        """The first stop that is not done and whose parcel is in the car."""
        return next((stop for stop in self.stops if stop.standing is Standing.LOADED), None)

    @property
    def done(self) -> list[Stop]:
        return [stop for stop in self.stops if stop.is_done]

    @property
    def ahead(self) -> list[Stop]:
        """Everything still to be done except what is next."""
        return [stop for stop in self.stops if not stop.is_done and stop != self.next]

    @property
    def to_load(self) -> list[Stop]:
        """What is not in the car yet and is not known to be elsewhere; before the round has begun, all of it."""
        return [stop for stop in self.stops if stop.standing in (Standing.IN_DEPOT, Standing.ON_THE_WAY)]

    @property
    def loaded(self) -> int:
        return sum(stop.at.is_loaded or stop.is_done for stop in self.stops)

    @property
    def to_ring(self) -> list[Stop]:
        """Whom to tell now that the courier is an hour away."""
        return [stop for stop in self.stops if stop.standing is Standing.LOADED and self._is_near(stop)]

    def _is_near(self, stop: Stop) -> bool:
        begins = moment(self.on, stop.at.arrives_from, self.zone.timezone)
        return stop.at.warned_at is None and begins - RING_BEFORE <= self.now

    @property
    def to_return(self) -> list[Stop]:
        """Parcels that nobody took and that are still in the car."""
        return [stop for stop in self.stops if stop.is_to_return]

    @property
    def handing_in(self) -> list[Stop]:
        """Parcels that he says he hands in, or has: each is his until a storekeeper has scanned it."""
        return [stop for stop in self.stops if stop.is_not_received and not stop.is_to_return]

    @property
    def is_handed_in(self) -> bool:
        """Has he said that he hands the round in, and is something of it still with him?"""
        return self.round is not None and self.round.handed_at is not None and self.round.closed_at is None

    @property
    def missing(self) -> Missing:
        """What keeps the round from being closed, the money left aside."""
        return round_closing.missing(self.stops, {})

    @property
    def collected(self) -> dict[str, int]:
        """Money taken at the doors, in minor units by currency."""
        return _sums((stop.parcel.currency, stop.cash_minor) for stop in self.stops)

    @property
    def to_collect(self) -> dict[str, int]:
        return _sums((stop.parcel.currency, stop.parcel.cod_minor) for stop in self.stops if not stop.is_done)


def build(
    session: Session, zone: Zone, courier_id: int, asked: date | None, now: datetime, parcel_id: int | None = None
) -> Day:
    """Read a day of a courier, today unless another one is asked for; at night yesterday's, as long as he drives."""
    today = local_date(now, zone.timezone)
    on = asked or _night(session, courier_id, zone, now) or today
    one = rounds.round_of(session, courier_id, on)
    stops = rounds.stops_of(session, one.id) if one is not None else []
    opened = [stop for stop in stops if stop.parcel.id == parcel_id]
    owed = _sums((stop.parcel.currency, minor) for stop, minor in round_closing.uncounted(session, stops))
    return Day(
        zone=zone,
        on=on,
        today=today,
        now=now,
        round=one,
        stops=stops,
        opened=opened[-1] if opened else None,
        owed=owed,
    )


def _night(session: Session, courier_id: int, zone: Zone, now: datetime) -> date | None:
    """Yesterday, when it is soon after midnight and its round has left and is not closed."""
    here = local(now, zone.timezone)
    if here.time() >= NIGHT_ENDS:
        return None
    one = rounds.round_of(session, courier_id, here.date() - timedelta(days=1))
    return one.day if one is not None and one.started_at and not one.closed_at else None


def _sums(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for currency, minor in pairs:
        sums[currency] += minor
    return {currency: minor for currency, minor in sums.items() if minor}
