"""PURE small changes that shorten tours: a stretch turned round (2-opt), moved (or-opt), tails swapped (2-opt*)."""

import itertools
from collections.abc import Iterator, Sequence

from scheduling.routing_tours import Problem, Tour

#: Stops that or-opt moves together at most.
STRETCH = 3


def polish(problem: Problem, tours: list[Tour]) -> list[Tour]:
    """Take every change that helps until none does. The tours stay feasible."""
    tours = list(tours)
    while (better := _better_pair(problem, tours)) is not None:
        first, second, new = better
        tours[first], tours[second] = new
    return [tour for tour in tours if tour.stops]


def _better_pair(problem: Problem, tours: Sequence[Tour]) -> tuple[int, int, tuple[Tour, Tour]] | None:
    """Two tours, or the same one twice, with the shorter ones that may stand in their place."""
    for first, tour in enumerate(tours):
        for order in (*_turned(tour.stops), *_moved_within(tour.stops)):
            new = _made(problem, order, tour.cost)
            if new is not None:
                return first, first, (new, new)
        for second, other in enumerate(tours):
            if first == second:
                continue
            pair = _shorter(problem, tour, other)
            if pair is not None:
                return first, second, pair
    return None


def _shorter(problem: Problem, tour: Tour, other: Tour) -> tuple[Tour, Tour] | None:
    limit = tour.cost + other.cost
    for left, right in (*_tails(tour.stops, other.stops), *_moved_between(tour.stops, other.stops)):
        first = _made(problem, left, limit)
        second = _made(problem, right, limit - first.cost) if first is not None else None
        if first is not None and second is not None:
            return first, second
    return None


def _made(problem: Problem, order: Sequence[int], below: int) -> Tour | None:
    """The tour of an order, if it costs less than `below` and can be driven."""
    travel, path = problem.travel, (0, *order, 0)
    if sum(travel[a][b] for a, b in itertools.pairwise(path)) >= below:
        return None
    tour = Tour(problem, order)
    return tour if tour.is_feasible(problem) else None


def _turned(stops: list[int]) -> Iterator[list[int]]:
    """2-opt: every stretch the other way round."""
    for begin in range(len(stops) - 1):
        for end in range(begin + 2, len(stops) + 1):
            yield stops[:begin] + stops[begin:end][::-1] + stops[end:]


def _moved_within(stops: list[int]) -> Iterator[list[int]]:
    """Or-opt: a short stretch at another place of the same tour."""
    for stretch, rest in _stretches(stops):
        for place in range(len(rest) + 1):
            yield rest[:place] + stretch + rest[place:]


def _moved_between(stops: list[int], others: list[int]) -> Iterator[tuple[list[int], list[int]]]:
    """Or-opt between two tours: a short stretch goes over."""
    for stretch, rest in _stretches(stops):
        for place in range(len(others) + 1):
            yield rest, others[:place] + stretch + others[place:]


def _tails(stops: list[int], others: list[int]) -> Iterator[tuple[list[int], list[int]]]:
    """2-opt*: two tours swap what comes after a stop of each."""
    for cut in range(len(stops) + 1):
        for other in range(len(others) + 1):
            yield stops[:cut] + others[other:], others[:other] + stops[cut:]


def _stretches(stops: list[int]) -> Iterator[tuple[list[int], list[int]]]:
    for length in range(1, STRETCH + 1):
        for begin in range(len(stops) - length + 1):
            yield stops[begin : begin + length], stops[:begin] + stops[begin + length :]
