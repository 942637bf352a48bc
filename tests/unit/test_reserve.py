"""A promise with another last date: the legs go on adding up, whichever way the date is moved."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from scheduling.calendars import local_date
from scheduling.promise import LegKind, Promise, Span, with_latest
from tests.unit.test_promise import DAILY, MONDAY, TERMS, Case, accepted_on, cases, promised

#: By how many days what is learned differs from the matrix.
MOVES = st.integers(-40, 40)


def moved(case: Case, days: int) -> Promise:
    by_matrix = case.promise
    return with_latest(by_matrix, by_matrix.latest + timedelta(days=days), case.terms, case.delivers)


def test_two_days_more_are_a_leg_of_their_own() -> None:
    promise = promised(accepted_on(MONDAY))
    longer = with_latest(promise, date(2026, 11, 26), TERMS, DAILY)
    assert (longer.earliest, longer.latest) == (date(2026, 11, 21), date(2026, 11, 26))
    reserve = next(leg for leg in longer.legs if leg.kind is LegKind.RESERVE)
    assert (reserve.days, reserve.begins) == ((0, 2), Span(date(2026, 11, 20), date(2026, 11, 23)))
    assert longer.arrival == Span(date(2026, 11, 20), date(2026, 11, 25))


def test_two_days_less_are_taken_from_the_road() -> None:
    promise = promised(accepted_on(MONDAY))
    shorter = with_latest(promise, date(2026, 11, 22), TERMS, DAILY)
    assert (shorter.earliest, shorter.latest) == (date(2026, 11, 21), date(2026, 11, 22))
    assert [leg.kind for leg in shorter.legs] == [leg.kind for leg in promise.legs]
    assert shorter.arrival == Span(date(2026, 11, 20), date(2026, 11, 21))


def test_a_date_that_cannot_be_kept_any_more_leaves_the_promise_of_the_matrix() -> None:
    promise = promised(accepted_on(MONDAY))
    assert with_latest(promise, date(2026, 11, 20), TERMS, DAILY) == promise


@given(cases(), MOVES)
def test_the_legs_still_add_up(case: Case, days: int) -> None:
    promise = moved(case, days)
    start = local_date(case.progress.accepted_at, case.terms.origin_zone)
    assert [leg.begins for leg in promise.legs] == [Span.at(start), *(leg.ends for leg in promise.legs[:-1])]
    assert start + timedelta(days=sum(leg.days[0] for leg in promise.legs)) == promise.earliest
    assert start + timedelta(days=sum(leg.days[1] for leg in promise.legs)) == promise.latest
    assert all(min(leg.days) >= 0 and leg.ends.early <= leg.ends.late for leg in promise.legs)


@given(cases(), MOVES)
def test_the_first_day_stays_and_both_are_served(case: Case, days: int) -> None:
    promise = moved(case, days)
    assert promise.earliest == case.promise.earliest <= promise.latest
    assert case.delivers(promise.latest)
    assert promise.earliest >= local_date(case.now, case.terms.zone)


@given(cases(), MOVES)
def test_what_has_arrived_has_no_reserve(case: Case, days: int) -> None:
    if case.promise.has_arrived:
        assert moved(case, days) == case.promise


@given(cases(), st.integers(1, 40))
def test_a_longer_promise_is_longer_by_its_reserve(case: Case, days: int) -> None:
    promise = moved(case, days)
    reserve = [leg.days[1] for leg in promise.legs if leg.kind is LegKind.RESERVE]
    assert sum(reserve) == (promise.latest - case.promise.latest).days
