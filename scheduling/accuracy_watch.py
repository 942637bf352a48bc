"""Parcels as they were watched over some days: how far they got, and where their end has not been seen."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scheduling.accuracy_level import Survival, survival
from scheduling.accuracy_place import FEW

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Watch:
    """What was seen of parcels over some days, in units of their scales (n each).

    `rows` of the history; `until` where each ended, or up to where it was watched, unless it `came`; `since` where it
    was when the days began; `could` up to where it would have been watched, had it not come.
    """

    rows: Ints
    until: Floats
    came: Flags
    since: Floats
    could: Floats

    @property
    def arrivals(self) -> int:
        """How many came."""
        return int(self.came.sum())

    def survival(self, which: Flags | slice = slice(None)) -> Survival:
        """How all of it is distributed, or a part."""
        return survival(self.until[which], self.came[which], self.since[which])

    def witnesses(self, value: float) -> int:
        """How many would have been seen to come as late as at this value."""
        return int((self.could >= value).sum())


def open_lanes(watch: Watch, known: Survival, lanes: Ints, sizes: tuple[int, ...], arrived: Ints) -> list[Flags]:
    """Which lanes are slower than has been learned of them: of what should have come too little has, beyond chance.

    Regions, and ways from an origin to a region, are open as well while hardly anything has arrived there.

    Args: `known` how the parcels of a watch are distributed, `lanes` (columns x n) their codes for the whole history:
    region, origin and region, origin and settlement, `sizes` of these columns, `arrived` the rows that have come.
    """
    due = known.hazard(watch.until) - known.hazard(watch.since)
    found = []
    for code, size in zip(lanes, sizes, strict=True):
        here = code[watch.rows]
        expected, came = np.bincount(here, due, size), np.bincount(here, watch.came, size)
        found.append(came < expected - 2 * np.sqrt(expected))
    for n in (0, 1):
        found[n] |= np.bincount(lanes[n][arrived], minlength=sizes[n]) < FEW
    return found


def paces(watch: Watch, share: float, region: Ints, size: int, steady: float) -> Floats:
    """By how much each region is slower now than all are, at one point of the distribution; few parcels say little.

    Args: `region` the code of each watched parcel, `size` how many regions there are, `steady` how many arrivals are
    believed by half. A region whose end has not been seen is taken to be no faster than all.
    """
    found = np.ones(size)
    point = np.array([share])
    whole = float(watch.survival().quantiles(point)[0])
    arrivals = np.bincount(region, watch.came, size)
    for code in np.flatnonzero(arrivals >= FEW).tolist():
        own = watch.survival(region == code)
        pace = float(own.quantiles(point)[0]) / whole
        if not own.reaches(share):
            pace = max(pace, 1.0)
        found[code] = pace ** (arrivals[code] / (arrivals[code] + steady))
    return found
