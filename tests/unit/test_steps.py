"""What must happen next with a parcel, who owes it and by when."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parcels.stages import Kind, Stage, State, fold
from scheduling.calendars import local, moment
from scheduling.steps import Action, Agreed, Outlook, Step, ask_deadline, next_step

TOMSK, HOME = "Asia/Tomsk", "Asia/Yekaterinburg"
ZONES = ("Europe/Kaliningrad", "Europe/Moscow", HOME, TOMSK, "Asia/Kamchatka", "Europe/Berlin")
NOON = moment(date(2026, 11, 16), time(12), TOMSK)
SLOT = Agreed(date(2026, 11, 26), time(18))
ROAD = Outlook(
    state=State(Stage.IN_TRANSIT),
    timezone=TOMSK,
    origin_zone=HOME,
    closing=time(18),
    promised_from=date(2026, 11, 25),
    hand_over_by=date(2026, 11, 17),
    arrival_by=date(2026, 11, 24),
    agreed=None,
    postponed_to=None,
    call_closes_at=None,
)
NEW = replace(ROAD, state=State(Stage.ACCEPTED))
IN_CITY = replace(ROAD, state=State(Stage.IN_CITY))


def at(day: date, clock: time, zone: str = TOMSK) -> datetime:
    return moment(day, clock, zone)


def beside(side: Stage) -> Outlook:
    return replace(IN_CITY, state=State(Stage.IN_CITY, side=side))


@pytest.mark.parametrize("zone", ZONES)
def test_the_recipient_may_choose_until_the_evening_before_by_his_own_clock(zone: str) -> None:
    deadline = ask_deadline(date(2026, 11, 25), time(18), zone)
    assert local(deadline, zone).isoformat()[:16] == "2026-11-24T18:00"


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    ("closing", "called"),
    [(time(6), "2026-11-24T09:00"), (time(21), "2026-11-25T09:00"), (time(23, 30), "2026-11-25T09:00")],
)
def test_a_deadline_at_night_waits_for_calling_hours(zone: str, closing: time, called: str) -> None:
    assert local(ask_deadline(date(2026, 11, 25), closing, zone), zone).isoformat()[:16] == called


def test_a_new_parcel_is_the_shops_until_the_agreed_hand_over() -> None:
    assert next_step(NEW, NOON) == Step("shop", Action.HAND_OVER, at(date(2026, 11, 17), time(23, 59), HOME))


def test_on_the_road_the_recipient_is_asked_before_the_first_possible_day() -> None:
    assert next_step(replace(ROAD, arrival_by=date(2026, 11, 25)), NOON) == Step(
        "recipient", Action.ASK, at(date(2026, 11, 24), time(18))
    )


def test_the_carrier_owes_the_arrival_when_that_comes_first() -> None:
    view = replace(ROAD, promised_from=date(2026, 11, 27))
    assert next_step(view, NOON) == Step("carrier", Action.ARRIVE, at(date(2026, 11, 24), time(23, 59)))


def test_an_arrival_by_day_is_called_at_once() -> None:
    assert next_step(IN_CITY, NOON) == Step("recipient", Action.ASK, NOON)


@pytest.mark.parametrize("zone", ZONES)
def test_an_arrival_at_23_18_is_called_at_nine_the_next_morning(zone: str) -> None:
    view = replace(IN_CITY, timezone=zone)
    step = next_step(view, at(date(2026, 11, 22), time(23, 18), zone))
    assert step.at == at(date(2026, 11, 23), time(9), zone)


def test_a_booked_parcel_on_the_road_must_arrive_by_the_morning_of_its_slot() -> None:
    view = replace(ROAD, state=State(Stage.IN_TRANSIT, plan=Stage.SCHEDULED), agreed=SLOT, arrival_by=date(2026, 12, 1))
    eve = at(SLOT.day - timedelta(days=1), time(18))
    assert next_step(view, NOON) == Step("carrier", Action.ARRIVE, eve)
    assert next_step(view, eve) == Step("carrier", Action.ARRIVE, at(SLOT.day, time(8)))


@pytest.mark.parametrize("plan", [Stage.SCHEDULED, Stage.POSTPONED])
def test_what_is_agreed_puts_off_neither_the_hand_over_nor_the_arrival(plan: Stage) -> None:
    by = time(23, 59)
    wish = {"agreed": SLOT} if plan is Stage.SCHEDULED else {"postponed_to": SLOT.day}
    new = replace(NEW, state=State(Stage.ACCEPTED, plan=plan), **wish)  # type: ignore[arg-type]
    assert next_step(new, NOON) == Step("shop", Action.HAND_OVER, at(date(2026, 11, 17), by, HOME))
    road = replace(ROAD, state=State(Stage.IN_TRANSIT, plan=plan), **wish)  # type: ignore[arg-type]
    assert next_step(road, NOON) == Step("carrier", Action.ARRIVE, at(date(2026, 11, 24), by))


def test_a_booked_parcel_in_the_city_is_the_couriers_until_an_hour_after_its_slot() -> None:
    view = replace(IN_CITY, state=State(Stage.IN_CITY, plan=Stage.SCHEDULED), agreed=SLOT)
    assert next_step(view, NOON) == Step("courier", Action.DELIVER, at(SLOT.day, time(19)))


def test_a_parcel_with_the_courier_is_his_until_the_end_of_the_day() -> None:
    view = replace(IN_CITY, state=State(Stage.WITH_COURIER, plan=Stage.SCHEDULED), agreed=SLOT)
    assert next_step(view, NOON) == Step("courier", Action.DELIVER, at(SLOT.day, time(23, 59)))


def test_a_postponed_parcel_is_asked_the_evening_before_its_new_first_day() -> None:
    view = replace(IN_CITY, state=State(Stage.IN_CITY, plan=Stage.POSTPONED), postponed_to=date(2026, 12, 3))
    assert next_step(view, NOON) == Step("recipient", Action.ASK, at(date(2026, 12, 2), time(18)))


def test_after_a_missed_delivery_the_recipient_has_until_the_next_morning() -> None:
    assert next_step(beside(Stage.MISSED), NOON) == Step("recipient", Action.ASK, at(date(2026, 11, 17), time(9)))


@pytest.mark.parametrize("side", [Stage.INCIDENT, Stage.UNKNOWN])
def test_what_nobody_can_explain_is_asked_by_a_person_at_once(side: Stage) -> None:
    assert next_step(beside(side), NOON) == Step("call_centre", Action.ASK, NOON)


@pytest.mark.parametrize(
    ("kept_until", "called"),
    [
        (date(2026, 12, 9), "2026-12-08T09:00"),
        (date(2026, 11, 18), "2026-11-17T09:00"),
        (date(2026, 11, 17), "2026-11-17T09:00"),
        (date(2026, 11, 16), "2026-11-16T14:00"),
        (None, "2026-11-16T14:00"),
    ],
)
def test_who_does_not_collect_his_parcel_is_called_near_the_end_of_storage(
    kept_until: date | None, called: str
) -> None:
    step = next_step(replace(beside(Stage.AT_PICKUP), kept_until=kept_until), NOON)
    assert (step.owner, step.action, local(step.at, TOMSK).isoformat()[:16]) == ("recipient", Action.COLLECT, called)


@pytest.mark.parametrize("side", [Stage.REFUSED, Stage.RETURNING, Stage.RECALLED])
def test_a_refused_parcel_must_be_back_within_thirty_days(side: Stage) -> None:
    assert next_step(beside(side), NOON) == Step("carrier", Action.SEND_BACK, NOON + timedelta(days=30))


def test_a_parcel_without_a_known_place_is_asked_about_the_next_day() -> None:
    view = replace(NEW, promised_from=None, closing=None, hand_over_by=None, arrival_by=None)
    assert next_step(view, NOON) == Step("call_centre", Action.ASK, NOON + timedelta(days=1))


def test_where_no_courier_goes_the_carrier_owes_the_arrival_and_nobody_is_asked() -> None:
    step = next_step(replace(ROAD, closing=None, promised_from=date(2026, 11, 20)), NOON)
    assert step == Step("carrier", Action.ARRIVE, at(date(2026, 11, 24), time(23, 59)))


def test_an_open_call_comes_before_everything_else() -> None:
    closes = at(date(2026, 11, 16), time(21))
    assert next_step(replace(IN_CITY, call_closes_at=closes), NOON) == Step("call_centre", Action.CALL, closes)


def test_while_somebody_waits_for_a_call_his_late_parcel_still_gets_a_new_date() -> None:
    closes = at(date(2026, 11, 30), time(21))
    step = next_step(replace(ROAD, call_closes_at=closes), NOON)
    assert step == Step("carrier", Action.ARRIVE, at(date(2026, 11, 24), time(23, 59)))
    soon = at(date(2026, 11, 20), time(21))
    assert next_step(replace(ROAD, call_closes_at=soon), NOON) == Step("call_centre", Action.CALL, soon)


days = st.dates(date(2026, 11, 1), date(2026, 12, 31))
outlooks = st.builds(
    Outlook,
    state=st.lists(st.sampled_from(list(Kind))).map(fold).filter(lambda state: not state.is_closed),
    timezone=st.sampled_from(ZONES),
    origin_zone=st.sampled_from(ZONES),
    closing=st.none() | st.times(),
    promised_from=st.none() | days,
    hand_over_by=st.none() | days,
    arrival_by=st.none() | days,
    agreed=st.none() | st.builds(Agreed, day=days, ends=st.times()),
    postponed_to=st.none() | days,
    call_closes_at=st.none() | days.map(lambda day: moment(day, time(21), TOMSK)),
)
minutes = st.integers(0, 60 * 24 * 60).map(lambda n: datetime(2026, 11, 1, tzinfo=UTC) + timedelta(minutes=n))


@given(outlooks, minutes)
def test_every_open_parcel_is_somebodys_until_some_moment(view: Outlook, now: datetime) -> None:
    step = next_step(view, now)
    assert step.owner in {"shop", "carrier", "recipient", "courier", "call_centre"}
    assert step.at.utcoffset() == timedelta(0)


@given(outlooks, minutes)
def test_nobody_is_asked_outside_calling_hours(view: Outlook, now: datetime) -> None:
    step = next_step(view, now)
    asks = step.action in (Action.ASK, Action.COLLECT)
    assert not asks or time(9) <= local(step.at, view.timezone).time() < time(21)
