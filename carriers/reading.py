"""What a carrier's HTTP answer comes to: updates that may be believed, or which of the errors it is."""

from carriers.base import Answer, BadAnswer, Busy, Carrier, Refused, Unreachable, Update, in_order


def understood(carrier: Carrier, answer: Answer) -> list[Update]:
    """The updates of an answer in the order in which they happened.

    Raises: Busy, Refused, BadAnswer, Unreachable. A fault that is told in XML with status 500, or in JSON with status
    400, is the carrier's word about our question and no illness.
    """
    status = answer.status
    if status in (429, 503):
        raise Busy(f"{carrier.name}: просит подождать (HTTP {status}).", answer.wait)
    if 200 <= status < 300:
        return in_order(carrier.parse(answer.body))
    if 400 <= status < 500:
        _hand_on_what_it_says(carrier, answer)
        raise Refused(f"{carrier.name}: отказ, HTTP {status}.")
    if status == 500 and "xml" in answer.kind:
        _hand_on_what_it_says(carrier, answer)
    raise Unreachable(f"{carrier.name}: сервер болен, HTTP {status}.")


def _hand_on_what_it_says(carrier: Carrier, answer: Answer) -> None:
    """Raises Refused with the carrier's own words, where the parser finds them."""
    try:
        carrier.parse(answer.body)
    except Refused:
        raise
    except BadAnswer:
        return
