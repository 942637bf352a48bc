"""Reads a VRPLIB instance with time windows, and a solution of it, in tenths as the DIMACS challenge counts them."""

from math import hypot
from pathlib import Path

from scheduling.routing_tours import Problem

ROOT = Path(__file__).parent / "data/routing"


def instance(name: str) -> Problem:
    """The problem of a file: distances, hours and service times ten times larger and cut off to whole numbers."""
    sections: dict[str, list[list[str]]] = {}
    header: dict[str, str] = {}
    rows: list[list[str]] = []
    for line in (ROOT / f"{name}.vrp").read_text().splitlines():
        key, colon, value = line.partition(":")
        if colon:
            header[key.strip()] = value.strip()
        elif line.strip().endswith("_SECTION"):
            rows = sections[line.strip()] = []
        elif line.strip() != "EOF":
            rows.append(line.split())
    places = [(int(x), int(y)) for _n, x, y in sections["NODE_COORD_SECTION"]]
    hours = {int(n): (int(first) * 10, int(last) * 10) for n, first, last in sections["TIME_WINDOW_SECTION"]}
    stay = int(header["SERVICE_TIME"]) * 10
    return Problem(
        travel=[[int(10 * hypot(x - a, y - b)) for a, b in places] for x, y in places],
        service=[0] + [stay] * (len(places) - 1),
        opens=[hours[n][0] for n in sorted(hours)],
        closes=[hours[n][1] for n in sorted(hours)],
        demand=[int(row[1]) for row in sections["DEMAND_SECTION"]],
        capacity=int(header["CAPACITY"]),
        vehicles=int(header["VEHICLES"]),
    )


def best_known(name: str) -> tuple[list[list[int]], int]:
    """The routes of the best known solution, and its cost in tenths."""
    lines = (ROOT / f"{name}.sol").read_text().splitlines()
    routes = [[int(stop) for stop in line.partition(":")[2].split()] for line in lines if line.startswith("Route")]
    cost = next(float(line.split()[1]) for line in lines if line.startswith("Cost"))
    return routes, round(cost * 10)
