"""What decides when a carrier is asked: breaker, budget, rest, how often a parcel, with whose keys. All of it pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import reduce

import pytest

from carriers import breaker
from carriers.breaker import OPENS_AFTER, Gate, Health
from carriers.following import BadNumber, clean
from carriers.keys import keys_of, secret_of
from carriers.polling import RARELY, next_poll
from carriers.registry import CARRIERS
from parcels.stages import FINAL, Stage

NOW = datetime(2026, 11, 16, 7, 0, 30, tzinfo=UTC)
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
SICK = reduce(lambda health, _: breaker.failed(health, NOW), range(OPENS_AFTER), Health())


def test_the_breaker_opens_after_five_failures_in_a_row() -> None:
    four = reduce(lambda health, _: breaker.failed(health, NOW), range(OPENS_AFTER - 1), Health())
    assert breaker.gate(four, NOW) is Gate.CLOSED
    assert breaker.gate(breaker.failed(breaker.answered(four), NOW), NOW) is Gate.CLOSED
    assert (breaker.gate(SICK, NOW), breaker.may_ask(SICK, 60, NOW)) == (Gate.OPEN, 0)


def test_after_a_minute_one_call_tries_whether_it_is_well() -> None:
    later = NOW + breaker.STAYS_OPEN
    assert breaker.may_ask(SICK, 60, later - SECOND) == 0
    assert (breaker.gate(SICK, later), breaker.may_ask(SICK, 60, later)) == (Gate.HALF_OPEN, 1)
    assert breaker.gate(breaker.failed(SICK, later), later) is Gate.OPEN
    assert breaker.may_ask(breaker.answered(SICK), 60, later) == 60


def test_a_minute_has_its_budget_and_the_next_has_its_own() -> None:
    spent = reduce(lambda health, _: breaker.asked(health, NOW), range(3), Health())
    assert breaker.may_ask(spent, 3, NOW + 29 * SECOND) == 0
    assert breaker.may_ask(spent, 3, NOW + 30 * SECOND) == 3
    assert breaker.asked(spent, NOW + 30 * SECOND).calls == 1


@pytest.mark.parametrize(("wait", "seconds"), [(90.0, 90), (0.0, 60)])
def test_a_busy_carrier_is_left_alone_as_long_as_it_asks_and_is_not_called_sick(wait: float, seconds: int) -> None:
    resting = breaker.busy(Health(), wait, NOW)
    assert breaker.may_ask(resting, 60, NOW + (seconds - 1) * SECOND) == 0
    assert breaker.may_ask(resting, 60, NOW + seconds * SECOND) == 60
    assert resting.failures == 0


def pause(stage: Stage, quiet: timedelta = timedelta(), failures: int = 0, chance: float = 0.5) -> timedelta | None:
    return next_poll(stage, quiet, failures, chance)


@pytest.mark.parametrize("stage", Stage)
def test_a_final_parcel_is_never_asked_about_and_every_other_within_half_a_day(stage: Stage) -> None:
    waits = [pause(stage, quiet * DAY, failures) for quiet in (0, 2, 30, 4000) for failures in (0, 1, 50)]
    if stage in FINAL:
        assert set(waits) == {None}
    else:
        assert all(wait is not None and timedelta(minutes=5) <= wait <= RARELY for wait in waits)


def test_the_nearer_the_oftener_the_quieter_the_rarer() -> None:
    assert pause(Stage.WITH_COURIER) == pause(Stage.IN_CITY) == timedelta(minutes=20)
    assert pause(Stage.IN_TRANSIT) == 2 * HOUR
    assert pause(Stage.AT_PICKUP) == 4 * HOUR
    assert pause(Stage.IN_TRANSIT, 2 * DAY) == 4 * HOUR
    assert pause(Stage.IN_TRANSIT, 10 * DAY) == RARELY
    assert pause(Stage.IN_CITY, -DAY) == timedelta(minutes=20)


def test_a_refused_number_is_asked_about_ever_later_and_pauses_are_spread() -> None:
    assert pause(Stage.IN_CITY, failures=3) == timedelta(minutes=40)
    assert pause(Stage.IN_CITY, failures=30) == RARELY
    assert (pause(Stage.IN_CITY, chance=0), pause(Stage.IN_CITY, chance=1)) == (18 * HOUR / 60, 22 * HOUR / 60)


SETTINGS = {
    "CARRIER_CDEK_CLIENT_ID": "platform",
    "CARRIER_CDEK_CLIENT_SECRET": "s",
    "CARRIER_CDEK_URL": "http://cdek.test",
    "CARRIER_CDEK_CLIENT_ID__TEPLY_DOM": "shop",
    "CARRIER_CDEK_CLIENT_SECRET__TEPLY_DOM": "t",
    "CARRIER_CDEK_CLIENT_ID__HALF": "half",
    "CARRIER_CDEK_PUSH_SECRET": "push",
    "CARRIER_RUSSIAN_POST_LOGIN": "l",
    "CARRIER_RUSSIAN_POST_PASSWORD": "p",
    "CARRIER_BOXBERRY_TOKEN": "",
}


def test_a_shop_with_a_contract_of_its_own_is_asked_for_with_its_own_keys() -> None:
    cdek, address = CARRIERS["cdek"], "http://cdek.test"
    assert keys_of(cdek, SETTINGS) == {"CLIENT_ID": "platform", "CLIENT_SECRET": "s", "URL": address}
    assert keys_of(cdek, SETTINGS, "teply-dom") == {"CLIENT_ID": "shop", "CLIENT_SECRET": "t", "URL": address}
    assert keys_of(cdek, SETTINGS, "half") is None
    assert keys_of(cdek, SETTINGS, "other") is None
    assert secret_of(cdek, SETTINGS) == "push"


def test_ems_is_asked_with_the_keys_of_the_post_and_who_has_none_is_not_asked() -> None:
    assert keys_of(CARRIERS["ems"], SETTINGS) == {"LOGIN": "l", "PASSWORD": "p"}
    assert keys_of(CARRIERS["boxberry"], SETTINGS) is None
    assert keys_of(CARRIERS["intime"], SETTINGS) is None


def test_a_number_is_kept_as_carriers_print_it() -> None:
    assert clean(" ra 123 456 789 ru ") == "RA123456789RU"


@pytest.mark.parametrize("written", ["", "  ", "7" * 65, "№ 5", "a\x00b"])
def test_what_no_carrier_gives_out_is_no_number(written: str) -> None:
    with pytest.raises(BadNumber):
        clean(written)
