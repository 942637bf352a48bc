"""The call centre's queue: one operator per call, within calling hours, until something is agreed."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from parcels import journal
from parcels.models import Parcel
from parcels.stages import Kind
from portal.transaction import reading, transaction
from scheduling import agenda, booking, call_leases, calls
from scheduling.booking import Asker
from scheduling.calendars import local, moment
from scheduling.calls import Outcome, next_try
from scheduling.models import Call
from scheduling.policy import Reason, Refusal
from tests.factories import ANADYR, KALININGRAD, NOW, make_parcel, make_staff, make_world
from tests.integration.test_contention import at_once

TOMSK = "Asia/Tomsk"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def tomsk(clock: time, day: date = date(2026, 11, 16)) -> datetime:
    return moment(day, clock, TOMSK)


def queued(count: int = 1, now: datetime = NOW, **changes: object) -> list[int]:
    """So many parcels of as many people in the queue, and two operators, 1 and 2. Returns the ids of the calls."""
    with transaction() as session:
        shop = make_world(session)
        for number in (1, 2):
            make_staff(session, "operator", login=f"operator{number}", id=number)
        phones = [{"phone": f"+7913000{number:04}"} for number in range(count)]
        parcels = [make_parcel(session, shop, **phone | changes) for phone in phones]
        return [calls.queue(session, p, "not_chosen", p.zone, now).id for p in parcels]


def take(operator: int, now: datetime) -> int | None:
    with transaction() as session:
        call = call_leases.take(session, operator, now)
        return call.id if call else None


def attempt(call_id: int, outcome: Outcome, now: datetime, operator: int = 1) -> None:
    with transaction() as session:
        known = session.get_one(Call, call_id)
        parcel = journal.lock(session, known.parcel_id)
        call = call_leases.held_by(session, call_id, operator, now)
        calls.attempt(session, parcel, call, outcome, "Ольга", parcel.zone, now)


def call_of(call_id: int) -> Call:
    with reading() as session:
        return session.get_one(Call, call_id)


def facts(call_id: int, kind: Kind) -> list[dict[str, object]]:
    with reading() as session:
        parcel = session.get_one(Parcel, session.get_one(Call, call_id).parcel_id)
        return [fact.details for fact in journal.facts_of(session, parcel) if fact.kind is kind]


def test_eight_askings_of_two_operators_hold_two_calls(both: Flask) -> None:
    queued(5)
    answers = at_once(both, [lambda o=o: (o, take(o, NOW)) for o in (1, 2) * 4])
    held = [{call for o, call in answers if o == operator} for operator in (1, 2)]
    assert [len(one) for one in held] == [1, 1]
    assert len(held[0] | held[1]) == 2


def test_two_operators_never_hold_the_same_call(both: Flask) -> None:
    """Two at a time, until the queue is empty."""
    ids = queued(6)
    for _ in range(3):
        one, two = at_once(both, [lambda: take(1, NOW), lambda: take(2, NOW)])
        assert None not in (one, two)
        assert one != two
        for operator, call in ((1, one), (2, two)):
            attempt(call or 0, Outcome.BUSY, NOW, operator)
    assert all(call_of(call).attempts == 1 for call in ids)


def test_the_last_call_goes_to_one_operator_only(both: Flask) -> None:
    (call,) = queued()
    answers = at_once(both, [lambda: take(1, NOW), lambda: take(2, NOW)])
    assert sorted(answers, key=str) == sorted([call, None], key=str)


def test_an_operator_gets_the_call_he_holds_again(app: Flask) -> None:
    queued(2)
    assert take(1, NOW) == take(1, NOW + MINUTE)


@pytest.mark.parametrize(("minutes", "is_free"), [(14, False), (15, True)])
def test_a_lease_ends_after_a_quarter_of_an_hour(app: Flask, minutes: int, is_free: bool) -> None:
    (call,) = queued()
    take(1, NOW)
    assert take(2, NOW + minutes * MINUTE) == (call if is_free else None)


def test_who_has_lost_his_call_cannot_record_an_attempt(app: Flask) -> None:
    (call,) = queued()
    take(1, NOW)
    take(2, NOW + 20 * MINUTE)
    with pytest.raises(Refusal) as lost:
        attempt(call, Outcome.BUSY, NOW + 21 * MINUTE, operator=1)
    assert lost.value.reason is Reason.CALL_LOST
    assert facts(call, Kind.CALL_ATTEMPTED) == []


def test_a_call_that_was_let_go_is_free_at_once(app: Flask) -> None:
    (call,) = queued()
    take(1, NOW)
    with transaction() as session:
        call_leases.let_go(session, call_leases.held_by(session, call, 1, NOW))
    assert take(2, NOW) == call


@pytest.mark.parametrize(
    ("at", "outcome", "attempts", "again"),
    [
        (time(12), Outcome.NO_ANSWER, 1, "2026-11-16T14:00"),
        (time(12), Outcome.BUSY, 1, "2026-11-16T12:20"),
        (time(12), Outcome.LATER, 2, "2026-11-16T15:00"),
        (time(12), Outcome.BUSY, 3, "2026-11-17T09:00"),
        (time(12), Outcome.BUSY, 4, "2026-11-16T12:20"),
        (time(20, 30), Outcome.BUSY, 1, "2026-11-16T20:50"),
        (time(20, 40), Outcome.BUSY, 1, "2026-11-17T09:00"),
        (time(19, 30), Outcome.NO_ANSWER, 1, "2026-11-17T09:00"),
    ],
)
def test_when_to_call_again(at: time, outcome: Outcome, attempts: int, again: str) -> None:
    due, _ = next_try(outcome, attempts, TOMSK, tomsk(at))
    assert local(due, TOMSK).isoformat()[:16] == again


def test_an_attempt_is_a_fact_and_the_call_waits_for_its_next_try(both: Flask) -> None:
    (call,) = queued()
    take(1, NOW)
    attempt(call, Outcome.NO_ANSWER, NOW)
    (fact,) = facts(call, Kind.CALL_ATTEMPTED)
    assert (fact["outcome"], fact["attempt"], fact["next"]) == ("no_answer", 1, (NOW + 2 * HOUR).isoformat())
    assert [take(1, NOW + HOUR), take(1, NOW + 2 * HOUR)] == [None, call]


@pytest.mark.parametrize(("place", "zone"), [(KALININGRAD, "Europe/Kaliningrad"), (ANADYR, "Asia/Anadyr")])
def test_a_call_is_offered_between_nine_and_nine_of_the_recipients_city_only(app: Flask, place: int, zone: str) -> None:
    (call,) = queued(now=moment(date(2026, 11, 16), time(3), zone), settlement_id=place)
    opens, closes = (moment(date(2026, 11, 16), time(hour), zone) for hour in (9, 21))
    assert [take(1, opens - MINUTE), take(1, closes)] == [None, None]
    assert take(1, opens) == call
    with transaction() as session:
        call_leases.let_go(session, session.get_one(Call, call))
    assert take(1, closes - MINUTE) == call


def test_a_call_in_hand_is_not_offered_again_after_closing(app: Flask) -> None:
    (call,) = queued()
    assert take(1, tomsk(time(20, 55))) == call
    assert take(1, tomsk(time(21, 1))) is None


def test_a_call_of_the_evening_is_put_off_to_the_next_morning(both: Flask) -> None:
    (call,) = queued()
    closes = call_of(call).closes_at
    with transaction() as session:
        assert agenda.due(session, closes) == [call_of(call).parcel_id]
        agenda.act(session, call_of(call).parcel_id, closes)
    assert local(call_of(call).due_at, TOMSK).isoformat()[:16] == "2026-11-17T09:00"
    assert [take(1, closes + HOUR), take(1, tomsk(time(9), date(2026, 11, 17)))] == [None, call]


def test_a_choice_takes_the_parcel_out_of_the_queue(both: Flask) -> None:
    (call,) = queued()
    take(1, NOW)
    with transaction() as session:
        parcel = journal.lock(session, call_of(call).parcel_id)
        asker = Asker("recipient", parcel.version)
        booking.book(session, parcel, date(2026, 11, 24), time(14), asker, NOW)
    assert (call_of(call).outcome, call_of(call).closed_at, call_of(call).leased_by) == ("chosen", NOW, None)
    assert take(2, NOW + HOUR) is None


def test_queueing_twice_is_one_call_and_one_fact(both: Flask) -> None:
    (call,) = queued()
    with transaction() as session:
        parcel = session.scalars(select(Parcel)).one()
        assert calls.queue(session, parcel, "missed", TOMSK, NOW).id == call
    assert len(facts(call, Kind.CALL_QUEUED)) == 1


def test_the_queue_is_counted_by_what_may_be_called_now(app: Flask) -> None:
    """At 14:00 of Tomsk Anadyr has 19:00, and Kaliningrad only 9:00."""
    queued(2)
    with transaction() as session:
        shop = session.scalars(select(Parcel)).first().shop  # type: ignore[union-attr]
        early = NOW - 2 * HOUR
        for settlement in (KALININGRAD, ANADYR):
            parcel = make_parcel(session, shop, settlement_id=settlement, phone=f"+7914000{settlement:04}")
            calls.queue(session, parcel, "not_chosen", parcel.zone, early)
        assert calls.waiting(session, NOW - MINUTE) == (1, 3)
        assert calls.waiting(session, NOW) == (4, 0)
