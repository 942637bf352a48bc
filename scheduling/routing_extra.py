"""The same order of stops by PyVRP, where the extra `routing` is installed: a better answer for the same problem."""

from scheduling import routing
from scheduling.routing import EFFORT, Plan
from scheduling.routing_tours import Problem, Tour

try:
    import pyvrp
    import pyvrp.stop
except ImportError:  # the extra is not installed, and the own heuristic answers
    pyvrp = None


def best_plan(problem: Problem, seed: int = 1, effort: int = EFFORT) -> Plan:
    """Tours by PyVRP when it is there and serves every stop, else by our own heuristic."""
    if pyvrp is not None and len(problem.stops) > 1:
        plan = _by_pyvrp(problem, seed, effort)
        if plan is not None:
            return plan
    return routing.solve(problem, seed, effort)


def _by_pyvrp(problem: Problem, seed: int, effort: int) -> Plan | None:
    """The tours of PyVRP; None when it found none that are in time everywhere."""
    model = pyvrp.Model()
    places = [model.add_location(0, 0) for _place in problem.travel]
    hours = [{"tw_early": early, "tw_late": late} for early, late in zip(problem.opens, problem.closes, strict=True)]
    depot = model.add_depot(places[0], **hours[0])
    for stop in problem.stops:
        stay = problem.service[stop]
        model.add_client(places[stop], delivery=problem.demand[stop], service_duration=stay, **hours[stop])
    model.add_vehicle_type(problem.vehicles, capacity=problem.capacity, start_depot=depot, end_depot=depot, **hours[0])
    for start, row in zip(places, problem.travel, strict=True):
        for end, way in zip(places, row, strict=True):
            model.add_edge(start, end, distance=way, duration=way)
    found = model.solve(stop=pyvrp.stop.MaxIterations(effort), seed=seed, display=False)
    if not found.is_feasible():
        return None
    routes = found.best.routes()
    tours = [Tour(problem, [1 + visit.idx for visit in route if visit.is_client()]) for route in routes]
    return Plan([tour.stops for tour in tours], sum(tour.cost for tour in tours), [])
