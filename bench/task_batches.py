"""D3: rows that go through Celery and Redis as ids in a task, against one task for each row."""

import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any

from celery import Celery
from celery.contrib.testing.worker import start_worker

from bench.figures import Figure, floor, side_by_side
from tests.servers import redis_server

ROWS, BATCH = 2_000, 100
PATIENCE = 120


class Counter:
    """What the worker has seen: the task counts rows and says when all of them are through."""

    def __init__(self) -> None:
        self.left, self.done = 0, Event()

    def expect(self, rows: int) -> None:
        """Begin to count anew."""
        self.left = rows
        self.done.clear()

    def see(self, ids: list[int]) -> None:
        """Take rows in; one worker in one thread calls this."""
        self.left -= len(ids)
        if self.left <= 0:
            self.done.set()


def figures() -> Iterator[Figure]:
    """Send the same rows in both ways through a real Redis and a real worker."""
    counter = Counter()
    with TemporaryDirectory(prefix="vk") as folder, redis_server(Path(folder)) as url:
        celery: Celery[Any] = Celery("bench", broker=url)
        celery.conf.update(task_ignore_result=True, worker_prefetch_multiplier=64)
        celery.task(counter.see, name="bench.see")
        with start_worker(celery, pool="solo", perform_ping_check=False, loglevel="ERROR"):
            _rate(celery, counter, BATCH)
            ratios = side_by_side(lambda: _rate(celery, counter, BATCH), lambda: _rate(celery, counter, 1))
    note = "Redis as broker, one worker, no work but the counting; ours goes further and sends no ids at all"
    yield floor("D3", f"rows/s through Celery: {BATCH} ids a task : one task a row", ratios, 40, note)


def _rate(celery: "Celery[Any]", counter: Counter, batch: int) -> float:
    counter.expect(ROWS)
    began = time.perf_counter()
    for first in range(0, ROWS, batch):
        celery.send_task("bench.see", args=[list(range(first, first + batch))])
    if not counter.done.wait(PATIENCE):
        raise RuntimeError("the worker did not come to an end")
    return ROWS / (time.perf_counter() - began)
