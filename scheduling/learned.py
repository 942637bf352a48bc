"""A lesson as it is kept and used: what a carrier's deliveries taught by a day, asked for any way by its names.

The arrays of `accuracy_replay` know places by numbers that hold for one history only; here they have names, so that a
web process can promise without the history.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np

from scheduling.accuracy_clock import Clock
from scheduling.accuracy_districts import district
from scheduling.accuracy_lesson import Lesson
from scheduling.accuracy_place import REGION, PlaceTable

#: The kept clock begins so many days before the lesson and ends so many after it; beyond, nothing is learned.
BEFORE, AHEAD = 120, 400
#: A step smaller than this moves no promise, and is not kept; `DIGITS` of the others are.
NOTHING, DIGITS = 1e-9, 10


class Way(NamedTuple):
    """From where to where: numbers of the settlements, and the name of the region the parcel goes to."""

    origin: int
    region: str
    settlement: int


def names_of(way: Way) -> tuple[str, ...]:
    """What the places of a history are called, from the coarsest column of its codes to the finest."""
    origin, region, settlement = way
    return district(region), region, f"{origin}|{region}", f"{origin}|{region}|{settlement}"


@dataclass(frozen=True, slots=True)
class Learned:
    """What was learned by the morning of `day` at the share `target`.

    `lesson` holds everything but the places, `steps` what each place adds, by its name, column by column, `paces` how
    much slower each region is now. `is_open` says by column and name which lanes have not been seen to their end; a
    region, or a way from an origin to it, that is not among them is new, and open too.
    """

    day: date
    target: float
    lesson: Lesson
    steps: tuple[Mapping[str, float], ...]
    paces: Mapping[str, float]
    is_open: tuple[Mapping[str, bool], ...]
    clock: Clock

    @property
    def trust(self) -> float:
        """How much of a promise is learned: 0 none of it, 1 all of it."""
        return self.lesson.trust

    def latest(self, way: Way, handed: date, by_matrix: date) -> date | None:
        """The learned last date for what is handed over on a date; None where nothing is learned.

        Args: `by_matrix` the last date by the matrix alone, which counts for as much as trust is missing, and is the
        least where the end of the way has not been seen.
        """
        if not self._reaches(handed) or not self._reaches(by_matrix):
            return None
        begins, ends = self.clock.at(np.array([handed.toordinal(), by_matrix.toordinal()]))
        prior = np.array([max(int(ends - begins), 1)])
        is_open = np.array([self._is_open(way)])
        count = self.lesson.days(self._typical(way), prior, is_open)[:, self.lesson.chosen]
        if begins + count[0] >= len(self.clock.days):
            return None
        if self.trust <= 0 and count[0] <= prior[0]:
            return None
        return date.fromordinal(int(self.clock.after(np.array([handed.toordinal()]), count)[0]))

    def _is_open(self, way: Way) -> bool:
        lanes = zip(self.is_open, names_of(way)[REGION:], (True, True, False), strict=True)
        return any(known.get(name, unknown) for known, name, unknown in lanes)

    def _reaches(self, day: date) -> bool:
        return self.clock.first <= day.toordinal() < self.clock.first + len(self.clock.index)

    def _typical(self, way: Way) -> np.ndarray[Any, np.dtype[np.float64]]:
        z = sum((step.get(name, 0.0) for step, name in zip(self.steps, names_of(way), strict=False)), 0.0)
        table = self.lesson.table
        return table.at(np.array([table.everywhere + z]), np.array([self.paces.get(way.region, 1.0)]))

    def record(self) -> dict[str, Any]:
        """As JSON has it; `learned_of` reads it again."""
        lesson = {f.name: getattr(self.lesson, f.name) for f in fields(Lesson) if f.name != "table"}
        days = self.clock.days
        first, last = self.day.toordinal() - BEFORE, self.day.toordinal() + AHEAD
        return {
            "day": self.day.isoformat(),
            "target": self.target,
            "everywhere": self.lesson.table.everywhere,
            "damp": self.lesson.table.damp,
            "lesson": {name: np.asarray(value).tolist() for name, value in lesson.items()},
            "steps": [{k: round(v, DIGITS) for k, v in step.items() if abs(v) > NOTHING} for step in self.steps],
            "paces": {name: round(pace, DIGITS) for name, pace in self.paces.items() if pace != 1},
            "open": [dict(lanes) for lanes in self.is_open],
            "clock": [first, last, days[(days >= first) & (days <= last)].tolist()],
        }


def learned_of(record: Mapping[str, Any]) -> Learned:
    """What `Learned.record` wrote."""
    values: dict[str, Any] = {k: np.array(v) if isinstance(v, list) else v for k, v in record["lesson"].items()}
    first, last, days = record["clock"]
    working = np.isin(np.arange(first, last + 1), days)
    index = np.concatenate(([0], np.cumsum(working)[:-1]))
    return Learned(
        day=date.fromisoformat(record["day"]),
        target=record["target"],
        lesson=Lesson(PlaceTable(record["everywhere"], damp=record["damp"]), **values),
        steps=tuple(record["steps"]),
        paces=record["paces"],
        is_open=tuple(record["open"]),
        clock=Clock(first, index, np.array(days, dtype=np.int64)),
    )


def digest_of(record: Mapping[str, Any]) -> str:
    """A name for a record: equal names, equal lessons."""
    return blake2b(json.dumps(record, sort_keys=True).encode(), digest_size=16).hexdigest()
