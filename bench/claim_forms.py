"""S2: the claim as one conditional UPDATE against reading the slot under a lock first and changing it afterwards."""

from collections.abc import Iterator

from sqlalchemy import Connection, select, update

from bench.buyers import CLIENTS
from bench.crew import Client, race
from bench.figures import Figure, floor, side_by_side
from bench.places import furnish, postgres_database, put_on_sale
from portal.extensions import db
from scheduling.claiming import CLAIM
from scheduling.models import Slot

ATTEMPTS, PROCESSES = 64, 4
_READ = select(Slot.taken, Slot.capacity).where(Slot.id == 1).with_for_update()
_TAKE = update(Slot).where(Slot.id == 1).values(taken=Slot.taken + 1)


def figures() -> Iterator[Figure]:
    """Let 32 clients claim places in one slot in both ways."""
    with postgres_database("bench_claims") as url:
        furnish(url, slots=1, parcels=1)
        ratios = side_by_side(lambda: _rate(url, in_one_statement), lambda: _rate(url, read_then_write))
    note = "the claim alone, each with its own commit; one connection per client"
    yield floor("S2", f"places/s on one slot, {CLIENTS} clients, PG: one UPDATE : FOR UPDATE, UPDATE", ratios, 2, note)


def in_one_statement(_number: int) -> int:
    """Claim by the product's own statement."""
    engine = db.engine.execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        return sum(connection.execute(CLAIM, {"slot": 1}).rowcount for _ in range(ATTEMPTS))


def read_then_write(_number: int) -> int:
    """Claim in two statements that hold the lock in between."""
    with db.engine.connect() as connection:
        return sum(_claim_in_two(connection) for _ in range(ATTEMPTS))


def rehearse(_number: int) -> None:
    """Open the connection and fill the statement caches; the slot is not touched."""
    with db.engine.connect() as connection:
        connection.execute(CLAIM, {"slot": 0})
        connection.rollback()


def _claim_in_two(connection: Connection) -> int:
    with connection.begin():
        taken, capacity = connection.execute(_READ).one()
        return connection.execute(_TAKE).rowcount if taken < capacity else 0


def _rate(url: str, client: Client) -> float:
    put_on_sale(url, slots=1, capacity=CLIENTS * ATTEMPTS)
    return race(url, rehearse, client, PROCESSES, CLIENTS // PROCESSES).per_second
