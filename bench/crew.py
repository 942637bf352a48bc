"""Many clients at once: processes of the product with threads in them, all started by one shot."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from multiprocessing.context import ForkServerContext
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier as ProcessBarrier
from threading import Barrier, Thread

from flask import Flask
from sqlalchemy.exc import OperationalError

from bench.places import settings_for
from portal import create_app

#: A client books until its attempts are used up, and returns how often it got a place.
Client = Callable[[int], int]
PATIENCE = 120


@dataclass(frozen=True, slots=True)
class Race:
    """How a race ended. `errors` are attempts the database itself refused: BUSY, a deadlock, a time-out."""

    seconds: float
    sold: int
    errors: int

    @property
    def per_second(self) -> float:
        return self.sold / self.seconds


@dataclass(slots=True)
class _Lap:
    began: float = 0.0
    ended: float = 0.0
    sold: int = 0
    errors: int = 0


def race(url: str, warm_up: Client, client: Client, processes: int, threads: int) -> Race:
    """Let `processes` times `threads` clients loose on a database; the clock runs from the shot to the last one home.

    Args: `warm_up` and `client` are functions of a module, called with the client's number.
    """
    context: ForkServerContext = get_context("forkserver")
    context.set_forkserver_preload([__name__])
    start, answers = context.Barrier(processes), context.Queue()
    crew = [
        context.Process(target=_process, args=(url, warm_up, client, number * threads, threads, start, answers))
        for number in range(processes)
    ]
    for process in crew:
        process.start()
    laps: list[_Lap] = [lap for _process_ in crew for lap in answers.get(timeout=PATIENCE)]
    for process in crew:
        process.join()
    seconds = max(lap.ended for lap in laps) - min(lap.began for lap in laps)
    return Race(seconds, sum(lap.sold for lap in laps), sum(lap.errors for lap in laps))


def _process(
    url: str, warm_up: Client, client: Client, first: int, threads: int, start: ProcessBarrier, answers: "Queue[object]"
) -> None:
    app = create_app(settings_for(url))
    gate = Barrier(threads, action=partial(start.wait, PATIENCE))
    laps = [_Lap() for _ in range(threads)]
    crew = [
        Thread(target=_thread, args=(app, warm_up, client, first + number, gate, laps[number]))
        for number in range(threads)
    ]
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()
    answers.put(laps)


def _thread(app: Flask, warm_up: Client, client: Client, number: int, gate: Barrier, lap: _Lap) -> None:
    with app.app_context():
        warm_up(number)
        gate.wait(PATIENCE)
        lap.began = time.perf_counter()
        try:
            lap.sold = client(number)
        except OperationalError:
            lap.errors += 1
        lap.ended = time.perf_counter()
