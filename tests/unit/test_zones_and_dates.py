"""Dates as people have them where they live: eleven Russian clocks, ends of months, leap days, long nights."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from flask import Flask
from hypothesis import assume, given
from hypothesis import strategies as st
from icalendar import Calendar

from portal import links
from portal.transaction import transaction
from scheduling import booking
from scheduling.booking import Asker
from scheduling.calendars import calendar_of, local, local_date, moment
from scheduling.policy import Reason, why_not_day
from scheduling.promise import Progress, Terms, compute, first_delivery_day
from scheduling.slots import Availability, SlotRow, Window, closes_at, judge, offer
from scheduling.steps import ask_deadline
from tests.factories import ANADYR, CHELYABINSK, KALININGRAD, TOMSK, make_parcel, make_world

RUSSIA = calendar_of("RU")
#: The eleven clocks of Russia with their hours before UTC; none of them is ever changed.
ELEVEN = {
    "Europe/Kaliningrad": 2,
    "Europe/Moscow": 3,
    "Europe/Samara": 4,
    "Asia/Yekaterinburg": 5,
    "Asia/Omsk": 6,
    "Asia/Krasnoyarsk": 7,
    "Asia/Irkutsk": 8,
    "Asia/Yakutsk": 9,
    "Asia/Vladivostok": 10,
    "Asia/Magadan": 11,
    "Asia/Kamchatka": 12,
}
#: Elsewhere clocks are changed: zone, the night in spring, the night in autumn, hours before UTC in winter.
CHANGED = (
    ("Europe/Kyiv", date(2026, 3, 29), date(2026, 10, 25), 2),
    ("Europe/Berlin", date(2026, 3, 29), date(2026, 10, 25), 1),
    ("America/New_York", date(2026, 3, 8), date(2026, 11, 1), -5),
)
ALL = [*ELEVEN, *(zone for zone, *_ in CHANGED)]
HOURS = (time(10), time(14), time(18))
SECOND, HOUR, A_DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
SEAMS = [
    *(date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 1), date(2026, 2, 28), date(2026, 3, 1)),
    *(date(2026, 1, 31), date(2026, 4, 30), date(2026, 11, 30), date(2025, 12, 31), date(2026, 12, 31)),
    *(day + timedelta(days=n) for _, spring, autumn, _ in CHANGED for day in (spring, autumn) for n in (-1, 0, 1)),
]
zones = st.sampled_from(ALL)
dates = st.dates(date(2024, 1, 1), date(2027, 10, 31)) | st.sampled_from(SEAMS)
clocks = st.times() | st.sampled_from([time(0), time(0, 0, 1), time(18), time(17, 59, 59), time(23, 59, 59)])
closings = st.sampled_from([time(12), time(18), time(21), time(23, 59)])


def rows(first: date, count: int = 20) -> list[SlotRow]:
    """Three slots with a place on each day."""
    days = [first + timedelta(days=n) for n in range(count)]
    return [SlotRow(n, day, starts, time(starts.hour + 3), 1) for n, day in enumerate(days) for starts in HOURS]


# --- what may be offered


@given(zones, dates, st.integers(-40, 40), clocks, closings)
def test_no_slot_is_offered_on_a_day_that_is_wrong_there(
    zone: str, first: date, ahead: int, clock: time, closing: time
) -> None:
    """Neither outside the 14 days, nor today or before by the recipient's own clock."""
    now = moment(first + ahead * A_DAY, clock, zone)
    window = Window.from_first_possible(first)
    for day in offer(rows(first - 3 * A_DAY), window, closing, zone, now):
        assert first <= day.day <= first + timedelta(days=14)
        assert day.day > local_date(now, zone)
        assert why_not_day(day.day, window, local_date(now, zone)) is None
        assert all(moment(day.day, o.row.starts, zone) > now for o in day.offers)


@given(zones, dates, clocks, closings)
def test_no_slot_that_may_be_chosen_is_kept_back(zone: str, first: date, clock: time, closing: time) -> None:
    now = moment(first, clock, zone)
    window = Window.from_first_possible(first)
    open_from = local_date(now, zone) + (A_DAY if local(now, zone).time() < closing else 2 * A_DAY)
    expected = [window.first + timedelta(days=n) for n in range(15) if window.first + timedelta(days=n) >= open_from]
    assert [day.day for day in offer(rows(first), window, closing, zone, now)] == expected


