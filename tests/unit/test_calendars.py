"""Working days of Russia, and what time it is where somebody lives."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.calendars import UnknownDay, calendar_of, calling_window, local, local_date, moment

RUSSIA = calendar_of("RU")
TABLE = Path(__file__).resolve().parents[2] / "parcels" / "data" / "settlements.csv"
ZONES = sorted({row["zone"] for row in csv.DictReader(TABLE.read_text(encoding="utf-8").splitlines())})
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
SECONDS = (datetime(2027, 12, 31, tzinfo=UTC) - datetime(2026, 1, 1, tzinfo=UTC)).total_seconds()
moments = st.integers(0, int(SECONDS)).map(lambda s: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=s))


def days_off(year: int) -> list[str]:
    """Weekdays of a year on which nobody works, as month-day."""
    days = (date(year, 1, 1) + timedelta(days=n) for n in range(365))
    return [f"{day:%m-%d}" for day in days if day.weekday() < 5 and not RUSSIA.is_working(day)]


def test_weekdays_off_in_2026() -> None:
    new_year = ["01-01", "01-02", "01-05", "01-06", "01-07", "01-08", "01-09"]
    assert days_off(2026) == [*new_year, "02-23", "03-09", "05-01", "05-11", "06-12", "11-04", "12-31"]


def test_weekdays_off_in_2027() -> None:
    new_year = ["01-01", "01-04", "01-05", "01-06", "01-07", "01-08"]
    others = ["02-22", "02-23", "03-08", "05-03", "05-10", "06-14", "11-04", "11-05", "12-31"]
    assert days_off(2027) == [*new_year, *others]


def test_a_saturday_from_which_the_rest_was_taken_is_worked() -> None:
    assert RUSSIA.is_working(date(2027, 2, 20))
    assert not RUSSIA.is_working(date(2027, 2, 22))


def test_an_ordinary_saturday_is_no_working_day_but_no_feast_either() -> None:
    assert not RUSSIA.is_working(date(2026, 11, 21))
    assert not RUSSIA.is_public_holiday(date(2026, 11, 21))


def test_couriers_rest_on_a_transferred_day_off() -> None:
    assert RUSSIA.is_public_holiday(date(2026, 12, 31))


@pytest.mark.parametrize(
    ("country", "day"),
    [
        ("RU", "2026-05-09"),
        ("RU", "2027-01-02"),
        ("RU", "2027-01-03"),
        ("RU", "2027-06-12"),
        ("BY", "2026-11-07"),
        ("KZ", "2025-10-25"),
    ],
)
def test_couriers_rest_on_a_feast_that_falls_on_a_weekend(country: str, day: str) -> None:
    assert calendar_of(country).is_public_holiday(date.fromisoformat(day))


def test_so_they_do_in_a_year_that_was_approved() -> None:
    assert calendar_of("RU", frozenset(), 2028).is_public_holiday(date(2028, 1, 1))


def test_a_feast_on_which_people_were_told_to_work_is_driven() -> None:
    assert not calendar_of("RU", frozenset({(date(2027, 1, 3), True)})).is_public_holiday(date(2027, 1, 3))


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        (date(2026, 11, 16), 0, date(2026, 11, 16)),
        (date(2026, 11, 20), 1, date(2026, 11, 23)),
        (date(2026, 11, 21), 0, date(2026, 11, 23)),
        (date(2026, 11, 21), 1, date(2026, 11, 24)),
        (date(2026, 12, 30), 1, date(2027, 1, 11)),
        (date(2027, 2, 19), 1, date(2027, 2, 20)),
        (date(2027, 2, 20), 1, date(2027, 2, 24)),
        (date(2024, 2, 28), 1, date(2024, 2, 29)),
    ],
)
def test_counting_working_days(start: date, count: int, end: date) -> None:
    assert RUSSIA.add(start, count) == end


@given(st.dates(date(2026, 1, 1), date(2027, 6, 30)), st.integers(0, 40), st.integers(0, 40))
def test_counting_on_is_counting_together(start: date, one: int, two: int) -> None:
    assert RUSSIA.add(RUSSIA.add(start, one), two) == RUSSIA.add(start, one + two)


@pytest.mark.parametrize("day", [date(2011, 12, 31), date(2028, 1, 11), date(2030, 6, 3)])
def test_a_day_whose_calendar_is_not_decreed_is_unknown(day: date) -> None:
    with pytest.raises(UnknownDay):
        RUSSIA.is_working(day)


def test_whether_couriers_rest_on_an_unknown_day_is_unknown_too() -> None:
    with pytest.raises(UnknownDay):
        RUSSIA.is_public_holiday(date(2028, 1, 3))


def test_the_last_known_day_is_known_though_nobody_works_on_it() -> None:
    assert not RUSSIA.is_working(date(2027, 12, 31))


def test_a_count_that_runs_out_of_the_calendar_is_unknown() -> None:
    with pytest.raises(UnknownDay):
        RUSSIA.add(date(2027, 12, 30), 1)


@given(st.sampled_from(ZONES), st.dates(date(2026, 1, 1), date(2027, 12, 31)), st.times())
def test_every_settlement_reads_back_the_date_it_was_promised(zone: str, day: date, clock: time) -> None:
    assert local(moment(day, clock, zone), zone).replace(tzinfo=None) == datetime.combine(day, clock)


@pytest.mark.parametrize("zone", ZONES)
def test_the_first_and_the_last_minute_of_a_day_are_that_day(zone: str) -> None:
    day = date(2026, 11, 26)
    assert [local_date(moment(day, clock, zone), zone) for clock in (time(0), time(23, 59))] == [day, day]


def test_a_minute_that_the_clock_skips_stays_on_its_day() -> None:
    skipped = moment(date(2026, 3, 29), time(2, 30), "Europe/Berlin")
    assert local(skipped, "Europe/Berlin").isoformat() == "2026-03-29T03:30:00+02:00"


@pytest.mark.parametrize(("zone", "offset"), ELEVEN.items())
def test_calls_begin_at_nine_by_each_of_the_eleven_clocks(zone: str, offset: int) -> None:
    opens, closes = calling_window(moment(date(2026, 11, 16), time(3), zone), zone)
    assert opens == datetime(2026, 11, 16, 9, tzinfo=UTC) - timedelta(hours=offset)
    assert closes - opens == timedelta(hours=12)


@pytest.mark.parametrize(
    ("wanted", "opens"),
    [
        ("2026-11-16T08:59", "2026-11-16T09:00"),
        ("2026-11-16T09:00", "2026-11-16T09:00"),
        ("2026-11-16T20:59", "2026-11-16T20:59"),
        ("2026-11-16T21:00", "2026-11-17T09:00"),
        ("2026-11-16T23:59", "2026-11-17T09:00"),
        ("2026-11-17T00:00", "2026-11-17T09:00"),
        ("2026-12-31T23:18", "2027-01-01T09:00"),
    ],
)
def test_calling_hours_across_midnight(wanted: str, opens: str) -> None:
    zone = "Asia/Tomsk"
    begin, end = calling_window(at(wanted, zone), zone)
    assert begin == at(opens, zone)
    assert local(end, zone) == local(begin, zone).replace(hour=21, minute=0)


@pytest.mark.parametrize(
    ("zone", "evening", "opens_utc"),
    [
        ("Europe/Berlin", "2026-10-24T21:30", datetime(2026, 10, 25, 8, tzinfo=UTC)),
        ("Europe/Berlin", "2026-03-28T21:30", datetime(2026, 3, 29, 7, tzinfo=UTC)),
        ("Europe/Kyiv", "2026-10-24T21:30", datetime(2026, 10, 25, 7, tzinfo=UTC)),
        ("Europe/Kyiv", "2026-03-28T21:30", datetime(2026, 3, 29, 6, tzinfo=UTC)),
    ],
)
def test_calling_hours_after_the_night_on_which_clocks_change(zone: str, evening: str, opens_utc: datetime) -> None:
    assert calling_window(at(evening, zone), zone)[0] == opens_utc


@given(moments, st.sampled_from([*ZONES, "Europe/Berlin", "Europe/Kyiv"]))
def test_nobody_is_ever_called_at_night(wanted: datetime, zone: str) -> None:
    begin, end = calling_window(wanted, zone)
    assert wanted <= begin < end
    assert time(9) <= local(begin, zone).time() < time(21)
    assert local_date(begin, zone) == local_date(end, zone)


def at(clock: str, zone: str) -> datetime:
    """The moment when the clock of a zone shows an ISO time."""
    shown = datetime.fromisoformat(clock)
    return moment(shown.date(), shown.time(), zone)
