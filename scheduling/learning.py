"""Learning from parcels that were really carried: a history out of them, lived through day by day, up to today."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from typing import Final, NamedTuple

import numpy as np

from scheduling.accuracy_clock import Clock, clock_of
from scheduling.accuracy_history import PLACES, History, Ints, Parcel, columns_of
from scheduling.accuracy_replay import Lesson, Rules, Walk
from scheduling.learned import BEFORE, Learned, Way, names_of

#: In the first days of a history its places are not known yet, and every promise is made as if they were all alike.
#: What such promises say of the tail is mostly that they are not: one far region would make all others wait a month.
#: Until a history is so many days old, its tail is taken with the places as they are known today.
YOUNG: Final = 60


class Given(NamedTuple):
    """A promise as it was shown: its dates, and the share it was learned at (0.0: the matrix alone, or not wholly)."""

    earliest: date
    latest: date
    target: float = 0.0


class Carried(NamedTuple):
    """One parcel under way or delivered. Moments by the clocks of its places, None for what has not happened.

    `came` is when it was delivered, or could have been if the recipient wanted it later. `by_matrix` is the last date
    by the matrix alone at hand-over. `first`, `handed_promise` and `last` are the promises at order, at hand-over and
    before it came.
    """

    way: Way
    handed: datetime
    came: datetime | None
    by_matrix: date | None
    first: Given | None = None
    handed_promise: Given | None = None
    last: Given | None = None


def learn(parcels: Iterable[Carried], day: date, target: float, country: str = "RU") -> Learned | None:
    """What is known on the morning of a day; None when there is nothing to learn from.

    Args: `target` the share of promises to be kept; `country` whose working days count, ISO 3166.
    """
    known = sorted((p for p in parcels if p.handed.date() <= day), key=_order)
    if not known:
        return None
    today = day.toordinal()
    history = columns_of([_row(parcel) for parcel in known])
    first = min(int(history.handed[0]), today - BEFORE)
    clock = clock_of(country, first, max(today, history.last), history.delivered[history.known_delivered < today])
    history = replace(history, prior=_prior(known, history, clock))
    walk = Walk(history, clock, Rules(target=target, columns=PLACES)).run()
    walk.learned_from = max(walk.learned_from, int(history.handed[0]) + YOUNG)
    walk.learn_table(today)
    lesson = walk.learn(today)
    return Learned(day, target, lesson, _steps(known, history, lesson), clock)


def _order(parcel: Carried) -> tuple[date, datetime]:
    """The order in which a history stands; `columns_of` leaves it as it is."""
    return parcel.handed.date(), parcel.handed.replace(tzinfo=None)


def _row(parcel: Carried) -> Parcel:
    way = parcel.way
    return Parcel(parcel.handed, parcel.came, str(way.origin), str(way.settlement), way.region, None)


def _prior(known: list[Carried], history: History, clock: Clock) -> Ints:
    """The matrix's promises in working days, at least one; 0 where it gave none."""
    given = np.array([p.by_matrix.toordinal() if p.by_matrix else 0 for p in known])
    days = np.maximum(clock.at(given) - clock.at(history.handed), 1)
    return np.where(given > 0, days, 0)


def _steps(known: list[Carried], history: History, lesson: Lesson) -> tuple[dict[str, float], ...]:
    """What each place adds, by its name instead of its number in this history."""
    names = [names_of(parcel.way) for parcel in known]
    steps = []
    for column, step in enumerate(lesson.table.steps):
        codes, rows = np.unique(history.codes[column], return_index=True)
        steps.append({names[row][column]: float(step[code]) for code, row in zip(codes, rows, strict=True)})
    return tuple(steps)
