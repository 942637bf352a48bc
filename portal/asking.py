"""How carriers are asked, whatever about: each on a thread of its own, and no session open while one answers."""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from flask import Flask, current_app

from carriers.base import Answer, BadAnswer, Carrier, CarrierError, Line

log = logging.getLogger("vekha.asking")
Said = TypeVar("Said")


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
