"""The learned last date in a promise: given once with the hand-over, kept from then on, and a leg of its own.

Which of the two dates counts and which leg gives way is told in docs/decisions/0012.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from scheduling.learned import Learned, Way
from scheduling.promise import Promise, Terms, with_latest


@dataclass(frozen=True, slots=True)
class Reserve:
    """The learned last date for a hand-over on a date, beside the last one `by_matrix` that it replaces.

    `day`, `target` and `trust` are those of the lesson.
    """

    day: date
    target: float
    trust: float
    handed: date
    by_matrix: date
    latest: date

    def record(self, holds: bool, is_given: bool) -> dict[str, Any]:
        """As the promise's fact keeps it: whether the promise ends with it, and whether it was given at a hand-over
        that really happened, and so stays.
        """
        dates = {name: getattr(self, name).isoformat() for name in ("day", "handed", "by_matrix", "latest")}
        return {**dates, "target": self.target, "trust": self.trust, "holds": holds, "is_given": is_given}


def reserve_of(record: Mapping[str, Any]) -> Reserve:
    """What `Reserve.record` wrote."""
    day, handed, by_matrix, latest = (
        date.fromisoformat(record[name]) for name in ("day", "handed", "by_matrix", "latest")
    )
    return Reserve(day, record["target"], record["trust"], handed, by_matrix, latest)


def reserve_for(learned: Learned | None, way: Way, promise: Promise) -> Reserve | None:
    """What is learned for the hand-over of a promise by the matrix; None where nothing is."""
    if learned is None:
        return None
    handed = promise.hand_over.late
    latest = learned.latest(way, handed, promise.latest)
    if latest is None:
        return None
    return Reserve(learned.day, learned.target, learned.trust, handed, promise.latest, latest)


def holds(promise: Promise, reserve: Reserve) -> bool:
    """Does a promise by the matrix get this last date: is the parcel on its way, and may it come by then?"""
    return not promise.has_arrived and reserve.latest >= promise.earliest


def with_reserve(promise: Promise, reserve: Reserve | None, terms: Terms, delivers: Callable[[date], bool]) -> Promise:
    """The promise with the learned last date, where that holds. Raises UnknownDay."""
    return with_latest(promise, reserve.latest, terms, delivers) if reserve is not None else promise
