"""TopDelivery's call-centre gate: the days and hours it has room for, and a recipient's wish for one of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time
from xml.sax.saxutils import escape

from carriers.base import Keys, Request
from carriers.topdelivery import question, reply_of
from carriers.wire import Element, name_of, text_at

#: "В работе": with this status a wish is an agreement.
AGREED = "2"


@dataclass(frozen=True, slots=True)
class NearDate:
    """A day with room for `available` more orders, and the windows (local time) in which it may be."""

    day: date
    available: int
    windows: tuple[tuple[time, time], ...]


def ask_near_dates(keys: Keys, order_id: str) -> Request:
    """The question which near days an order can have; `order_id` is the carrier's."""
    which = f"<orderIdentity><orderId>{escape(order_id)}</orderId></orderIdentity>"
    return question(keys, "getNearDeliveryDatesIntervals", which, gate="c")


def near_dates(answer: bytes) -> list[NearDate]:
    """The days that an answer offers, those without room left out. Raises BadAnswer."""
    found = (_near(one) for one in reply_of(answer).iter() if name_of(one) == "datetimeintervals")
    return [near for near in found if near is not None and near.available > 0 and near.windows]


def ask_for(keys: Keys, order_id: str, day: date, window: tuple[time, time]) -> Request:
    """The request that an order be brought on a day between two hours. `check_taken` reads the answer.

    The field is spelt `desireDateDelivery` here, and `desiredDateDelivery` in the order: both are the carrier's.
    """
    begin, end = (f"{hour:%H:%M:%S}" for hour in window)
    wish = f"<date>{day.isoformat()}</date><timeInterval><bTime>{begin}</bTime><eTime>{end}</eTime></timeInterval>"
    content = (
        f"<editOrderParams><orderIdentity><orderId>{escape(order_id)}</orderId></orderIdentity>"
        f"<workStatus><id>{AGREED}</id></workStatus><desireDateDelivery>{wish}</desireDateDelivery></editOrderParams>"
    )
    return question(keys, "editOrders", content, gate="c")


def check_taken(answer: bytes) -> None:
    """Nothing, if the wish was granted. Raises Refused in the carrier's words, BadAnswer for what is no answer."""
    reply_of(answer)


def _near(one: Element) -> NearDate | None:
    """A day as it is offered; None where it is not said exactly."""
    try:
        day, available = date.fromisoformat(text_at(one, "date")[:10]), int(text_at(one, "quotas", "available"))
        return NearDate(day, available, tuple(_windows(one)))
    except ValueError:
        return None


def _windows(one: Element) -> Iterator[tuple[time, time]]:
    for interval in one:
        if name_of(interval) == "timeinterval":
            yield time.fromisoformat(text_at(interval, "btime")), time.fromisoformat(text_at(interval, "etime"))
