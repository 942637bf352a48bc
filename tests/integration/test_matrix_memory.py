"""The matrix in memory: says what the database says, and looks promises up as they would be computed."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.transaction import transaction
from scheduling import days, matrix, matrix_memory
from scheduling.matrix import LaneRow
from scheduling.matrix_memory import Memory
from scheduling.promise import Progress, Unit, compute
from scheduling.quick_promise import QuickPromises
from tests.factories import ANADYR, CHELYABINSK, KALININGRAD, NOW, TOMSK, VILLAGE, make_world

KEY = ("cdek", CHELYABINSK)
#: Every kind of lane: own cut-off, weekdays, calendar days, next day, pick-up only; from home and from the far West.
ODD = [
    LaneRow(TOMSK, 4, 5, True, cutoff=time(12, 30)),
    LaneRow(ANADYR, 0, 1, True),
    LaneRow(VILLAGE, 6, 9, False, weekdays=0b0010100),
    LaneRow(CHELYABINSK, 2, 3, True, unit=Unit.CALENDAR),
]


@pytest.fixture
def memory(app: Flask) -> Memory:
    with transaction() as session:
        make_world(session)
        matrix.store(session, ODD, "own", KALININGRAD, date(2026, 1, 1), NOW)
        days.close(session, KALININGRAD, date(2026, 11, 26), "x", "x", NOW)
    with transaction() as session:
        return matrix_memory.load(session, NOW)


@pytest.fixture
def quick(memory: Memory) -> QuickPromises:
    return QuickPromises(memory, NOW.date())


def test_it_says_what_the_database_says(both: Flask) -> None:
    with transaction() as session:
        make_world(session)
        matrix.store(session, ODD, "own", KALININGRAD, date(2026, 1, 1), NOW)
    with transaction() as session:
        memory = matrix_memory.load(session, NOW)
        assert set(memory.routes) == {KEY, ("own", KALININGRAD)}
        for (carrier, origin), route in memory.routes.items():
            for row in matrix.lanes_of(session, route.version):
                found = memory.lane(carrier, origin, row.settlement_id)
                assert found is not None
                assert (*found[:4], found.weekdays) == (*row.terms[:4], row.weekdays)
                assert found.cutoff == (row.cutoff or time(18))
        assert memory.lane("own", KALININGRAD, KALININGRAD) is None
        assert memory.lane("nobody", KALININGRAD, TOMSK) is None


def test_the_stamp_changes_with_what_was_read(both: Flask) -> None:
    with transaction() as session:
        make_world(session)
    seen = []
    for change in (
        lambda session: None,
        lambda session: matrix.store(session, ODD, "cdek", CHELYABINSK, date(2026, 11, 16), NOW),
        lambda session: days.close(session, TOMSK, date(2026, 11, 26), "x", "x", NOW),
        lambda session: days.keep_decree(session, "RU", date(2026, 11, 26), False, "x", "x", NOW),
    ):
        with transaction() as session:
            change(session)
        with transaction() as session:
            seen.append(matrix_memory.stamp_of(session, NOW))
            assert matrix_memory.stamp_of(session, NOW) == seen[-1]
    assert len(set(seen)) == 4


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(
    minutes=st.integers(-80 * 24 * 60, 120 * 24 * 60),
    place=st.sampled_from([TOMSK, ANADYR, VILLAGE, CHELYABINSK, KALININGRAD]),
    key=st.sampled_from([KEY, ("own", KALININGRAD)]),
)
def test_what_is_looked_up_is_what_is_computed(
    memory: Memory, quick: QuickPromises, minutes: int, place: int, key: tuple[str, int]
) -> None:
    lane = memory.lane(*key, place)
    if lane is None:
        return
    handed = NOW + timedelta(minutes=minutes)
    delivers = memory.delivers(place, lane.has_courier)
    found = compute(Progress(handed, handed), memory.terms(*key, place), memory.calendars["RU"], delivers, handed)
    seconds = int(handed.timestamp())
    assert quick.promise(key, place, seconds) == (found.earliest, found.latest)
    first, last = quick.recompute(key, np.array([memory.rows[place]]), np.array([seconds]))
    if first[0] and last[0]:
        assert (quick.dates[first[0]], quick.dates[last[0]]) == (found.earliest, found.latest)


def test_most_is_looked_up(memory: Memory, quick: QuickPromises) -> None:
    seconds = np.array([int((NOW + timedelta(days=n)).timestamp()) for n in range(60)])
    for place in (TOMSK, ANADYR, VILLAGE):
        first, last = quick.recompute(KEY, np.full(60, memory.rows[place]), seconds)
        assert first.all()
        assert last.all()


def test_a_lane_that_is_not_there_is_no_promise(quick: QuickPromises) -> None:
    with pytest.raises(KeyError):
        quick.promise(("own", KALININGRAD), KALININGRAD, int(datetime(2026, 11, 16, tzinfo=UTC).timestamp()))
