"""When a carrier is asked for its days and told a chosen one, and what its days are as a fact keeps them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from carriers.days import LEAST_TIME, MOST_DAYS, NearDate, give_up_at, is_news, named, next_try, stands, wants_days
from parcels.stages import Stage, State

TODAY = date(2026, 11, 21)
MORNING, ALL_DAY = (time(10), time(14)), (time(10), time(22))


def test_days_are_named_once_in_order_and_a_full_one_without_windows() -> None:
    near = [
        NearDate(TODAY + timedelta(days=2), 0, (MORNING,)),
        NearDate(TODAY + timedelta(days=1), 4, (ALL_DAY, MORNING)),
        NearDate(TODAY + timedelta(days=1), 4, (MORNING,)),
        NearDate(TODAY - timedelta(days=1), 4, (MORNING,)),
    ]
    assert named(near, TODAY) == {"2026-11-22": [["10:00", "14:00"], ["10:00", "22:00"]], "2026-11-23": []}


def test_no_more_days_are_kept_than_can_be_of_use() -> None:
    near = [NearDate(TODAY + timedelta(days=n), 1, (MORNING,)) for n in range(400)]
    assert len(named(near, TODAY)) == MOST_DAYS


def test_a_day_that_has_passed_is_no_news_and_neither_is_silence() -> None:
    known = {"2026-11-20": [["10:00", "14:00"]], "2026-11-22": [["10:00", "14:00"]]}
    assert not is_news(known, {"2026-11-22": [["10:00", "14:00"]]}, TODAY)
    assert not is_news(known, {}, TODAY)
    assert is_news(known, {"2026-11-22": []}, TODAY)
    assert is_news(None, {"2026-11-22": []}, TODAY)


@pytest.mark.parametrize(
    ("state", "is_asked", "is_told"),
    [
        (State(Stage.ACCEPTED, plan=Stage.SCHEDULED), False, True),
        (State(Stage.HANDED_OVER, plan=Stage.SCHEDULED), True, True),
        (State(Stage.IN_CITY, Stage.UNKNOWN, Stage.SCHEDULED), True, True),
        (State(Stage.IN_CITY, Stage.MISSED), True, False),
        (State(Stage.IN_CITY, plan=Stage.POSTPONED), True, False),
        (State(Stage.WITH_COURIER, plan=Stage.SCHEDULED), False, False),
        (State(Stage.IN_CITY, Stage.REFUSED, Stage.SCHEDULED), False, False),
        (State(Stage.DELIVERED, plan=Stage.SCHEDULED), False, False),
    ],
)
def test_days_are_asked_from_the_hand_over_to_the_courier_and_told_while_they_are_agreed(
    state: State, is_asked: bool, is_told: bool
) -> None:
    assert (wants_days(state), stands(state)) == (is_asked, is_told)


def test_a_wish_is_repeated_each_time_later_but_at_least_every_quarter_of_an_hour() -> None:
    minutes = [next_try(attempts, 0.5) / timedelta(minutes=1) for attempts in (1, 2, 3, 4, 5, 99)]
    assert minutes == [1, 2, 4, 8, 15, 15]


def test_a_choice_waits_for_the_carrier_until_it_closes() -> None:
    closes = datetime(2026, 11, 24, 11, tzinfo=UTC)
    choice = {"day": "2026-11-25", "closes_at": closes.isoformat()}
    assert give_up_at(choice, "Asia/Tomsk", closes - timedelta(days=2)) == closes
    assert give_up_at(choice, "Asia/Tomsk", closes - timedelta(minutes=1)) == closes - timedelta(minutes=1) + LEAST_TIME
    assert give_up_at({"day": "2026-11-25"}, "Asia/Tomsk", closes - timedelta(days=2)) == closes
