"""A history lived again day by day: each promise is made from what was known before that midnight, and no more."""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scheduling.accuracy_clock import Clock, Clocks
from scheduling.accuracy_history import NEVER, History
from scheduling.accuracy_lesson import Lesson
from scheduling.accuracy_level import Survival, survival
from scheduling.accuracy_place import REGION, STEADY, PlaceTable, learn_places
from scheduling.accuracy_rules import BELIEF, COHORT, ENOUGH, FEW, MANY, PARTS, SOME, YOUNG, Rules, Windows
from scheduling.accuracy_watch import Watch, open_lanes, paces

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: The columns of places whose tails are looked at one by one: region, origin and region, origin and settlement.
LANES: Final = slice(REGION, None)


class Walk:
    """The days of a history in their order. After `run`, `promised` holds each parcel's date (ordinals, n).

    `ladder` are the dates that each level of the rules would have promised (n x levels). Weekly, by what was known on
    Monday, the places are learned anew, the windows, and which days are worked; daily all the rest.
    """

    def __init__(self, history: History, clocks: Clocks, rules: Rules) -> None:
        count = len(history.handed)
        self.history, self.clocks, self.rules = history, clocks, rules
        self.windows, self.week = Windows(), -1
        self.table = PlaceTable()
        self.typical = self.table.typical(history.codes)
        self.scale = np.ones(count)
        self.ladder = np.zeros((count, len(PARTS)), dtype=np.int64)
        self.promised = np.zeros(count, dtype=np.int64)
        self.learned_from = NEVER
        self.open = [np.ones(size, dtype=bool) for size in history.sizes[LANES]]
        self._wind(clocks.of(history.delivered[:0]))

    def run(self) -> "Walk":
        """Live through all days on which something was handed over."""
        for day in np.unique(self.history.handed).tolist():
            self.promise(day, self.morning(day))
        return self

    def morning(self, day: int) -> Lesson:
        """What is known on the morning of a day. Days have to come in their order."""
        monday = day - (day - 1) % 7
        if monday != self.week:
            self.week = monday
            self._learn_week(monday)
        return self._learn(day)

    def promise(self, day: int, lesson: Lesson) -> None:
        """Promise what is handed over on a day, and remember what every level would have promised."""
        low, high = np.searchsorted(self.history.handed, [day, day + 1])
        new = slice(int(low), int(high))
        self.scale[new] = lesson.scale(self.typical[new])
        lanes = zip(self.open, self.history.codes[LANES, new], strict=True)
        is_open = np.any([is_open[codes] for is_open, codes in lanes], axis=0)
        days = lesson.days(self.typical[new], self.history.prior[new], is_open)
        self.ladder[new] = self.clock.after(self.history.handed[new][:, None], days)
        self.promised[new] = self.ladder[new, lesson.chosen]

    def _wind(self, clock: Clock) -> None:
        """Count the working days by a clock from now on."""
        self.clock = clock
        self.start = clock.at(self.history.handed)
        self.age = np.where(self.history.delivered < NEVER, clock.at(self.history.delivered) - self.start, NEVER)

    def _learn_week(self, day: int) -> None:
        """Learn how long parcels are under way at all, which days are worked, and how far each place is."""
        known = self.history.delivered[self.history.known_delivered < day]
        clock = self.clocks.of(known)
        if clock is not self.clock:
            self._wind(clock)
        self.windows = Windows(self._settling(day))
        rows = self._rows(day, self.windows.places)
        if len(rows) < FEW:
            return
        ages, _came = self._ages(day, rows)
        ago = (day - self.history.handed[rows]).astype(np.float64)
        table = learn_places(ages.astype(np.float64), ago, self.history.codes[:, rows], self.history.sizes)
        self.table = replace(table, damp=self.rules.damp, paces=self._paces(day, table))
        self.typical = self.table.typical(self.history.codes)

    def _settling(self, day: int) -> int:
        """The calendar days in which nine parcels of ten come, never less than usual."""
        rows = self._rows(day, (self.windows.places[0], 0))
        if not len(rows):
            return Windows().settling
        came = self.history.known_delivered[rows] < day
        days = np.where(came, self.history.delivered[rows], day) - self.history.handed[rows]
        known = survival(days.astype(np.float64), came)
        return max(Windows().settling, int(known.quantiles(np.array([0.9]))[0]))

    def _paces(self, day: int, table: PlaceTable) -> Floats:
        """How slow each region is of late, beside what the table has of it."""
        region, size = self.history.codes[REGION], self.history.sizes[REGION]
        rows = self._rows(day, (self.windows.lost, 0))
        base = table.typical(self.history.codes[:, rows]) + self.rules.damp
        watch = self._watch(day, rows, self.windows.tail, base)
        if watch.arrivals < FEW:
            return np.ones(size)
        return paces(watch, self.rules.share, region[watch.rows], size, STEADY)

    def _learn(self, day: int) -> Lesson:
        """What the parcels known before a day teach about that day."""
        rules, rows = self.rules, self._rows(day, (self.windows.lost, 0))
        nothing = Lesson(self.table, rules.damp, settling=self.windows.settling)
        base = self.typical[rows] + rules.damp
        for span in self.windows.level:
            watch = self._watch(day, rows, span, base)
            if watch.arrivals >= ENOUGH:
                break
        if watch.arrivals < FEW:
            return nothing
        self.learned_from = min(self.learned_from, day)
        level = float(watch.survival().quantiles(np.array([rules.share]))[0])
        watch = self._tail(day, rows, base * level)
        tail = watch.survival()
        arrived = self._rows(day, (self.windows.places[0], 0))
        arrived = arrived[self.history.known_delivered[arrived] < day]
        self.open = open_lanes(watch, tail, self.history.codes[LANES], self.history.sizes[LANES], arrived)
        return replace(
            nothing,
            level=level,
            reach=tail.quantiles(rules.shares),
            chosen=self._choose(day),
            trust=self._trust(watch, tail),
        )

    def _trust(self, watch: Watch, tail: Survival) -> float:
        """How much of the promise is learned: nothing before the tail has been seen up to the target."""
        target = self.rules.target
        if not tail.reaches(target):
            return 0.0
        seen = watch.witnesses(float(tail.quantiles(np.array([target]))[0]))
        return min(1.0, max(0.0, (seen - SOME) / (MANY - SOME)))

    def _tail(self, day: int, rows: Ints, today: Floats) -> Watch:
        """The tail in frozen scales, or in today's (`today`) while too few parcels have one."""
        since = max(self.learned_from, int(self.history.handed[0]) + YOUNG)
        frozen = rows[self.history.handed[rows] >= since]
        watch = self._watch(day, frozen, self.windows.tail, self.scale[frozen])
        return watch if watch.arrivals >= COHORT else self._watch(day, rows, self.windows.tail, today)

    def _watch(self, day: int, rows: Ints, span: int, scale: Floats) -> Watch:
        """How far parcels get, in units of `scale`, as watched over the last `span` days before a day."""
        ages, came = self._ages(day, rows)
        start, damp = self.start[rows], self.rules.damp
        begins, now = self.clock.at(np.array([day - span, day]))
        inside = (~came & self.rules.counts_open) | (came & (self.history.delivered[rows] >= day - span))
        # What is still open has passed only the days before today; what began inside the span was seen from birth.
        could = now - start - 1 + damp
        until = np.where(came, ages + damp, could)
        late = (begins > start) & self.rules.enters_late
        since = np.where(late, begins - start - 1 + damp, 0)
        until, since, could = (values[inside] / scale[inside] for values in (until, since, could))
        return Watch(rows[inside], until, came[inside], since, could)

    def _choose(self, day: int) -> int:
        """The smallest level whose own past promises covered the target, as far as these and our belief say (index)."""
        rules, rows = self.rules, self._rows(day, self.windows.cohort)
        rows = rows[self.history.handed[rows] >= self.learned_from]
        ladder, delivered = self.ladder[rows], self.history.delivered[rows]
        came = self.history.known_delivered[rows] < day
        kept = (came[:, None] & (delivered[:, None] <= ladder)).sum(axis=0)
        due = (came[:, None] | (ladder < day)).sum(axis=0)
        good = np.flatnonzero(kept + BELIEF * rules.believed >= rules.target * (due + BELIEF) - 1e-9)
        return int(good[0]) if len(good) else len(PARTS) - 1

    def _rows(self, day: int, ago: tuple[int, int]) -> Ints:
        """Parcels handed over between so many days ago, as far as that is known before the day."""
        low, high = np.searchsorted(self.history.handed, [day - ago[0], day - ago[1]])
        rows = np.arange(low, high)
        known: Ints = rows[self.history.known_handed[rows] < day]
        return known

    def _ages(self, day: int, rows: Ints) -> tuple[Ints, Flags]:
        """Working days that parcels took, or have taken so far, before a day; and whether they are known to be over."""
        came = self.history.known_delivered[rows] < day
        so_far = np.maximum(self.clock.at(np.array([day]))[0] - self.start[rows], 0)
        return np.where(came, self.age[rows], so_far), came
