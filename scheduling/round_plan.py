"""PURE a zone's day shared among its couriers, and when each stop is reached: hours, addresses and minutes only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time
from math import ceil

from scheduling import routing_extra, travel
from scheduling.routing_tours import Problem, Tour
from scheduling.travel import AT_DOOR, Door

#: Minutes of the day: when couriers leave the depot at the earliest, and when the last of them is back at the latest.
LEAVES, BACK = 8 * 60, 24 * 60 - 1
#: A round may be longer than an even share of the stops by so much.
UNEVEN = 1.2
#: Minutes: how long a recipient waits for his courier, the steps his hour is rounded to, the slack before its middle.
HOUR, GRID, SLACK = 60, 30, 15
#: Minutes that a courier is to be on his way before his first hour begins.
AHEAD = 30


@dataclass(frozen=True, slots=True)
class Visit:
    """A stop to be made, between two minutes of the day."""

    booking: int
    door: Door
    opens: int
    closes: int


@dataclass(frozen=True, slots=True)
class Arrival:
    """A stop with its hour in minutes of the day; `leg` from the end of the stop before to the end of this one."""

    visit: Visit
    begins: int
    ends: int
    leg: int
    is_late: bool


def share(visits: Sequence[Visit], couriers: int) -> list[list[Visit]]:
    """The visits as one order for each courier who is needed; nobody gets much more than the others.

    Hours are kept wherever they can be. A stop that fits nowhere goes where it makes the least lateness.
    """
    if not visits or couriers < 1:
        return []
    most = ceil(UNEVEN * len(visits) / couriers)
    plan = routing_extra.best_plan(_problem(visits, most, couriers))
    orders = [[visits[stop - 1] for stop in tour] for tour in plan.tours] or [[]]
    for stop in plan.left:
        orders = put_in(orders, visits[stop - 1])
    return orders


def put_in(orders: Sequence[list[Visit]], visit: Visit, fixed: Sequence[int] = ()) -> list[list[Visit]]:
    """The orders with one more visit where it makes the least lateness and then the least way.

    Args: `fixed` says how many visits at the head of each order are not to be moved any more.
    """
    tried = [
        (number, [*order[:place], visit, *order[place:]])
        for number, order in enumerate(orders)
        for place in range(fixed[number] if fixed else 0, len(order) + 1)
    ]
    number, best = min(tried, key=lambda pair: _added(orders[pair[0]], pair[1]))
    return [best if n == number else list(order) for n, order in enumerate(orders)]


def timed(order: Sequence[Visit]) -> list[Arrival]:
    """When each visit of an order is made: an hour on a half-hour's grid, inside of the slot unless it cannot be."""
    if not order:
        return []
    problem = _problem(order, len(order), 1)
    tour = Tour(problem, range(1, len(order) + 1))
    return [
        _arrival(visit, tour.begins[n], problem.travel[tour.path[n - 1]][n] + AT_DOOR)
        for n, visit in enumerate(order, start=1)
    ]


def clock(minute: int) -> time:
    """A minute of the day as an hour on the wall."""
    return time(*divmod(min(minute, BACK), 60))


def minute_of(hour: time) -> int:
    """An hour on the wall as a minute of the day."""
    return hour.hour * 60 + hour.minute


def _arrival(visit: Visit, at: int, leg: int) -> Arrival:
    is_late = at > visit.closes
    first, last = (visit.opens, visit.closes) if not is_late else (at - SLACK, BACK)
    if last - first <= HOUR:
        return Arrival(visit, first, last, leg, is_late)
    begins = min(max((at - SLACK) // GRID * GRID, first), last - HOUR)
    return Arrival(visit, begins, begins + HOUR, leg, is_late)


def _added(before: Sequence[Visit], after: Sequence[Visit]) -> tuple[int, int]:
    (late, way), (late_now, way_now) = _cost(before), _cost(after)
    return late_now - late, way_now - way


def _cost(order: Sequence[Visit]) -> tuple[int, int]:
    """Minutes of lateness and of driving."""
    tour = Tour(_problem(order, len(order), 1), range(1, len(order) + 1))
    late = sum(max(0, at - visit.closes) for at, visit in zip(tour.begins[1:], order, strict=False))
    return late, tour.cost


def _problem(visits: Sequence[Visit], most: int, couriers: int) -> Problem:
    """The depot is taken to lie in the settlement that most of the visits are in, on a street of its own."""
    places = [visit.door.settlement for visit in visits]
    depot = Door(max(places, key=places.count, default=None), "")
    return Problem(
        travel=travel.matrix([depot, *(visit.door for visit in visits)]),
        service=[0, *(AT_DOOR for _visit in visits)],
        opens=[LEAVES, *(visit.opens for visit in visits)],
        closes=[BACK, *(visit.closes for visit in visits)],
        demand=[0, *(1 for _visit in visits)],
        capacity=most,
        vehicles=couriers,
    )
