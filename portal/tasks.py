"""Celery's tasks: thin entrances into `ticking`. They carry no arguments, because the database says what is due."""

from celery import shared_task

from portal import hooking, offering, polling, sending, ticking
from portal.extensions import now


@shared_task
def sweep() -> None:
    """What has become due, and who has missed his deadline."""
    moment = now()
    ticking.send_links(moment)
    ticking.sweep(moment)
    ticking.watch(moment)


@shared_task
def deliver_messages() -> None:
    """What waits in the outbox."""
    sending.deliver_messages(now)


@shared_task
def learn() -> None:
    """What delivered parcels have taught by today."""
    ticking.learn(now())


@shared_task
def notice_hanging() -> None:
    """Parcels that have been silent for longer than usual."""
    ticking.notice_hanging(now())


@shared_task
def rounds() -> None:
    """Rounds to be built, those that have not begun in time, and those that are over or brought no money."""
    moment = now()
    ticking.build_rounds(moment)
    ticking.find_late_rounds(moment)
    ticking.settle_rounds(moment)


@shared_task
def deliver_hooks() -> None:
    """What shops are owed."""
    hooking.deliver_hooks(now)


@shared_task
def poll_carriers() -> None:
    """What carriers are to be asked."""
    polling.poll_carriers(now)


@shared_task
def ask_offers() -> None:
    """Terms and pick-up points of carriers, each once a day."""
    offering.ask_all(now)


@shared_task
def open_days() -> None:
    """The slots of days that have come into sight."""
    ticking.open_days(now())


@shared_task
def forget_answers() -> None:
    """What was answered to programs that will not ask again, and what carriers answered more than a week ago."""
    ticking.forget_answers(now())
