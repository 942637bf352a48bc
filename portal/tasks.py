"""Celery's tasks: thin entrances into `ticking`. They carry no arguments, because the database says what is due."""

from celery import shared_task

from portal import hooking, sending, ticking
from portal.extensions import now


@shared_task
def sweep() -> None:
    """What has become due."""
    ticking.sweep(now())


@shared_task
def deliver_messages() -> None:
    """What waits in the outbox."""
    sending.deliver_messages(now)


@shared_task
def learn() -> None:
    """What delivered parcels have taught by today."""
    ticking.learn(now())


@shared_task
def rounds() -> None:
    """Rounds to be built, and those that have not begun in time."""
    moment = now()
    ticking.build_rounds(moment)
    ticking.find_late_rounds(moment)


@shared_task
def deliver_hooks() -> None:
    """What shops are owed."""
    hooking.deliver_hooks(now)


@shared_task
def open_days() -> None:
    """The slots of days that have come into sight."""
    ticking.open_days(now())


@shared_task
def forget_answers() -> None:
    """What was answered to programs that will not ask again."""
    ticking.forget_answers(now())
