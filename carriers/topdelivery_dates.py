"""TopDelivery's call-centre gate: the days and hours it has room for, and a recipient's wish for one of them.

Both questions name an order by `orderIdentity.orderId`, as every known client of that gate does, while a parcel is
followed by its barcode. The shop gate answers a barcode with the whole `orderIdentity`, so that is asked first, once.
"""

from collections.abc import Iterator
from datetime import date, time
from xml.sax.saxutils import escape

from carriers.base import BadAnswer, Keys, Refused, Request
from carriers.days import Days, Hours, NearDate
from carriers.topdelivery import CODE, NO, WELL, outcome_of, question, reply_of
from carriers.wire import Element, name_of, text_at, words

#: "В работе": with this status a wish is an agreement.
AGREED = "2"
MOST_DIGITS = 20


def order_id(answer: bytes, number: str) -> str:
    """The carrier's own id of the order that we know by its barcode, or by that very id. Raises BadAnswer, Refused."""
    for one in reply_of(answer).iter():
        if name_of(one) == "orderidentity":
            found = text_at(one, "orderid")
            if 0 < len(found) <= MOST_DIGITS and number in (found.upper(), text_at(one, "barcode").upper()):
                return found
    raise Refused("TopDelivery не знает такого заказа.")


def ask_near_dates(keys: Keys, order_id: str) -> Request:
    """The question which near days an order can have; `order_id` is the carrier's."""
    which = f"<orderIdentity><orderId>{escape(order_id)}</orderId></orderIdentity>"
    return question(keys, "getNearDeliveryDatesIntervals", which, gate="c")


def near_dates(answer: bytes) -> list[NearDate]:
    """The days that an answer names, full ones too; one that is not said exactly is left out. Raises BadAnswer."""
    found = (_near(one) for one in reply_of(answer).iter() if name_of(one) == "datetimeintervals")
    return [near for near in found if near is not None]


def ask_for(keys: Keys, order_id: str, day: date, hours: Hours) -> Request:
    """The request that an order be brought on a day between two hours. `declined` reads the answer.

    The field is spelt `desireDateDelivery` here, and `desiredDateDelivery` in the order: both are the carrier's.
    """
    begin, end = (f"{hour:%H:%M:%S}" for hour in hours)
    wish = f"<date>{day.isoformat()}</date><timeInterval><bTime>{begin}</bTime><eTime>{end}</eTime></timeInterval>"
    content = (
        f"<editOrderParams><orderIdentity><orderId>{escape(order_id)}</orderId></orderIdentity>"
        f"<workStatus><id>{AGREED}</id></workStatus><desireDateDelivery>{wish}</desireDateDelivery></editOrderParams>"
    )
    return question(keys, "editOrders", content, gate="c")


def declined(answer: bytes) -> str:
    """The carrier's words for not granting the wish; "" when it is granted.

    Raises: BadAnswer for anything else; a SOAP fault is about our call, and about no day.
    """
    _reply, status, message = outcome_of(answer)
    if status not in (WELL, NO):
        raise BadAnswer("Результат запроса TopDelivery не разобран.")
    return "" if status == WELL else words(message) or "без объяснения"


def _near(one: Element) -> NearDate | None:
    """A day as it is offered; None where it is not said exactly."""
    try:
        day, available = date.fromisoformat(text_at(one, "date")[:10]), int(text_at(one, "quotas", "available"))
        return NearDate(day, available, tuple(_windows(one)))
    except ValueError:
        return None


def _windows(one: Element) -> Iterator[Hours]:
    for interval in one:
        if name_of(interval) == "timeinterval":
            yield time.fromisoformat(text_at(interval, "btime")), time.fromisoformat(text_at(interval, "etime"))


DAYS = Days(CODE, order_id, ask_near_dates, near_dates, ask_for, declined)
