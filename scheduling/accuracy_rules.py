"""How the promise is learned: one set of rules, for the back-test and for the lesson of every day alike.

What each of them brings is told in docs/decisions/0011; windows follow the network's own tail.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: The levels a promise is computed at, as parts of the share that may come late: at 98 % from 95 % to 99.5 %.
PARTS: Final = np.array([2.5, 2.0, 1.75, 1.5, 1.25, 1.125, *np.arange(1.0, 0.49, -0.0625), 0.4, 0.3, 0.25])
#: A promise that allows for this part of the lateness is expected to keep all of the target: networks change, and
#: what was learned of them is always a little old.
MARGIN: Final = 0.875
#: Recalibration believes that expectation as much as so many of its own past promises.
BELIEF: Final = 1_000
#: With fewer deliveries than FEW nothing is learned.
FEW: Final = 30
#: So many parcels that would have been seen to come as late as the target's point begin to be trusted beside the
#: matrix; so many are trusted alone.
SOME, MANY = 10, 100
#: The level is taken over as few days as hold so many deliveries.
ENOUGH: Final = 200
#: Until so many parcels were promised in learned scales, the tail is taken in today's.
COHORT: Final = 150
#: Until a history is so many days old its places are not known, and its first promises say mostly that they are not
#: alike: one far region would make all others wait a month. Its tail is taken with the places as they are known today.
YOUNG: Final = 60
#: Working days promised while nothing is known and nobody has said anything.
BLIND: Final = 30
#: Calendar days in which nine parcels of ten come, in the network that the windows below were measured on.
SETTLING: Final = 25


@dataclass(frozen=True, slots=True)
class Rules:
    """`target` is the share to be kept; `damp` are the working days that damp short lanes, `share` the point of the
    distribution that the level is read at. `counts_open` and `enters_late` are there to be compared with.
    """

    target: float = 0.98
    damp: float = 10.0
    share: float = 0.9
    counts_open: bool = True  # without it parcels still under way are overlooked: the classic optimism
    enters_late: bool = True  # without it what was slow enough to reach a window counts too much

    @property
    def shares(self) -> Floats:
        """The levels a promise is computed at, rising."""
        shares: Floats = np.maximum(1 - (1 - self.target) * PARTS, 0.05)
        return shares

    @property
    def believed(self) -> Floats:
        """What each of those levels is expected to keep."""
        return 1 - (1 - self.shares) / MARGIN


@dataclass(frozen=True, slots=True)
class Windows:
    """How far back is looked, in calendar days, in a network in which nine parcels of ten come within `settling`."""

    settling: int = SETTLING

    @property
    def level(self) -> tuple[int, ...]:
        """The lengths over which the level may be taken, the shortest first."""
        return self._times(30), self._times(45), self._times(60)

    @property
    def tail(self) -> int:
        """Over which the tail and the pace of each region are taken."""
        return self._times(90)

    @property
    def cohort(self) -> tuple[int, int]:
        """How many days ago the parcels were handed over whose promises are looked at again, from and until."""
        return self._times(115), self.settling

    @property
    def places(self) -> tuple[int, int]:
        """How many days ago the parcels were handed over that teach how far each place is, from and until."""
        return self.settling + self._times(365), self.settling

    @property
    def lost(self) -> int:
        """What has been open for longer is lost, not under way."""
        return self._times(180)

    def _times(self, days: int) -> int:
        return days * self.settling // SETTLING
