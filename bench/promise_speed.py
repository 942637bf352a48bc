"""E1: a million promises recomputed, against numpy's own working days: busday_offset for the first and the last day."""

import time
from collections.abc import Iterator

import holidays
import numpy as np

from bench.atlas import NOON, TODAY, build, key_of
from bench.figures import Figure, floor, side_by_side
from scheduling.quick_promise import QuickPromises

COUNT = 1_000_000
TARGET = 5.0


def figures() -> Iterator[Figure]:
    """Parcels of one origin, handed over within 100 days to random settlements."""
    memory = build()
    quick, key = QuickPromises(memory, TODAY), key_of(memory, 1)
    random = np.random.default_rng(1)
    rows = random.integers(0, len(memory.rows), COUNT)
    seconds = int(NOON.timestamp()) - random.integers(0, 50 * 86_400, COUNT)
    kinds = np.frombuffer(memory.routes[key].kinds, dtype=np.uint16)[rows]
    low, high = (np.array([kind[n] if kind else 0 for kind in memory.kinds])[kinds] for n in (0, 1))
    days = (seconds // 86_400).astype("datetime64[D]")
    calendar = np.busdaycalendar(holidays=list(holidays.country_holidays("RU", years=range(2026, 2028))))

    def ours() -> float:
        began = time.perf_counter()
        quick.recompute(key, rows, seconds)
        return COUNT / (time.perf_counter() - began)

    def numpys() -> float:
        began = time.perf_counter()
        for length in (low, high):
            np.busday_offset(days, length, roll="forward", busdaycal=calendar)
        return COUNT / (time.perf_counter() - began)

    ours(), numpys()
    first, last = quick.recompute(key, rows, seconds)
    known = float(((first > 0) & (last > 0)).mean())
    note = f"{known:.1%} looked up; ours also knows cut-offs, clocks and the days that couriers drive"
    yield floor("E1", "one million promises against numpy.busday_offset", side_by_side(ours, numpys), TARGET, note)
