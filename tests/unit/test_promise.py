"""The promise: dates that follow from the matrix, the calendar and what has really happened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.calendars import UnknownDay, calendar_of, local_date, moment
from scheduling.promise import LegKind, Progress, Promise, Span, Terms, Unit, compute

RUSSIA = calendar_of("RU")
HOME, TOMSK = "Asia/Yekaterinburg", "Asia/Tomsk"
TERMS = Terms(handling_days=1, cutoff=time(18), days_min=4, days_max=5, origin_zone=HOME, zone=TOMSK)
MONDAY = date(2026, 11, 16)
ZONES = (HOME, TOMSK, "Europe/Kaliningrad", "Asia/Anadyr", "Europe/Moscow")
#: Only what is learned has a reserve.
BY_MATRIX = [kind for kind in LegKind if kind is not LegKind.RESERVE]
#: Parcels are hardly ever carried between two towns in less.
SOON = timedelta(hours=14)


def on(*weekdays: int) -> Callable[[date], bool]:
    """Served on these weekdays, except on feasts."""
    return lambda day: day.weekday() in weekdays and not RUSSIA.is_public_holiday(day)


DAILY = on(0, 1, 2, 3, 4, 5, 6)


def home(day: date, clock: time = time(12)) -> datetime:
    return moment(day, clock, HOME)


def promised(
    progress: Progress, terms: Terms = TERMS, now: datetime | None = None, served: Callable[[date], bool] = DAILY
) -> Promise:
    return compute(progress, terms, RUSSIA, served, now or progress.accepted_at)


def dates(promise: Promise) -> tuple[date, date]:
    return promise.earliest, promise.latest


def accepted_on(day: date) -> Progress:
    return Progress(home(day))


def test_an_order_of_monday_noon_to_tomsk() -> None:
    promise = promised(accepted_on(MONDAY))
    assert [leg.ends for leg in promise.legs] == [
        Span.at(date(2026, 11, 17)),
        Span.at(date(2026, 11, 17)),
        Span(date(2026, 11, 20), date(2026, 11, 23)),
        Span(date(2026, 11, 21), date(2026, 11, 24)),
    ]


def test_a_place_served_on_tuesdays_only_is_promised_a_tuesday() -> None:
    assert dates(promised(accepted_on(MONDAY), served=on(1))) == (date(2026, 11, 24), date(2026, 11, 24))


@pytest.mark.parametrize(
    ("clock", "leaves"),
    [(time(17, 59), date(2026, 11, 17)), (time(18, 0), date(2026, 11, 17)), (time(18, 1), date(2026, 11, 18))],
)
def test_what_is_handed_over_by_the_cutoff_minute_leaves_the_same_day(clock: time, leaves: date) -> None:
    handed = home(date(2026, 11, 17), clock)
    promise = promised(Progress(home(MONDAY), handed_over_at=handed), now=handed)
    assert promise.legs[1].ends == Span.at(leaves)


@pytest.mark.parametrize(("clock", "hand_over"), [(time(18, 0), date(2026, 11, 17)), (time(18, 1), date(2026, 11, 18))])
def test_a_shop_that_is_still_silent_after_the_cutoff_hands_over_tomorrow(clock: time, hand_over: date) -> None:
    promise = promised(accepted_on(MONDAY), now=home(date(2026, 11, 17), clock))
    assert promise.hand_over == Span.at(hand_over)


def test_a_hand_over_two_days_late_moves_the_promise_by_two_working_days() -> None:
    late = promised(accepted_on(MONDAY), now=home(date(2026, 11, 19)))
    assert dates(late) == (date(2026, 11, 25), date(2026, 11, 26))


@pytest.mark.parametrize("is_known", [True, False], ids=["it came at last", "still waiting"])
def test_what_the_shop_is_late_by_is_a_leg_of_its_own(is_known: bool) -> None:
    thursday = home(date(2026, 11, 19))
    progress = replace(accepted_on(MONDAY), handed_over_at=thursday) if is_known else accepted_on(MONDAY)
    promise = promised(progress, now=thursday)
    assert [leg.kind for leg in promise.legs] == BY_MATRIX
    late = promise.legs[1]
    assert (late.begins, late.ends) == (Span.at(date(2026, 11, 17)), Span.at(date(2026, 11, 19)))
    assert (late.days, late.is_past) == ((2, 2), is_known)


def test_a_parcel_that_left_unseen_accuses_no_shop() -> None:
    left = home(date(2026, 11, 20))
    promise = promised(replace(accepted_on(MONDAY), departed_at=left), now=left)
    assert LegKind.LATE not in [leg.kind for leg in promise.legs]


def test_calendar_days_do_not_wait_for_working_ones() -> None:
    """Leaves on Tuesday the 17th; five working days are 24 November at the door, five calendar days the 22nd."""
    assert dates(promised(accepted_on(MONDAY), replace(TERMS, days_min=5))) == (date(2026, 11, 24),) * 2
    days = replace(TERMS, days_min=5, unit=Unit.CALENDAR)
    assert dates(promised(accepted_on(MONDAY), days)) == (date(2026, 11, 22),) * 2


def test_calendar_days_end_where_the_calendar_ends() -> None:
    with pytest.raises(UnknownDay):
        promised(accepted_on(date(2027, 12, 20)), replace(TERMS, days_max=14, unit=Unit.CALENDAR))


def test_a_lane_that_is_delivered_on_fridays_is_promised_a_friday() -> None:
    fridays = replace(TERMS, weekdays=0b0010000)
    assert dates(promised(accepted_on(MONDAY), fridays)) == (date(2026, 11, 27), date(2026, 11, 27))


def test_a_lane_and_a_zone_without_a_common_day_are_not_promised() -> None:
    with pytest.raises(UnknownDay):
        promised(accepted_on(MONDAY), replace(TERMS, weekdays=0b0010000), served=on(1))


def test_the_hand_over_is_counted_by_the_clock_of_the_shop() -> None:
    shop_in_moscow = replace(TERMS, origin_zone="Europe/Moscow")
    at_23_in_moscow = moment(MONDAY, time(23), "Europe/Moscow")  # Tuesday already in Tomsk
    assert promised(Progress(at_23_in_moscow), shop_in_moscow).legs[0].ends == Span.at(date(2026, 11, 17))


def test_an_arrival_fixes_the_day_after_it() -> None:
    arrived = moment(date(2026, 11, 19), time(23, 18), TOMSK)
    progress = Progress(home(MONDAY), home(MONDAY), home(MONDAY), arrived)
    assert dates(promised(progress, now=arrived)) == (date(2026, 11, 20), date(2026, 11, 20))


def test_an_arrival_alone_is_dated_by_the_clock_of_the_city() -> None:
    """At 22:30 in Kaliningrad the shop in Chelyabinsk has tomorrow already."""
    terms = replace(TERMS, zone="Europe/Kaliningrad")
    arrived = moment(date(2026, 11, 20), time(22, 30), "Europe/Kaliningrad")
    promise = promised(Progress(home(MONDAY), arrived_at=arrived), terms, now=arrived)
    assert promise.arrival == Span.at(date(2026, 11, 20))


@pytest.mark.parametrize(
    ("day", "terms", "expected"),
    [
        (date(2026, 11, 27), TERMS, (date(2026, 12, 4), date(2026, 12, 5))),
        (date(2024, 2, 27), replace(TERMS, days_min=2, days_max=3), (date(2024, 3, 1), date(2024, 3, 2))),
        (date(2024, 2, 27), replace(TERMS, days_min=1, days_max=1), (date(2024, 2, 29), date(2024, 2, 29))),
        (date(2026, 2, 26), replace(TERMS, days_min=1, days_max=1), (date(2026, 2, 28), date(2026, 2, 28))),
        (date(2026, 12, 30), TERMS, (date(2027, 1, 15), date(2027, 1, 16))),
    ],
    ids=["end of November", "over 29 February", "on 29 February", "end of February", "New Year's holidays"],
)
def test_dates_at_the_seams_of_the_calendar(day: date, terms: Terms, expected: tuple[date, date]) -> None:
    assert dates(promised(accepted_on(day), terms)) == expected


@pytest.mark.parametrize("day", [date(2027, 12, 20), date(2027, 12, 30), date(2028, 2, 1)])
def test_a_year_without_a_calendar_is_not_promised(day: date) -> None:
    with pytest.raises(UnknownDay):
        promised(accepted_on(day), replace(TERMS, days_min=9, days_max=14))


def test_a_delivery_day_beyond_the_calendar_is_not_promised() -> None:
    """The road still ends in the last known year, but the day after it is nobody's to promise."""
    arrived = moment(date(2027, 12, 30), time(12), TOMSK)
    with pytest.raises(UnknownDay):
        promised(Progress(home(date(2027, 12, 20)), arrived_at=arrived), now=arrived)


