"""What the manager changes, on both databases: nobody's place is taken silently, and nobody overwrites a colleague."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from parcels.models import Fact
from parcels.stages import Kind, Stage
from portal.extensions import db
from portal.sending import deliver_messages
from portal.ticking import sweep
from portal.transaction import reading, transaction
from portal.verify import breaches
from scheduling import blackouts, booking, capacity, weekly, zones
from scheduling.calendars import calendar_of
from scheduling.capacity import Changed, Impossible, Occupied
from scheduling.models import Blackout, Interval, Slot
from scheduling.policy import Reason
from scheduling.weekly import Followed, Hours
from sms.models import Message
from tests.factories import NOW, TOMSK, zone_of
from tests.integration.test_booking import (
    DAY,
    EVENING,
    MORNING,
    SOON,
    TUESDAY,
    WEDNESDAY,
    another,
    book,
    facts,
    happen,
    parcel_of,
    parcel_to_tomsk,
    refused,
    set_places,
    taken,
)
from tests.integration.test_contention import at_once, choose, crowd

RUSSIA = calendar_of("RU")
TUESDAYS = 1
USUAL = Hours(time(18), 14)


@pytest.fixture
def parcel_id(both: Flask) -> Iterator[int]:
    yield from parcel_to_tomsk()


def slot_of(day: date, starts: time = DAY) -> Slot:
    with reading() as session:
        zone = zone_of(session, TOMSK)
        which = Slot.zone_id == zone.id, Slot.day == day, Slot.starts == starts
        return session.scalars(select(Slot).where(*which)).one()


def zone_id() -> int:
    with reading() as session:
        return zone_of(session, TOMSK).id


def set_capacity(slot: Slot, new: int, seen: int | None = None) -> int:
    with transaction() as session:
        return capacity.set_capacity(session, slot.id, slot.capacity if seen is None else seen, new, SOON).capacity


def black_out(day: date, *agreed: int, now: object = SOON) -> int:
    with transaction() as session:
        return blackouts.black_out(session, zone_of(session, TOMSK).id, day, "лёд", "manager:1", agreed, now)  # type: ignore[arg-type]


def test_places_are_added_and_taken_away(parcel_id: int) -> None:
    slot = slot_of(TUESDAY)
    assert set_capacity(slot, 20) == 20
    assert set_capacity(slot_of(TUESDAY), 0) == 0
    assert refused(lambda: book(parcel_id, TUESDAY)).reason is Reason.CLOSED_DAY


def test_below_what_is_taken_is_refused_with_names(parcel_id: int) -> None:
    held = book(parcel_id, TUESDAY)
    with pytest.raises(Occupied) as caught:
        set_capacity(slot_of(TUESDAY), 0)
    (one,) = caught.value.by
    number = parcel_of(parcel_id).order_number
    assert (one.booking_id, one.order_number, one.recipient) == (held, number, "Марина Кузнецова")
    assert slot_of(TUESDAY).capacity == 14
    assert set_capacity(slot_of(TUESDAY), 1) == 1


def test_the_second_manager_sees_what_the_first_has_done(parcel_id: int) -> None:
    slot = slot_of(TUESDAY)
    set_capacity(slot, 20)
    with pytest.raises(Changed) as caught:
        set_capacity(slot, 10)
    assert caught.value.current == 20
    assert set_capacity(slot, 20) == 20  # a second press of the first


@pytest.mark.parametrize("places", [-1, 1000])
def test_places_that_make_no_sense(parcel_id: int, places: int) -> None:
    with pytest.raises(Impossible, match="places"):
        set_capacity(slot_of(TUESDAY), places)


def test_a_day_that_is_over_is_not_changed(parcel_id: int) -> None:
    slot = slot_of(TUESDAY)
    with pytest.raises(Impossible, match="past"), transaction() as session:
        capacity.set_capacity(session, slot.id, slot.capacity, 3, NOW + timedelta(days=10))


def test_a_day_without_bookings_is_closed_and_opened_again(parcel_id: int) -> None:
    assert black_out(TUESDAY) == 0
    assert {slot_of(TUESDAY, hour).capacity for hour in (MORNING, DAY, EVENING)} == {0}
    assert refused(lambda: book(parcel_id, TUESDAY)).reason is Reason.CLOSED_DAY
    with pytest.raises(Changed, match="blackout"):
        black_out(TUESDAY)
    with pytest.raises(Changed, match="blackout"):
        set_capacity(slot_of(TUESDAY), 5)
    with transaction() as session:
        blackouts.reopen(session, zone_id(), TUESDAY)
    book(parcel_id, TUESDAY)
    with pytest.raises(Changed, match="open"), transaction() as session:
        blackouts.reopen(session, zone_id(), TUESDAY)


def test_a_day_with_bookings_is_refused_with_their_names_and_then_closed_with_consent(parcel_id: int) -> None:
    held = book(parcel_id, TUESDAY)
    with pytest.raises(Occupied) as caught:
        black_out(TUESDAY)
    assert [one.booking_id for one in caught.value.by] == [held]
    assert black_out(TUESDAY, held) == 1
    assert (taken(), parcel_of(parcel_id).plan) == ({}, None)
    deliver_messages(lambda: SOON)
    with reading() as session:
        withdrawn = session.scalars(select(Fact).where(Fact.kind == Kind.CHOICE_WITHDRAWN)).one()
        message = session.scalars(select(Message).where(Message.kind == "delay")).one()
    assert withdrawn.details["cause"] == "blackout"
    assert "2026-11-24" not in withdrawn.details["instead"]
    assert message.dedup_key == f"{parcel_id}:delay:{held}:sms"
    assert "не приедем 24.11" in message.text


def test_consent_holds_only_for_those_who_were_named(parcel_id: int) -> None:
    held = book(parcel_id, TUESDAY)
    book(another(), TUESDAY, EVENING)
    with pytest.raises(Occupied) as caught:
        black_out(TUESDAY, held)
    assert len(caught.value.by) == 2
    assert taken() == {"24.11 14": 1, "24.11 18": 1}


def test_a_day_that_has_begun_is_not_closed(parcel_id: int) -> None:
    with pytest.raises(Impossible, match="past"):
        black_out(TUESDAY, now=NOW + timedelta(days=8))


def test_a_closed_day_is_not_opened_by_the_worker_and_no_promise_begins_with_it(parcel_id: int) -> None:
    far = NOW.date() + timedelta(days=zones.OPEN_DAYS + 1)
    black_out(far)
    first = parcel_of(parcel_id).promised_from
    assert first is not None
    black_out(first)
    with transaction() as session:
        zones.open_days(session, NOW + timedelta(days=1))
        assert session.scalar(select(Slot.id).where(Slot.day == far, Slot.zone_id == zone_id())) is None
    assert parcel_of(another()).promised_from == first + timedelta(days=1)


def test_the_week_changes_for_days_not_yet_open(parcel_id: int) -> None:
    more = Hours(time(18), 20)
    with transaction() as session:
        done = weekly.change(session, zone_id(), (TUESDAYS, DAY), USUAL, more, False, SOON)
    assert done == Followed()
    assert slot_of(TUESDAY).capacity == 14
    with transaction() as session:
        zones.open_days(session, NOW + timedelta(days=7))
    late = TUESDAY + timedelta(days=63)
    assert slot_of(late).capacity == 20


def test_open_days_follow_unless_somebody_has_a_time_there(parcel_id: int) -> None:
    book(parcel_id, TUESDAY, MORNING)
    set_capacity(slot_of(TUESDAY + timedelta(days=14)), 3)  # the manager's own word for one day
    with transaction() as session:
        more = Hours(time(17), 20)
        done = weekly.change(session, zone_id(), (TUESDAYS, DAY), USUAL, more, True, SOON)
    assert done.kept == 1
    assert slot_of(TUESDAY).capacity == 14
    assert slot_of(TUESDAY + timedelta(days=14)).capacity == 3
    changed = slot_of(TUESDAY + timedelta(days=7))
    assert (changed.capacity, changed.ends) == (20, time(17))


def test_an_interval_is_removed_and_added_again(parcel_id: int) -> None:
    next_week = TUESDAY + timedelta(days=7)
    with transaction() as session:
        weekly.remove(session, zone_id(), (TUESDAYS, DAY), USUAL, True, SOON)
    assert slot_of(next_week).capacity == 0
    with transaction() as session:
        weekly.add(session, zone_id(), (TUESDAYS, DAY), Hours(time(18), 9), True, SOON)
    assert slot_of(next_week).capacity == 9
    with transaction() as session:
        weekly.add(session, zone_id(), (TUESDAYS, time(8)), Hours(time(10), 4), True, SOON)
    assert slot_of(next_week, time(8)).capacity == 4


@pytest.mark.parametrize(
    ("starts", "new", "why"),
    [
        (time(12), Hours(time(13), 4), "crossing"),
        (time(23), Hours(time(22), 4), "hours"),
        (time(22), Hours(time(23), 0), "places"),
        (time(22), Hours(time(23), 1000), "places"),
    ],
)
def test_an_interval_that_makes_no_sense(parcel_id: int, starts: time, new: Hours, why: str) -> None:
    with pytest.raises(Impossible, match=why), transaction() as session:
        weekly.add(session, zone_id(), (TUESDAYS, starts), new, True, SOON)


def test_the_week_is_compared_with_what_was_seen(parcel_id: int) -> None:
    key, mine, theirs = (TUESDAYS, DAY), Hours(time(18), 5), Hours(time(18), 6)

    def change(new: Hours) -> None:
        with transaction() as session:
            weekly.change(session, zone_id(), key, USUAL, new, False, SOON)

    change(theirs)
    change(theirs)
    with pytest.raises(Changed) as caught:
        change(mine)
    assert caught.value.current == theirs
    with pytest.raises(Changed), transaction() as session:
        weekly.remove(session, zone_id(), key, USUAL, False, SOON)
    with reading() as session:
        assert session.get_one(Interval, (zone_id(), *key)).capacity == 6


def test_the_closing_time_moves_the_deadline_with_it(parcel_id: int) -> None:
    with transaction() as session:
        capacity.set_closing(session, zone_id(), time(18), time(20), SOON)
    with pytest.raises(Changed), transaction() as session:
        capacity.set_closing(session, zone_id(), time(18), time(16), SOON)
    late = NOW.replace(day=20, hour=12)  # 19:00 in Tomsk on the eve of the first day
    book(parcel_id, date(2026, 11, 21), now=late)
    assert taken() == {"21.11 14": 1}


def test_who_waits_for_the_old_closing_time_is_called_at_the_new_one(parcel_id: int) -> None:
    happen(parcel_id, Kind.HANDED_OVER, Kind.DEPARTED)
    before = parcel_of(parcel_id)
    assert before.next_action == "ask"
    with transaction() as session:
        capacity.set_closing(session, zone_id(), time(18), time(20), SOON)
    sweep(SOON)
    assert parcel_of(parcel_id).next_action_at == before.next_action_at + timedelta(hours=2)  # type: ignore[operator]
    assert Kind.CALL_QUEUED not in facts(parcel_id)


def test_bookings_against_a_falling_capacity_never_meet_below_zero(both: Flask) -> None:
    """Thirty buyers and a manager who takes the places away one by one: taken never exceeds capacity."""
    ids = crowd(30)
    slot = slot_of(date(2026, 11, 24))
    with transaction() as session:
        session.execute(update(Slot).where(Slot.id == slot.id).values(capacity=20))

    def lower() -> str:
        seen, stopped = 20, "lowered"
        for new in range(19, -1, -1):
            try:
                with transaction() as session:
                    capacity.set_capacity(session, slot.id, seen, new, NOW)
                seen = new
            except Occupied:
                stopped = "occupied"
        return stopped

    at_once(both, [lower, *[lambda p=p: str(choose(p, DAY)) for p in ids]])
    after = slot_of(date(2026, 11, 24))
    assert 0 <= after.taken <= after.capacity
    with transaction() as session:
        assert [b for b in breaches(session) if b.invariant == "I1"] == []


def test_closing_a_day_against_bookings_leaves_nobody_on_it(both: Flask) -> None:
    ids = crowd(12)
    slot = slot_of(date(2026, 11, 24))
    with transaction() as session:
        session.execute(update(Slot).where(Slot.id == slot.id).values(capacity=20))

    def close() -> str:
        for _ in range(20):
            with reading() as session:
                agreed = [one.booking_id for one in capacity.occupants(session, slot.zone_id, slot.day)]
            try:
                with transaction() as session:
                    blackouts.black_out(session, slot.zone_id, slot.day, "", "manager:1", agreed, NOW)
                return "closed"
            except Occupied:
                continue
        return "never"

    answers = at_once(both, [close, *[lambda p=p: str(choose(p, DAY)) for p in ids]])
    assert answers[0] == "closed"
    assert slot_of(date(2026, 11, 24)).taken == 0
    with reading() as session:
        assert session.get(Blackout, (slot.zone_id, slot.day)) is not None
        assert all(booking.active_booking(session, p) is None for p in ids)
    db.session.remove()


def test_who_has_lost_his_day_has_a_deadline_again(parcel_id: int) -> None:
    held = book(parcel_id, WEDNESDAY)
    black_out(WEDNESDAY, held)
    parcel = parcel_of(parcel_id)
    assert parcel.stage is Stage.ACCEPTED
    assert parcel.next_action_at is not None
    assert facts(parcel_id)[-1] is Kind.CHOICE_WITHDRAWN
    set_places(WEDNESDAY, DAY, 0)
