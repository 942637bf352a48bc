"""Which windows may be offered, to the second and by the clock of the place."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest

from scheduling.calendars import moment
from scheduling.slots import (
    Availability,
    DayOffers,
    SlotRow,
    Window,
    closes_at,
    first_free,
    judge,
    nearest,
    offer,
    room_of,
)

FIRST = date(2026, 11, 21)
CLOSING = time(18)
TOMSK = "Asia/Tomsk"
EARLY = moment(date(2026, 11, 16), time(14), TOMSK)
HOURS = (time(10), time(14), time(18))
WINDOW = Window.from_first_possible(FIRST)


def row(day: date, starts: time = time(14), free: int = 1) -> SlotRow:
    return SlotRow(int(f"{day:%m%d}{starts:%H}"), day, starts, time(starts.hour + 4), free)


def offers(rows: list[SlotRow], now: datetime = EARLY, window: Window = WINDOW) -> list[DayOffers]:
    return offer(rows, window, CLOSING, TOMSK, now)


def keys(rows: list[SlotRow], wanted: date, hour: time) -> list[str]:
    return [o.key for o in nearest(offers(rows), wanted, hour)]


def week(*full: str) -> list[SlotRow]:
    """Three slots a day from the first possible day on; those named by `full` have no place."""
    rows = [row(FIRST + timedelta(days=n), starts) for n in range(7) for starts in HOURS]
    return [SlotRow(r.slot_id, r.day, r.starts, r.ends, 0) if f"{r.day:%d}T{r.starts:%H}" in full else r for r in rows]


@pytest.mark.parametrize(("after", "is_in"), [(-1, False), (0, True), (14, True), (15, False)])
def test_the_limit_counts_fourteen_days_from_the_first_possible_one(after: int, is_in: bool) -> None:
    assert (FIRST + timedelta(days=after) in WINDOW) is is_in


def test_day_fourteen_is_offered_and_day_fifteen_is_not() -> None:
    rows = [row(FIRST + timedelta(days=n)) for n in (13, 14, 15)]
    assert [d.day for d in offers(rows)] == [date(2026, 12, 4), date(2026, 12, 5)]


def test_days_before_the_parcel_can_come_are_not_offered() -> None:
    assert [d.day for d in offers([row(FIRST - timedelta(days=1)), row(FIRST)])] == [FIRST]


@pytest.mark.parametrize("zone", ["Asia/Tomsk", "Europe/Kaliningrad", "Asia/Anadyr", "Europe/Berlin"])
@pytest.mark.parametrize(("seconds", "availability"), [(-1, Availability.FREE), (0, Availability.CLOSED)])
def test_a_day_closes_the_evening_before_to_the_second(zone: str, seconds: int, availability: Availability) -> None:
    evening = moment(FIRST - timedelta(days=1), CLOSING, zone)
    assert judge(row(FIRST), CLOSING, zone, evening + timedelta(seconds=seconds)) is availability


def test_closing_follows_the_offset_of_its_own_evening() -> None:
    """On 25 October 2026 the clocks of Berlin go back; the evening before still has summer time."""
    assert closes_at(date(2026, 10, 25), CLOSING, "Europe/Berlin").hour == 16
    assert closes_at(date(2026, 10, 26), CLOSING, "Europe/Berlin").hour == 17


def test_a_slot_without_a_place_is_full() -> None:
    assert judge(row(FIRST, free=0), CLOSING, TOMSK, EARLY) is Availability.FULL


def test_a_full_slot_is_closed_once_its_day_is() -> None:
    assert judge(row(FIRST, free=0), CLOSING, TOMSK, moment(FIRST, time(9), TOMSK)) is Availability.CLOSED


def test_a_full_day_stays_in_sight() -> None:
    (day,) = offers([row(FIRST, free=0)])
    assert day.is_full


def test_a_closed_day_is_left_out() -> None:
    rows = [row(FIRST), row(FIRST + timedelta(days=1))]
    assert [d.day for d in offers(rows, moment(FIRST, time(9), TOMSK))] == [date(2026, 11, 22)]


def test_the_nearest_come_from_the_same_day_first() -> None:
    assert keys(week("24T14"), date(2026, 11, 24), time(14)) == [
        "2026-11-24T10:00",
        "2026-11-24T18:00",
        "2026-11-25T14:00",
    ]


def test_the_nearest_of_a_full_day_keep_its_hour_and_prefer_the_day_after() -> None:
    full = week("24T10", "24T14", "24T18")
    assert keys(full, date(2026, 11, 24), time(18)) == ["2026-11-25T18:00", "2026-11-25T14:00", "2026-11-25T10:00"]


def test_the_nearest_look_back_when_nothing_comes_after() -> None:
    rows = [r for r in week() if r.day <= date(2026, 11, 22)]
    assert keys(rows, date(2026, 11, 23), time(10)) == ["2026-11-22T10:00", "2026-11-22T14:00", "2026-11-22T18:00"]


def test_there_are_no_more_alternatives_than_free_slots() -> None:
    assert keys([row(FIRST), row(FIRST, time(18), free=0)], FIRST, time(10)) == ["2026-11-21T14:00"]


def test_the_first_free_slot_skips_what_is_full() -> None:
    proposed = first_free(offers(week("21T10", "21T14")))
    assert proposed is not None
    assert proposed.key == "2026-11-21T18:00"


def test_where_all_is_full_nothing_is_proposed() -> None:
    assert first_free(offers([row(FIRST, free=0)])) is None


def free(said: dict[str, list[list[str]]] | None, now: datetime = EARLY) -> set[str]:
    """What is offered of a week in which the carrier has named some days; the days are still shown."""
    days = offer(week("22T10"), WINDOW, CLOSING, TOMSK, now, said)
    assert len(days) == 7 or now > EARLY
    return {f"{o.row.day:%d}T{o.row.starts:%H}" for day in days for o in day.offers if o.is_free}


def test_only_slots_within_one_of_the_carrier_s_windows_are_free() -> None:
    said = {
        "2026-11-21": [["10:00", "18:00"]],
        "2026-11-22": [["10:00", "14:00"], ["18:00", "22:00"]],
        "2026-11-23": [["09:00", "13:59"], ["14:01", "23:59"]],
        "2026-11-24": [],
    }
    assert free(said) == {"21T10", "21T14", "22T18", "23T18"}


@pytest.mark.parametrize(
    "said", [None, {}, {"2026-11-16": [["10:00", "22:00"]]}, {"2026-12-06": []}, {"2026-11-20": [["10:00", "22:00"]]}]
)
def test_a_carrier_that_has_named_no_day_of_the_window_limits_nothing(said: dict[str, list[list[str]]] | None) -> None:
    assert free(said) == free(None)


def test_days_that_have_passed_limit_nothing_any_more() -> None:
    said = {"2026-11-21": [["10:00", "22:00"]]}
    assert free(said) == {"21T10", "21T14", "21T18"}
    assert room_of(said, WINDOW, TOMSK, EARLY + timedelta(days=4)) is not None
    assert len(free(said, EARLY + timedelta(days=5))) == 17


def test_a_carrier_whose_days_are_full_has_nothing_to_offer() -> None:
    assert free({"2026-11-21": [], "2026-11-22": []}) == set()
