"""A parcel's life after the ideal path: its window moves on with what is not the buyer's doing, and has an end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from parcels import journal
from parcels.journal import NewFact
from parcels.models import Fact, Parcel
from parcels.stages import Kind, Stage
from portal.sending import deliver_messages
from portal.ticking import sweep
from portal.transaction import reading, transaction
from portal.verify import breaches
from scheduling import booking, waiting
from scheduling.booking import Asker
from scheduling.calendars import moment
from scheduling.models import Call, Slot
from scheduling.policy import Reason, Refusal
from sms.models import Message
from tests.factories import make_parcel, make_world

ZONE = "Asia/Tomsk"
#: A Monday; the order of that noon is promised for 5-10 December and may be chosen up to the 19th.
NOON = datetime(2026, 11, 30, 7, 0, tzinfo=UTC)
LAST = date(2026, 12, 19)


def tomsk(day: int, clock: time = time(12)) -> datetime:
    """A moment of December 2026."""
    return moment(date(2026, 12, day), clock, ZONE)


@pytest.fixture
def parcel_id(both: Flask) -> Iterator[int]:
    yield from an_order()


@pytest.fixture
def one(app: Flask) -> Iterator[int]:
    yield from an_order()


def an_order() -> Iterator[int]:
    with transaction() as session:
        parcel = make_parcel(session, make_world(session, NOON), NOON)
    yield parcel.id
    with transaction() as session:
        assert breaches(session) == []


def parcel_of(parcel_id: int) -> Parcel:
    with reading() as session:
        return session.get_one(Parcel, parcel_id)


def happen(parcel_id: int, now: datetime, *kinds: Kind, **details: object) -> None:
    with transaction() as session:
        parcel = journal.lock(session, parcel_id)
        for kind in kinds:
            journal.record(session, parcel, NewFact(kind, "carrier:test", details=details), now)


def arrived(parcel_id: int, now: datetime) -> None:
    """It has left on the 1st, and comes to its city at `now`."""
    happen(parcel_id, tomsk(1), Kind.HANDED_OVER, Kind.DEPARTED)
    live(parcel_id, now)
    happen(parcel_id, now, Kind.ARRIVED)


def live(parcel_id: int, until: datetime) -> list[tuple[str, datetime]]:
    """Let time pass: each step of a parcel at its own moment. Returns the steps."""
    steps = []
    while (due := parcel_of(parcel_id).next_action_at) is not None and due <= until:
        steps.append((str(parcel_of(parcel_id).next_action), due))
        sweep(due)
        assert len(steps) < 200
    return steps


def asker(parcel_id: int, name: str = "recipient") -> Asker:
    return Asker(name, parcel_of(parcel_id).version)


def book(parcel_id: int, day: date, now: datetime, name: str = "recipient", starts: time = time(10)) -> None:
    by = asker(parcel_id, name)
    with transaction() as session:
        booking.book(session, journal.lock(session, parcel_id), day, starts, by, now)


def remind(parcel_id: int, on: date, now: datetime) -> None:
    by = asker(parcel_id)
    with transaction() as session:
        booking.remind(session, journal.lock(session, parcel_id), on, by, now)


def postpone(parcel_id: int, to: date, now: datetime) -> None:
    by = asker(parcel_id)
    with transaction() as session:
        booking.postpone(session, journal.lock(session, parcel_id), to, by, now)


def extend(parcel_id: int, until: date, note: str, now: datetime, name: str = "operator:7") -> None:
    by = asker(parcel_id, name)
    with transaction() as session:
        waiting.extend(session, journal.lock(session, parcel_id), until, note, by, now)


def free(parcel_id: int, now: datetime) -> list[date]:
    with reading() as session:
        return waiting.free_days(session, session.get_one(Parcel, parcel_id), now)


def facts(parcel_id: int, kind: Kind) -> list[Fact]:
    with reading() as session:
        return list(session.scalars(select(Fact).where(Fact.parcel_id == parcel_id, Fact.kind == kind)))


def calls_open() -> list[str]:
    with reading() as session:
        return list(session.scalars(select(Call.reason).where(Call.closed_at.is_(None))))


def told(kind: str) -> list[Message]:
    with reading() as session:
        return list(session.scalars(select(Message).where(Message.kind == kind).order_by(Message.id)))


@pytest.mark.parametrize("on", [5, 8, 15])
def test_a_reminder_that_is_not_answered_leaves_a_day_for_the_call(parcel_id: int, on: int) -> None:
    remind(parcel_id, date(2026, 12, on), NOON)
    arrived(parcel_id, tomsk(4))
    live(parcel_id, tomsk(19))
    (call,) = facts(parcel_id, Kind.CALL_QUEUED)
    assert free(parcel_id, call.recorded_at)
    book(parcel_id, free(parcel_id, call.recorded_at)[0], call.recorded_at, "operator:1")


@pytest.mark.parametrize("to", [12, 18, 19])
def test_who_put_it_off_and_is_silent_is_called_while_a_day_is_left(one: int, to: int) -> None:
    postpone(one, date(2026, 12, to), NOON)
    arrived(one, tomsk(4))
    live(one, tomsk(19))
    (call,) = facts(one, Kind.CALL_QUEUED)
    assert free(one, call.recorded_at)


@pytest.mark.parametrize("day", [5, 18, 19])
def test_after_a_missed_visit_three_days_can_be_chosen(parcel_id: int, day: int) -> None:
    arrived(parcel_id, tomsk(4))
    book(parcel_id, date(2026, 12, day), tomsk(4, time(13)))
    at_the_door = tomsk(day)
    happen(parcel_id, at_the_door - timedelta(hours=2), Kind.TO_COURIER)
    happen(parcel_id, at_the_door, Kind.NOT_DELIVERED)
    days = free(parcel_id, at_the_door)
    assert len(days) >= 3
    assert days[-1] == max(LAST, days[2])
    book(parcel_id, days[2], at_the_door)


@pytest.mark.parametrize("kind", [Kind.INCIDENT, Kind.UNKNOWN])
def test_an_incident_on_the_last_day_leaves_the_time_of_a_new_parcel(one: int, kind: Kind) -> None:
    arrived(one, tomsk(4))
    book(one, LAST, tomsk(4, time(13)))
    happen(one, tomsk(19), kind)
    assert parcel_of(one).choose_until == LAST + timedelta(days=14)


def test_a_day_taken_back_by_us_leaves_three_days(one: int) -> None:
    arrived(one, tomsk(4))
    book(one, LAST, tomsk(4, time(13)))
    with transaction() as session:
        booking.withdraw(session, journal.lock(session, one), "agenda", "blackout", tomsk(18))
    assert len(free(one, tomsk(18))) >= 3


def test_an_early_arrival_takes_no_day_away(one: int) -> None:
    book(one, LAST, NOON)
    arrived(one, tomsk(2))
    parcel = parcel_of(one)
    assert parcel.promised_from is not None
    assert parcel.promised_from < date(2026, 12, 5)
    assert (parcel.choose_until, parcel.plan) == (LAST, Stage.SCHEDULED)


def test_silence_ends_in_a_return_of_which_both_sides_are_told_before(parcel_id: int) -> None:
    arrived(parcel_id, tomsk(4))
    last = parcel_of(parcel_id).choose_until
    assert last == LAST
    live(parcel_id, tomsk(17, time(11)))
    deliver_messages(lambda: tomsk(17, time(11)))
    (warned,) = facts(parcel_id, Kind.STORAGE_ENDS)
    assert warned.recorded_at == tomsk(17, time(10))
    (sms,) = told("storage_ends")
    assert "19.12" in sms.text
    live(parcel_id, tomsk(31))
    (over,) = facts(parcel_id, Kind.STORAGE_OVER)
    assert over.recorded_at == tomsk(20, time(9))
    assert over.details["back_by"] == "2027-01-19"
    parcel = parcel_of(parcel_id)
    assert (parcel.stage, parcel.next_action, calls_open()) == (Stage.EXPIRED, "send_back", [])


def test_the_silent_are_not_called_for_ever(one: int) -> None:
    arrived(one, tomsk(4))
    live(one, moment(date(2027, 3, 20), time(12), ZONE))
    assert (parcel_of(one).stage, calls_open()) == (Stage.EXPIRED, [])


def test_full_days_are_nobodys_silence(one: int) -> None:
    arrived(one, tomsk(4))
    live(one, tomsk(10))
    with transaction() as session:
        for days in booking.offered(session, journal.lock(session, one), tomsk(10)):
            fill(session, days.day)
    live(one, tomsk(17, time(11)))
    assert facts(one, Kind.STORAGE_ENDS) == []
    assert [fact.details["cause"] for fact in facts(one, Kind.WINDOW_MOVED)] == ["full"]
    assert len(free(one, tomsk(17, time(11)))) == 3


def fill(session: Session, day: date) -> None:
    for slot in session.scalars(select(Slot).where(Slot.day == day)):
        slot.capacity = 0


def test_what_was_handed_over_after_the_end_is_delivered(one: int) -> None:
    arrived(one, tomsk(4))
    live(one, tomsk(21))
    happen(one, tomsk(21), Kind.DELIVERED)
    assert parcel_of(one).stage is Stage.DELIVERED


def test_an_operator_goes_beyond_the_end_with_a_reason(parcel_id: int) -> None:
    arrived(parcel_id, tomsk(4))
    live(parcel_id, tomsk(21))
    with pytest.raises(Refusal) as no:
        book(parcel_id, date(2026, 12, 24), tomsk(21))
    assert no.value.reason is Reason.EXPIRED
    for note, name in (("", "operator:7"), ("в отпуске", "recipient")):
        with pytest.raises(Refusal):
            extend(parcel_id, date(2026, 12, 26), note, tomsk(21), name)
    with pytest.raises(Refusal) as no:
        extend(parcel_id, date(2027, 2, 1), "в отпуске", tomsk(21))
    assert no.value.reason is Reason.BEYOND_LIMIT
    extend(parcel_id, date(2026, 12, 26), "в отпуске", tomsk(21))
    book(parcel_id, date(2026, 12, 24), tomsk(21), "operator:7")
    assert parcel_of(parcel_id).stage is Stage.SCHEDULED


def test_a_place_of_issue_sends_back_after_its_own_term(one: int) -> None:
    happen(one, tomsk(1), Kind.HANDED_OVER, Kind.DEPARTED)
    happen(one, tomsk(4), Kind.AT_PICKUP, kept_until="2026-12-11")
    live(one, tomsk(31))
    (over,) = facts(one, Kind.STORAGE_OVER)
    assert over.recorded_at == tomsk(12, time(9))
    assert over.details["kept_until"] == "2026-12-11"


def test_what_a_courier_never_marked_is_agreed_anew_by_an_operator(one: int) -> None:
    arrived(one, tomsk(4))
    book(one, date(2026, 12, 8), tomsk(4, time(13)))
    happen(one, tomsk(8, time(9)), Kind.TO_COURIER)
    live(one, tomsk(9))
    assert parcel_of(one).side is Stage.INCIDENT
    with pytest.raises(Refusal):
        book(one, date(2026, 12, 11), tomsk(9))
    book(one, date(2026, 12, 11), tomsk(9), "operator:7")
    parcel = parcel_of(one)
    assert (parcel.road, parcel.stage) == (Stage.IN_CITY, Stage.SCHEDULED)
