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
from scheduling.accuracy_history import PLACES
from scheduling.accuracy_place import PlaceTable
from scheduling.accuracy_replay import Lesson

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
    named = (district(region), region, f"{origin}|{region}", f"{origin}|{region}|{settlement}")
    return named[:PLACES]


@dataclass(frozen=True, slots=True)
class Learned:
    """What was learned by the morning of `day` at the share `target`.

    `lesson` holds everything but the places, `steps` what each place adds, by its name, column by column.
    """

    day: date
    target: float
    lesson: Lesson
    steps: tuple[Mapping[str, float], ...]
    clock: Clock

    @property
    def trust(self) -> float:
        """How much of a promise is learned: 0 none of it, 1 all of it."""
        return self.lesson.trust

    def latest(self, way: Way, handed: date, by_matrix: date) -> date | None:
        """The learned last date for what is handed over on a date; None where nothing is learned.

        Args: `by_matrix` the last date by the matrix alone, which counts for as much as trust is missing.
        """
        if self.trust <= 0 or not self._reaches(handed) or not self._reaches(by_matrix):
            return None
        begins, ends = self.clock.at(np.array([handed.toordinal(), by_matrix.toordinal()]))
        prior = np.array([max(int(ends - begins), 1)])
        count = self.lesson.days(self._typical(way), prior)[:, self.lesson.chosen]
        if begins + count[0] >= len(self.clock.days):
            return None
        return date.fromordinal(int(self.clock.after(np.array([handed.toordinal()]), count)[0]))

    def _reaches(self, day: date) -> bool:
        return self.clock.first <= day.toordinal() < self.clock.first + len(self.clock.index)

    def _typical(self, way: Way) -> np.ndarray[Any, np.dtype[np.float64]]:
        z = sum((step.get(name, 0.0) for step, name in zip(self.steps, names_of(way), strict=False)), 0.0)
        return PlaceTable(self.lesson.table.everywhere + z).typical(np.zeros((0, 1), dtype=np.int64))

    def record(self) -> dict[str, Any]:
        """As JSON has it; `learned_of` reads it again."""
        lesson = {f.name: getattr(self.lesson, f.name) for f in fields(Lesson) if f.name != "table"}
        days = self.clock.days
        first, last = self.day.toordinal() - BEFORE, self.day.toordinal() + AHEAD
        return {
            "day": self.day.isoformat(),
            "target": self.target,
            "everywhere": self.lesson.table.everywhere,
            "lesson": {name: np.asarray(value).tolist() for name, value in lesson.items()},
            "steps": [{k: round(v, DIGITS) for k, v in step.items() if abs(v) > NOTHING} for step in self.steps],
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
        lesson=Lesson(PlaceTable(record["everywhere"]), **values),
        steps=tuple(record["steps"]),
        clock=Clock(first, index, np.array(days, dtype=np.int64)),
    )


def digest_of(record: Mapping[str, Any]) -> str:
    """A name for a record: equal names, equal lessons."""
    return blake2b(json.dumps(record, sort_keys=True).encode(), digest_size=16).hexdigest()
