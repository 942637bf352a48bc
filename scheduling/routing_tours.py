"""PURE one tour of a vehicle: when it is where, and what it costs to put a stop in or to change the order."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

DEPOT = 0


@dataclass(frozen=True, slots=True)
class Problem:
    """Stops 1..n around the depot 0. Every number is whole, in one unit of time (or of distance, which then is time).

    `travel[i][j]` from i to j; `service[i]` at i; it may begin from `opens[i]` until `closes[i]`. The depot's own hours
    are when a vehicle may leave and must be back. `demand` of all stops of a tour is at most `capacity`.
    """

    travel: Sequence[Sequence[int]]
    service: Sequence[int]
    opens: Sequence[int]
    closes: Sequence[int]
    demand: Sequence[int]
    capacity: int
    vehicles: int

    @property
    def stops(self) -> range:
        return range(1, len(self.travel))


class Tour:
    """Stops in their order, with the depot at both ends. Never changed after it is made.

    `begins[i]` is when service can begin at the earliest, `latest[i]` when it must, for all that follows to be in time.
    """

    __slots__ = ("begins", "cost", "latest", "load", "path")

    def __init__(self, problem: Problem, stops: Sequence[int]):
        self.path = path = [DEPOT, *stops, DEPOT]
        travel, service, opens, closes = problem.travel, problem.service, problem.opens, problem.closes
        self.load = sum(problem.demand[stop] for stop in stops)
        self.cost, at = 0, opens[DEPOT]
        self.begins = begins = [at]
        for last, stop in itertools.pairwise(path):
            way = travel[last][stop]
            self.cost += way
            at = max(opens[stop], at + service[last] + way)
            begins.append(at)
        must = closes[DEPOT]
        self.latest = latest = [must] * len(path)
        for place in range(len(path) - 2, -1, -1):
            stop, after = path[place], path[place + 1]
            must = min(closes[stop], must - travel[stop][after] - service[stop])
            latest[place] = must

    @property
    def stops(self) -> list[int]:
        return self.path[1:-1]

    def is_feasible(self, problem: Problem) -> bool:
        """Is it in time everywhere, and not overloaded?"""
        in_time = all(at <= problem.closes[stop] for at, stop in zip(self.begins, self.path, strict=True))
        return in_time and self.load <= problem.capacity


def cheapest_place(
    problem: Problem, tour: Tour, stop: int, most: int, overlooks: Callable[[], bool]
) -> tuple[int, int]:
    """Where a stop fits into a tour in time, at the least cost below `most`.

    Args: `overlooks` lets a good place pass now and then, so that a search does not always end the same way.
    Returns: the added cost and the place in the path, 0 when it fits nowhere.
    """
    path, begins, latest = tour.path, tour.begins, tour.latest
    service, onward = problem.service, problem.travel[stop]
    opens, closes, stay = problem.opens[stop], problem.closes[stop], problem.service[stop]
    found, before = 0, DEPOT
    for place in range(1, len(path)):
        last, before = before, path[place]
        way = problem.travel[last]
        there = begins[place - 1] + service[last] + way[stop]
        if there > closes:
            break
        added = way[stop] + onward[before] - way[before]
        if added >= most:
            continue
        if max(there, opens) + stay + onward[before] <= latest[place] and not overlooks():
            most, found = added, place
    return most, found
