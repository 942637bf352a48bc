"""PURE how long a late parcel is waited for before its promise is given up, and what the buyer was told meanwhile.

A promise that is moved every night is no promise. A late leg is given a wider range twice, each as wide as the delays
of its own way say; when that is over too, the promise is withdrawn and a person answers (docs/decisions/0022).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any, Final, NamedTuple

from scheduling.learning import Carried
from scheduling.promise import Patience
from scheduling.silences import name_of

#: So often a range is widened; after that nobody knows.
MOST_MOVES: Final = 2
#: Calendar days that a shop which has not handed over is given, by how often it has been given some.
SHOP_DAYS: Final = (3, 7)
#: So many late parcels of a way say how late the late ones are there, and which shares of them are waited for.
ENOUGH, SHARES = 20, (0.8, 0.98)
#: A range is widened by so many days at least, and at most.
LEAST, LONGEST = 2, 30
#: Days by which late parcels were late, one for each share, by name of a way; "" is the carrier as a whole.
Delays = Mapping[str, Sequence[int]]


class LateLeg(StrEnum):
    """What is late: the shop with its hand-over, or the carrier on the road."""

    HAND_OVER = "hand_over"
    ARRIVAL = "arrival"


@dataclass(frozen=True, slots=True)
class Given:
    """What a parcel has been given so far: until when each leg is waited for, and how often that has been moved."""

    hand_over: date | None = None
    hand_over_moves: int = 0
    arrival: date | None = None
    arrival_moves: int = 0

    @property
    def patience(self) -> Patience:
        """As the promise is computed with it."""
        return Patience(self.hand_over, self.arrival)

    def moves(self, leg: LateLeg) -> int:
        """How often a leg has been given more time."""
        return self.hand_over_moves if leg is LateLeg.HAND_OVER else self.arrival_moves

    def more(self, leg: LateLeg, until: date) -> "Given":
        """A leg is given time once more."""
        if leg is LateLeg.HAND_OVER:
            return replace(self, hand_over=until, hand_over_moves=self.hand_over_moves + 1)
        return replace(self, arrival=until, arrival_moves=self.arrival_moves + 1)

    def record(self) -> dict[str, Any]:
        """As the promise's fact keeps it; empty when nothing is late."""
        legs = {
            LateLeg.HAND_OVER.value: (self.hand_over, self.hand_over_moves),
            LateLeg.ARRIVAL.value: (self.arrival, self.arrival_moves),
        }
        late = {name: [until.isoformat(), moves] for name, (until, moves) in legs.items() if until is not None}
        return {"delay": late} if late else {}


def given_of(details: Mapping[str, Any]) -> Given:
    """What `Given.record` wrote into the details of a promise."""
    given = Given()
    for leg in LateLeg:
        if (kept := details.get("delay", {}).get(leg.value)) is not None:
            given = given.more(leg, date.fromisoformat(kept[0]))
            given = replace(given, **{f"{leg.value}_moves": kept[1]})
    return given


def usual(parcels: Iterable[Carried]) -> dict[str, list[int]]:
    """How late those were that came after their last promised day, by way, and on all ways together."""
    late: dict[str, list[int]] = defaultdict(list)
    for parcel in parcels:
        given = parcel.handed_promise
        if parcel.came is None or given is None or parcel.came.date() <= given.latest:
            continue
        days = (parcel.came.date() - given.latest).days
        for key in (name_of(parcel.way.origin, parcel.way.region), ""):
            late[key].append(days)
    return {name: [_share(days, share) for share in SHARES] for name, days in late.items() if len(days) >= ENOUGH}


def _share(days: list[int], share: float) -> int:
    return sorted(days)[min(int(share * len(days)), len(days) - 1)]


def more_days(delays: Delays, origin_id: int, region: str, lane_days: int, moves: int) -> int:
    """By how many calendar days the range of a late parcel is widened, after it has been widened `moves` times.

    Args: `lane_days` the longest its lane takes by the matrix: where no delays were seen, half of it, then all of it.
    """
    seen = delays.get(name_of(origin_id, region)) or delays.get("")
    by_matrix = (-(-lane_days // 2), lane_days)
    wanted = by_matrix if seen is None else (seen[0], seen[1] - seen[0])
    return min(max(wanted[moves], LEAST), LONGEST)


class Told(NamedTuple):
    """The dates that the buyer was last told."""

    first: date
    last: date


def told_in(details: Mapping[str, Any]) -> Told | None:
    """What the buyer has been told by a promise's fact; None where the fact is from before that was kept."""
    kept = details.get("told")
    return Told(*map(date.fromisoformat, kept)) if kept else None


def as_told(first: date, last: date) -> list[str]:
    """As a fact keeps it."""
    return [first.isoformat(), last.isoformat()]
