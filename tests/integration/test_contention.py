"""Many at once for the same place: on both databases one wins, and without the guard the same test oversells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, time
from threading import Barrier
from typing import TypeVar

import pytest
from flask import Flask
from sqlalchemy import bindparam, event, func, select, text, update

from parcels import journal
from parcels.journal import StaleVersion
from parcels.models import Parcel
from portal.extensions import db
from portal.transaction import transaction
from portal.verify import breaches
from scheduling import booking, claiming
from scheduling.booking import Asker
from scheduling.models import Booking, Slot
from scheduling.policy import Reason, Refusal
from tests.factories import NOW, TOMSK, make_parcel, make_world, zone_of

TUESDAY, DAY, EVENING = date(2026, 11, 24), time(14), time(18)
CONTENDERS = 200
T = TypeVar("T")
UNGUARDED = (
    update(Slot)
    .where(Slot.id == bindparam("slot"))
    .values(taken=Slot.taken + 1)
    .execution_options(synchronize_session=False)
)


def parcels(count: int, places: int) -> list[int]:
    """So many parcels to Tomsk, and so many places in the two slots of Tuesday that the tests fight for."""
    with transaction() as session:
        shop = make_world(session)
        zone = zone_of(session, TOMSK)
        which = Slot.zone_id == zone.id, Slot.day == TUESDAY, Slot.starts >= DAY
        session.execute(update(Slot).where(*which).values(capacity=places))
        return [make_parcel(session, shop).id for _ in range(count)]


def crowd(size: int) -> list[int]:
    """So many parcels for one last place; all but the first have a promise without a history."""
    (first,) = parcels(1, places=1)
    with transaction() as session:
        one = session.get_one(Parcel, first)
        names = ("shop_id", "phone", "settlement_id", "accepted_at", "owner", "next_action", "next_action_at")
        same = {name: getattr(one, name) for name in (*names, "promised_from", "promised_to", "arrival_by")}
        others = [Parcel(order_number=f"{one.order_number}-{n}", **same) for n in range(1, size)]
        session.add_all(others)
        session.flush()
        return [first, *(parcel.id for parcel in others)]


def choose(parcel_id: int, starts: time, seen: int | None = None) -> str | Refusal | StaleVersion:
    """One contender: the use case in a transaction of its own, and how it ended."""
    try:
        with transaction() as session:
            parcel = journal.lock(session, parcel_id)
            asker = Asker("recipient", parcel.version if seen is None else seen)
            booking.book(session, parcel, TUESDAY, starts, asker, NOW)
    except (Refusal, StaleVersion) as answer:
        return answer
    return "booked"


def at_once(app: Flask, jobs: list[Callable[[], T]]) -> list[T]:
    """What the jobs answer, each in its own thread, all let go at the same moment."""
    start = Barrier(len(jobs))

    def run(job: Callable[[], T]) -> T:
        start.wait()
        with app.app_context():
            return job()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return [answer.result(60) for answer in [pool.submit(run, job) for job in jobs]]


def contend(app: Flask) -> list[str | Refusal | StaleVersion]:
    """Two hundred parcels ask for the same last place."""
    return at_once(app, [lambda p=p: choose(p, DAY) for p in crowd(CONTENDERS)])


def tally() -> tuple[int, int]:
    """Places taken and active bookings of the slot."""
    with transaction() as session:
        zone = zone_of(session, TOMSK)
        which = Slot.zone_id == zone.id, Slot.day == TUESDAY, Slot.starts == DAY
        held = select(func.count()).select_from(Booking).join(Slot, Slot.id == Booking.slot_id)
        taken = session.scalar(select(Slot.taken).where(*which))
        return taken or 0, session.scalar(held.where(Booking.is_active, *which)) or 0


def without_the_guard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take places without looking whether there is one, on a table that does not look either."""
    monkeypatch.setattr(claiming, "CLAIM", UNGUARDED)
    if db.engine.dialect.name == "postgresql":
        with db.engine.begin() as connection:
            connection.execute(text("ALTER TABLE slots DROP CONSTRAINT ck_slots_taken"))
        return
    db.engine.dispose()
    event.listen(db.engine, "connect", lambda raw, _record: raw.execute("PRAGMA ignore_check_constraints = ON"))


def test_of_two_hundred_for_one_place_one_wins_and_the_others_get_alternatives(both: Flask) -> None:
    answers = contend(both)
    refusals = [answer for answer in answers if isinstance(answer, Refusal)]
    assert (answers.count("booked"), len(refusals)) == (1, CONTENDERS - 1)
    assert {refusal.reason for refusal in refusals} == {Reason.SLOT_FULL}
    assert {len(refusal.nearest) for refusal in refusals} == {3}
    assert tally() == (1, 1)


def test_without_the_guard_the_same_two_hundred_oversell(both: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    without_the_guard(monkeypatch)
    answers = contend(both)
    assert answers.count("booked") > 1
    assert min(tally()) > 1


def test_the_table_itself_refuses_one_too_many(both: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second wall: a claim that forgets to look cannot write what is not there."""
    monkeypatch.setattr(claiming, "CLAIM", UNGUARDED)
    first, second = parcels(2, places=1)
    assert choose(first, DAY) == "booked"
    with pytest.raises(Exception, match="ck_slots_taken"):
        choose(second, DAY)
    assert tally() == (1, 1)


def test_moves_in_both_directions_do_not_block_each_other(both: Flask) -> None:
    ids = parcels(32, places=20)
    homes = {p: (DAY, EVENING) if n % 2 else (EVENING, DAY) for n, p in enumerate(ids)}
    assert {choose(p, home) for p, (home, _) in homes.items()} == {"booked"}

    def to_and_fro(parcel_id: int) -> list[object]:
        home, away = homes[parcel_id]
        return [choose(parcel_id, starts) for starts in (away, home, away)]

    answers = [answer for moves in at_once(both, [lambda p=p: to_and_fro(p) for p in ids]) for answer in moves]
    assert {a.reason for a in answers if isinstance(a, Refusal)} <= {Reason.SLOT_FULL}
    with transaction() as session:
        assert session.scalar(select(func.sum(Slot.taken))) == 32
    with transaction() as session:
        assert breaches(session) == []


def test_one_parcel_booked_from_sixteen_pages_at_once_has_one_booking(both: Flask) -> None:
    (parcel_id,) = parcels(1, places=16)
    with transaction() as session:
        seen = session.get_one(Parcel, parcel_id).version
    jobs = [lambda starts=starts: choose(parcel_id, starts, seen) for starts in (DAY, EVENING) * 8]
    answers = Counter(type(answer).__name__ for answer in at_once(both, jobs))
    assert answers == {"str": 8, "StaleVersion": 8}
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(Booking)) == 1
    with transaction() as session:
        assert breaches(session) == []
