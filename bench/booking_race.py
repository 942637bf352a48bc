"""S1: 32 clients book on one hot slot and on 200 slots, against pgbench. S3: what was sold against what there was."""

from collections.abc import Iterator

from bench import pgbench
from bench.buyers import (
    CLIENTS,
    HOT_ATTEMPTS,
    PLACES_PER_ASKER,
    SPREAD_SLOTS,
    on_many_slots,
    on_one_slot,
    plainly_on_many_slots,
    plainly_on_one_slot,
    rehearse,
)
from bench.crew import Client, race
from bench.figures import ROUNDS, Figure, ceiling, floor, side_by_side
from bench.places import Sale, furnish, postgres_database, put_on_sale, sale

#: As gunicorn runs the product, twice over: the pool of a process holds more connections than it has threads.
PROCESSES, THREADS = 4, CLIENTS // 4
PLENTY = 1_000_000


def figures() -> Iterator[Figure]:
    """Book in races against pgbench and count what was sold after each."""
    rival = "pgbench, prepared" if pgbench.find() else "a bare psycopg loop, because NO PGBENCH was found"
    note = f"claim, ORM booking row, commit in portal.transaction; {PROCESSES} processes x {THREADS} threads"
    plain = "the same statements by engine.begin(), to see what session and entities cost"
    sales: list[Sale] = []
    with postgres_database("bench_races") as url:
        furnish(url, SPREAD_SLOTS, CLIENTS * SPREAD_SLOTS)
        hot = f"bookings/s on one slot, {CLIENTS} clients, PG : {rival}"
        spread = f"bookings/s on 200 slots, {CLIENTS} clients, PG : {rival}"
        for name, what, slots, attempts, client, target, remark in (
            ("S1 hot", hot, 1, HOT_ATTEMPTS, on_one_slot, 0.75, note),
            ("S1 spread", spread, SPREAD_SLOTS, SPREAD_SLOTS, on_many_slots, 0.42, ""),
            ("S1 hot raw", hot, 1, HOT_ATTEMPTS, plainly_on_one_slot, 0.75, plain),
            ("S1 sprd raw", spread, SPREAD_SLOTS, SPREAD_SLOTS, plainly_on_many_slots, 0.42, plain),
        ):
            yield floor(name, what, _against_pgbench(url, slots, attempts, client, sales), target, remark)
    sold, capacity = sum(s.booked for s in sales), sum(s.capacity for s in sales)
    runs = f"after each of {len(sales)} sold-out runs"
    yield ceiling("S3 over", f"bookings beyond capacity, {runs}", sum(s.over for s in sales), 0)
    yield ceiling("S3 exact", f"runs not sold exactly out, {runs}", sum(not s.is_exact for s in sales), 0)
    yield Figure("S3 sold", f"bookings : places, {sold} of {capacity}", sold / capacity, 1)


def _against_pgbench(url: str, slots: int, attempts: int, client: Client, sales: list[Sale]) -> tuple[float, ...]:
    def ours() -> float:
        put_on_sale(url, slots, PLACES_PER_ASKER * attempts // slots)
        run = race(url, rehearse, client, PROCESSES, THREADS)
        sales.append(sale(url))
        return run.per_second

    def theirs() -> float:
        put_on_sale(url, slots, PLENTY)
        return pgbench.per_second(url, slots, CLIENTS, attempts)

    return side_by_side(ours, theirs, ROUNDS)
