"""The promise with stated coverage: learned from delivered parcels, and judged on a history it has not seen.

The first 70 % of the hand-overs choose the rules, by labels known by then; the rest is lived through day by day.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scheduling.accuracy_clock import Clock, clock_of
from scheduling.accuracy_history import NEVER, BadHistory, History
from scheduling.accuracy_replay import Rules, Walk
from scheduling.accuracy_report import Figures, figures, is_settled

Ints = NDArray[np.int64]

TRAINING: Final = 0.7
#: Sharper rules than the first of CANDIDATES have to be this much shorter, and seen on this many parcels.
GAIN, TRIED = 0.98, 2_000
CANDIDATES: Final = (Rules(), Rules(columns=6))
#: Where in the training part the rules are compared: from here on they have learned something.
WARM: Final = 0.4
_STRETCHES: Final = np.arange(0.6, 1.81, 0.01)


@dataclass(frozen=True, slots=True)
class BackTest:
    """What a back-test found: our figures, the carrier's on the parcels that have its promise, and the rules used.

    `open_count` are parcels that are open and not due yet: they say nothing and are in no figure.
    """

    target: float
    ours: Figures
    carrier: Figures | None
    ratio_mean: float | None
    open_count: int
    rules: Rules

    def record(self) -> dict[str, object]:
        """As JSON has it: our own figures, then the carrier's in a block."""
        found: dict[str, object] = {**self.ours.record(), "target": self.target, "open": self.open_count}
        if self.carrier is not None and self.ratio_mean is not None:
            found |= {"carrier": self.carrier.record(), "ratio_mean": round(self.ratio_mean, 4)}
        return found


def promises(history: History, cut: int, target: float = 0.98, country: str = "RU") -> tuple[Ints, Rules]:
    """The promised dates of a whole history (ordinals, n), and the rules that the days before `cut` chose.

    Args: `cut` an ordinal: nothing that became known on it or later decides about the calendar or the rules.
    """
    known = history.delivered[history.known_delivered < cut]
    clock = clock_of(country, int(history.handed[0]), max(cut, int(history.handed[0])), known)
    rules = choose(history, clock, cut, target)
    return _dates(history, clock, rules), rules


def choose(history: History, clock: Clock, cut: int, target: float) -> Rules:
    """The rules whose promises would have been the shortest before `cut`, had each covered the target exactly."""
    candidates = [replace(rules, target=target) for rules in CANDIDATES]
    seen = _until(history, cut)
    if len(seen.handed) * (1 - WARM) < TRIED:
        return candidates[0]
    costs = [_cost(seen, clock, rules, cut) for rules in candidates]
    best = int(np.argmin(costs))
    return candidates[best] if costs[best] < GAIN * costs[0] else candidates[0]


def _until(history: History, cut: int) -> History:
    """The history as it was known just before a date."""
    rows = history.known_handed < cut
    over = history.known_delivered[rows] < cut
    return History(
        history.handed[rows],
        np.where(over, history.delivered[rows], NEVER),
        history.known_handed[rows],
        np.where(over, history.known_delivered[rows], NEVER),
        history.codes[:, rows],
        history.sizes,
        history.prior[rows],
        history.promised[rows],
    )


def _cost(history: History, clock: Clock, rules: Rules, last: int) -> float:
    """Mean days of the promises, all stretched by the one factor that makes them cover the target exactly."""
    days = Walk(history, clock, rules).run().promised
    judged = np.arange(len(days)) >= WARM * len(days)
    judged &= history.handed < last - 30
    for stretch in _STRETCHES.tolist():
        dates = clock.after(history.handed, np.ceil(days * stretch - 1e-9).astype(np.int64))
        settled = judged & is_settled(history.delivered, dates, last)
        if (history.delivered[settled] <= dates[settled]).mean() >= rules.target:
            break
    return float((dates - history.handed)[settled].mean())


def _dates(history: History, clock: Clock, rules: Rules) -> Ints:
    return clock.after(history.handed, Walk(history, clock, rules).run().promised)


def back_test(history: History, target: float = 0.98, country: str = "RU") -> BackTest:
    """Live through the last 30 % of a history and judge the promises.

    Args: `target` share to be kept, from 0.5 to 0.999; `country` of the working calendar, ISO 3166.
    Raises: BadHistory when nothing is left to be judged.
    """
    first = int(TRAINING * len(history.handed))
    cut = int(history.handed[first])
    dates, rules = promises(history, cut, target, country)
    later = np.arange(len(dates)) >= first
    settled = later & is_settled(history.delivered, dates, history.last)
    ours = _figures(history, dates, settled)
    if ours is None:
        raise BadHistory("nothing_to_judge")
    promised = settled & (history.promised > 0) & is_settled(history.delivered, history.promised, history.last)
    carrier = _figures(history, history.promised, promised)
    ratio = None
    if carrier is not None:
        ratio = float((dates - history.handed)[promised].mean()) / max(carrier.mean_days, 1e-9)
    return BackTest(target, ours, carrier, ratio, int((later & ~settled).sum()), rules)


def _figures(history: History, dates: Ints, rows: NDArray[np.bool_]) -> Figures | None:
    return figures(history.handed[rows], history.delivered[rows], dates[rows], history.last)
