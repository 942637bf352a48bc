"""PyVRP, the extra `routing`: the same questions as the own heuristic gets, and a better answer."""

import pytest
from hypothesis import given, settings

from scheduling import routing_extra
from scheduling.routing_extra import best_plan
from scheduling.routing_tours import Problem, Tour
from tests.unit.test_routing import problems
from tests.vrplib import best_known, instance

pytestmark = pytest.mark.campaign


def test_the_extra_comes_within_one_per_cent_of_the_best_known() -> None:
    assert routing_extra.pyvrp is not None
    problem = instance("RC208")
    plan = best_plan(problem, effort=2_000)
    assert plan.left == []
    assert all(Tour(problem, tour).is_feasible(problem) for tour in plan.tours)
    assert plan.cost <= 1.01 * best_known("RC208")[1]


@settings(max_examples=60)
@given(problems())
def test_every_stop_is_in_one_tour_in_time_or_is_said_to_be_left(problem: Problem) -> None:
    """Where not all can be served PyVRP has no answer, and the own heuristic says who is left."""
    plan = best_plan(problem, effort=30)
    assert sorted([*plan.left, *(stop for tour in plan.tours for stop in tour)]) == list(problem.stops)
    assert all(Tour(problem, tour).is_feasible(problem) for tour in plan.tours)
    assert len(plan.tours) <= problem.vehicles
    assert plan.cost == sum(Tour(problem, tour).cost for tour in plan.tours)
