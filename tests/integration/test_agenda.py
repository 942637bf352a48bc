"""Time passes: the sweep finds what is due, does it once, and always leaves somebody with a next step."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from parcels import journal
from parcels.journal import NewFact
from parcels.models import Fact, Parcel
from parcels.stages import Kind, Stage
from portal.ticking import sweep
from portal.transaction import reading, transaction
from portal.verify import breaches
from scheduling import agenda, booking, calls
from scheduling.booking import Asker
from scheduling.calendars import moment
from scheduling.models import Call, Slot
from scheduling.steps import Action
from tests.factories import NOW, VILLAGE, make_parcel, make_world
from tests.integration.test_contention import at_once

TOMSK, HOME = "Asia/Tomsk", "Asia/Yekaterinburg"
FIRST, TUESDAY = date(2026, 11, 21), date(2026, 11, 24)
ON_THE_ROAD = (Kind.HANDED_OVER, Kind.DEPARTED)


def tomsk(day: int, clock: time) -> datetime:
    """A moment of November 2026 by the clock of Tomsk."""
    return moment(date(2026, 11, day), clock, TOMSK)


def new_parcel(*kinds: Kind, **changes: object) -> int:
    """A parcel of Monday noon that has come as far as `kinds` say, all on Tuesday at noon."""
    with transaction() as session:
        parcel = make_parcel(session, make_world(session), **changes)
        for kind in kinds:
            journal.record(session, parcel, NewFact(kind, "carrier:test"), tomsk(17, time(12)))
        return parcel.id


def happen(parcel_id: int, kind: Kind, now: datetime) -> None:
    with transaction() as session:
        journal.record(session, journal.lock(session, parcel_id), NewFact(kind, "carrier:test"), now)


def book(parcel_id: int, day: date, now: datetime) -> None:
    with transaction() as session:
        parcel = journal.lock(session, parcel_id)
        booking.book(session, parcel, day, time(14), Asker("recipient", parcel.version), now)


def parcel_of(parcel_id: int) -> Parcel:
    with reading() as session:
        return session.get_one(Parcel, parcel_id)


def facts(parcel_id: int, kind: Kind) -> list[Fact]:
    with reading() as session:
        return [fact for fact in journal.facts_of(session, session.get_one(Parcel, parcel_id)) if fact.kind is kind]


def open_calls() -> list[str]:
    """Why parcels are in the queue."""
    with reading() as session:
        return list(session.scalars(select(Call.reason).where(Call.closed_at.is_(None))))


def taken() -> int:
    with reading() as session:
        return session.scalar(select(func.sum(Slot.taken))) or 0


def live_through(until: datetime, since: datetime = NOW) -> None:
    """Sweep every hour, as the worker does every few seconds."""
    for hours in range(int((until - since) / timedelta(hours=1)) + 1):
        sweep(since + timedelta(hours=hours))


def test_who_has_not_chosen_by_the_deadline_is_called_exactly_once(both: Flask) -> None:
    parcel_id = new_parcel(*ON_THE_ROAD)
    deadline = tomsk(20, time(18))
    assert parcel_of(parcel_id).next_action_at == deadline
    sweep(deadline - timedelta(seconds=1))
    assert open_calls() == []
    sweep(deadline)
    sweep(deadline + timedelta(minutes=1))
    assert open_calls() == ["not_chosen"]
    assert len(facts(parcel_id, Kind.CALL_QUEUED)) == 1


def test_an_arrival_by_day_is_in_the_queue_at_once(both: Flask) -> None:
    new_parcel(*ON_THE_ROAD, Kind.ARRIVED)
    sweep(tomsk(17, time(12)))
    assert open_calls() == ["not_chosen"]


def test_an_arrival_by_night_waits_for_the_morning(app: Flask) -> None:
    parcel_id = new_parcel(*ON_THE_ROAD)
    happen(parcel_id, Kind.ARRIVED, tomsk(19, time(23, 18)))
    sweep(tomsk(20, time(8, 59)))
    assert open_calls() == []
    sweep(tomsk(20, time(9)))
    assert open_calls() == ["not_chosen"]


@pytest.mark.parametrize(
    "told", [{}, {"kept_until": "2026-11-24"}, {"kept_until": "2026-11-19", "address": "пр. Ленина, 54"}]
)
def test_a_parcel_at_a_pickup_point_is_called_near_the_end_of_storage_only(both: Flask, told: dict[str, str]) -> None:
    """Fourteen days from the promise unless the place has said otherwise; the call is on the day before the last."""
    parcel_id = new_parcel(*ON_THE_ROAD)
    arrived = tomsk(17, time(12))
    with transaction() as session:
        parcel = journal.lock(session, parcel_id)
        fact = NewFact(Kind.AT_PICKUP, "operator", place="ПВЗ", details={"open": "9-20", **told})
        journal.record(session, parcel, fact, arrived)
    due = parcel_of(parcel_id).next_action_at
    last = date.fromisoformat(told["kept_until"]) if told else FIRST + timedelta(days=14)
    assert due == moment(last - timedelta(days=1), time(9), TOMSK)
    live_through(due - timedelta(minutes=1), arrived)
    assert open_calls() == []
    sweep(due)
    assert open_calls() == ["at_pickup"]


@pytest.mark.parametrize(("reason", "stays"), [("not_chosen", False), ("missed", False), ("unreachable", True)])
def test_a_call_about_a_time_is_over_when_the_parcel_comes_to_a_pickup_point(
    both: Flask, reason: str, stays: bool
) -> None:
    parcel_id = new_parcel(*ON_THE_ROAD, Kind.ARRIVED)
    with transaction() as session:
        calls.queue(session, journal.lock(session, parcel_id), reason, TOMSK, tomsk(17, time(12)))
    happen(parcel_id, Kind.AT_PICKUP, tomsk(17, time(14)))
    assert open_calls() == ([reason] if stays else [])


def test_another_scan_at_the_pickup_point_ends_no_call_about_it(both: Flask) -> None:
    parcel_id = new_parcel(*ON_THE_ROAD, Kind.AT_PICKUP)
    due = parcel_of(parcel_id).next_action_at
    sweep(due)
    happen(parcel_id, Kind.AT_PICKUP, due + timedelta(hours=1))
    assert open_calls() == ["at_pickup"]


def test_a_booked_parcel_is_never_queued_on_its_way_to_its_slot(app: Flask) -> None:
    parcel_id = new_parcel(*ON_THE_ROAD)
    book(parcel_id, TUESDAY, tomsk(17, time(13)))
    live_through(tomsk(22, time(12)), since=tomsk(17, time(13)))
    happen(parcel_id, Kind.ARRIVED, tomsk(22, time(12)))
    live_through(tomsk(24, time(18, 59)), since=tomsk(22, time(12)))
    assert facts(parcel_id, Kind.CALL_QUEUED) == []
    assert parcel_of(parcel_id).stage is Stage.SCHEDULED


def test_a_slot_outlives_an_unknown_word_of_the_carrier_and_the_call_about_it_ends(app: Flask) -> None:
    parcel_id = new_parcel(*ON_THE_ROAD)
    book(parcel_id, TUESDAY, tomsk(17, time(13)))
    happen(parcel_id, Kind.UNKNOWN, tomsk(18, time(12)))
    sweep(tomsk(18, time(12)))
    assert open_calls() == ["unknown"]
    happen(parcel_id, Kind.PASSED, tomsk(18, time(13)))
    assert open_calls() == []
    assert parcel_of(parcel_id).stage is Stage.SCHEDULED


def test_a_late_hand_over_is_said_once_a_day_and_moves_the_promise(both: Flask) -> None:
    parcel_id = new_parcel()
    live_through(moment(date(2026, 11, 19), time(12), HOME))
    assert [f"{fact.recorded_at:%d}" for fact in facts(parcel_id, Kind.HAND_OVER_LATE)] == ["17", "18"]
    assert parcel_of(parcel_id).hand_over_by == date(2026, 11, 19)
    assert parcel_of(parcel_id).promised_from == TUESDAY + timedelta(days=1)


def test_a_parcel_too_late_for_its_slot_gives_it_back_and_is_asked_again(both: Flask) -> None:
    parcel_id = new_parcel(*ON_THE_ROAD)
    book(parcel_id, TUESDAY, tomsk(17, time(13)))
    eve = tomsk(23, time(18))
    live_through(eve, since=tomsk(17, time(13)))
    assert taken() == 1  # it may still come tonight
    morning = tomsk(24, time(8))
    live_through(morning, since=eve)
    assert [fact.details["cause"] for fact in facts(parcel_id, Kind.CHOICE_WITHDRAWN)] == ["delay"]
    assert taken() == 0
    assert facts(parcel_id, Kind.CHOICE_WITHDRAWN)[0].recorded_at < morning
    live_through(tomsk(24, time(18)), since=morning)
    assert open_calls() == ["not_chosen"]


def test_a_promise_that_outruns_the_slot_takes_it_back_before_its_day(app: Flask) -> None:
    parcel_id = new_parcel()
    book(parcel_id, FIRST, NOW)
    happen(parcel_id, Kind.HANDED_OVER, tomsk(19, time(12)))
    assert parcel_of(parcel_id).promised_from == TUESDAY + timedelta(days=1)
    assert (parcel_of(parcel_id).plan, taken()) == (None, 0)


@pytest.mark.parametrize("last", [Kind.ARRIVED, Kind.TO_COURIER])
def test_a_slot_that_passed_unmarked_is_an_incident(both: Flask, last: Kind) -> None:
    parcel_id = new_parcel(*ON_THE_ROAD)
    book(parcel_id, TUESDAY, tomsk(17, time(13)))
    happen(parcel_id, Kind.ARRIVED, tomsk(23, time(12)))
    if last is Kind.TO_COURIER:
        happen(parcel_id, last, tomsk(24, time(9)))
    live_through(tomsk(25, time(9)), since=tomsk(24, time(9)))
    assert [fact.details["cause"] for fact in facts(parcel_id, Kind.INCIDENT)] == ["stop_not_marked"]
    assert (open_calls(), taken()) == (["incident"], 0)


def test_a_missed_recipient_who_does_not_choose_is_called_the_next_morning(app: Flask) -> None:
    parcel_id = new_parcel(*ON_THE_ROAD, Kind.ARRIVED, Kind.TO_COURIER)
    happen(parcel_id, Kind.NOT_DELIVERED, tomsk(17, time(19)))
    sweep(tomsk(18, time(8, 59)))
    assert open_calls() == []
    sweep(tomsk(18, time(9)))
    assert open_calls() == ["missed"]


def test_a_postponed_parcel_is_asked_the_evening_before_its_day(app: Flask) -> None:
    parcel_id = new_parcel(*ON_THE_ROAD)
    with transaction() as session:
        parcel = journal.lock(session, parcel_id)
        booking.postpone(session, parcel, date(2026, 11, 27), Asker("recipient", parcel.version), NOW)
    happen(parcel_id, Kind.ARRIVED, tomsk(20, time(12)))
    live_through(tomsk(26, time(17)), since=tomsk(20, time(12)))
    assert open_calls() == []
    sweep(tomsk(26, time(18)))
    assert open_calls() == ["postponed"]


@pytest.mark.parametrize(("kinds", "is_called"), [((), True), ((Kind.REFUSED,), False), ((Kind.DELIVERED,), False)])
def test_whom_no_message_reaches_is_called_as_long_as_the_parcel_comes(
    app: Flask, kinds: tuple[Kind, ...], is_called: bool
) -> None:
    parcel_id = new_parcel(*kinds)
    happen(parcel_id, Kind.MESSAGE_FAILED, tomsk(18, time(12)))
    assert bool(facts(parcel_id, Kind.CALL_QUEUED)) is is_called


def test_a_return_that_does_not_end_is_asked_about_by_a_person(app: Flask) -> None:
    new_parcel(Kind.REFUSED)
    sweep(tomsk(17, time(12)) + timedelta(days=30))
    assert open_calls() == ["refused"]


def test_a_parcel_without_an_address_is_asked_for_it(app: Flask) -> None:
    new_parcel(settlement_id=None)
    sweep(NOW + timedelta(days=1))
    assert open_calls() == ["no_address"]


def test_where_no_courier_goes_nobody_is_asked_for_a_time(app: Flask) -> None:
    new_parcel(*ON_THE_ROAD, settlement_id=VILLAGE)
    live_through(tomsk(23, time(12)), since=tomsk(17, time(12)))
    assert open_calls() == []


def test_what_is_due_is_done_by_one_worker_only(both: Flask) -> None:
    parcel_id = new_parcel(*ON_THE_ROAD)
    deadline = tomsk(20, time(18))

    def act() -> Action | None:
        with transaction() as session:
            return agenda.act(session, parcel_id, deadline)

    assert sorted(at_once(both, [act] * 6), key=str) == [*[None] * 5, Action.ASK]
    assert len(facts(parcel_id, Kind.CALL_QUEUED)) == 1


@pytest.mark.parametrize(
    "kinds",
    [(), ON_THE_ROAD, (Kind.ARRIVED,), (Kind.UNKNOWN,), (Kind.TO_COURIER,), (Kind.NOT_DELIVERED,), (Kind.AT_PICKUP,)],
    ids=lambda kinds: "-".join(kinds) or "accepted",
)
def test_after_every_act_the_next_step_lies_ahead(app: Flask, kinds: tuple[Kind, ...]) -> None:
    """Forty days in which nobody does anything: the parcel is never forgotten and never spins."""
    parcel_id = new_parcel(*kinds)
    for _ in range(60):
        due = parcel_of(parcel_id).next_action_at
        assert due is not None
        now = max(due, tomsk(17, time(12)))
        if now > NOW + timedelta(days=40):
            break
        sweep(now)
        assert parcel_of(parcel_id).next_action_at > now  # type: ignore[operator]
    with transaction() as session:
        assert breaches(session) == []
