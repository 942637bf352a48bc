"""The clients of the races: each takes places with parcels of its own, the way the use case does."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from random import Random

from sqlalchemy import bindparam, insert
from sqlalchemy.orm import Session

from bench.places import NOW
from portal.extensions import db
from portal.transaction import transaction
from scheduling import claiming
from scheduling.models import Booking

CLIENTS, HOT_ATTEMPTS, SPREAD_SLOTS = 32, 64, 200
#: One client more than there are places wants every slot, so each run sells out and somebody is refused.
PLACES_PER_ASKER = CLIENTS - 1
_ONE = [1] * HOT_ATTEMPTS
_WRITE = (
    insert(Booking)
    .values(parcel_id=bindparam("parcel"), slot_id=bindparam("slot"), made_by="recipient", made_at=NOW, is_active=True)
    .returning(Booking.id)
)


class _Rehearsal(Exception):
    """Ends a transaction that is only there to fill connections, statement caches and prepared statements."""


def book_place(slot_id: int, parcel_id: int) -> bool:
    """One transaction: claim a place, and write the booking when there was one. Returns whether there was."""
    with transaction() as session:
        return _claim_and_write(session, slot_id, parcel_id)


def rehearse(number: int) -> None:
    """Do the same and take it back, until the driver has prepared its statements."""
    for _ in range(6):
        with suppress(_Rehearsal), transaction() as session:
            _claim_and_write(session, number % SPREAD_SLOTS + 1, number * SPREAD_SLOTS + 1)
            raise _Rehearsal


def _claim_and_write(session: Session, slot_id: int, parcel_id: int) -> bool:
    if not claiming.claim(session, slot_id):
        return False
    session.add(Booking(parcel_id=parcel_id, slot_id=slot_id, made_by="recipient", made_at=NOW, is_active=True))
    session.flush()
    return True


def book_place_plainly(slot_id: int, parcel_id: int) -> bool:
    """The same statements without session and entities, to see what those two cost."""
    with db.engine.begin() as connection:
        if connection.execute(claiming.CLAIM, {"slot": slot_id}).rowcount != 1:
            return False
        connection.execute(_WRITE, {"parcel": parcel_id, "slot": slot_id}).scalar_one()
    return True


def on_one_slot(number: int) -> int:
    """Everybody wants the same slot."""
    return _buy(book_place, number, _ONE)


def on_many_slots(number: int) -> int:
    """Everybody wants every slot once, each in an order of its own."""
    return _buy(book_place, number, _each_in_own_order(number))


def plainly_on_one_slot(number: int) -> int:
    """As `on_one_slot`, by bare statements."""
    return _buy(book_place_plainly, number, _ONE)


def plainly_on_many_slots(number: int) -> int:
    """As `on_many_slots`, by bare statements."""
    return _buy(book_place_plainly, number, _each_in_own_order(number))


def _each_in_own_order(number: int) -> list[int]:
    return Random(number).sample(range(1, SPREAD_SLOTS + 1), SPREAD_SLOTS)


def _buy(book: Callable[[int, int], bool], number: int, slots: Iterable[int]) -> int:
    first = number * SPREAD_SLOTS + 1
    return sum(book(slot, first + n) for n, slot in enumerate(slots))
