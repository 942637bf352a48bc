"""What a carrier's HTTP answer comes to: what may be believed of it, or which of the errors it is."""

from collections.abc import Callable
from typing import TypeVar

from carriers.base import Answer, BadAnswer, Busy, Carrier, Refused, Unreachable, Update, in_order

Said = TypeVar("Said")


def understood(carrier: Carrier, answer: Answer) -> list[Update]:
    """The updates of an answer in the order in which they happened. Raises as `read`."""
    return in_order(read(carrier, answer, carrier.parse))


def read(carrier: Carrier, answer: Answer, parse: Callable[[bytes], Said]) -> Said:
    """What a parser finds in an answer.

    Raises: Busy, Refused, BadAnswer, Unreachable. A fault that is told in XML with status 500, or in JSON with status
    400, is the carrier's word about our question and no illness.
    """
    status = answer.status
    if status in (429, 503):
        raise Busy(f"{carrier.name}: просит подождать (HTTP {status}).", answer.wait)
    if 200 <= status < 300:
        return parse(answer.body)
    if 400 <= status < 500:
        _hand_on_what_it_says(answer, parse)
        raise Refused(f"{carrier.name}: отказ, HTTP {status}.")
    if status == 500 and "xml" in answer.kind:
        _hand_on_what_it_says(answer, parse)
    raise Unreachable(f"{carrier.name}: сервер болен, HTTP {status}.")


def _hand_on_what_it_says(answer: Answer, parse: Callable[[bytes], object]) -> None:
    """Raises Refused with the carrier's own words, where the parser finds them."""
    try:
        parse(answer.body)
    except Refused:
        raise
    except BadAnswer:
        return