def test_a_place_that_nobody_serves_is_not_promised() -> None:
    with pytest.raises(UnknownDay):
        promised(accepted_on(MONDAY), served=on())


@dataclass(frozen=True)
class Case:
    """A parcel somewhere on its way, seen some time later."""

    progress: Progress
    terms: Terms
    served: frozenset[int]
    now: datetime

    @property
    def promise(self) -> Promise:
        return promised(self.progress, self.terms, self.now, self.delivers)

    @property
    def delivers(self) -> Callable[[date], bool]:
        return on(*self.served)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    hours = st.integers(0, 200).map(lambda n: timedelta(hours=n))
    known = draw(st.lists(st.booleans(), min_size=3, max_size=3))
    at = accepted = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=draw(st.integers(0, 3 * 365 * 24 * 60)))
    reported: list[datetime | None] = []
    for is_known in known:
        at = at + SOON + draw(hours) if is_known else at
        reported.append(at if is_known else None)
    days_min = draw(st.integers(0, 30))
    terms = Terms(
        handling_days=draw(st.integers(0, 5)),
        cutoff=draw(st.times()),
        days_min=days_min,
        days_max=days_min + draw(st.integers(0, 10)),
        origin_zone=draw(st.sampled_from(ZONES)),
        zone=draw(st.sampled_from(ZONES)),
        unit=draw(st.sampled_from(Unit)),
    )
    served = draw(st.frozensets(st.integers(0, 6), min_size=1))
    if draw(st.booleans()):  # the lane has days of its own, at least one of them common with the zone
        terms = replace(terms, weekdays=sum(1 << day for day in served) | draw(st.integers(0, 127)))
    return Case(Progress(accepted, *reported), terms, served, at + draw(hours))


