"""One round of asking carriers: each on a thread of its own, so that a sick one keeps nobody waiting but itself.

What they are told and asked about days goes along in it (`wishing`), since one worker at a time asks a carrier.

Three commits around each question: its parcels are claimed, it is asked with no session open, what it said is recorded.
"""

import logging
from collections import Counter, deque
from datetime import datetime
from functools import partial
from random import random
from time import monotonic

from carriers import following, health, reading, sync
from carriers.base import Answer, BadAnswer, Busy, Carrier, CarrierError, Keys, Line, Update
from carriers.following import Followed
from carriers.registry import CARRIERS
from portal import wishing
from portal.asking import Account, Clock, accounts, answer_of, side_by_side, turn
from portal.transaction import transaction

log = logging.getLogger("vekha.polling")
#: So long a round goes on to ask; with its last question it stays within the lease of a carrier.
ROUND_SECONDS = 20.0
FAILED, REFUSED = "failed", "not_answered"


def poll_carriers(clock: Clock) -> Counter[str]:
    """Ask every carrier that we have keys for about what is due. Returns what came of it, by outcome."""
    wanted = [(carrier, of_it) for carrier in CARRIERS.values() if (of_it := accounts(carrier))]
    return side_by_side("carrier", [partial(poll, carrier, of_it, clock) for carrier, of_it in wanted])


def poll(carrier: Carrier, of_it: list[Account], clock: Clock) -> Counter[str]:
    """Ask one carrier about what is due, its accounts in turns, as long as its breaker and its budget allow."""
    outcomes = wishing.give_up(carrier, of_it, clock())
    with turn(carrier.code, clock) as is_ours:
        turns, until = deque(of_it if is_ours else ()), monotonic() + ROUND_SECONDS
        while turns and monotonic() < until:
            account = turns.popleft()
            said = wishing.say(carrier, account, clock)
            asked = _claim(carrier, account, clock())
            if asked:
                outcomes += _ask(carrier, account.keys, asked, clock)
            if asked or said:
                outcomes += said
                turns.append(account)
    return outcomes


def _claim(carrier: Carrier, account: Account, now: datetime) -> list[Followed]:
    with transaction() as session:
        if not health.may_ask(session, carrier, now):
            return []
        limit = carrier.numbers_at_once
        asked = following.claim(session, carrier.code, account.shops, account.is_theirs, limit, now)
        if asked:
            health.count_call(session, carrier.code, now)
    return asked


def _ask(carrier: Carrier, keys: Keys, asked: list[Followed], clock: Clock) -> Counter[str]:
    """One question, and the commits of what came of it: each parcel in a transaction of its own."""
    answer, said = answer_of(
        carrier, partial(_question, carrier, keys, asked), lambda answer: reading.understood(carrier, answer)
    )
    trouble = said if isinstance(said, CarrierError) else None
    now = clock()
    with transaction() as session:
        health.settle(session, carrier.code, trouble, now)
        if answer is not None:
            health.keep_raw(session, carrier.code, answer, now)
    if isinstance(said, CarrierError):
        log.warning("%s: %s", carrier.code, said)
        return _wait(asked, said, now)
    ours, strange = sync.bound(said, asked)
    if strange:
        log.warning("%s: %s updates about parcels that were not asked about", carrier.code, strange)
    outcomes: Counter[str] = Counter()
    for row in asked:
        outcomes += _take(carrier, row, ours.get(row.id, []), now)
    return outcomes


def _question(carrier: Carrier, keys: Keys, asked: list[Followed], line: Line) -> Answer:
    if carrier.fetch is None:  # `accounts` gives none to a carrier that cannot be asked
        raise BadAnswer(f"{carrier.name}: не опрашивается.")
    return carrier.fetch(line, keys, [row.number for row in asked])


def _wait(asked: list[Followed], trouble: CarrierError, now: datetime) -> Counter[str]:
    """Nothing is recorded: a busy carrier is asked when it wants, another number goes first after any other trouble."""
    with transaction() as session:
        for row in asked:
            if isinstance(trouble, Busy):
                sync.give_back(session, row.id, now)
            else:
                sync.put_off(session, row.id, now, random())  # noqa: S311
    return Counter({REFUSED: len(asked)})


def _take(carrier: Carrier, row: Followed, updates: list[Update], now: datetime) -> Counter[str]:
    try:
        with transaction() as session:
            outcomes = sync.take(session, carrier, row.id, updates, now, random())  # noqa: S311
            health.count_unknown(session, carrier.code, outcomes[sync.UNKNOWN])
    except Exception:
        log.exception("parcel %s at %s", row.parcel_id, carrier.code)
        with transaction() as session:
            sync.put_off(session, row.id, now, random())  # noqa: S311
        return Counter({FAILED: 1})
    return outcomes
