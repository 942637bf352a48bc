"""Agreeing a delivery, through the real transaction, on both databases: what is taken, given back and refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from parcels import journal
from parcels.journal import NewFact, StaleVersion
from parcels.models import Fact, Parcel
from parcels.stages import Kind, Stage
from portal.transaction import reading, transaction
from portal.verify import breaches
from scheduling import booking
from scheduling.booking import Asker
from scheduling.models import Booking, Slot
from scheduling.policy import Reason, Refusal
from tests.factories import NOW, TOMSK, make_parcel, make_world, zone_of

#: The parcel of `NOW` is promised for 21–24 November; it can be chosen up to 5 December.
FIRST, TUESDAY, WEDNESDAY, LAST = date(2026, 11, 21), date(2026, 11, 24), date(2026, 11, 25), date(2026, 12, 5)
MORNING, DAY, EVENING = time(10), time(14), time(18)
SOON = NOW + timedelta(minutes=5)


@pytest.fixture
def parcel_id(both: Flask) -> Iterator[int]:
    yield from parcel_to_tomsk()


def parcel_to_tomsk() -> Iterator[int]:
    """A parcel on its way to Tomsk; whatever a test does to it, the invariants hold in the end."""
    with transaction() as session:
        parcel = make_parcel(session, make_world(session))
    yield parcel.id
    with transaction() as session:
        assert breaches(session) == []


def another(**changes: object) -> int:
    """One more parcel of the same shop."""
    with transaction() as session:
        shop = session.scalars(select(Parcel)).first().shop  # type: ignore[union-attr]
        return make_parcel(session, shop, **changes).id


def version_of(parcel_id: int) -> int:
    return parcel_of(parcel_id).version


def parcel_of(parcel_id: int) -> Parcel:
    with reading() as session:
        return session.get_one(Parcel, parcel_id)


def asker(parcel_id: int, seen: int | None) -> Asker:
    return Asker("recipient", version_of(parcel_id) if seen is None else seen)


def book(parcel_id: int, day: date, starts: time = DAY, seen: int | None = None, now: datetime = SOON) -> int:
    by = asker(parcel_id, seen)
    with transaction() as session:
        return booking.book(session, journal.lock(session, parcel_id), day, starts, by, now).id


def postpone(parcel_id: int, to: date, seen: int | None = None, now: datetime = SOON) -> int:
    by = asker(parcel_id, seen)
    with transaction() as session:
        return booking.postpone(session, journal.lock(session, parcel_id), to, by, now).id


def undo(parcel_id: int, seen: int | None = None, now: datetime = SOON) -> None:
    by = asker(parcel_id, seen)
    with transaction() as session:
        booking.undo(session, journal.lock(session, parcel_id), by, now)


def happen(parcel_id: int, *kinds: Kind, now: datetime = SOON) -> None:
    with transaction() as session:
        parcel = journal.lock(session, parcel_id)
        for kind in kinds:
            journal.record(session, parcel, NewFact(kind, "carrier:test"), now)


def set_places(day: date, starts: time, capacity: int) -> None:
    with transaction() as session:
        zone = zone_of(session, TOMSK)
        which = Slot.zone_id == zone.id, Slot.day == day, Slot.starts == starts
        session.execute(update(Slot).where(*which).values(capacity=capacity))


def taken() -> dict[str, int]:
    """Places taken, by slot, where there are any."""
    with reading() as session:
        slots = session.scalars(select(Slot).where(Slot.taken > 0))
        return {f"{slot.day:%d.%m} {slot.starts:%H}": slot.taken for slot in slots}


def facts(parcel_id: int) -> list[Kind]:
    with reading() as session:
        return list(session.scalars(select(Fact.kind).where(Fact.parcel_id == parcel_id).order_by(Fact.seq)))


def agreed(parcel_id: int) -> Booking | None:
    with reading() as session:
        held = booking.active_booking(session, parcel_id)
        if held is not None:
            assert held.slot is None or held.slot.day
        return held


def refused(change: object) -> Refusal:
    """The refusal that a change meets."""
    with pytest.raises(Refusal) as caught:
        change()  # type: ignore[operator]
    return caught.value


def test_a_slot_is_booked(parcel_id: int) -> None:
    book(parcel_id, TUESDAY)
    assert taken() == {"24.11 14": 1}
    assert parcel_of(parcel_id).stage is Stage.SCHEDULED
    assert facts(parcel_id)[-1] is Kind.SLOT_BOOKED


def test_the_same_slot_twice_is_one_booking_and_one_fact(parcel_id: int) -> None:
    page = version_of(parcel_id)
    assert book(parcel_id, TUESDAY, seen=page) == book(parcel_id, TUESDAY, seen=page)
    assert taken() == {"24.11 14": 1}
    assert facts(parcel_id).count(Kind.SLOT_BOOKED) == 1


def test_an_operator_who_agrees_the_same_slot_again_lifts_an_incident(parcel_id: int) -> None:
    book(parcel_id, TUESDAY)
    happen(parcel_id, Kind.INCIDENT)
    with transaction() as session:
        parcel = journal.lock(session, parcel_id)
        booking.book(session, parcel, TUESDAY, DAY, Asker("operator:1", parcel.version), SOON)
    assert parcel_of(parcel_id).stage is Stage.SCHEDULED
    assert taken() == {"24.11 14": 1}


def test_a_move_gives_the_old_place_back(parcel_id: int) -> None:
    book(parcel_id, TUESDAY)
    book(parcel_id, WEDNESDAY, EVENING)
    assert taken() == {"25.11 18": 1}


def test_a_postponement_keeps_the_parcel_until_a_later_day(parcel_id: int) -> None:
    postpone(parcel_id, date(2026, 12, 1))
    assert parcel_of(parcel_id).stage is Stage.POSTPONED
    assert agreed(parcel_id).postponed_to == date(2026, 12, 1)  # type: ignore[union-attr]


def test_a_postponement_gives_the_place_back(parcel_id: int) -> None:
    book(parcel_id, TUESDAY)
    postpone(parcel_id, date(2026, 12, 1))
    assert taken() == {}


def test_the_same_postponement_twice_is_one_fact(parcel_id: int) -> None:
    page = version_of(parcel_id)
    assert postpone(parcel_id, LAST, seen=page) == postpone(parcel_id, LAST, seen=page)
    assert facts(parcel_id).count(Kind.POSTPONED) == 1


def test_a_first_choice_is_undone_to_nothing(parcel_id: int) -> None:
    book(parcel_id, TUESDAY)
    undo(parcel_id)
    assert (agreed(parcel_id), taken(), parcel_of(parcel_id).plan) == (None, {}, None)


def test_a_move_is_undone_to_the_slot_before(parcel_id: int) -> None:
    book(parcel_id, TUESDAY)
    book(parcel_id, WEDNESDAY)
    undo(parcel_id)
    assert taken() == {"24.11 14": 1}


def test_a_move_is_undone_to_the_postponement_before(parcel_id: int) -> None:
    postpone(parcel_id, LAST)
    book(parcel_id, WEDNESDAY)
    undo(parcel_id)
    assert taken() == {}
    assert agreed(parcel_id).postponed_to == LAST  # type: ignore[union-attr]


def test_a_postponement_is_undone_to_the_slot_before(parcel_id: int) -> None:
    book(parcel_id, TUESDAY)
    postpone(parcel_id, LAST)
    undo(parcel_id)
    assert taken() == {"24.11 14": 1}


def test_what_was_undone_is_not_undone_again(parcel_id: int) -> None:
    book(parcel_id, TUESDAY)
    book(parcel_id, WEDNESDAY)
    undo(parcel_id)
    undo(parcel_id)
    assert taken() == {"24.11 14": 1}


def test_an_undo_is_refused_when_the_place_before_has_gone(parcel_id: int) -> None:
    set_places(TUESDAY, DAY, 1)
    book(parcel_id, TUESDAY)
    book(parcel_id, WEDNESDAY)
    book(another(), TUESDAY)
    assert refused(lambda: undo(parcel_id)).reason is Reason.UNDO_TAKEN
    assert taken() == {"24.11 14": 1, "25.11 14": 1}


@pytest.mark.parametrize(("seconds", "is_late"), [(899, False), (900, True)])
def test_an_undo_is_possible_for_fifteen_minutes(parcel_id: int, seconds: int, is_late: bool) -> None:
    book(parcel_id, TUESDAY, now=SOON)
    moment_of_undo = SOON + timedelta(seconds=seconds)
    if is_late:
        assert refused(lambda: undo(parcel_id, now=moment_of_undo)).reason is Reason.UNDO_OVER
    else:
        undo(parcel_id, now=moment_of_undo)
    assert (taken() != {}) is is_late


def test_a_parcel_without_a_choice_has_nothing_to_undo(parcel_id: int) -> None:
    assert refused(lambda: undo(parcel_id)).reason is Reason.NOTHING_TO_UNDO


@pytest.mark.parametrize("change", [book, postpone])
def test_a_page_older_than_the_last_scan_decides_nothing(parcel_id: int, change: object) -> None:
    page = version_of(parcel_id)
    happen(parcel_id, Kind.HANDED_OVER)
    with pytest.raises(StaleVersion):
        change(parcel_id, WEDNESDAY, seen=page)  # type: ignore[operator]
    assert (agreed(parcel_id), taken()) == (None, {})


def test_a_message_that_failed_does_not_make_the_page_old(parcel_id: int) -> None:
    page = version_of(parcel_id)
    happen(parcel_id, Kind.MESSAGE_FAILED)
    book(parcel_id, TUESDAY, seen=page)
    assert taken() == {"24.11 14": 1}


def test_a_choice_that_somebody_else_has_changed_is_not_undone(parcel_id: int) -> None:
    book(parcel_id, TUESDAY)
    page = version_of(parcel_id)
    book(parcel_id, WEDNESDAY)
    with pytest.raises(StaleVersion):
        undo(parcel_id, seen=page)
