"""R1: rounds by the own heuristic on RC208, against the best known cost and the clock; with PyVRP where it is there."""

import time
from collections.abc import Callable, Iterator

from bench.figures import Figure, ceiling
from scheduling import routing, routing_extra
from scheduling.routing import Plan
from scheduling.routing_tours import Problem, Tour
from tests.vrplib import best_known, instance

EFFORT, EXTRA_EFFORT = 20_000, 2_000


def figures() -> Iterator[Figure]:
    """A hundred stops with time windows; one core."""
    problem, best = instance("RC208"), best_known("RC208")[1]
    yield from _measured("R1", "own heuristic on RC208", problem, best, lambda: routing.solve(problem, 1, EFFORT), 1.05)
    if routing_extra.pyvrp is not None:
        solved = lambda: routing_extra.best_plan(problem, 1, EXTRA_EFFORT)  # noqa: E731
        yield from _measured("R1.extra", "PyVRP on RC208", problem, best, solved, 1.01)


def _measured(
    name: str, what: str, problem: Problem, best: int, solve: Callable[[], Plan], target: float
) -> Iterator[Figure]:
    began = time.process_time()  # one core, whatever else the machine does meanwhile
    plan = solve()
    seconds = time.process_time() - began
    is_good = not plan.left and all(Tour(problem, tour).is_feasible(problem) for tour in plan.tours)
    note = f"cost {plan.cost / 10:g} of {best / 10:g}, {len(plan.tours)} tours, {'' if is_good else 'NOT '}feasible"
    yield ceiling(name, f"{what}: cost against the best known", plan.cost / best, target, note)
    yield ceiling(f"{name}.time", f"{what}: seconds of one core", seconds, 10.0)
