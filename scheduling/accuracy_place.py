"""How much slower or faster a place is than the others: a table of shrunken means, from the coarse to the fine."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: A place with this weight of parcels is believed by half.
SHRINK: Final = 20.0
#: After so many days a parcel tells half as much.
HALF_LIFE: Final = 180.0
#: The middle of the scale: at level 1 a place like all others takes SCALE - 1 working days.
SCALE: Final = 8.0
LEAST: Final = 0.5
#: The column of places that are regions: each has a pace of its own.
REGION: Final = 1
#: A region's own pace is believed by half when so many parcels came there of late; with fewer than FEW not at all.
STEADY, FEW = 100, 10


@dataclass(frozen=True, slots=True)
class PlaceTable:
    """What is added to ln(age + 1): `everywhere` for all parcels, `steps` by code for each column of places.

    `paces` say by region how much slower it is now than the network, beside what is usual for it.
    """

    everywhere: float = 0.0
    steps: tuple[Floats, ...] = ()
    paces: Floats | None = None
    damp: float = 0.0

    def typical(self, codes: Ints) -> Floats:
        """Working days that parcels take at level 1 (n). Args: `codes` (columns x n), finer ones last."""
        z = np.full(codes.shape[1], self.everywhere)
        for step, code in zip(self.steps, codes, strict=False):
            z += step[code]
        return self.at(z, self.paces[codes[REGION]] if self.paces is not None else np.ones(len(z)))

    def at(self, z: Floats, pace: Floats) -> Floats:
        """Working days (n) where so much is added to ln(age + 1), at such a pace of the region."""
        usual = np.maximum(LEAST, SCALE * np.exp(z) - 1)
        days: Floats = np.maximum(LEAST, (usual + self.damp) * pace - self.damp)
        return days


def learn_places(ages: Floats, ago: Floats, codes: Ints, sizes: tuple[int, ...]) -> PlaceTable:
    """The table that a set of settled parcels teaches.

    Args: `ages` in working days (n), `ago` how many days before today each was handed over (n), `codes` (columns x
    n) from the coarsest column of places to the finest, `sizes` how many codes each column has. A place that no
    parcel went to adds nothing: it is taken for its region, its macro-region, and in the end for everywhere.
    """
    z = np.log1p(ages)
    week = (ago // 7).astype(np.int64)
    left = z - _three_weeks(z, week)[week]
    weight = 0.5 ** (ago / HALF_LIFE)
    everywhere = float((weight * left).sum() / (weight.sum() + SHRINK))
    left = left - everywhere
    steps = []
    for code, size in zip(codes, sizes, strict=True):
        step = np.bincount(code, weight * left, size) / (np.bincount(code, weight, size) + SHRINK)
        left = left - step[code]
        steps.append(step)
    return PlaceTable(everywhere, tuple(steps))


def _three_weeks(z: Floats, week: Ints) -> Floats:
    """The mean over the parcels of each week and its two neighbours, so that the level is not taken for the place."""
    size = int(week.max(initial=0)) + 3
    sums = np.convolve(np.bincount(week + 1, z, size), np.ones(3), "same")
    counts = np.convolve(np.bincount(week + 1, minlength=size), np.ones(3), "same")
    means: Floats = (sums / np.maximum(counts, 1))[1:]
    return means
