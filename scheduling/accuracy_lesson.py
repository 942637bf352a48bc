"""What is known on the morning of a day, and the promises that it makes."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from scheduling.accuracy_place import PlaceTable
from scheduling.accuracy_rules import BLIND, PARTS

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Lesson:
    """Enough to make any promise of a day, and to say why.

    `level` is how slow the network is, `reach` the tail at each level of the rules, `chosen` the index of the level in
    force. `trust` is how much of the promise is learned (0: the matrix counts, and
    what is learned may only lengthen it; 1: all of it). `settling` are the days in which nine parcels of ten come.
    """

    table: PlaceTable
    damp: float
    level: float = 1.0
    reach: Floats = field(default_factory=lambda: np.zeros(len(PARTS)))
    chosen: int = 0
    trust: float = 0.0
    settling: int = 0

    def scale(self, typical: Floats) -> Floats:
        """What the tail is counted in (n), frozen at hand-over. Args: `typical` working days at level 1."""
        return (typical + self.damp) * self.level

    def days(self, typical: Floats, prior: Ints, is_open: Flags) -> Ints:
        """Working days promised at each level (n x levels).

        Args: `prior` working days by the matrix (n), 0 for none given; `is_open` where the tail of the place has not
        been seen (n): there a promise is never shorter than the matrix's.
        """
        learned = np.ceil(self.scale(typical)[:, None] * self.reach - self.damp - 1e-9)
        given = np.where(prior > 0, prior, BLIND)[:, None]
        if self.trust > 0:
            days = np.ceil(self.trust * learned + (1 - self.trust) * given - 1e-9)
        else:
            days = np.maximum(learned, given)
        least = np.where(is_open, prior, 0)[:, None]
        return np.maximum(days, least).astype(np.int64)
