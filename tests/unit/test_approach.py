"""How far the courier is from a door, by his marks alone."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from scheduling.approach import Approach, Near, approach
from scheduling.calendars import moment

DAY, ZONE = date(2026, 11, 26), "Asia/Tomsk"


def at(hour: int, minute: int = 0) -> datetime:
    return moment(DAY, time(hour, minute), ZONE)


def stops(*done: datetime | None, mine: int = 3) -> list[Near]:
    """Stops of the morning, twenty minutes each, the first of them marked."""
    marks = [*done, *([None] * (4 - len(done)))]
    return [Near(20, time(10), mark, mark is None, n == mine) for n, mark in enumerate(marks)]


def test_before_he_leaves_and_on_another_day_nothing_is_said() -> None:
    assert approach(stops(), None, DAY, ZONE, at(9)) is None
    assert approach(stops(), at(9), DAY, ZONE, at(9) + timedelta(days=1)) is None


def test_he_waits_for_the_slots_that_come_before_mine() -> None:
    assert approach(stops(), at(9), DAY, ZONE, at(9)) == Approach(3, time(10, 50), time(11, 20))


def test_each_mark_brings_him_nearer() -> None:
    told = [approach(stops(*[at(10, 10)] * count), at(9), DAY, ZONE, at(10, 12)) for count in range(4)]
    assert [one.ahead for one in told if one] == [3, 2, 1, 0]
    assert told[3] == Approach(0, time(10, 15), time(10, 45))


def test_when_he_is_slow_the_window_moves_with_the_clock() -> None:
    told = approach(stops(at(10), at(10), at(10)), at(9), DAY, ZONE, at(13, 7))
    assert told == Approach(0, time(13, 10), time(13, 40))


@pytest.mark.parametrize("now", [at(11, 30), at(13, 50), at(13, 51), at(22, 44)])
def test_a_courier_who_has_marked_nothing_for_hours_is_at_one_door_after_the_other(now: datetime) -> None:
    told = [approach(stops(mine=mine), at(9, 50), DAY, ZONE, now) for mine in range(4)]
    begins = [one.begins for one in told if one]
    assert [one.ahead for one in told if one] == [0, 1, 2, 3]
    assert begins == sorted(set(begins))
    assert begins[0] >= now.astimezone(ZoneInfo(ZONE)).time()


@pytest.mark.parametrize("minutes", range(0, 240, 7))
def test_no_window_begins_in_the_past(minutes: int) -> None:
    now = at(10) + timedelta(minutes=minutes)
    for done in range(4):
        told = approach(stops(*[at(10, 10)] * done), at(9), DAY, ZONE, now)
        assert told is not None
        assert moment(DAY, told.begins, ZONE) >= now
