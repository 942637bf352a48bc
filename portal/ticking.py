"""One round of everything that waits for time to pass: both sweeps, the outbox, days to be opened, the daily lesson.

The worker runs it every few seconds; `flask tick --now` runs it at any moment one likes, so that time can be watched.
"""

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from carriers import health
from parcels import holdings, journal
from portal import api_answers, link_requests
from portal.hooking import deliver_hooks
from portal.offering import ask_all
from portal.polling import poll_carriers
from portal.sending import deliver_messages
from portal.transaction import Session, reading, transaction
from scheduling import agenda, hanging, lessons, photos, round_building, round_closing, rounds, zones

log = logging.getLogger("vekha.ticking")
#: The worker sweeps every few seconds; what is due for longer than this means that it does not.
LATE = timedelta(seconds=60)
FAILED = "failed"


@dataclass
class Round:
    """What one round has done: steps of the agenda and missed deadlines by name; messages, webhooks, carriers' news and
    what they offer by outcome; slots opened, parcels found to hang, rounds of couriers built or added to, ids of those
    that have not begun in time, how many were closed or brought no money, carriers learned of.
    """

    steps: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    messages: Counter[str] = field(default_factory=Counter)
    hooks: Counter[str] = field(default_factory=Counter)
    carriers: Counter[str] = field(default_factory=Counter)
    offers: Counter[str] = field(default_factory=Counter)
    opened: int = 0
    hanging: int = 0
    rounds: int = 0
    late_rounds: list[int] = field(default_factory=list)
    settled: int = 0
    learned: list[str] = field(default_factory=list)


def tick(now: datetime) -> Round:
    """Run one round at the moment `now`."""
    done = Round()
    done.opened = open_days(now)
    done.learned = learn(now)
    done.carriers = poll_carriers(lambda: now)
    done.offers = ask_all(lambda: now)
    done.hanging = notice_hanging(now)
    send_links(now)
    done.steps = sweep(now)
    done.missed = watch(now)
    done.rounds = build_rounds(now)
    done.late_rounds = find_late_rounds(now)
    done.settled = settle_rounds(now)
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
    count = 0
    for zone_id, day in days:
        try:
            count += build_day(zone_id, day, now)
        except Exception:  # a day that cannot be planned holds up no other; it is tried again in the next round
            log.exception("rounds of zone %s on %s", zone_id, day)
    return count


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


def settle_rounds(now: datetime) -> int:
    """Close the rounds of which nothing is with the courier any more, and say of which no money has come.

    Returns how many were closed or said.
    """
    with reading() as session:
        handed_in, unpaid = round_closing.to_settle(session), round_closing.unpaid(session, now)
    count = sum(_is_done(round_id, round_closing.settle, now) for round_id in handed_in)
    return count + sum(_is_done(round_id, round_closing.tell_unpaid, now) for round_id in unpaid)


def find_late_rounds(now: datetime) -> list[int]:
    """Say of each round that has not begun by its hour that it is late, and open an incident. Returns their ids."""
    with reading() as session:
        late = rounds.late(session, now)
    return [round_id for round_id in late if _is_done(round_id, rounds.tell_late, now)]


def _is_done(round_id: int, act: Callable[[Session, int, datetime], bool], now: datetime) -> bool:
    """Each round in a transaction of its own; one that fails is logged, and holds up no other."""
    try:
        with transaction() as session:
            return act(session, round_id, now)
    except Exception:
        log.exception("%s of round %s", act.__name__, round_id)
        return False


def forget_answers(now: datetime) -> int:
    """Drop what was answered to programs that will not ask again, and old answers and old photos. Returns how many."""
    with transaction() as session:
        return api_answers.forget(session, now) + health.forget_raw(session, now) + photos.forget(session, now)


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


def notice_hanging(now: datetime) -> int:
    """Write down which parcels hang, each in a transaction of its own. Returns how many are news."""
    with reading() as session:
        found = hanging.find(session, now)
    count = 0
    for parcel_id, may in found:
        with transaction() as session:
            count += hanging.notice(session, journal.lock(session, parcel_id), may, now)
    return count


def sweep(now: datetime) -> Counter[str]:
    """Do what is due by the agenda. Returns the steps by name."""
    with reading() as session:
        due = agenda.due(session, now)
    return _each(due, agenda.act, agenda.put_off, now)


def send_links(now: datetime) -> int:
    """Answer those who asked for their links, each phone in a transaction of its own. Returns how many links."""
    with reading() as session:
        phones = link_requests.waiting(session)
    count = 0
    for phone in phones:
        with transaction() as session:
            count += link_requests.answer(session, phone, now)
    return count


def watch(now: datetime) -> Counter[str]:
    """Open an incident on everybody who has not passed a parcel on in time. Returns the missed steps by name."""
    with reading() as session:
        due = holdings.due(session, now)
    return _each(due, holdings.act, holdings.put_off, now)


Act = Callable[[Session, int, datetime], str | None]
PutOff = Callable[[Session, int, datetime], None]


def _each(due: list[int], act: Act, put_off: PutOff, now: datetime) -> Counter[str]:
    """Each parcel in a transaction of its own; one that fails is put off and logged, and holds up no other."""
    done: Counter[str] = Counter()
    for parcel_id in due:
        try:
            with transaction() as session:
                step = act(session, parcel_id, now)
        except Exception:
            log.exception("%s of parcel %s", act.__module__, parcel_id)
            with transaction() as session:
                put_off(session, parcel_id, now)
            step = FAILED
        if step is not None:
            done[step] += 1
    return done
