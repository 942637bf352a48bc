"""What may not be agreed, on both databases: each refusal has its reason, and nothing is half done after it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

import pytest
from flask import Flask

from parcels.stages import Kind
from portal.transaction import transaction
from scheduling.calendars import moment
from scheduling.models import Slot
from scheduling.policy import Reason
from tests.factories import KALININGRAD, TOMSK, VILLAGE, zone_of
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
    book,
    facts,
    happen,
    parcel_of,
    parcel_to_tomsk,
    postpone,
    refused,
    set_places,
    taken,
)


@pytest.fixture
def parcel_id(both: Flask) -> Iterator[int]:
    yield from parcel_to_tomsk()


@pytest.mark.parametrize(
    ("kinds", "reason"),
    [
        ([Kind.ARRIVED, Kind.TO_COURIER, Kind.DELIVERED], Reason.DELIVERED),
        ([Kind.ARRIVED, Kind.TO_COURIER], Reason.WITH_COURIER),
        ([Kind.REFUSED], Reason.GOING_BACK),
        ([Kind.RETURNED], Reason.GOING_BACK),
    ],
)
def test_a_parcel_that_cannot_be_agreed_any_more(parcel_id: int, kinds: list[Kind], reason: Reason) -> None:
    happen(parcel_id, *kinds)
    assert refused(lambda: book(parcel_id, WEDNESDAY)).reason is reason
    assert refused(lambda: postpone(parcel_id, LAST)).reason is reason


def test_where_no_courier_goes_no_slot_is_booked(parcel_id: int) -> None:
    village = another(settlement_id=VILLAGE)
    assert refused(lambda: book(village, WEDNESDAY)).reason is Reason.NO_COURIER_HERE


def test_without_an_address_no_slot_is_booked(parcel_id: int) -> None:
    nowhere = another(settlement_id=None)
    assert refused(lambda: book(nowhere, WEDNESDAY)).reason is Reason.NO_COURIER_HERE


@pytest.mark.parametrize(
    ("day", "starts", "now", "reason"),
    [
        (date(2026, 11, 20), DAY, SOON, Reason.TOO_EARLY),
        (date(2026, 11, 15), DAY, SOON, Reason.PAST_DAY),
        (date(2026, 12, 6), MORNING, SOON, Reason.BEYOND_LIMIT),
        (date(2026, 11, 22), EVENING, SOON, Reason.CLOSED_DAY),
        (TUESDAY, time(9), SOON, Reason.CLOSED_DAY),
        (FIRST, DAY, moment(date(2026, 11, 20), time(18), "Asia/Tomsk"), Reason.TOO_LATE),
        (FIRST, DAY, moment(FIRST, time(9), "Asia/Tomsk"), Reason.TOO_LATE),
        (FIRST, DAY, moment(date(2026, 11, 22), time(9), "Asia/Tomsk"), Reason.PAST_DAY),
    ],
    ids=["before", "past", "day 15", "Sunday evening", "no such hour", "closing", "same day", "a day ago"],
)
def test_a_slot_that_cannot_be_had(parcel_id: int, day: date, starts: time, now: datetime, reason: Reason) -> None:
    before = facts(parcel_id)
    refusal = refused(lambda: book(parcel_id, day, starts, now=now))
    assert refusal.reason is reason
    assert refusal.wanted == (day, starts.hour)
    assert (taken(), facts(parcel_id), agreed(parcel_id)) == ({}, before, None)


def test_the_last_second_before_closing_is_in_time(parcel_id: int) -> None:
    closing = moment(date(2026, 11, 20), time(18), "Asia/Tomsk")
    book(parcel_id, FIRST, now=closing - timedelta(seconds=1))
    assert taken() == {"21.11 14": 1}


def test_day_fourteen_can_be_booked(parcel_id: int) -> None:
    book(parcel_id, LAST, MORNING)
    assert taken() == {"05.12 10": 1}


def test_a_day_on_which_nobody_drives_is_closed(parcel_id: int) -> None:
    with transaction() as session:
        zone = zone_of(session, TOMSK)
        session.execute(Slot.__table__.delete().where(Slot.zone_id == zone.id, Slot.day == TUESDAY))
    refusal = refused(lambda: book(parcel_id, TUESDAY))
    assert refusal.reason is Reason.CLOSED_DAY
    assert {offer.row.day for offer in refusal.nearest} == {WEDNESDAY}


@pytest.mark.parametrize(
    ("to", "now", "reason"),
    [
        (date(2026, 11, 20), SOON, Reason.TOO_EARLY),
        (date(2026, 12, 6), SOON, Reason.BEYOND_LIMIT),
        (date(2026, 11, 15), SOON, Reason.PAST_DAY),
        (LAST, moment(date(2026, 12, 4), time(18), "Asia/Tomsk"), Reason.TOO_LATE),
    ],
)
def test_a_postponement_that_cannot_be_had(parcel_id: int, to: date, now: datetime, reason: Reason) -> None:
    book(parcel_id, TUESDAY)
    before = facts(parcel_id)
    assert refused(lambda: postpone(parcel_id, to, now=now)).reason is reason
    assert (taken(), facts(parcel_id)) == ({"24.11 14": 1}, before)


def fill(day: date) -> None:
    """Somebody takes the only place of the afternoon."""
    set_places(day, DAY, 1)
    book(another(), day)


def test_a_closed_slot_is_not_full_but_closed(parcel_id: int) -> None:
    set_places(TUESDAY, DAY, 0)
    assert refused(lambda: book(parcel_id, TUESDAY)).reason is Reason.CLOSED_DAY


def test_a_full_slot_brings_the_three_nearest_and_keeps_the_wish(parcel_id: int) -> None:
    fill(TUESDAY)
    refusal = refused(lambda: book(parcel_id, TUESDAY))
    assert (refusal.reason, refusal.wanted) == (Reason.SLOT_FULL, (TUESDAY, 14))
    assert [o.key for o in refusal.nearest] == ["2026-11-24T10:00", "2026-11-24T18:00", "2026-11-25T14:00"]


def test_a_move_to_a_full_slot_keeps_the_place_that_was_there(parcel_id: int) -> None:
    fill(WEDNESDAY)
    held = book(parcel_id, TUESDAY)
    before = facts(parcel_id)
    assert refused(lambda: book(parcel_id, WEDNESDAY)).reason is Reason.SLOT_FULL
    assert (taken(), facts(parcel_id)) == ({"24.11 14": 1, "25.11 14": 1}, before)
    assert agreed(parcel_id).id == held  # type: ignore[union-attr]


def test_the_closing_time_is_that_of_the_recipients_own_city(parcel_id: int) -> None:
    """At 18:30 in Tomsk Kaliningrad has 13:30 and its tomorrow is still open."""
    far = another(settlement_id=KALININGRAD)
    first = parcel_of(far).promised_from
    assert first is not None
    now = moment(first - timedelta(days=1), time(18, 30), "Asia/Tomsk")
    book(far, first, now=now)
    assert taken() == {f"{first:%d.%m} 14": 1}
