"""Reading a history: what is taken, what is refused, and when a date counts as known."""

from __future__ import annotations

import csv
from datetime import date

import numpy as np
import pytest

from scheduling.accuracy_clock import Clocks
from scheduling.accuracy_districts import district
from scheduling.accuracy_history import NEVER, BadHistory, BadRow, History, Parcel, check, columns_of
from scheduling.calendars import calendar_of

HEADER = "handed_over_at,delivered_at,origin,destination,destination_region,promised_at"
GOOD = "2025-03-03T12:00+05:00,2025-03-07T15:00+07:00,Челябинск,Томск,Томская область,2025-03-11"


def read(*lines: str, header: str = HEADER) -> tuple[list[Parcel], tuple[BadRow, ...]]:
    rows = csv.DictReader([header, *lines])
    return check(enumerate(rows, start=2), header.split(","))


def columns(*lines: str) -> History:
    return columns_of(read(*lines)[0])


def day(text: str) -> int:
    return date.fromisoformat(text).toordinal()


def test_dates_are_those_of_the_local_clock() -> None:
    history = columns("2025-03-03T23:30+05:00,2025-03-07T00:30+07:00,Челябинск,Томск,,2025-03-11")
    assert history.handed[0] == day("2025-03-03")
    assert history.delivered[0] == day("2025-03-07")
    assert history.promised[0] == day("2025-03-11")


def test_what_the_east_calls_today_is_not_known_before_its_midnight() -> None:
    west, east = columns(
        "2025-03-03T12:00+02:00,2025-03-06T21:00+02:00,Калининград,Москва,Москва,",
        "2025-03-03T13:00+12:00,2025-03-07T01:00+12:00,Анадырь,Москва,Москва,",
    ).known_delivered
    assert west == east == day("2025-03-07")


def test_moments_without_an_offset_may_stand_beside_others() -> None:
    parcels, bad = read("2025-03-03T12:00+05:00,2025-03-03T11:00,А,Б,,", *[GOOD] * 200, "2025-03-03,2025-03-03,А,Б,,")
    assert [row.reason for row in bad] == ["delivered_before"]
    assert len(columns_of(parcels).handed) == 201


def test_what_is_not_delivered_is_open() -> None:
    assert columns("2025-03-03,,Челябинск,Томск,Томская область,").delivered[0] == NEVER


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (",2025-03-07,А,Б,,", "no_hand_over"),
        ("вчера,2025-03-07,А,Б,,", "bad_moment"),
        ("2025-02-29,2025-03-07,А,Б,,", "bad_moment"),
        ("2025-03-03,NaN,А,Б,,", "bad_moment"),
        ("2025-03-07,2025-03-03,А,Б,,", "delivered_before"),
        ("2025-03-03T12:00+05:00,2025-03-03T08:00+02:00,А,Б,,", "delivered_before"),
        ("2025-03-03,2025-03-07,,Б,,", "no_place"),
        ("1970-01-01,2025-03-07,А,Б,,", "unknown_year"),
    ],
)
def test_a_bad_row_has_its_line_and_reason(line: str, reason: str) -> None:
    parcels, bad = read(*[GOOD] * 150, line)
    assert [(row.line, row.reason) for row in bad] == [(152, reason)]
    assert len(parcels) == 150


def test_one_bad_row_in_a_hundred_is_too_many() -> None:
    with pytest.raises(BadHistory, match="bad_rows: 1 / 100") as refused:
        read(*[GOOD] * 99, ",,,,,")
    assert refused.value.bad == (BadRow(101, "no_hand_over"),)


def test_columns_have_to_be_there() -> None:
    with pytest.raises(BadHistory, match="missing_columns: delivered_at, destination_region"):
        read("2025-03-03,А,Б", header="handed_over_at,origin,destination")


def test_a_file_without_rows_is_no_history() -> None:
    with pytest.raises(BadHistory, match="empty"):
        read()


@pytest.mark.parametrize(
    ("region", "name"),
    [
        ("Республика Саха (Якутия)", "дальневосточный"),
        ("Кемеровская область — Кузбасс", "сибирский"),
        ("Ханты-Мансийский автономный округ — Югра", "уральский"),
        ("г. Москва", "центральный"),
        ("SP", ""),
        ("", ""),
    ],
)
def test_regions_belong_to_districts(region: str, name: str) -> None:
    assert district(region) == name


def test_the_clock_counts_as_the_calendar_does() -> None:
    first = day("2025-04-25")
    clock = Clocks("RU", first, first + 60).of(np.array([], dtype=np.int64))
    for ahead in range(40):
        begins = np.array([first + ahead])
        for count in (1, 5, 20):
            ends = calendar_of("RU").add(date.fromordinal(first + ahead), count)
            assert clock.after(begins, np.array([count]))[0] == ends.toordinal()
            assert clock.at(np.array([ends.toordinal()]))[0] - clock.at(begins)[0] == count


def test_a_day_off_on_which_parcels_come_is_none() -> None:
    first = day("2025-01-01")
    every = np.arange(first, first + 365)
    came = np.repeat(every[every % 7 != day("2025-01-05") % 7], 3)  # Sundays off, feasts and Saturdays not
    clock = Clocks("RU", first, first + 364).of(came)
    assert clock.at(np.array([first + 364]))[0] - clock.at(np.array([first]))[0] == len(every) - 1 - 52


def test_years_before_the_calendar_have_plain_weeks() -> None:
    parcels, bad = read(*["2006-03-03,2006-03-07,А,Б,,"] * 3)
    assert (len(parcels), bad) == (3, ())
