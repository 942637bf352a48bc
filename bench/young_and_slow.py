"""Two histories that break rules made for a settled network: a burst of a young one, and slow freight."""

import numpy as np
from numpy.typing import NDArray

from scheduling.accuracy_history import History

Ints = NDArray[np.int64]

#: A Monday without a feast for weeks.
MONDAY = 739_510


def burst(days: int, rows: int = 9_998, matrix: int = 10, seed: int = 1) -> History:
    """A network that began with thousands of parcels at once, within so many days; `matrix` in working days."""
    dice = np.random.default_rng(seed)
    handed = MONDAY + np.sort(np.minimum(dice.integers(0, days, rows), dice.integers(0, days, rows)))
    region = dice.integers(0, 20, rows)
    typical = 2.5 * np.exp(0.3 * dice.standard_normal(20))[region]
    took = np.ceil(typical * np.exp(0.5 * dice.standard_normal(rows))).astype(np.int64)
    return _history(handed, handed + took, region, np.zeros(rows, dtype=np.int64), matrix)


def freight(seed: int = 3) -> History:
    """Nine years of orders by sea, a few pieces each, months under way."""
    dice = np.random.default_rng(seed)
    orders = 1_500
    sizes = dice.poisson(1.5, orders) + 1
    region, origin = dice.integers(0, 15, orders), dice.integers(0, 10, orders)
    lane = np.exp(0.45 * dice.standard_normal((10, 15)))[origin, region]
    took = np.maximum(90 * lane * np.exp(0.5 * dice.standard_normal(orders)), 3).astype(np.int64)
    handed = 732_000 + np.sort(dice.integers(0, 3_285, orders))
    columns = (np.repeat(column, sizes) for column in (handed, handed + took, region, origin))
    handed, delivered, region, origin = columns
    return _history(handed, delivered, region, origin, 0)


def _history(handed: Ints, delivered: Ints, region: Ints, origin: Ints, matrix: int) -> History:
    regions = int(region.max()) + 1
    lane = origin * regions + region
    codes = np.stack([np.zeros_like(region), region, lane, lane])
    sizes = tuple(int(code.max()) + 1 for code in codes)
    prior = np.full(len(handed), matrix)
    return History(handed, delivered, handed, delivered, codes, sizes, prior, np.zeros_like(handed))
