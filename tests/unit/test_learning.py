"""A lesson under names says what the history said under numbers, and only what was known that morning."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, time, timedelta, timezone
from functools import cache

import pytest

from bench.histories import named
from scheduling.accuracy import promises
from scheduling.accuracy_history import Parcel, columns_of
from scheduling.calendars import calendar_of
from scheduling.learned import Learned, Way, learned_of
from scheduling.learning import Carried, learn

CLOCK = timezone(timedelta(hours=5))
pytestmark = pytest.mark.xdist_group("histories")


@cache
def parcels(rows: int = 1_500) -> tuple[Carried, ...]:
    """A stable network; its matrix promises three weeks."""
    made = named("stable", rows=rows)

    def moment(ordinal: int, hour: int) -> datetime:
        return datetime.combine(date.fromordinal(ordinal), time(hour), CLOCK)

    return tuple(
        Carried(
            way=Way(int(made.origin[n]), made.places[made.region[n]], int(made.settlement[n])),
            handed=(handed := moment(int(made.handed[n]), int(made.hours[n]))),
            came=moment(int(made.delivered[n]), 15) if made.delivered[n] else None,
            by_matrix=handed.date() + timedelta(days=21),
        )
        for n in range(len(made.handed))
    )


@cache
def lesson() -> tuple[date, Learned]:
    day = parcels()[1_200].handed.date()
    learned = learn(parcels(), day, 0.98)
    assert learned is not None
    return day, learned


def test_a_network_that_delivers_is_trusted() -> None:
    _day, learned = lesson()
    assert learned.trust == 1


def test_a_lesson_promises_what_the_back_test_judges() -> None:
    """The same rules, the same choices: with every parcel known as it was, the dates are equal."""
    day, learned = lesson()
    rows = [Parcel(p.handed, p.came, str(p.way.origin), str(p.way.settlement), p.way.region, None) for p in parcels()]
    judged = promises(columns_of(rows))
    kept = learned_of(json.loads(json.dumps(learned.record())))
    new = [n for n, p in enumerate(parcels()) if p.handed.date() == day]
    matrix = day + timedelta(days=1)
    assert [kept.latest(parcels()[n].way, day, matrix) for n in new] == [date.fromordinal(int(judged[n])) for n in new]


def test_what_happens_later_teaches_nothing() -> None:
    day, learned = lesson()
    scrambled = [
        replaced(p, p.handed + timedelta(days=40)) if p.came is None or p.came.date() >= day else p for p in parcels()
    ]
    again = learn([p for p in scrambled if p.handed.date() <= day], day, 0.98)
    assert again is not None
    assert again.record() == learned.record()


def replaced(parcel: Carried, came: datetime) -> Carried:
    return parcel._replace(came=max(came, parcels()[1_200].handed + timedelta(days=1)))


@pytest.mark.parametrize("ahead", [-500, 500])
def test_a_date_beyond_the_lesson_is_left_to_the_matrix(ahead: int) -> None:
    day, learned = lesson()
    handed = day + timedelta(days=ahead)
    assert learned_of(learned.record()).latest(parcels()[0].way, handed, handed + timedelta(days=9)) is None


def test_a_place_nobody_has_been_to_is_promised_as_its_region() -> None:
    day, learned = lesson()
    known = parcels()[0].way
    nowhere = learned.latest(Way(known.origin, known.region, 99_999), day, day + timedelta(days=21))
    assert nowhere is not None
    assert nowhere > day


def test_the_less_trust_the_nearer_to_the_matrix() -> None:
    day, learned = lesson()
    way, matrix = parcels()[0].way, day + timedelta(days=60)
    dates = [
        replace(learned, lesson=replace(learned.lesson, trust=trust)).latest(way, day, matrix)
        for trust in (0.05, 0.5, 1.0)
    ]
    known = [found for found in dates if found is not None]
    assert known == sorted(known, reverse=True)
    assert known[0] > known[-1]
    assert replace(learned, lesson=replace(learned.lesson, trust=0.0)).latest(way, day, matrix) is None


def test_one_far_region_of_a_young_network_makes_nobody_else_wait() -> None:
    """Three in four go near, in 3 to 8 working days; one in four far, in 18 to 25. It began ten weeks ago."""
    begin, calendar, past = datetime(2026, 9, 7, 12, tzinfo=CLOCK), calendar_of("RU"), []
    near, far = Way(1, "Томская область", 2), Way(1, "Чукотский автономный округ", 3)
    today = begin.date() + timedelta(days=72)
    for n in range(900):
        handed = begin + timedelta(days=n * 72 // 900)
        way, took = (far, 18 + n % 8) if n % 4 == 0 else (near, 3 + n % 6)
        came = datetime.combine(calendar.add(handed.date(), took), time(15), CLOCK)
        past.append(Carried(way, handed, came if came.date() < today else None, handed.date() + timedelta(days=9)))
    learned = learn(past, today, 0.98)
    assert learned is not None
    assert learned.trust == 1
    promised = learned.latest(near, today, today + timedelta(days=9))
    assert promised is not None
    assert calendar.add(today, 8) <= promised <= calendar.add(today, 12)


def test_without_parcels_there_is_nothing_to_learn() -> None:
    assert learn([], date(2026, 11, 16), 0.98) is None
