"""One round of everything that waits for time to pass: the sweep, the outbox, days to be opened, the daily lesson.

The worker runs it every few seconds; `flask tick --now` runs it at any moment one likes, so that time can be watched.
"""

import logging
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from carriers import health
from portal import api_answers
from portal.hooking import deliver_hooks
from portal.polling import poll_carriers
from portal.sending import deliver_messages
from portal.transaction import reading, transaction
from scheduling import agenda, lessons, zones

log = logging.getLogger("vekha.ticking")
#: The worker sweeps every few seconds; what is due for longer than this means that it does not.
LATE = timedelta(seconds=60)
NOTHING, FAILED = "nothing", "failed"


@dataclass
class Round:
    """What one round has done: steps of the agenda by name, messages, webhooks and carriers' news by outcome, slots
    opened, carriers learned of.
    """

    steps: Counter[str] = field(default_factory=Counter)
    messages: Counter[str] = field(default_factory=Counter)
    hooks: Counter[str] = field(default_factory=Counter)
    carriers: Counter[str] = field(default_factory=Counter)
    opened: int = 0
    learned: list[str] = field(default_factory=list)


def tick(now: datetime) -> Round:
    """Run one round at the moment `now`."""
    done = Round()
    done.opened = open_days(now)
    done.learned = learn(now)
    done.carriers = poll_carriers(lambda: now)
    done.steps = sweep(now)
    done.messages = deliver_messages(lambda: now)
    done.hooks = deliver_hooks(lambda: now)
    return done


def open_days(now: datetime) -> int:
    """Open the slots of the days that have come into sight. Returns how many."""
    with transaction() as session:
        return zones.open_days(session, now)


def forget_answers(now: datetime) -> int:
    """Drop what was answered to programs that will not ask again, and carriers' old answers. Returns how many."""
    with transaction() as session:
        return api_answers.forget(session, now) + health.forget_raw(session, now)


def learn(now: datetime) -> list[str]:
    """Learn today's lesson of each carrier that has none yet. Returns their names.

    The journal is read and learned from with no transaction open; what came of it is written at once.
    """
    with reading() as session:
        carriers = lessons.due(session, now)
    for carrier in carriers:
        with reading() as session:
            lesson = lessons.teach(session, carrier, now)
        with transaction() as session:
            lessons.keep(session, lesson)
    return carriers


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
