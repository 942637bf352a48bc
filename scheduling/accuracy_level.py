"""Kaplan-Meier quantiles: how long things take when many of them are not over yet."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Survival:
    """The share already over (`over`, rising) by each of the values (`at`, rising) at which something ended."""

    at: Floats
    over: Floats
    longest: float

    def reaches(self, share: float) -> bool:
        """Has the distribution been seen up to this share? Beyond, nobody knows how long things take."""
        return len(self.over) > 0 and bool(self.over[-1] >= share - 1e-12)

    def hazard(self, values: Floats) -> Floats:
        """How many ends are expected of one thing that is watched up to each of the values (cumulative hazard)."""
        gone: Floats = np.append(0.0, -np.log(np.maximum(1 - self.over, 1e-3)))
        return gone[np.searchsorted(self.at, values, side="right")]

    def quantiles(self, shares: Floats) -> Floats:
        """The smallest values by which these shares are over; where none is known, the longest value ever seen."""
        places = np.searchsorted(self.over, shares - 1e-12)
        values: Floats = np.append(self.at, self.longest)[np.minimum(places, len(self.at))]
        return values


def survival(values: Floats, is_over: Flags, entered: Floats | None = None) -> Survival:
    """The Kaplan-Meier estimate of a distribution from values of which some are only known to be exceeded.

    Args: `values` (n > 0) where each thing ended or, unless `is_over`, up to where it was watched; `entered` (n)
    after which value it was watched, when its end could not have been seen earlier. Without late entry those that
    were slow enough to reach the window count too much, and the estimate is too slow.
    Source: Kaplan and Meier 1958; late entry: Lynden-Bell 1971.
    """
    ends, ended = np.unique(values[is_over], return_counts=True)
    at_risk = len(values) - np.searchsorted(np.sort(values), ends, side="left")
    if entered is not None:
        at_risk -= len(values) - np.searchsorted(np.sort(entered), ends, side="left")
    alive = np.cumprod(1 - ended / np.maximum(at_risk, ended)).astype(np.float64)
    return Survival(ends, 1 - alive, float(values.max()))
