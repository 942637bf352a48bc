"""Learning from parcels that were really carried: a history out of them, lived through day by day, up to today."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scheduling.accuracy_clock import Clock, Clocks
from scheduling.accuracy_history import History, Ints, Parcel, columns_of
from scheduling.accuracy_place import REGION
from scheduling.accuracy_replay import LANES, Walk
from scheduling.accuracy_rules import Rules
from scheduling.learned import BEFORE, Learned, Way, names_of


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
    clocks = Clocks(country, first, max(today, history.last))
    history = replace(history, prior=_prior(known, history, clocks.of(history.delivered[:0])))
    walk = Walk(history, clocks, Rules(target=target)).run()
    lesson = walk.morning(today)
    names = [names_of(parcel.way) for parcel in known]
    table = lesson.table
    steps = [_named(names, history, column, step) for column, step in enumerate(table.steps)]
    paces = _named(names, history, REGION, table.paces) if table.paces is not None else {}
    is_open = [_named(names, history, LANES.start + n, lanes) for n, lanes in enumerate(walk.open)]
    return Learned(day, target, lesson, tuple(steps), paces, tuple(is_open), walk.clock)


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


def _named(names: list[tuple[str, ...]], history: History, column: int, values: NDArray[Any]) -> dict[str, Any]:
    """What is known of each place of a column, by its name instead of its number in this history."""
    codes, rows = np.unique(history.codes[column], return_index=True)
    return {names[row][column]: values[code].item() for code, row in zip(codes, rows, strict=True)}
