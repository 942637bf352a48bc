"""PURE the order of stops: vehicle routing with time windows by insertion, ruin and recreate, 2-opt and or-opt.

Stops are put in one after the other where they cost least. Then, as often as the effort allows, some neighbours are
taken out of their tours and put in again, in another order each time; what came of it is kept when it is shorter, or at
times when it is a little longer, ever less so (simulated annealing). The ruin follows Christiaens and Vanden Berghe,
"Slack Induction by String Removals", Transportation Science 54 (2020). At the end small moves straighten what is left.
Everything is decided by the seed: the same problem has the same answer on every machine.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log
from random import Random

from scheduling.routing_moves import polish
from scheduling.routing_tours import DEPOT, Problem, Tour, cheapest_place

#: Stops taken out at a time, on average; the longest stretch taken from one tour; a place overlooked, one in so many.
RUIN, STRING, BLINK = 10, 10, 30
#: The longer way that is still accepted, as shares of the mean leg, at the start and at the end.
HOT, COLD = 1.0, 0.02
#: Rounds of ruin and recreate that a day of a zone is worth.
EFFORT = 2_000
_FAR = 1 << 60


@dataclass(frozen=True, slots=True)
class Plan:
    """Tours as lists of stops, their whole cost, and the stops that fit into none."""

    tours: list[list[int]]
    cost: int
    left: list[int]


def solve(problem: Problem, seed: int = 1, effort: int = EFFORT) -> Plan:
    """Tours that are in time everywhere. What cannot be in any is left and said so."""
    random = Random(seed)  # noqa: S311 - a search, no secret
    kept = _State([], list(problem.stops))
    kept = _recreate(problem, kept, _orders(problem, random)[1], random)
    best, near = kept, _neighbours(problem)
    mean = max(kept.cost / max(len(problem.stops), 1), 1e-9)
    heat, cooling = HOT * mean, (COLD / HOT) ** (1 / max(effort, 1))
    orders = _orders(problem, random)
    for _round in range(effort if len(problem.stops) > 1 else 0):
        tried = _recreate(problem, _ruin(problem, kept, near, random), random.choice(orders), random)
        if tried.weight <= kept.weight - heat * log(1 - random.random()) and len(tried.left) <= len(kept.left):
            kept = tried
            best = min(best, kept, key=lambda state: state.weight)
        heat *= cooling
    tours = polish(problem, best.tours)
    return Plan([tour.stops for tour in tours], sum(tour.cost for tour in tours), sorted(best.left))


class _State:
    """Tours and the stops in none; `weight` counts one of those more than any way."""

    __slots__ = ("cost", "left", "tours", "weight")

    def __init__(self, tours: list[Tour], left: list[int]):
        self.tours, self.left = tours, left
        self.cost = sum(tour.cost for tour in tours)
        self.weight = self.cost + len(left) * 1_000_000


Order = Callable[[int], float]


def _orders(problem: Problem, random: Random) -> list[Order]:
    """In which order stops are put in again: by chance, narrow windows first, early ones, late ones, far ones, near."""
    opens, closes, out = problem.opens, problem.closes, problem.travel[DEPOT]
    return [
        lambda _stop: random.random(),
        lambda stop: closes[stop] - opens[stop],
        lambda stop: opens[stop],
        lambda stop: -closes[stop],
        lambda stop: -out[stop],
        lambda stop: out[stop],
        lambda stop: -problem.demand[stop],
    ]


def _neighbours(problem: Problem) -> list[list[int]]:
    """For each stop all of them, the nearest first, itself included."""
    return [sorted(problem.stops, key=row.__getitem__) for row in problem.travel]


def _ruin(problem: Problem, state: _State, near: Sequence[Sequence[int]], random: Random) -> _State:
    """Take stretches of neighbouring stops out of neighbouring tours, around one stop."""
    longest = min(STRING, max((len(tour.path) - 2 for tour in state.tours), default=1))
    strings = int(random.uniform(1, (4 * RUIN) / (1 + longest)))
    seat = {stop: n for n, tour in enumerate(state.tours) for stop in tour.stops}
    out: dict[int, set[int]] = {}
    for stop in near[random.choice(problem.stops)]:
        if len(out) >= strings:
            break
        number = seat.get(stop)
        if number is None or number in out:
            continue
        stops = state.tours[number].stops
        length = int(random.uniform(1, min(len(stops), longest) + 1))
        place = stops.index(stop)
        first = random.randint(max(0, place - length + 1), min(place, len(stops) - length))
        out[number] = set(stops[first : first + length])
    tours = [
        Tour(problem, [s for s in tour.stops if s not in out[n]]) if n in out else tour
        for n, tour in enumerate(state.tours)
    ]
    gone = [stop for stops in out.values() for stop in stops]
    return _State([tour for tour in tours if tour.stops], state.left + sorted(gone))


def _recreate(problem: Problem, state: _State, order: Order, random: Random) -> _State:
    """Put every stop in where it costs least; a new tour only where no other has room for it."""
    tours, left = list(state.tours), []
    for stop in sorted(state.left, key=order):
        most, found, place = _FAR, -1, 0
        for number, tour in enumerate(tours):
            if tour.load + problem.demand[stop] > problem.capacity:
                continue
            cost, where = cheapest_place(problem, tour, stop, most, lambda: random.random() * BLINK < 1)
            if where:
                most, found, place = cost, number, where
        if found >= 0:
            path = tours[found].path
            tours[found] = Tour(problem, [*path[1:place], stop, *path[place:-1]])
            continue
        alone = Tour(problem, [stop])
        if len(tours) < problem.vehicles and alone.is_feasible(problem):
            tours.append(alone)
        else:
            left.append(stop)
    return _State(tours, left)
