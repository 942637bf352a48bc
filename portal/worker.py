"""The Celery app: tasks run inside the Flask app, and beat only wakes sweeps. `celery -A wsgi:celery` starts it."""

from __future__ import annotations

from typing import Any

from celery import Celery, Task
from flask import Flask

from portal import folder_queue
from portal.config import Settings

SWEEP_SECONDS = 5.0
#: By name: a task, every how many seconds it is woken, after how many a waking is too old.
_BEAT = {
    "sweep": ("sweep", SWEEP_SECONDS, 30),
    "messages": ("deliver_messages", SWEEP_SECONDS, 30),
    "learn": ("learn", 300.0, 240),
    "hanging": ("notice_hanging", 3600.0, 600),
    "forget": ("forget_answers", 3600.0, 600),
    "hooks": ("deliver_hooks", SWEEP_SECONDS, 30),
    "carriers": ("poll_carriers", 15.0, 30),
    # Each way and each list once a day; so often, because a carrier is asked only so much at a time.
    "offers": ("ask_offers", 600.0, 300),
    "rounds": ("rounds", 30.0, 30),
    "open_days": ("open_days", 3600.0, 600),
}


def make_celery(app: Flask, settings: Settings) -> Celery[Any]:
    """The Celery app of a Flask app: over Redis, or over a folder when the product runs embedded."""

    class InFlask(Task):  # type: ignore[type-arg]
        """A task with the app around it."""

        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            with app.app_context():
                return self.run(*args, **kwargs)

    celery: Celery[Any] = Celery("vekha", task_cls=InFlask, include=["portal.tasks"])
    celery.conf.update(
        broker_url=settings.redis_url or folder_queue.URL,
        broker_transport_options=_transport(settings),
        broker_connection_retry_on_startup=True,
        task_ignore_result=True,
        task_default_queue="vekha",
        timezone="UTC",
        enable_utc=True,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        beat_schedule_filename=str(settings.queue_folder.parent / "celerybeat-schedule"),
        beat_schedule={
            name: {"task": f"portal.tasks.{task}", "schedule": seconds, "options": {"expires": expires}}
            for name, (task, seconds, expires) in _BEAT.items()
        },
    )
    celery.set_default()
    return celery


def _transport(settings: Settings) -> dict[str, Any]:
    """Short timeouts, so that a frozen broker is noticed; in a folder, messages are moved when they are taken."""
    if not settings.is_embedded:
        return {"socket_timeout": 5, "socket_connect_timeout": 2, "visibility_timeout": 3600}
    folder, done = settings.queue_folder, settings.queue_folder / "done"
    done.mkdir(parents=True, exist_ok=True)
    return {
        "data_folder_in": str(folder),
        "data_folder_out": str(folder),
        "processed_folder": str(done),
        "control_folder": str(folder / "control"),
    }
