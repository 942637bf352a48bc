"""S4: sixteen processes that book in one SQLite file at once, against one process alone."""

from collections.abc import Iterator

from bench.buyers import SPREAD_SLOTS, on_many_slots, rehearse
from bench.crew import Race, race
from bench.figures import Figure, ceiling, floor, side_by_side
from bench.places import Sale, furnish, put_on_sale, sale, sqlite_database

WRITERS = 16


def figures() -> Iterator[Figure]:
    """Book with sixteen writers and with one, and count who was told BUSY."""
    runs: list[Race] = []
    sales: list[Sale] = []
    with sqlite_database() as url:
        furnish(url, SPREAD_SLOTS, WRITERS * SPREAD_SLOTS)

        def rate(writers: int) -> float:
            put_on_sale(url, SPREAD_SLOTS, max(1, writers - 1))
            runs.append(race(url, rehearse, on_many_slots, writers, threads=1))
            sales.append(sale(url))
            return runs[-1].per_second

        ratios = side_by_side(lambda: rate(WRITERS), lambda: rate(1))
    note = "claim, ORM booking row, commit in portal.transaction; synchronous=FULL"
    yield floor("S4", f"bookings/s, SQLite: {WRITERS} writing processes : 1 process", ratios, 0.4, note)
    yield ceiling("S4 busy", f"answers BUSY in {len(runs)} runs", sum(run.errors for run in runs), 0)
    over = sum(s.over for s in sales)
    inexact = sum(not s.is_exact for s in sales)
    what = f"bookings beyond capacity, plus runs not sold exactly out of {len(runs)}"
    yield ceiling("S3 SQLite", what, over + inexact, 0)