@given(zones, dates, closings)
def test_a_day_closes_to_the_second(zone: str, day: date, closing: time) -> None:
    closes = closes_at(day, closing, zone)
    row = SlotRow(1, day, time(10), time(14), 1)
    assert judge(row, closing, zone, closes - SECOND) is Availability.FREE
    assert judge(row, closing, zone, closes) is Availability.CLOSED
    assert local(closes, zone).replace(tzinfo=None) == datetime.combine(day - A_DAY, closing)


@pytest.mark.parametrize(("zone", "offset"), ELEVEN.items())
@given(day=dates)
def test_the_eleven_clocks_of_russia_close_at_their_own_six_in_the_evening(zone: str, offset: int, day: date) -> None:
    evening = datetime.combine(day - A_DAY, time(18), UTC) - timedelta(hours=offset)
    assert closes_at(day, time(18), zone) == evening
    assert moment(day, time(0), zone) == datetime.combine(day, time(0), UTC) - timedelta(hours=offset)


@pytest.mark.parametrize(("zone", "spring", "autumn", "winter"), CHANGED)
def test_elsewhere_the_evening_before_has_its_own_offset(zone: str, spring: date, autumn: date, winter: int) -> None:
    """A day on which the clock was changed closes by the old clock, the one after it by the new."""
    for night, before, after in ((spring, winter, winter + 1), (autumn, winter + 1, winter)):
        assert closes_at(night, time(18), zone) == datetime.combine(night - A_DAY, time(18), UTC) - before * HOUR
        assert closes_at(night + A_DAY, time(18), zone) == datetime.combine(night, time(18), UTC) - after * HOUR


@pytest.mark.parametrize(("zone", "spring", "autumn", "_winter"), CHANGED)
def test_a_night_of_two_lengths_has_each_of_its_hours_on_its_day(
    zone: str, spring: date, autumn: date, _winter: int
) -> None:
    """Minute by minute from midnight to midnight, 23 or 25 hours: the day is that day, and today is never offered."""
    for night, hours in ((spring, 23), (autumn, 25)):
        begins, ends = moment(night, time(0), zone), moment(night + A_DAY, time(0), zone)
        assert ends - begins == timedelta(hours=hours)
        window = Window.from_first_possible(night)
        for minutes in range(0, hours * 60, 7):
            now = begins + timedelta(minutes=minutes)
            assert local_date(now, zone) == night
            offered = offer(rows(night, 5), window, time(18), zone, now)
            assert offered[0].day == night + (A_DAY if local(now, zone).time() < time(18) else 2 * A_DAY)


@given(zones, dates, closings)
def test_the_deadline_is_never_at_night_nor_after_the_day(zone: str, day: date, closing: time) -> None:
    deadline = ask_deadline(day, closing, zone)
    assert time(9) <= local(deadline, zone).time() < time(21)
    assert closes_at(day, closing, zone) <= deadline
    assert local_date(deadline, zone) <= day


# --- ends of months, leap days


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2024, 2, 15), date(2024, 2, 29)),
        (date(2024, 2, 16), date(2024, 3, 1)),
        (date(2026, 2, 15), date(2026, 3, 1)),
        (date(2026, 12, 18), date(2027, 1, 1)),
        (date(2024, 2, 29), date(2024, 3, 14)),
    ],
)
def test_fourteen_days_across_the_end_of_a_month(first: date, last: date) -> None:
    window = Window.from_first_possible(first)
    assert (window.last, last in window, last + A_DAY in window) == (last, True, False)


@pytest.mark.parametrize("zone", ALL)
def test_the_leap_day_is_a_day_like_any_other(zone: str) -> None:
    leap = date(2024, 2, 29)
    window = Window.from_first_possible(leap)
    now = closes_at(leap, time(18), zone)
    assert offer(rows(leap, 2), window, time(18), zone, now - SECOND)[0].day == leap
    assert offer(rows(leap, 2), window, time(18), zone, now)[0].day == date(2024, 3, 1)


# --- promises


