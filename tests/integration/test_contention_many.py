"""Sixty-four at once, on both databases: what is sold is what there was. Each known mistake, put in, is seen to fail.

Every mistake has a twin: the same crowd, the same moment, and the product's own way, which holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import date, time, timedelta
from random import Random
from threading import Barrier, BrokenBarrierError

import pytest
from flask import Flask
from sqlalchemy import Connection, event, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from parcels import journal
from parcels.custody_models import Holding
from parcels.models import Base, Fact, Parcel
from portal import engines
from portal.extensions import db
from portal.transaction import reading, transaction
from portal.verify import breaches, one_booking_each, slots_add_up
from scheduling import booking, claiming
from scheduling.booking import Asker
from scheduling.claiming import CLAIM, GIVE_BACK
from scheduling.models import Booking, Slot
from scheduling.policy import Reason, Refusal
from sms.models import Message
from tests.factories import NOW, TOMSK, make_parcel, make_world, zone_of
from tests.integration.test_contention import at_once, without_the_guard

CLIENTS, SLOTS, A_DAY = 64, 200, 15
FIRST = date(2026, 11, 21)


def slots_on_sale(count: int, places: int) -> list[tuple[date, time]]:
    """So many slots in place of those of Tomsk, over the 15 days that can be chosen, a quarter of an hour apart."""
    names = [(FIRST + timedelta(days=n % A_DAY), time(8 + n // A_DAY // 4, n // A_DAY % 4 * 15)) for n in range(count)]
    with transaction() as session:
        zone = zone_of(session, TOMSK).id
        session.execute(update(Slot).where(Slot.zone_id == zone).values(capacity=0))
        session.execute(text("DELETE FROM slots WHERE zone_id = :zone"), {"zone": zone})
        rows = [{"day": d, "starts": s, "ends": time(s.hour + 1)} for d, s in names]
        session.execute(insert(Slot).values(zone_id=zone, capacity=places, taken=0), rows)
    return names


def parcels(count: int) -> list[int]:
    """So many parcels to Tomsk, all with the history of the first."""
    with transaction() as session:
        one = make_parcel(session, make_world(session))
        others = [Parcel(**_row(one, "id") | {"order_number": f"{one.order_number}-{n}"}) for n in range(1, count)]
        session.add_all(others)
        session.flush()
        message = session.scalars(select(Message)).one()
        for other in others:
            key = message.dedup_key.replace(f"{one.id}:", f"{other.id}:", 1)
            session.add(Message(**_row(message, "id") | {"parcel_id": other.id, "dedup_key": key}))
            session.add_all(Fact(**_row(fact) | {"parcel_id": other.id}) for fact in journal.facts_of(session, one))
            held = session.scalars(select(Holding).where(Holding.parcel_id == one.id))
            session.add_all(Holding(**_row(holding) | {"parcel_id": other.id}) for holding in held)
        return [one.id, *(other.id for other in others)]


def _row(one: Base, *but: str) -> dict[str, object]:
    """The columns of a row, to make another one like it."""
    return {c.key: getattr(one, c.key) for c in type(one).__table__.columns if c.key not in but}


def choose(parcel_id: int, wish: tuple[date, time]) -> Reason | str:
    """The use case in a transaction of its own: booked, or why not."""
    try:
        with transaction() as session:
            parcel = journal.lock(session, parcel_id)
            booking.book(session, parcel, *wish, Asker("recipient", parcel.version), NOW)
    except Refusal as refusal:
        return refusal.reason
    return "booked"


def sold() -> tuple[int, int, int]:
    """Places there are, places taken, active bookings."""
    with reading() as session:
        capacity, taken = session.execute(select(func.sum(Slot.capacity), func.sum(Slot.taken)).where(on_sale())).one()
        held = select(func.count()).select_from(Booking).where(Booking.is_active)
        return int(capacity), int(taken), session.scalar(held) or 0


def on_sale() -> object:
    return Slot.zone_id == select(Slot.zone_id).order_by(Slot.id.desc()).limit(1).scalar_subquery()


def held_by(parcel_id: int) -> tuple[date, time] | None:
    with reading() as session:
        slot = session.scalar(
            select(Slot)
            .join(Booking, Booking.slot_id == Slot.id)
            .where(Booking.parcel_id == parcel_id, Booking.is_active)
        )
        return (slot.day, slot.starts) if slot else None


def found() -> list[str]:
    with transaction() as session:
        return [breach.words for breach in breaches(session)]


# --- nobody is sold what is not there


def test_sixty_four_on_one_slot_sell_it_exactly_out(both: Flask) -> None:
    ids = parcels(CLIENTS)
    (wish,) = slots_on_sale(1, places=20)
    answers = Counter(at_once(both, [lambda p=p: choose(p, wish) for p in ids]))
    assert answers == {"booked": 20, Reason.SLOT_FULL: 44}
    assert sold() == (20, 20, 20)
    assert found() == []


def test_sixty_four_on_two_hundred_slots_sell_them_exactly_out(both: Flask) -> None:
    """Each slot has one place and two who want it, each client five parcels or so and an order of his own."""
    ids = parcels(2 * SLOTS)
    wishes = slots_on_sale(SLOTS, places=1)
    wanted = [(p, wishes[n % SLOTS]) for n, p in enumerate(ids)]
    Random(64).shuffle(wanted)

    def client(number: int) -> Counter[Reason | str]:
        return Counter(choose(p, wish) for p, wish in wanted[number::CLIENTS])

    answers = sum(at_once(both, [lambda n=n: client(n) for n in range(CLIENTS)]), Counter())
    assert answers == {"booked": SLOTS, Reason.SLOT_FULL: SLOTS}
    assert sold() == (SLOTS, SLOTS, SLOTS)
    assert found() == []


def test_sixty_four_who_move_in_both_directions_lose_nothing(both: Flask) -> None:
    ids = parcels(CLIENTS)
    homes = slots_on_sale(2, places=40)
    assert {choose(p, homes[n % 2]) for n, p in enumerate(ids)} == {"booked"}

    def to_and_fro(number: int) -> list[Reason | str]:
        return [choose(ids[number], homes[(number + step) % 2]) for step in (1, 0, 1)]

    answers = Counter(a for moves in at_once(both, [lambda n=n: to_and_fro(n) for n in range(CLIENTS)]) for a in moves)
    assert set(answers) <= {"booked", Reason.SLOT_FULL}
    assert sold()[1:] == (CLIENTS, CLIENTS)
    assert found() == []


# --- the mistakes: looking first


@pytest.mark.parametrize("is_guarded", [True, False], ids=["guarded", "check-then-insert"])
def test_looking_before_taking_sells_too_much(both: Flask, monkeypatch: pytest.MonkeyPatch, is_guarded: bool) -> None:
    """Everybody looks, sees the free place, and takes it. Only a claim that looks and takes at once is right."""
    ids = parcels(CLIENTS)
    (wish,) = slots_on_sale(1, places=1)
    if not is_guarded:
        without_the_guard(monkeypatch)
    all_have_looked = Barrier(CLIENTS)

    def look_and_take(parcel_id: int) -> Reason | str:
        with reading() as session:
            free = session.scalar(select(Slot.capacity - Slot.taken).where(on_sale()))
        all_have_looked.wait(60)
        return choose(parcel_id, wish) if free else Reason.SLOT_FULL

    answers = Counter(at_once(both, [lambda p=p: look_and_take(p) for p in ids]))
    assert (answers["booked"] == 1) is is_guarded
    assert (found() == []) is is_guarded
    assert (sold() == (1, 1, 1)) is is_guarded


# --- the mistakes: not counting rows


def claim_and_hope(session: Session, slot_id: int, given_up: int | None = None, *_place: int | None) -> bool:
    """The conditional UPDATE, without looking at how many rows it changed."""
    session.connection().execute(CLAIM, {"slot": slot_id})
    return True


@pytest.mark.parametrize("is_counted", [True, False], ids=["counted", "row count ignored"])
def test_ignoring_the_row_count_writes_more_bookings_than_places(
    both: Flask, monkeypatch: pytest.MonkeyPatch, is_counted: bool
) -> None:
    ids = parcels(CLIENTS)
    (wish,) = slots_on_sale(1, places=20)
    if not is_counted:
        monkeypatch.setattr(claiming, "claim", claim_and_hope)
    at_once(both, [lambda p=p: choose(p, wish) for p in ids])
    assert sold() == (20, 20, 20 if is_counted else CLIENTS)
    with transaction() as session:
        assert bool(slots_add_up(session)) is not is_counted


# --- the mistakes: giving back first


def give_back_then_claim(session: Session, slot_id: int, given_up: int | None = None, *_place: int | None) -> bool:
    if given_up is not None:
        session.connection().execute(GIVE_BACK, {"slot": given_up})
    return session.connection().execute(CLAIM, {"slot": slot_id}).rowcount == 1


@pytest.mark.parametrize("takes_first", [True, False], ids=["takes first", "gives back first"])
def test_giving_back_first_loses_the_place_when_the_other_is_full(
    both: Flask, monkeypatch: pytest.MonkeyPatch, takes_first: bool
) -> None:
    """A refusal that somebody answers inside his transaction: only a claim that took nothing leaves nothing behind."""
    mover, sitter = parcels(2)
    home, full = slots_on_sale(2, places=1)
    assert [choose(mover, home), choose(sitter, full)] == ["booked", "booked"]
    if not takes_first:
        monkeypatch.setattr(claiming, "claim", give_back_then_claim)
    with transaction() as session:
        parcel = journal.lock(session, mover)
        with pytest.raises(Refusal):
            booking.book(session, parcel, *full, Asker("recipient", parcel.version), NOW)
    assert held_by(mover) == home
    assert (sold() == (2, 2, 2)) is takes_first
    assert (found() == []) is takes_first


@pytest.mark.parametrize("takes_first", [True, False], ids=["takes first", "gives back first"])
def test_giving_back_first_frees_the_place_for_others(both: Flask, takes_first: bool) -> None:
    """In two transactions there is a moment without any place; somebody else has it before the refusal comes."""
    mover, sitter, hungry = parcels(3)
    home, full = slots_on_sale(2, places=1)
    assert [choose(mover, home), choose(sitter, full)] == ["booked", "booked"]
    if not takes_first:
        with transaction() as session:
            booking.withdraw(session, journal.lock(session, mover), "recipient", "move", NOW)
    got = choose(hungry, home)
    assert choose(mover, full) is Reason.SLOT_FULL
    assert (got, held_by(mover)) == ((Reason.SLOT_FULL, home) if takes_first else ("booked", None))


# --- the mistakes: two active bookings


@pytest.mark.parametrize("has_index", [True, False], ids=["unique", "no unique index"])
def test_without_the_unique_index_a_stale_look_makes_two_bookings(
    both: Flask, monkeypatch: pytest.MonkeyPatch, has_index: bool
) -> None:
    """Two pages that both see nothing agreed: the index is what is left to say no."""
    (parcel_id,) = parcels(1)
    wishes = slots_on_sale(2, places=1)
    if not has_index:
        with db.engine.begin() as connection:
            connection.execute(text("DROP INDEX uq_bookings_active"))
    monkeypatch.setattr(booking, "active_booking", lambda *_: None)
    assert choose(parcel_id, wishes[0]) == "booked"
    if has_index:
        with pytest.raises(IntegrityError):
            choose(parcel_id, wishes[1])
    else:
        assert choose(parcel_id, wishes[1]) == "booked"
    with transaction() as session:
        assert (one_booking_each(session) == []) is has_index
    assert sold() == (2, 1, 1) if has_index else (2, 2, 2)


# --- the mistakes: locking in the order of wishes


def in_order_of_wishes(meet: Callable[[], None]) -> Callable[..., bool]:
    """A claim that locks the new slot first and the old one second, with a meeting in between."""

    def claim(session: Session, slot_id: int, given_up: int | None = None, *_place: int | None) -> bool:
        is_had = session.connection().execute(CLAIM, {"slot": slot_id}).rowcount == 1
        if is_had and given_up is not None:
            meet()
            session.connection().execute(GIVE_BACK, {"slot": given_up})
        return is_had

    return claim


@pytest.mark.postgres
@pytest.mark.parametrize("is_ordered", [True, False], ids=["in order of ids", "in order of wishes"])
@pytest.mark.parametrize("both", ["postgresql"], indirect=True)
def test_two_who_change_places_block_each_other_unless_slots_are_locked_in_order(
    both: Flask, monkeypatch: pytest.MonkeyPatch, is_ordered: bool
) -> None:
    ids = parcels(2)
    homes = slots_on_sale(2, places=2)
    assert {choose(p, home) for p, home in zip(ids, homes, strict=True)} == {"booked"}
    crossing = Barrier(2)

    def meet() -> None:
        with suppress(BrokenBarrierError):
            crossing.wait(5)

    if not is_ordered:
        monkeypatch.setattr(claiming, "claim", in_order_of_wishes(meet))

    def move(number: int) -> str:
        try:
            return str(choose(ids[number], homes[1 - number]))
        except OperationalError as error:
            return "deadlock" if "deadlock" in str(error) else str(error)

    answers = at_once(both, [lambda n=n: move(n) for n in range(2)])
    assert sorted(answers) == (["booked", "booked"] if is_ordered else ["booked", "deadlock"])
    assert found() == []


# --- the mistakes: a transaction of SQLite that reads first and wants to write later


def begin_later(connection: Connection) -> None:
    if not connection.get_execution_options().get("reading"):
        connection.exec_driver_sql("BEGIN")


@pytest.mark.parametrize("both", ["sqlite"], indirect=True)
@pytest.mark.parametrize("is_immediate", [True, False], ids=["at once", "later"])
def test_in_sqlite_one_of_two_is_thrown_out_unless_each_takes_its_lock_at_once(both: Flask, is_immediate: bool) -> None:
    """Two who have read the same state cannot both write from it; one that waits before it reads, can."""
    ids = parcels(2)
    (wish,) = slots_on_sale(1, places=2)
    if not is_immediate:
        event.remove(db.engine, "begin", engines._begin_immediately)
        event.listen(db.engine, "begin", begin_later)
    both_have_read = Barrier(2)

    def read_and_take(parcel_id: int) -> str:
        try:
            with transaction() as session:
                parcel = journal.lock(session, parcel_id)
                with suppress(BrokenBarrierError):
                    both_have_read.wait(1)
                booking.book(session, parcel, *wish, Asker("recipient", parcel.version), NOW)
        except OperationalError as error:
            return str(error.orig)
        return "booked"

    answers = at_once(both, [lambda p=p: read_and_take(p) for p in ids])
    assert sorted(answers) == (["booked", "booked"] if is_immediate else ["booked", "database is locked"])
    assert found() == []


@pytest.mark.parametrize("both", ["sqlite"], indirect=True)
def test_sqlite_keeps_what_it_has_committed(both: Flask) -> None:
    """A journal beside the file, a wait instead of an error, and every commit on the disk (FULL is 2)."""
    pragmas = ("journal_mode", "busy_timeout", "synchronous", "foreign_keys")
    with db.engine.connect() as connection:
        told = [connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() for pragma in pragmas]
    assert told == ["wal", 30_000, 2, 1]
