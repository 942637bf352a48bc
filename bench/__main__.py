"""Measures every figure, prints the table and keeps it in `bench/results.json`; `python -m bench W1 S2` only some."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench import (
    booking_race,
    claim_forms,
    incident_time,
    link_size,
    matrix_size,
    outbox,
    page_time,
    page_weight,
    phone_speed,
    promise_speed,
    routing_gap,
    sqlite_writers,
    sweep_scale,
    task_batches,
)
from bench.figures import Figure

RESULTS = Path(__file__).with_name("results.json")
GROUPS: dict[str, Callable[[], Iterator[Figure]]] = {
    "W1 W2": page_time.figures,
    "W3": page_weight.figures,
    "S1 S3": booking_race.figures,
    "S2": claim_forms.figures,
    "S4": sqlite_writers.figures,
    "D1": sweep_scale.figures,
    "C1": incident_time.figures,
    "D2 G2": outbox.figures,
    "D3": task_batches.figures,
    "I2": phone_speed.figures,
    "E1": promise_speed.figures,
    "E2": matrix_size.figures,
    "G1": link_size.figures,
    "R1": routing_gap.figures,
}
COLUMNS = "{:<11} {:<74} {:>8} {:>9}  {}"


def main(wanted: list[str]) -> None:
    """Measure the groups that hold a wanted figure, or all of them. A figure that falls short is no error."""
    began = time.monotonic()
    found: list[Figure] = []
    print(COLUMNS.format("figure", "what", "value", "target", ""), flush=True)
    for names, figures in GROUPS.items():
        if wanted and not set(names.split()) & set(wanted):
            continue
        for figure in figures():
            found.append(figure)
            print(_line(figure), flush=True)
    short = [figure.name for figure in found if not figure.is_reached]
    print(f"{len(found)} figures in {time.monotonic() - began:.0f} s; short: {', '.join(short) or 'none'}")
    RESULTS.write_text(json.dumps([_record(figure) for figure in found], ensure_ascii=False, indent=1) + "\n")


def _line(figure: Figure) -> str:
    target = f"{'<=' if figure.is_ceiling else '>='} {figure.target:g}"
    verdict = "ok" if figure.is_reached else "short"
    line = COLUMNS.format(figure.name, figure.what, f"{figure.value:.4g}", target, verdict)
    return f"{line}\n{'':<11} ({figure.note})" if figure.note else line


def _record(figure: Figure) -> dict[str, object]:
    return {
        "figure": figure.name,
        "what": figure.what,
        "value": round(figure.value, 4),
        "target": figure.target,
        "bound": "at most" if figure.is_ceiling else "at least",
        "reached": figure.is_reached,
        "rounds": [round(value, 4) for value in figure.rounds],
        "note": figure.note,
    }


if __name__ == "__main__":
    main(sys.argv[1:])