@given(zones, zones, dates, clocks, st.integers(0, 20), st.integers(0, 10), st.integers(0, 30 * 24))
def test_nothing_is_promised_for_a_day_that_is_over_there(
    origin: str, zone: str, day: date, clock: time, low: int, more: int, later: int
) -> None:
    terms = Terms(1, time(18), low, low + more, origin, zone)
    accepted = moment(day, clock, origin)
    now = accepted + timedelta(hours=later)
    promise = compute(Progress(accepted), terms, RUSSIA, RUSSIA.is_working, now)
    assert local_date(now, zone) <= promise.earliest <= promise.latest
    assert RUSSIA.is_working(promise.earliest)
    assert RUSSIA.is_working(promise.latest)


@given(dates, st.sets(st.integers(0, 25)), st.frozensets(st.integers(0, 6), min_size=1))
def test_closed_days_in_a_row_are_stepped_over(start: date, closed: set[int], weekdays: frozenset[int]) -> None:
    """However many days stand closed one after another, the first open one is found, and none before it."""
    shut = {start + timedelta(days=n) for n in closed}

    def delivers(day: date) -> bool:
        return day not in shut and day.weekday() in weekdays

    candidates = [start + timedelta(days=n) for n in range(31)]
    assume(any(map(delivers, candidates)))
    assert first_delivery_day(start, delivers) == next(day for day in candidates if delivers(day))


@given(zones, dates, clocks, st.sets(st.integers(0, 14), max_size=14))
def test_days_without_slots_are_not_offered(zone: str, first: date, clock: time, closed: set[int]) -> None:
    shut = {first + timedelta(days=n) for n in closed}
    window = Window.from_first_possible(first)
    now = moment(first - A_DAY, clock, zone)
    given_rows = [row for row in rows(first, 15) if row.day not in shut]
    assert not shut & {day.day for day in offer(given_rows, window, time(18), zone, now)}


def test_the_longest_feast_is_stepped_over() -> None:
    """From 31 December 2026 to 10 January 2027 nobody works; a parcel of the 30th comes after it."""
    accepted = moment(date(2026, 12, 29), time(12), "Asia/Yekaterinburg")
    terms = Terms(1, time(18), 2, 2, "Asia/Yekaterinburg", "Asia/Tomsk")
    promise = compute(Progress(accepted), terms, RUSSIA, RUSSIA.is_working, accepted)
    assert promise.earliest == date(2027, 1, 12)


# --- the calendar file


@pytest.mark.parametrize(("place", "offset"), [(TOMSK, 7), (KALININGRAD, 2), (ANADYR, 12), (CHELYABINSK, 5)], ids=str)
def test_the_calendar_file_names_the_hours_of_the_city(app: Flask, place: int, offset: int) -> None:
    with transaction() as session:
        parcel = make_parcel(session, make_world(session), settlement_id=place)
        row = booking.offered(session, parcel, parcel.accepted_at)[0].offers[0].row
        booking.book(session, parcel, row.day, row.starts, Asker("recipient", parcel.version), parcel.accepted_at)
        token, booked_at = links.token_for(parcel), parcel.accepted_at
    answer = app.test_client().get(f"/t/{token}/delivery.ics")
    (entry,) = Calendar.from_ical(answer.text).events
    ahead = timedelta(hours=offset)
    assert entry.start == datetime.combine(row.day, row.starts, UTC) - ahead
    assert entry.end == datetime.combine(row.day, row.ends, UTC) - ahead
    assert entry["DTSTAMP"].dt == booked_at


def test_a_day_in_the_past_is_refused_by_the_clock_of_the_city(app: Flask) -> None:
    """Half past one in Anadyr is still yesterday in Kaliningrad: the same moment, two answers."""
    now = moment(date(2026, 12, 1), time(1, 30), "Asia/Anadyr")
    with transaction() as session:
        shop = make_world(session, now)
        reasons = {}
        for place in (ANADYR, KALININGRAD):
            parcel = make_parcel(session, shop, now, settlement_id=place)
            try:
                booking.book(session, parcel, date(2026, 11, 30), time(10), Asker("recipient", parcel.version), now)
            except booking.Refusal as refusal:
                reasons[place] = refusal.reason
    assert reasons == {ANADYR: Reason.PAST_DAY, KALININGRAD: Reason.TOO_EARLY}
