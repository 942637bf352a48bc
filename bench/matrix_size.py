"""E2: what 3,092 settlements x 50 origins take in memory, and one promise against one conversion of a time zone."""

import time
import tracemalloc
from collections.abc import Iterator
from datetime import UTC
from statistics import median
from zoneinfo import ZoneInfo

from bench.atlas import NOON, TODAY, build, key_of
from bench.figures import Figure, ceiling, side_by_side
from scheduling.quick_promise import QuickPromises

MEGABYTE = 1024 * 1024
LARGEST, SLOWEST = 1.0, 1.6
ROUNDS, TIMES = 9, 100_000


def figures() -> Iterator[Figure]:
    """Allocations are counted by tracemalloc, calendars and files left out; then the clock runs."""
    build()
    tracemalloc.start()
    memory = build()
    lanes = tracemalloc.get_traced_memory()[0] / MEGABYTE
    quick = QuickPromises(memory, TODAY)
    both = tracemalloc.get_traced_memory()[0] / MEGABYTE
    tracemalloc.stop()
    note = f"{len(memory.kinds) - 1} kinds of lanes; {both:.2f} MB with the tables that promises are looked up in"
    yield ceiling("E2 size", "MB of lanes, 3,092 settlements x 50 origins", lanes, LARGEST, note)
    settlement = list(memory.rows)[500]
    key, seconds = key_of(memory, 1), int(NOON.timestamp())
    moment, zone = NOON.astimezone(UTC), ZoneInfo("Asia/Tomsk")

    def promise() -> float:
        ask = quick.promise
        began = time.perf_counter()
        for _ in range(TIMES):
            ask(key, settlement, seconds)
        return time.perf_counter() - began

    def conversion() -> float:
        convert = moment.astimezone
        began = time.perf_counter()
        for _ in range(TIMES):
            convert(zone)
        return time.perf_counter() - began

    ratios = side_by_side(promise, conversion, ROUNDS)
    yield Figure("E2 speed", "one promise against one astimezone", median(ratios), SLOWEST, True, ratios)
