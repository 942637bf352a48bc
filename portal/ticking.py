"""One round of everything that waits for time to pass: the sweep, the outbox, days to be opened, the daily lesson.

The worker runs it every few seconds; `flask tick --now` runs it at any moment one likes, so that time can be watched.
"""

import logging
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from portal import api_answers
from portal.hooking import deliver_hooks
from portal.sending import deliver_messages
from portal.transaction import reading, transaction
from scheduling import agenda, lessons, round_building, rounds, zones

log = logging.getLogger("vekha.ticking")
#: The worker sweeps every few seconds; what is due for longer than this means that it does not.
LATE = timedelta(seconds=60)
NOTHING, FAILED = "nothing", "failed"


@dataclass
class Round:
    """What one round has done: steps of the agenda by name, messages and webhooks by outcome, slots opened, rounds of
    couriers built or added to, ids of those that have not begun in time, carriers learned of.
    """

    steps: Counter[str] = field(default_factory=Counter)
    messages: Counter[str] = field(default_factory=Counter)
    hooks: Counter[str] = field(default_factory=Counter)
    opened: int = 0
    rounds: int = 0
    late_rounds: list[int] = field(default_factory=list)
    learned: list[str] = field(default_factory=list)


def tick(now: datetime) -> Round:
    """Run one round at the moment `now`."""
    done = Round()
    done.opened = open_days(now)
    done.learned = learn(now)
    done.steps = sweep(now)
    done.rounds = build_rounds(now)
    done.late_rounds = find_late_rounds(now)
    done.messages = deliver_messages(lambda: now)
    done.hooks = deliver_hooks(lambda: now)
    return done


def open_days(now: datetime) -> int:
    """Open the slots of the days that have come into sight. Returns how many."""
    with transaction() as session:
        return zones.open_days(session, now)


def build_rounds(now: datetime) -> int:
    """Build the rounds of the days whose choice is closed, and add to them what was booked later. Returns how many."""
    with reading() as session:
        days = round_building.due(session, now)
    return sum(build_day(zone_id, day, now) for zone_id, day in days)


def build_day(zone_id: int, day: date, now: datetime) -> int:
    """Build or complete the rounds of one zone's day. Returns how many were made or changed.

    An order takes a second to find, and no transaction is open meanwhile.
    """
    with reading() as session:
        draft = round_building.read(session, zone_id, day)
    orders = round_building.plan(draft)
    if not orders:
        return 0
    with transaction() as session:
        return len(round_building.keep(session, draft, orders, now))


def find_late_rounds(now: datetime) -> list[int]:
    """Say of each round that has not begun by its hour that it is late. Returns their ids."""
    with transaction() as session:
        return rounds.mark_late(session, now)


def forget_answers(now: datetime) -> int:
    """Drop what was answered to programs that will not ask again. Returns how many answers."""
    with transaction() as session:
        return api_answers.forget(session, now)


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
