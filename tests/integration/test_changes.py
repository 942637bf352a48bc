"""How often the recipient may change, being reminded, being told of a delay; and a clock that jumps back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from parcels import journal
from parcels.journal import StaleVersion
from parcels.models import Parcel
from parcels.stages import Kind, Stage
from portal import tracking_changes, tracking_page, tracking_rows
from portal.sending import deliver_messages
from portal.ticking import sweep
from portal.transaction import looking, reading, transaction
from scheduling import booking, changes, taking_back
from scheduling.booking import Asker
from scheduling.calendars import local, local_date, moment
from scheduling.models import Call
from scheduling.policy import Reason
from scheduling.taking_back import Cause
from sms.models import Message
from tests.factories import VILLAGE
from tests.integration.test_booking import (
    DAY,
    EVENING,
    FIRST,
    LAST,
    MORNING,
    SOON,
    TUESDAY,
    WEDNESDAY,
    agreed,
    another,
    asker,
    book,
    facts,
    happen,
    parcel_of,
    parcel_to_tomsk,
    postpone,
    refused,
    taken,
    undo,
    version_of,
)

ZONE = "Asia/Tomsk"
ON = date(2026, 11, 24)


@pytest.fixture
def parcel_id(both: Flask) -> Iterator[int]:
    yield from parcel_to_tomsk()


def remind(parcel_id: int, on: date, now: datetime = SOON, seen: int | None = None) -> int:
    by = asker(parcel_id, seen)
    with transaction() as session:
        return booking.remind(session, journal.lock(session, parcel_id), on, by, now).id


def withdraw(parcel_id: int, cause: str, now: datetime = SOON) -> None:
    with transaction() as session:
        booking.withdraw(session, journal.lock(session, parcel_id), "agenda", cause, now)


def left(parcel_id: int) -> int:
    """As the bookings have it and as the page reads it out of the journal: always the same."""
    with reading() as session:
        head = tracking_rows.head_of(session, parcel_id)
        told = tracking_changes.changes_left(tracking_rows.story_of(session, head).facts)  # type: ignore[arg-type]
        counted = changes.left(session, parcel_id)
    assert told == counted
    return counted


def calls_open() -> list[str]:
    with reading() as session:
        return list(session.scalars(select(Call.reason).where(Call.closed_at.is_(None))))


def delays() -> list[Message]:
    with reading() as session:
        return list(session.scalars(select(Message).where(Message.kind == "delay").order_by(Message.id)))


def test_five_changes_by_link_then_the_call_centre(parcel_id: int) -> None:
    for n, (day, hour) in enumerate([(TUESDAY, DAY), (TUESDAY, EVENING), (WEDNESDAY, DAY), (WEDNESDAY, EVENING)]):
        book(parcel_id, day, hour)
        assert left(parcel_id) == 4 - n
    postpone(parcel_id, LAST)
    before = facts(parcel_id)
    for change in (book, postpone, remind):
        assert refused(lambda change=change: change(parcel_id, WEDNESDAY)).reason is Reason.TOO_MANY_CHANGES
    assert (left(parcel_id), facts(parcel_id)) == (0, before)
    with transaction() as session:
        parcel = journal.lock(session, parcel_id)
        booking.book(session, parcel, TUESDAY, DAY, Asker("operator:1", parcel.version), SOON)
    assert taken() == {"24.11 14": 1}


def test_what_was_undone_and_what_we_broke_is_not_counted(parcel_id: int) -> None:
    book(parcel_id, TUESDAY)
    undo(parcel_id)
    assert left(parcel_id) == 5
    book(parcel_id, TUESDAY)
    book(parcel_id, WEDNESDAY)
    undo(parcel_id)
    assert left(parcel_id) == 4
    withdraw(parcel_id, "delay")
    assert left(parcel_id) == 4
    book(parcel_id, WEDNESDAY)
    withdraw(parcel_id, "delay")
    assert left(parcel_id) == 4
    book(parcel_id, WEDNESDAY)
    withdraw(parcel_id, "request")
    assert left(parcel_id) == 3


def test_the_same_press_twice_is_one_change(parcel_id: int) -> None:
    page = version_of(parcel_id)
    book(parcel_id, TUESDAY, seen=page)
    book(parcel_id, TUESDAY, seen=page)
    assert left(parcel_id) == 4


def test_who_wants_to_be_reminded_is_reminded_at_ten_and_called_only_before_the_last_day(parcel_id: int) -> None:
    happen(parcel_id, Kind.HANDED_OVER, Kind.DEPARTED, Kind.ARRIVED)
    book(parcel_id, TUESDAY)
    remind(parcel_id, ON)
    assert (taken(), parcel_of(parcel_id).stage) == ({}, Stage.POSTPONED)
    ten = moment(ON, time(10), ZONE)
    assert (parcel_of(parcel_id).next_action, parcel_of(parcel_id).next_action_at) == ("remind", ten)
    sweep(ten - timedelta(seconds=1))
    assert Kind.REMINDED not in facts(parcel_id)
    sweep(ten)
    sweep(ten + timedelta(minutes=1))
    assert facts(parcel_id).count(Kind.REMINDED) == 1
    last = parcel_of(parcel_id).choose_until
    assert last is not None
    sweep(moment(last - timedelta(days=2), time(10), ZONE))
    deadline = parcel_of(parcel_id).next_action_at
    assert parcel_of(parcel_id).next_action == "ask"
    assert deadline is not None
    assert deadline == moment(last - timedelta(days=2), time(18), ZONE)  # so that a day is left that can be agreed
    assert calls_open() == []
    sweep(deadline)
    assert calls_open() == ["postponed"]
    with reading() as session:
        assert booking.offered(session, session.get_one(Parcel, parcel_id), deadline)


def test_a_reminder_survives_the_arrival_and_is_not_made_twice_when_the_clock_jumps_back(parcel_id: int) -> None:
    remind(parcel_id, ON)
    happen(parcel_id, Kind.HANDED_OVER, Kind.ARRIVED, now=moment(ON, time(10, 1), ZONE))
    assert parcel_of(parcel_id).next_action == "remind"
    ten = moment(ON, time(10, 2), ZONE)
    sweep(ten)
    happen(parcel_id, Kind.MESSAGE_FAILED, now=ten - timedelta(hours=2))
    sweep(ten)
    assert facts(parcel_id).count(Kind.REMINDED) == 1


@pytest.mark.parametrize(
    ("on", "reason"),
    [
        (date(2026, 11, 16), Reason.PAST_DAY),
        (date(2026, 11, 20), Reason.TOO_EARLY),
        (LAST - timedelta(days=1), Reason.BEYOND_LIMIT),
    ],
)
def test_a_day_to_be_reminded_on_lies_in_the_window(parcel_id: int, on: date, reason: Reason) -> None:
    assert refused(lambda: remind(parcel_id, on)).reason is reason


def test_a_reminder_is_undone_to_what_was_before_and_restored_by_undoing(parcel_id: int) -> None:
    book(parcel_id, TUESDAY)
    remind(parcel_id, ON)
    undo(parcel_id)
    assert taken() == {"24.11 14": 1}
    remind(parcel_id, ON)
    book(parcel_id, WEDNESDAY)
    undo(parcel_id)
    assert agreed(parcel_id).remind_on == ON  # type: ignore[union-attr]


def test_of_a_lost_slot_the_buyer_is_told_once_and_called_two_hours_later_at_the_earliest(parcel_id: int) -> None:
    happen(parcel_id, Kind.HANDED_OVER, Kind.ARRIVED)
    book(parcel_id, parcel_of(parcel_id).promised_from or FIRST)
    noon = moment(date(2026, 11, 16), time(20, 30), ZONE)
    withdraw(parcel_id, "delay", now=noon)
    withdraw(parcel_id, "delay", now=noon)
    deliver_messages(lambda: noon)
    (message,) = delays()
    assert message.parts == 1
    assert message.text.startswith("Тёплый дом")
    due = parcel_of(parcel_id).next_action_at
    assert due is not None
    assert local(due, ZONE).isoformat()[:16] == "2026-11-17T09:00"
    sweep(due - timedelta(seconds=1))
    assert calls_open() == []
    sweep(due)
    assert calls_open() == ["not_chosen"]


def test_a_second_slot_that_is_lost_is_a_second_message(parcel_id: int) -> None:
    for day in (TUESDAY, WEDNESDAY):
        book(parcel_id, day)
        withdraw(parcel_id, "delay")
    assert len({message.dedup_key for message in delays()}) == 2


@pytest.mark.parametrize("cause", ["undo", "request", "stop_not_marked"])
def test_other_causes_are_told_to_nobody_by_message(parcel_id: int, cause: str) -> None:
    book(parcel_id, TUESDAY)
    withdraw(parcel_id, cause)
    assert delays() == []


@pytest.mark.parametrize(("by_phone", "queued"), [(True, ["withdrawn"]), (False, [])])
def test_staff_take_back_what_is_agreed(parcel_id: int, by_phone: bool, queued: list[str]) -> None:
    book(parcel_id, TUESDAY)
    page = version_of(parcel_id)

    def take_back(seen: int) -> None:
        by = Asker("operator:1", seen)
        with transaction() as session:
            parcel = journal.lock(session, parcel_id)
            taking_back.take_back(session, parcel, Cause.REQUEST, "перенос", by, SOON, by_phone=by_phone)

    take_back(page)
    assert (taken(), calls_open(), parcel_of(parcel_id).plan) == ({}, queued, None)
    with pytest.raises(StaleVersion):
        take_back(page)
    assert refused(lambda: take_back(version_of(parcel_id))).reason is Reason.NOTHING_TO_UNDO


def test_a_stale_page_a_delivered_parcel_and_a_place_without_courier_take_no_reminder(parcel_id: int) -> None:
    page = version_of(parcel_id)
    happen(parcel_id, Kind.HANDED_OVER)
    with pytest.raises(StaleVersion):
        remind(parcel_id, ON, seen=page)
    assert refused(lambda: remind(another(settlement_id=VILLAGE), ON)).reason is Reason.NO_COURIER_HERE
    happen(parcel_id, Kind.ARRIVED, Kind.TO_COURIER, Kind.DELIVERED)
    assert refused(lambda: remind(parcel_id, ON)).reason is Reason.DELIVERED


def test_a_clock_two_hours_back_breaks_nothing(parcel_id: int) -> None:
    """A choice made "in the future" can be undone, closed days stay closed by the clock, and every step lies ahead."""
    later, earlier = SOON + timedelta(hours=5), SOON + timedelta(hours=3)
    book(parcel_id, TUESDAY, now=later)
    undo(parcel_id, now=earlier)
    assert taken() == {}
    closing = moment(date(2026, 11, 20), time(18), ZONE)
    assert refused(lambda: book(parcel_id, FIRST, now=closing)).reason is Reason.TOO_LATE
    book(parcel_id, FIRST, MORNING, now=closing - timedelta(hours=2))
    happen(parcel_id, Kind.HANDED_OVER, now=closing)
    sweep(closing - timedelta(hours=2))
    with reading() as session:
        parcel = session.get_one(Parcel, parcel_id)
    assert parcel.next_action_at is not None
    assert parcel.next_action_at > closing - timedelta(hours=2)


def test_a_clock_that_falls_back_over_midnight_promises_nothing_in_the_past(parcel_id: int) -> None:
    """Scans of 01:00 in Tomsk, then it is 23:00 of the day before: dates are those of the clock there is."""
    night = moment(date(2026, 11, 20), time(1), ZONE)
    happen(parcel_id, Kind.HANDED_OVER, Kind.DEPARTED, now=night)
    for at in (night - timedelta(hours=2), night, night - timedelta(hours=2)):
        happen(parcel_id, Kind.PASSED, now=at)
        sweep(at)
        with reading() as session:
            parcel = session.get_one(Parcel, parcel_id)
            promised = [f.details for f in journal.facts_of(session, parcel) if f.kind is Kind.PROMISED][-1]
        today = local_date(at, ZONE)
        assert parcel.promised_from is not None
        assert parcel.promised_from > today
        assert promised["arrival_from"] >= today.isoformat()
        assert refused(lambda at=at: book(parcel_id, local_date(at, ZONE), now=at)).reason in (
            *(Reason.TOO_EARLY, Reason.TOO_LATE, Reason.PAST_DAY),
        )


@pytest.mark.parametrize("ago", [timedelta(), timedelta(hours=2)], ids=["at once", "two hours earlier"])
def test_an_undo_window_never_looks_longer_than_it_is(parcel_id: int, ago: timedelta) -> None:
    book(parcel_id, TUESDAY, now=SOON)
    with looking() as connection:
        head = tracking_rows.head_of(connection, parcel_id)
        story = tracking_rows.story_of(connection, head)
    assert tracking_page.undo_minutes(story, SOON - ago) == 15