@given(cases())
def test_the_legs_add_up_to_the_promise(case: Case) -> None:
    promise, legs = case.promise, case.promise.legs
    start = local_date(case.progress.accepted_at, case.terms.origin_zone)
    assert [leg.kind for leg in legs] in (BY_MATRIX, [kind for kind in BY_MATRIX if kind is not LegKind.LATE])
    assert [leg.begins for leg in legs] == [Span.at(start), *(leg.ends for leg in legs[:-1])]
    assert start + timedelta(days=sum(leg.days[0] for leg in legs)) == promise.earliest
    assert start + timedelta(days=sum(leg.days[1] for leg in legs)) == promise.latest


@given(cases())
def test_no_leg_is_shorter_than_nothing(case: Case) -> None:
    assert all(min(leg.days) >= 0 for leg in case.promise.legs)


@given(cases())
def test_early_is_never_after_late(case: Case) -> None:
    assert all(leg.ends.early <= leg.ends.late for leg in case.promise.legs)


@given(cases())
def test_nothing_is_promised_for_the_past(case: Case) -> None:
    assert case.promise.earliest >= local_date(case.now, case.terms.zone)


@given(cases())
def test_nothing_is_promised_for_a_day_that_is_not_served(case: Case) -> None:
    assert all(map(case.delivers, dates(case.promise)))


@given(cases())
def test_waiting_never_makes_a_promise_earlier(case: Case) -> None:
    later = replace(case, now=case.now + timedelta(days=1)).promise
    assert (later.earliest, later.latest) >= dates(case.promise)
    assert later.latest >= case.promise.latest


@given(cases())
def test_an_arrival_that_was_seen_is_a_single_day(case: Case) -> None:
    arrived = case.progress.arrived_at or case.now + SOON
    seen = replace(case, progress=replace(case.progress, arrived_at=arrived), now=arrived).promise
    assert seen.arrival == Span.at(local_date(arrived, case.terms.zone))
    assert seen.earliest == seen.latest
