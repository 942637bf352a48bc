"""How far the courier is from a door, by his marks alone."""

from datetime import date, datetime, time, timedelta

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
    assert told[3] == Approach(0, time(10, 10), time(10, 40))


def test_when_he_is_slow_the_window_moves_with_the_clock() -> None:
    told = approach(stops(at(10), at(10), at(10)), at(9), DAY, ZONE, at(13, 7))
    assert told == Approach(0, time(13), time(13, 30))
