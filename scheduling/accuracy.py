"""The promise with stated coverage, judged on a history: the rules of the daily lesson, day by day, and no others."""

from dataclasses import dataclass
from math import sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scheduling.accuracy_clock import Clocks
from scheduling.accuracy_history import BadHistory, History
from scheduling.accuracy_replay import Walk
from scheduling.accuracy_report import Figures, figures, is_settled
from scheduling.accuracy_rules import Rules

Ints = NDArray[np.int64]

#: The hand-overs after this part of a history are judged.
TRAINING: Final = 0.7
#: A share this many standard errors below the target is not chance any more: the target is not kept.
ERRORS: Final = 2.0


@dataclass(frozen=True, slots=True)
class BackTest:
    """What a back-test found: our figures, and the carrier's on the parcels that have its promise.

    `open_count` are parcels that are open and not due yet: they say nothing and are in no figure.
    """

    target: float
    ours: Figures
    carrier: Figures | None
    ratio_mean: float | None
    open_count: int

    @property
    def is_kept(self) -> bool:
        """Was the target kept, but for what chance explains?"""
        return is_kept(self.ours.coverage, self.ours.n, self.target)

    def record(self) -> dict[str, object]:
        """As JSON has it: our own figures, then the carrier's in a block; `kept` is there, false, when we broke it."""
        found: dict[str, object] = {**self.ours.record(), "target": self.target, "open": self.open_count}
        if not self.is_kept:
            found["kept"] = False
        if self.carrier is not None and self.ratio_mean is not None:
            found |= {"carrier": self.carrier.record(), "ratio_mean": round(self.ratio_mean, 4)}
        return found


def is_kept(coverage: float, count: int, target: float) -> bool:
    """Are so many of `count` promises enough for a target? Less is excused only as far as chance reaches."""
    return coverage >= target - ERRORS * sqrt(target * (1 - target) / count)


def promises(history: History, target: float = 0.98, country: str = "RU") -> Ints:
    """The promised dates of a whole history (ordinals, n), each made from what was known before its day."""
    clocks = Clocks(country, int(history.handed[0]), history.last)
    return Walk(history, clocks, Rules(target=target)).run().promised


def back_test(
    history: History, target: float = 0.98, country: str = "RU", part: tuple[float, float] = (TRAINING, 1.0)
) -> BackTest:
    """Live through a history and judge the promises of a part of it, the last 30 % unless told otherwise.

    Args: `target` share to be kept, from 0.5 to 0.999; `country` of the working calendar, ISO 3166; `part` of the
    hand-overs that is judged, from and until.
    Raises: BadHistory when nothing is left to be judged.
    """
    dates = promises(history, target, country)
    rows = np.arange(len(dates))
    first, end = (int(share * len(dates)) for share in part)
    judged = (rows >= first) & (rows < end)
    settled = judged & is_settled(history.delivered, dates, history.last)
    ours = _figures(history, dates, settled)
    if ours is None:
        raise BadHistory("nothing_to_judge")
    promised = settled & (history.promised > 0) & is_settled(history.delivered, history.promised, history.last)
    carrier = _figures(history, history.promised, promised)
    ratio = None
    if carrier is not None:
        ratio = float((dates - history.handed)[promised].mean()) / max(carrier.mean_days, 1e-9)
    return BackTest(target, ours, carrier, ratio, int((judged & ~settled).sum()))


def _figures(history: History, dates: Ints, rows: NDArray[np.bool_]) -> Figures | None:
    return figures(history.handed[rows], history.delivered[rows], dates[rows], history.last)
