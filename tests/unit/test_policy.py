"""Whether a delivery may still be changed, and the reason when it may not."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from parcels.stages import Stage, State
from scheduling.policy import Reason, why_no_choice, why_no_undo, why_not_day
from scheduling.slots import Window

FIRST = date(2026, 11, 21)
WINDOW = Window.from_first_possible(FIRST)
LONG_BEFORE = date(2026, 11, 16)
MADE = datetime(2026, 11, 16, 7, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (State(Stage.ACCEPTED), None),
        (State(Stage.IN_TRANSIT, plan=Stage.SCHEDULED), None),
        (State(Stage.IN_CITY), None),
        (State(Stage.IN_CITY, side=Stage.MISSED), None),
        (State(Stage.IN_TRANSIT, side=Stage.UNKNOWN), Reason.LOOKED_INTO),
        (State(Stage.IN_TRANSIT, side=Stage.INCIDENT, plan=Stage.SCHEDULED), Reason.LOOKED_INTO),
        (State(Stage.WITH_COURIER), Reason.WITH_COURIER),
        (State(Stage.WITH_COURIER, side=Stage.INCIDENT), Reason.WITH_COURIER),
        (State(Stage.DELIVERED), Reason.DELIVERED),
        (State(Stage.IN_CITY, side=Stage.REFUSED), Reason.GOING_BACK),
        (State(Stage.IN_CITY, side=Stage.RETURNING), Reason.GOING_BACK),
        (State(Stage.IN_CITY, side=Stage.RECALLED), Reason.RECALLED),
        (State(Stage.IN_CITY, side=Stage.RETURNED), Reason.GOING_BACK),
    ],
)
def test_what_the_state_of_a_parcel_allows(state: State, reason: Reason | None) -> None:
    assert why_no_choice(state, FIRST, has_courier=True) is reason


@pytest.mark.parametrize("side", [Stage.INCIDENT, Stage.UNKNOWN])
def test_what_has_happened_to_a_parcel_is_settled_by_staff(side: Stage) -> None:
    assert why_no_choice(State(Stage.IN_CITY, side=side), FIRST, has_courier=True, by_staff=True) is None


def test_where_no_courier_goes_nothing_is_chosen() -> None:
    assert why_no_choice(State(), FIRST, has_courier=False) is Reason.NO_COURIER_HERE


def test_before_there_is_a_promise_nothing_is_chosen() -> None:
    assert why_no_choice(State(), None, has_courier=True) is Reason.NO_PROMISE


@pytest.mark.parametrize(
    ("after", "reason"),
    [(-1, Reason.TOO_EARLY), (0, None), (14, None), (15, Reason.BEYOND_LIMIT)],
)
def test_which_days_can_be_chosen(after: int, reason: Reason | None) -> None:
    assert why_not_day(FIRST + timedelta(days=after), WINDOW, LONG_BEFORE) is reason


def test_today_can_be_chosen_as_far_as_the_date_goes() -> None:
    assert why_not_day(FIRST, WINDOW, today=FIRST) is None


def test_yesterday_is_past_even_when_the_window_has_it() -> None:
    assert why_not_day(FIRST, WINDOW, today=FIRST + timedelta(days=1)) is Reason.PAST_DAY


@pytest.mark.parametrize(("seconds", "reason"), [(0, None), (899, None), (900, Reason.UNDO_OVER)])
def test_a_choice_can_be_undone_for_fifteen_minutes(seconds: int, reason: Reason | None) -> None:
    assert why_no_undo(MADE, "recipient", MADE + timedelta(seconds=seconds)) is reason


@pytest.mark.parametrize("by", ["operator:7", "undo", "agenda"])
def test_what_somebody_else_agreed_is_not_the_recipients_to_undo(by: str) -> None:
    assert why_no_undo(MADE, by, MADE) is Reason.NOTHING_TO_UNDO
