"""The order of stops: always in time, never overloaded, the same again, and close to the best that is known."""

from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling.routing import solve
from scheduling.routing_tours import Problem, Tour
from tests.vrplib import best_known, instance


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """A few stops on a small map, some of which no vehicle can reach in time."""
    count = draw(st.integers(1, 8))
    places = draw(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=count + 1, max_size=count + 1))
    opens = draw(st.lists(st.integers(0, 100), min_size=count, max_size=count))
    lengths = draw(st.lists(st.integers(0, 80), min_size=count, max_size=count))
    return Problem(
        travel=[[abs(x - a) + abs(y - b) for a, b in places] for x, y in places],
        service=[0] + [draw(st.integers(0, 10))] * count,
        opens=[0, *opens],
        closes=[200, *(first + length for first, length in zip(opens, lengths, strict=True))],
        demand=[0] + [1] * count,
        capacity=draw(st.integers(1, 8)),
        vehicles=draw(st.integers(1, 3)),
    )


@settings(max_examples=60)
@given(problems())
def test_every_stop_is_in_one_tour_in_time_or_is_said_to_be_left(problem: Problem) -> None:
    plan = solve(problem, effort=30)
    assert sorted([*plan.left, *(stop for tour in plan.tours for stop in tour)]) == list(problem.stops)
    tours = [Tour(problem, tour) for tour in plan.tours]
    assert all(tour.is_feasible(problem) for tour in tours)
    assert len(tours) <= problem.vehicles
    assert plan.cost == sum(tour.cost for tour in tours)


@settings(max_examples=20)
@given(problems())
def test_the_same_problem_has_the_same_answer(problem: Problem) -> None:
    assert solve(problem, seed=7, effort=20) == solve(problem, seed=7, effort=20)


def test_our_cost_of_the_best_known_routes_is_the_published_one() -> None:
    problem = instance("RC208")
    routes, cost = best_known("RC208")
    tours = [Tour(problem, route) for route in routes]
    assert sum(tour.cost for tour in tours) == cost == 7761
    assert all(tour.is_feasible(problem) for tour in tours)


def test_a_second_of_search_comes_close_to_the_best_known() -> None:
    problem = instance("RC208")
    plan = solve(problem, seed=3, effort=1_500)
    assert plan.left == []
    assert all(Tour(problem, tour).is_feasible(problem) for tour in plan.tours)
    assert plan.cost <= 1.08 * best_known("RC208")[1]
