"""After a commit the worker is told that there is something to do; whether that succeeds is never anybody's problem.

The beat finds the same work some seconds later. So the message goes out on a thread of its own, and a frozen
broker delays nobody: while one nudge is stuck, further ones are dropped.
"""

import logging
import threading
from queue import Empty, Full, Queue

from celery import Celery
from flask import current_app

log = logging.getLogger("vekha.nudge")


class Nudger:
    """Sends a named task to the broker, at most one waiting at a time."""

    def __init__(self, app: Celery, task: str) -> None:
        self._app, self._task = app, task
        self._wanted: Queue[None] = Queue(maxsize=1)
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def __call__(self) -> None:
        """Ask for one run of the task, soon."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="nudge", daemon=True)
                self._thread.start()
        try:
            self._wanted.put_nowait(None)
        except Full:
            return

    def _run(self) -> None:
        while True:
            try:
                self._wanted.get(timeout=30)
            except Empty:
                return
            try:
                self._app.send_task(self._task, expires=30, retry=False)
            except Exception as problem:
                log.warning("no nudge: %s", type(problem).__name__)


def nudge(work: str) -> None:
    """Wake the worker of the current app for some work, if it has one."""
    nudgers = current_app.extensions.get("nudge")
    if nudgers is not None:
        nudgers[work]()
