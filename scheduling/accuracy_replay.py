"""A history lived again day by day: each promise is made from what was known before that midnight, and no more."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scheduling.accuracy_clock import Clock
from scheduling.accuracy_history import NEVER, PLACES, History
from scheduling.accuracy_level import Survival, survival
from scheduling.accuracy_place import PlaceTable, learn_places

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: The levels a promise is computed at, as parts of the share that may come late: at a target of 98 % from 95 % to 99 %.
#: Never beyond half of that share: after a strike the tail has grown already, and would be counted twice.
PARTS: Final = np.array([2.5, 2.0, 1.5, 1.375, 1.25, *np.arange(1.0, 0.4, -0.125)])
_UNTRIED: Final = int(np.flatnonzero(PARTS == 1.0)[0])
#: With fewer deliveries than FEW nothing is learned; from MANY on the given prior has no say any more.
FEW, MANY = 30, 100
#: The level is taken over as few days as hold so many deliveries.
ENOUGH: Final = 200
#: Working days promised while nothing is known and nobody has said anything.
BLIND: Final = 30
#: A cohort with fewer parcels than this says too little; the target itself is then the level.
COHORT: Final = 150
#: Days ago: the hand-overs that are settled and teach about places.
SETTLED_DAYS: Final = (390, 25)
#: A parcel that has been open for longer is lost, not under way.
LOST_DAYS: Final = 180


@dataclass(frozen=True, slots=True)
class Rules:
    """How the promise is learned. The defaults are the quick rules, DESCRIBED the slower ones they came from.

    `damp` are the working days that damp short lanes, `spans` the lengths in days the level may be taken over and
    `share` the point of it, `tail_days` the length for the tail; `enters_late` says whether what was handed over
    before a span counts from the beginning of that span only. `cohort` says how many days ago the parcels were
    handed over that recalibration looks at, `floor` the lowest level it may choose (as one of PARTS), and `columns`
    how many columns of the history's codes are used.
    """

    target: float = 0.98
    damp: float = 8.0
    spans: tuple[int, ...] = (20, 30, 45, 60)
    share: float = 0.9
    tail_days: int = 60
    enters_late: bool = True
    cohort: tuple[int, int] = (90, 15)
    floor: float = 1.375  # the 97.25 % promise at a target of 98 %
    columns: int = PLACES
    counts_open: bool = True  # without it parcels still under way are overlooked: the classic optimism

    @property
    def shares(self) -> Floats:
        """The levels a promise is computed at, rising."""
        shares: Floats = np.maximum(1 - (1 - self.target) * PARTS, 0.05)
        return shares


#: Slower to notice how the network changes: kept to be compared with (docs/decisions/0011).
DESCRIBED: Final = Rules(damp=14.0, spans=(60,), tail_days=90, enters_late=False, cohort=(115, 25), floor=2.5)


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is known on the morning of a day: enough to make any promise of that day, and to say why.

    `level` is how slow the network is, `reach` the tail at each level, `middle` the tail at one half, `chosen`
    the index of the level in force, `trust` how much of the promise is learned (0: only the prior, 1: all of it).
    """

    table: PlaceTable
    damp: float
    level: float = 1.0
    reach: Floats = field(default_factory=lambda: np.ones(len(PARTS)))
    middle: float = 1.0
    chosen: int = 0
    trust: float = 0.0

    def scale(self, typical: Floats) -> Floats:
        """What the tail is counted in (n), frozen at hand-over. Args: `typical` working days at level 1."""
        return (typical + self.damp) * self.level

    def days(self, typical: Floats, prior: Ints) -> Ints:
        """Working days promised at each level (n x levels). Args: `prior` working days (n), 0 for none given."""
        learned = np.ceil(self.scale(typical)[:, None] * self.reach - self.damp - 1e-9)
        given = np.where(prior > 0, prior, BLIND)[:, None]
        mixed = np.ceil(self.trust * learned + (1 - self.trust) * given - 1e-9)
        return np.maximum(mixed, 0).astype(np.int64)

    def spare(self, typical: Floats, prior: Ints) -> Ints:
        """Working days by which the promise exceeds what half of such parcels take now (n): the reserve for delays."""
        usual = np.ceil(self.scale(typical) * self.middle - self.damp - 1e-9)
        return np.maximum(self.days(typical, prior)[:, self.chosen] - usual, 0).astype(np.int64)


