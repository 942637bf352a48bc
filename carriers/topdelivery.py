"""TopDelivery (SOAP 2.0): what its orders and their histories say, as far as its public clients show it."""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from datetime import datetime
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from carriers.base import Answer, BadAnswer, Carrier, Keys, Line, Request, Update
from carriers.wire import Element, check_fault, child, minor, moment, name_of, refused, text_at, words, xml_of
from parcels.stages import Kind

CODE = "topdelivery"
URL = "https://is.topdelivery.ru/api/soap"
#: The status of an outcome: all went well, or not.
WELL, NO = "0", "1"
#: Where an answer gives no offset: the company's own.
ZONE = ZoneInfo("Europe/Moscow")

REASONS: dict[str, str] = {
    "1": "Нарушен срок доставки",
    "2": "Нет денег в наличии",
    "3": "Передумал приобретать",
    "4": "Приобрел в другом магазине",
    "5": "Не заказывали",
    "6": "Не дозвонились/истек срок хранения",
    "7": "Другое",
    "8": "Размер не соответствует заявленному",
    "9": "Товар выглядит иначе, чем на сайте",
    "10": "Не устраивает качество",
    "11": "Доставлен другой товар",
}
#: Four lists of numbers, so each code names its list. None: known, says nothing of the way. The numbers of "status" and
#: most of "event" are in no public source: they are unknown and keep their names until TopDelivery tells.
STATUSES: dict[str, Kind | None] = {
    "work 2": None,  # "В работе": the office is at it
    "work 5": Kind.NOT_DELIVERED,  # "отказ"
    "event 20": None,  # "edit_by_cc": the call centre wrote down when to call again
    **{f"reason {number}": Kind.NOT_DELIVERED for number in REASONS},
}
_EVENT = ("event", "events")
#: The order is read under one of these names and written under the other.
_DESIRED = ("desireddatedelivery", "desiredatedelivery")


def parse(answer: bytes) -> list[Update]:
    """What a whole answer says; numbers are barcodes, or the carrier's own order numbers where it shows none.

    Raises: BadAnswer for what is no answer of TopDelivery's, and for its errors, in its own words.
    """
    orders = (one for one in reply_of(answer).iter() if _is_order(one))
    return [update for order in orders for update in _updates(order)]


def reply_of(answer: bytes) -> Element:
    """What stands in the envelope, once it says that all went well. Raises BadAnswer."""
    reply, status, message = outcome_of(answer)
    if status != WELL:
        raise refused("TopDelivery", message)
    return reply


def outcome_of(answer: bytes) -> tuple[Element, str, str]:
    """What stands in the envelope, and the two fields of its outcome: status and message. Raises BadAnswer."""
    root = xml_of(answer, "TopDelivery")
    body = child(root, "body") if name_of(root) == "envelope" else None
    reply = root if body is None else next(iter(body), root)
    check_fault(root, "TopDelivery")
    status = text_at(reply, "requestresult", "status")
    if not status:
        raise BadAnswer("В ответе TopDelivery нет результата запроса.")
    return reply, status, text_at(reply, "requestresult", "message")


def _is_order(one: Element) -> bool:
    """An order, or a history that stands without its order."""
    return name_of(one) not in _EVENT and child(one, "orderidentity", *_EVENT) is not None


def _updates(order: Element) -> Iterator[Update]:
    number = text_at(order, "orderidentity", "barcode") or text_at(order, "orderidentity", "orderid")
    events = list(_events(order))
    for event, when in events:
        code, name = _coded("event", child(event, "eventtype"))
        kind = STATUSES.get(code, Kind.UNKNOWN)
        if kind is not None:
            said = (name, text_at(event, "newvalue"), text_at(event, "comment"))
            text = ": ".join(part for part in said if part)
            place = text_at(event, "city", "name") or text_at(event, "region", "name")
            yield Update(CODE, number, kind, when, place, code, text)
    cash = minor(text_at(order, "clientfullcost"), per_unit=100)
    for code, name in _standing(order):
        kind, since = STATUSES.get(code, Kind.UNKNOWN), _since(name, events)
        if kind is not None and since is not None:
            text = "; ".join(part for part in (name, _desired(order)) if part)
            yield Update(CODE, number, kind, since, code=code, text=text, cash_due=cash)


