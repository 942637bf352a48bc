"""What carriers are told and asked about days, in the rounds of `polling`: three commits around each question."""

import logging
from collections import Counter
from datetime import datetime
from functools import partial
from random import random

from carriers import errands, health, reading, telling
from carriers.base import BadAnswer, Carrier, CarrierError
from carriers.errands import Errand, Heard
from carriers.registry import DAYS
from portal.asking import Account, Clock, answer_of
from portal.transaction import reading as looking
from portal.transaction import transaction

log = logging.getLogger("vekha.wishing")


def say(carrier: Carrier, account: Account, clock: Clock) -> Counter[str]:
    """Ask or tell one thing that is due. Returns the outcome; nothing when nothing is due or may be asked now.

    Whoever calls it holds the carrier's lease.
    """
    days = DAYS.get(carrier.code)
    errand = _claim(carrier, account, clock()) if days is not None else None
    if days is None or errand is None:
        return Counter()
    answer, said = answer_of(
        carrier,
        partial(errands.ask, errand, carrier, days, account.keys),
        lambda answer: reading.read(carrier, answer, partial(errands.understood, errand, days)),
    )
    trouble = said if isinstance(said, CarrierError) else None
    now = clock()
    with transaction() as session:
        health.settle(session, carrier.code, trouble, now)
        if answer is not None:
            health.keep_raw(session, carrier.code, answer, now)
    if trouble is not None:
        log.warning("%s: %s: %s", carrier.code, errand.what, trouble)
    return Counter({_settle(carrier, errand, said, now): 1})


def give_up(carrier: Carrier, accounts: list[Account], now: datetime) -> Counter[str]:
    """Promise no longer what the carrier has not confirmed in time, each parcel in a transaction of its own.

    Only where we have keys: whoever is never asked cannot be waited for.
    """
    done: Counter[str] = Counter()
    for account in accounts if carrier.code in DAYS else ():
        with looking() as session:
            late = telling.due_to_give_up(session, carrier.code, account.shops, account.is_theirs, now)
        for parcel_id, tracking_id in late:
            try:
                with transaction() as session:
                    outcome = telling.give_up(session, carrier, parcel_id, tracking_id, now)
            except Exception:  # holds up nobody else; it is tried again in the next round
                log.exception("parcel %s at %s", parcel_id, carrier.code)
                continue
            done += Counter({outcome: 1}) if outcome else Counter()
    return done


def _claim(carrier: Carrier, account: Account, now: datetime) -> Errand | None:
    with transaction() as session:
        if not health.may_ask(session, carrier, now):
            return None
        errand = telling.claim(session, carrier.code, account.shops, account.is_theirs, now)
        if errand is not None:
            health.count_call(session, carrier.code, now)
    return errand


def _settle(carrier: Carrier, errand: Errand, said: Heard | CarrierError, now: datetime) -> str:
    """An answer that we cannot digest is one that has not come: the question is asked again."""
    try:
        with transaction() as session:
            return telling.settle(session, carrier, errand, said, now, random())  # noqa: S311
    except Exception:
        log.exception("parcel %s at %s", errand.parcel_id, carrier.code)
        trouble = BadAnswer(f"{carrier.name}: ответ не записался.")
        with transaction() as session:
            return telling.settle(session, carrier, errand, trouble, now, random())  # noqa: S311