class Walk:
    """The days of a history in their order. After `run`, `promised` holds each parcel's working days (n)."""

    def __init__(self, history: History, clock: Clock, rules: Rules) -> None:
        self.history, self.clock, self.rules = history, clock, rules
        self.start = clock.at(history.handed)
        self.age = np.where(history.delivered < NEVER, clock.at(history.delivered) - self.start, NEVER)
        self.codes = history.codes[: rules.columns]
        self.table = PlaceTable()
        self.typical = self.table.typical(self.codes)
        self.scale = np.ones(len(history.handed))
        self.ladder = np.zeros((len(history.handed), len(PARTS)), dtype=np.int64)
        self.promised = np.zeros(len(history.handed), dtype=np.int64)
        self.learned_from = NEVER

    def run(self) -> "Walk":
        """Live through all days on which something was handed over."""
        week = -1
        for day in np.unique(self.history.handed).tolist():
            if day // 7 != week:
                week = day // 7
                self.learn_table(day)
            self.promise(day, self.learn(day))
        return self

    def promise(self, day: int, lesson: Lesson) -> None:
        """Promise what is handed over on a day, and remember what every level would have promised."""
        low, high = np.searchsorted(self.history.handed, [day, day + 1])
        new = slice(int(low), int(high))
        self.scale[new] = lesson.scale(self.typical[new])
        self.ladder[new] = lesson.days(self.typical[new], self.history.prior[new])
        self.promised[new] = self.ladder[new, lesson.chosen]

    def learn_table(self, day: int) -> None:
        """Learn the places anew from the hand-overs that are settled by a day."""
        rows = self._rows(day, SETTLED_DAYS)
        if len(rows) < FEW:
            return
        ages, _over = self._ages(day, rows)
        ago = (day - self.history.handed[rows]).astype(np.float64)
        sizes = self.history.sizes[: len(self.codes)]
        self.table = learn_places(ages.astype(np.float64), ago, self.codes[:, rows], sizes)
        self.typical = self.table.typical(self.codes)

    def learn(self, day: int) -> Lesson:
        """What the parcels known before a day teach about that day."""
        rules, rows = self.rules, self._rows(day, (LOST_DAYS, 0))
        nothing = Lesson(self.table, rules.damp)
        if not len(rows):
            return nothing
        base = self.typical[rows] + rules.damp
        for span in rules.spans:
            known, count = self._watch(day, rows, span, base)
            if count >= ENOUGH:
                break
        if known is None or count < FEW:
            return nothing
        self.learned_from = min(self.learned_from, day)
        level = float(known.quantiles(np.array([rules.share]))[0])
        tail, seen = self._tail(day, rows, base * level)
        trust = min(1.0, (seen - FEW) / (MANY - FEW))
        middle = float(tail.quantiles(np.array([0.5]))[0])
        return Lesson(self.table, rules.damp, level, tail.quantiles(rules.shares), middle, self._choose(day), trust)

    def _tail(self, day: int, rows: Ints, today: Floats) -> tuple[Survival, int]:
        """The tail in frozen scales, or in today's (`today`) while too few parcels have one."""
        frozen = self.history.handed[rows] >= self.learned_from
        tail, seen = self._watch(day, rows[frozen], self.rules.tail_days, self.scale[rows[frozen]])
        if tail is None or seen < COHORT:
            tail, seen = self._watch(day, rows, self.rules.tail_days, today)
        return (tail or survival(today, np.ones(len(today), dtype=bool))), seen

    def _watch(self, day: int, rows: Ints, span: int, scale: Floats) -> tuple[Survival | None, int]:
        """How far parcels get, in units of `scale`, as watched over the last `span` days; and how many arrived."""
        ages, over = self._ages(day, rows)
        begins, now = self.clock.at(np.array([day - span, day]))
        inside = (~over & self.rules.counts_open) | (over & (self.history.delivered[rows] >= day - span))
        if not inside.any():
            return None, 0
        # What is still open has passed only the days before today; what began inside the span was seen from birth.
        watched = (np.where(over, ages, now - self.start[rows] - 1) + self.rules.damp) / scale
        entered = np.where(begins > self.start[rows], begins - self.start[rows] - 1 + self.rules.damp, 0) / scale
        late = entered[inside] if self.rules.enters_late else None
        return survival(watched[inside], over[inside], late), int((over & inside).sum())

    def _choose(self, day: int) -> int:
        """The smallest level whose own past promises covered the target, never below the floor (its index)."""
        rows = self._rows(day, self.rules.cohort)
        rows = rows[self.history.handed[rows] >= self.learned_from]
        if len(rows) < COHORT:
            return _UNTRIED
        ages, over = self._ages(day, rows)
        late = (ages[:, None] > self.ladder[rows]).sum(axis=0)
        kept = (over[:, None] & (ages[:, None] <= self.ladder[rows])).sum(axis=0)
        good = np.flatnonzero(kept >= self.rules.target * (kept + late))
        lowest = int(np.flatnonzero(self.rules.floor >= PARTS)[0])
        return max(lowest, int(good[0]) if len(good) else len(PARTS) - 1)

    def _rows(self, day: int, ago: tuple[int, int]) -> Ints:
        """Parcels handed over between so many days ago, as far as that is known before the day."""
        low, high = np.searchsorted(self.history.handed, [day - ago[0], day - ago[1]])
        rows = np.arange(low, high)
        known: Ints = rows[self.history.known_handed[rows] < day]
        return known

    def _ages(self, day: int, rows: Ints) -> tuple[Ints, NDArray[np.bool_]]:
        """Working days that parcels took, or have taken so far, before a day; and whether they are known to be over."""
        over = self.history.known_delivered[rows] < day
        so_far = np.maximum(self.clock.at(np.array([day]))[0] - self.start[rows], 0)
        return np.where(over, self.age[rows], so_far), over
