"""How carriers are asked, whatever about: with whose keys, on a thread each, and no session open while one answers."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from flask import Flask, current_app
from sqlalchemy import select

from carriers import health
from carriers.base import Answer, BadAnswer, Carrier, CarrierError, Keys, Line
from carriers.keys import keys_of
from parcels.models import Shop
from portal.transaction import reading, transaction

log = logging.getLogger("vekha.asking")
Said = TypeVar("Said")
Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Account:
    """Keys, and the shops that they are used for: those, or, if not `is_theirs`, all others."""

    keys: Keys
    shops: tuple[int, ...]
    is_theirs: bool


def accounts(carrier: Carrier) -> list[Account]:
    """Whose keys a carrier is asked with: those of shops with a contract of their own, then the platform's."""
    settings: Mapping[str, str] = current_app.config["CARRIERS"]
    if not settings or carrier.fetch is None:
        return []
    with reading() as session:
        shops = session.execute(select(Shop.id, Shop.code).order_by(Shop.id)).all()
    own = {shop_id: keys for shop_id, code in shops if (keys := keys_of(carrier, settings, code))}
    found = [Account(keys, (shop_id,), True) for shop_id, keys in own.items()]
    platform = keys_of(carrier, settings)
    return [*found, Account(platform, tuple(own), False)] if platform else found


@contextmanager
def turn(carrier: str, clock: Clock) -> Iterator[bool]:
    """The lease to ask a carrier, while the block lasts; False where another worker has it."""
    with transaction() as session:
        lease = health.enter(session, carrier, clock())
    try:
        yield lease is not None
    finally:
        if lease is not None:
            with transaction() as session:
                health.leave(session, carrier, lease)


def side_by_side(name: str, rounds: Sequence[Callable[[], Counter[str]]]) -> Counter[str]:
    """Run the rounds of several carriers, none of which waits for another. Returns all outcomes together."""
    if not rounds:
        return Counter()
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]

    def within(one: Callable[[], Counter[str]]) -> Counter[str]:
        with app.app_context():
            return one()

    with ThreadPoolExecutor(len(rounds), name) as threads:
        return sum(threads.map(within, rounds), Counter())


def answer_of(
    carrier: Carrier, question: Callable[[Line], Answer], understand: Callable[[Answer], Said]
) -> tuple[Answer | None, Said | CarrierError]:
    """What a carrier says, as it came and as it is understood; or the trouble with either."""
    answer = None
    try:
        answer = question(current_app.extensions["carrier_line"])
        return answer, understand(answer)
    except CarrierError as trouble:
        return answer, trouble
    except Exception:  # a parser of ours that breaks is put off like a carrier that does, and stops nobody else
        log.exception("%s", carrier.code)
        return answer, BadAnswer(f"{carrier.name}: ответ сломал разбор.")