def _events(order: Element) -> Iterator[tuple[Element, datetime]]:
    """Its events with their dates, in the carrier's order, whether they stand in a list of their own or not."""
    for outer in order:
        if name_of(outer) not in _EVENT:
            continue
        for event in [outer] if child(outer, "eventtype") is not None else outer:
            when = moment(text_at(event, "date"), ZONE)
            if when is not None and (name_of(event) in _EVENT or child(event, "eventtype") is not None):
                yield event, when


def _coded(of: str, element: Element | None) -> tuple[str, str]:
    """The code in our table and the name of an {id, name}."""
    return f"{of} {text_at(element, 'id')}".strip(), text_at(element, "name")


def _standing(order: Element) -> Iterator[tuple[str, str]]:
    """How the order stands now: why it was not handed over, else what its two statuses say."""
    work = _coded("work", child(order, "workstatus"))
    reason, why = _coded("reason", child(child(order, "denyparams"), "reason"))
    # An order that is worked on again keeps the reason of its last refusal.
    if reason != "reason" and STATUSES.get(work[0], Kind.UNKNOWN) is not None:
        yield reason, why or REASONS.get(reason.removeprefix("reason "), "")
        return
    for code, name in (work, _coded("status", child(order, "status"))):
        if name or " " in code:
            yield code, name


def _since(name: str, events: list[tuple[Element, datetime]]) -> datetime | None:
    """Statuses come without dates: since the last event that turned something into this word, else since the last."""
    turned = [when for event, when in events if name and text_at(event, "newvalue") == name]
    return max(turned or [when for _, when in events], default=None)


def _desired(order: Element) -> str:
    """The day and hours the recipient asked for, in the carrier's own figures."""
    desired = child(order, *_DESIRED)
    hours = [text_at(desired, "timeinterval", end) for end in ("btime", "etime")]
    day = text_at(desired, "date")
    return words(f"желаемая дата {day} {'–'.join(hour[:5] for hour in hours if hour)}") if day else ""


def fetch(line: Line, keys: Keys, numbers: Sequence[str]) -> Answer:
    """Ask for one order by its barcode."""
    which = f"<order><orderIdentity><barcode>{escape(numbers[0])}</barcode></orderIdentity></order>"
    return line.ask(question(keys, "getOrdersInfo", which))


def question(keys: Keys, method: str, content: str, gate: str = "w") -> Request:
    """A call of a method: `content` is XML; the gate is w for shops and c for call centres.

    The keys stand in it twice, as the carrier wants: HTTP's own log-in, and `auth` in the body.
    """
    auth = f"<auth><login>{escape(keys['LOGIN'])}</login><password>{escape(keys['PASSWORD'])}</password></auth>"
    body = _ENVELOPE.format(method=method, content=auth + content).encode()
    door = b64encode(f"{keys['HTTP_LOGIN']}:{keys['HTTP_PASSWORD']}".encode()).decode()
    headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{method}"', "Authorization": f"Basic {door}"}
    return Request(f"{keys.get('URL', URL)}/{gate}/2.0/", body, headers)


_ENVELOPE = """<?xml version="1.0" encoding="UTF-8"?>
<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:td="http://is.topdelivery.ru/">
<soap:Body><td:{method}>{content}</td:{method}></soap:Body></soap:Envelope>"""

CARRIER = Carrier(CODE, "TopDelivery", parse, fetch, keys=("LOGIN", "PASSWORD", "HTTP_LOGIN", "HTTP_PASSWORD"))
