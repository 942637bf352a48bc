"""The outbox on its way out: many messages in flight at once, each with its three commits, looked up before repeated.

A claimed message waits for at most one other before it is sent, so its lease has to outlast two sends and no queue.
"""

import logging
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from datetime import datetime
from functools import partial
from queue import SimpleQueue

from flask import Flask, current_app

from portal.transaction import reading, transaction
from sms import delivery, receipts, wording
from sms.gateway import Gateway, LookupFailed, Outgoing
from sms.models import Status
from sms.wording import Desk

log = logging.getLogger("vekha.sending")
Clock = Callable[[], datetime]
Job = Callable[[], str]
#: Messages that are with a provider at the same time, and those claimed beside them so that no thread has to wait.
IN_FLIGHT, AHEAD = 64, 64
#: So many places have to be free before more is claimed: one statement for many rows.
AT_ONCE = 32
#: Messages in one run; the next run comes within seconds.
A_RUN = 2_000
#: A worker that was frozen for so long after a claim does not send any more: others may have taken over.
STALE = delivery.LEASE / 3
LATE, FAILED = "late", "failed"
#: Of what wording can end in, what is worth a line: the rest is still on its way.
_ENDED = (Status.DROPPED.value, Status.DEAD.value, FAILED)


def deliver_messages(clock: Clock) -> Counter[str]:
    """Word what is owed, ask about what is unknown, then hand over what waits in the outbox. Returns how many there
    were, by outcome.

    No database work is done while a provider is asked, and each outcome is committed alone.
    """
    with transaction() as session:
        receipts.adopt(session, clock())
    worded = _word(clock())
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    with ThreadPoolExecutor(IN_FLIGHT, "sending") as threads:
        _run(threads, partial(_overdue, app, clock))
        return worded + _run(threads, partial(_claimed, app, clock))


def _word(now: datetime) -> Counter[str]:
    """Word what is owed, each message in a transaction of its own, so that one that fails holds up no other."""
    desk: Desk = current_app.extensions["desk"]
    with transaction() as session:
        wording.reconsider(session, now)
    with reading() as session:
        due = wording.due(session, now, A_RUN)
    worded = Counter(_word_one(message_id, desk, now) for message_id in due)
    return Counter({outcome: worded[outcome] for outcome in _ENDED if worded[outcome]})


def _word_one(message_id: int, desk: Desk, now: datetime) -> str:
    try:
        with transaction() as session:
            status = wording.prepare(session, message_id, desk, now)
    except Exception:
        log.exception("wording of message %s", message_id)
        with transaction() as session:
            wording.put_off(session, message_id, now)
        return FAILED
    return status.value if status is not None else LATE


def _run(threads: Executor, take: Callable[[int], list[Job]]) -> Counter[str]:
    """Let the threads do all that `take` gives, never more at a time than there are places."""
    outcomes: Counter[str] = Counter()
    done: SimpleQueue[Future[str]] = SimpleQueue()
    taken, flying, is_more = 0, 0, True
    while flying or is_more:
        places = IN_FLIGHT + AHEAD - flying
        if is_more and places >= AT_ONCE:
            jobs = take(places)
            for job in jobs:
                threads.submit(job).add_done_callback(done.put)
            taken, flying = taken + len(jobs), flying + len(jobs)
            is_more = bool(jobs) and taken < A_RUN
        else:
            outcomes[done.get().result()] += 1
            flying -= 1
    return outcomes


def _claimed(app: Flask, clock: Clock, places: int) -> list[Job]:
    """What is due, as sends that may begin soon."""
    moment, callback = clock(), f"{app.config['PUBLIC_BASE_URL']}/webhooks/twilio"
    with transaction() as session:
        claimed = delivery.claim(session, moment, places, callback_url=callback)
    return [partial(_send, app, clock, message, moment) for message in claimed]


def _overdue(app: Flask, clock: Clock, places: int) -> list[Job]:
    """What is unknown, as questions to the provider."""
    with transaction() as session:
        overdue = delivery.overdue(session, clock(), places)
    return [partial(_look_up, app, clock, message) for message in overdue]


def _send(app: Flask, clock: Clock, message: Outgoing, claimed_at: datetime) -> str:
    """One message, and the commit of its outcome; where that fails, the message is looked up when its lease is over."""
    if clock() - claimed_at > STALE:
        return LATE
    outcome = _gateway(app, message).send(message)
    try:
        with app.app_context(), transaction() as session:
            delivery.settle(session, message.message_id, outcome, clock(), message.attempt)
    except Exception:
        log.exception("message %s", message.message_id)
        return FAILED
    return type(outcome).__name__.lower()


def _look_up(app: Flask, clock: Clock, message: Outgoing) -> str:
    """Before anything is sent a second time, the provider is asked whether it has the first."""
    try:
        found = _gateway(app, message).find(message)
        with app.app_context(), transaction() as session:
            return delivery.looked_up(session, message.message_id, found, clock())
    except LookupFailed as problem:
        log.warning("message %s: %s", message.message_id, problem)
    except Exception:
        log.exception("message %s", message.message_id)
    return FAILED


def _gateway(app: Flask, message: Outgoing) -> Gateway:
    gateway: Gateway = app.extensions["mail_gateway" if message.is_letter else "sms_gateway"]
    return gateway
