"""One round of everything that waits for time to pass: the agenda's sweep, the outbox, the days to be opened.

The worker runs it every few seconds; `flask tick --now` runs it at any moment one likes, so that time can be watched.
"""

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from flask import current_app

from portal.hooking import deliver_hooks
from portal.transaction import reading, transaction
from scheduling import agenda, zones
from scheduling.calendars import calendar_of
from scheduling.promising import COUNTRY
from sms import delivery
from sms.gateway import Gateway, LookupFailed

log = logging.getLogger("vekha.ticking")
Clock = Callable[[], datetime]
#: Batches of the outbox in one run; the next run comes within seconds.
BATCHES = 50
NOTHING, FAILED = "nothing", "failed"


@dataclass
class Round:
    """What one round has done: steps of the agenda by name, messages and webhooks by outcome, slots opened."""

    steps: Counter[str] = field(default_factory=Counter)
    messages: Counter[str] = field(default_factory=Counter)
    hooks: Counter[str] = field(default_factory=Counter)
    opened: int = 0


def tick(now: datetime) -> Round:
    """Run one round at the moment `now`."""
    done = Round()
    done.opened = open_days(now)
    done.steps = sweep(now)
    done.messages = deliver_messages(lambda: now)
    done.hooks = deliver_hooks(lambda: now)
    return done


def open_days(now: datetime) -> int:
    """Open the slots of the days that have come into sight. Returns how many."""
    with transaction() as session:
        return zones.open_days(session, calendar_of(COUNTRY), now)


def sweep(now: datetime) -> Counter[str]:
    """Do what is due, each parcel in a transaction of its own, so that one that fails holds up no other."""
    steps: Counter[str] = Counter()
    with reading() as session:
        due = agenda.due(session, now)
    for parcel_id in due:
        steps[_act(parcel_id, now)] += 1
    del steps[NOTHING]
    return steps


def _act(parcel_id: int, now: datetime) -> str:
    """Do what is due for one parcel. Returns the name of the step; one that fails is put off and logged."""
    try:
        with transaction() as session:
            action = agenda.act(session, parcel_id, now)
    except Exception:
        log.exception("agenda of parcel %s", parcel_id)
        with transaction() as session:
            agenda.put_off(session, parcel_id, now)
        return FAILED
    return action.value if action is not None else NOTHING


def deliver_messages(clock: Clock) -> Counter[str]:
    """Hand over what waits in the outbox. Three commits a message, and no database work while the provider is asked.

    Only as many are claimed at a time as can be sent within their lease.
    """
    outcomes: Counter[str] = Counter()
    gateway: Gateway = current_app.extensions["sms_gateway"]
    _look_up_unknown(gateway, clock)
    for _ in range(BATCHES):
        with transaction() as session:
            claimed = delivery.claim(
                session, clock(), callback_url=f"{current_app.config['PUBLIC_BASE_URL']}/webhooks/twilio"
            )
        if not claimed:
            break
        for outgoing in claimed:
            outcome = gateway.send(outgoing)
            with transaction() as session:
                delivery.settle(session, outgoing.message_id, outcome, clock(), outgoing.attempt)
            outcomes[type(outcome).__name__.lower()] += 1
    return outcomes


def _look_up_unknown(gateway: Gateway, clock: Clock) -> None:
    """Before anything is sent a second time, the provider is asked whether it has the first."""
    with transaction() as session:
        overdue = delivery.overdue(session, clock())
    for outgoing in overdue:
        try:
            found = gateway.find(outgoing)
        except LookupFailed as problem:
            log.warning("message %s: %s", outgoing.message_id, problem)
            continue
        with transaction() as session:
            delivery.looked_up(session, outgoing.message_id, found, clock())
