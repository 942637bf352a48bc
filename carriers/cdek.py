"""CDEK: the order as its API 2.0 tells it when asked, and the event that it pushes when a status changes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from carriers.base import Answer, BadAnswer, Carrier, Keys, Line, Request, Update
from carriers.wire import minor, moment, object_of, refused, words
from parcels.stages import Kind

URL = "https://api.cdek.ru/v2"
#: What a status means, and its name for the events that leave it out. None: known, and says nothing about the way.
#: Source of the list: tests/data/carriers/README.md.
STATUSES: dict[str, tuple[Kind | None, str]] = {
    "ACCEPTED": (Kind.ORDER_ACCEPTED, "Принят"),
    "CREATED": (Kind.ORDER_ACCEPTED, "Создан"),
    "REMOVED": (None, "Удален"),
    "RECEIVED_AT_SENDER_WAREHOUSE": (Kind.AT_WAREHOUSE, "Принят на склад отправителя"),
    "READY_FOR_SHIPMENT_IN_SENDER_CITY": (Kind.AT_WAREHOUSE, "Выдан на отправку в городе отправителе"),
    # Not taken by the transporter: the parcel is in the carrier's house again, and not back with its sender.
    "RETURNED_TO_SENDER_CITY_WAREHOUSE": (Kind.AT_WAREHOUSE, "Возвращен на склад отправителя"),
    "TAKEN_BY_TRANSPORTER_FROM_SENDER_CITY": (Kind.DEPARTED, "Сдан перевозчику в городе отправителе"),
    "SENT_TO_TRANSIT_CITY": (Kind.DEPARTED, "Отправлен в г. транзит"),
    "ACCEPTED_IN_TRANSIT_CITY": (Kind.PASSED, "Встречен в г. транзите"),
    "ACCEPTED_AT_TRANSIT_WAREHOUSE": (Kind.PASSED, "Принят на склад транзита"),
    "RETURNED_TO_TRANSIT_WAREHOUSE": (Kind.PASSED, "Возвращен на склад транзита"),
    "READY_FOR_SHIPMENT_IN_TRANSIT_CITY": (Kind.PASSED, "Выдан на отправку в г. транзите"),
    "TAKEN_BY_TRANSPORTER_FROM_TRANSIT_CITY": (Kind.DEPARTED, "Сдан перевозчику в г. транзите"),
    "SENT_TO_RECIPIENT_CITY": (Kind.DEPARTED, "Отправлен в г. получатель"),
    "ARRIVED_AT_RECIPIENT_CITY": (Kind.ARRIVED, "Встречен в г. получателе"),
    "ACCEPTED_AT_RECIPIENT_CITY_WAREHOUSE": (Kind.ARRIVED, "Принят на склад доставки"),
    "ACCEPTED_AT_PICK_UP_POINT": (Kind.AT_PICKUP, "Принят на склад до востребования"),
    "TAKEN_BY_COURIER": (Kind.TO_COURIER, "Выдан на доставку"),
    # The courier has brought it back.
    "RETURNED_TO_RECIPIENT_CITY_WAREHOUSE": (Kind.NOT_DELIVERED, "Возвращен на склад доставки"),
    "DELIVERED": (Kind.DELIVERED, "Вручен"),
    "NOT_DELIVERED": (Kind.NOT_DELIVERED, "Не вручен"),
}
#: What CDEK's list of statuses (appendix 1 of its API 2.0) has beside those, with the names that newer events carry.
LATER: dict[str, tuple[Kind | None, str]] = {
    "INVALID": (None, "Некорректный заказ"),
    **dict.fromkeys(
        ("SENT_TO_SENDER_CITY", "SEND_TO_SENDING_OFFICE"), (Kind.RETURNING, "Отправлен в город отправитель")
    ),
    **dict.fromkeys(
        ("ACCEPTED_IN_SENDER_CITY", "MET_AT_SENDING_OFFICE"), (Kind.RETURNING, "Встречен в городе отправителе")
    ),
    **dict.fromkeys(
        ("ENTERED_TO_TRANSIT_WAREHOUSE", "ENTERED_TO_OFFICE_TRANSIT_WAREHOUSE"), (Kind.PASSED, "Поступил в г. транзита")
    ),
    **dict.fromkeys(
        ("ENTERED_TO_RECIPIENT_CITY_WAREHOUSE", "ENTERED_TO_DELIVERY_WAREHOUSE"),
        (Kind.ARRIVED, "Поступил на склад доставки"),
    ),
    # Unloaded, and not yet laid ready: ACCEPTED_AT_PICK_UP_POINT is what the recipient may come for.
    **dict.fromkeys(
        ("ENTERED_TO_PICK_UP_POINT", "ENTERED_TO_WAREHOUSE_ON_DEMAND"),
        (Kind.ARRIVED, "Поступил на склад до востребования"),
    ),
    "IN_CUSTOMS_INTERNATIONAL": (Kind.PASSED, "Таможенное оформление в стране отправления"),
    "SHIPPED_TO_DESTINATION": (Kind.DEPARTED, "Отправлено в страну назначения"),
    "PASSED_TO_TRANSIT_CARRIER": (Kind.DEPARTED, "Передано транзитному перевозчику"),
    "IN_CUSTOMS_LOCAL": (Kind.PASSED, "Таможенное оформление в стране назначения"),
    "CUSTOMS_COMPLETE": (Kind.PASSED, "Таможенное оформление завершено"),
    "POSTOMAT_POSTED": (Kind.AT_PICKUP, "Заложен в постамат"),
    # Kept no longer: CDEK sends it back to the shop.
    "POSTOMAT_SEIZED": (Kind.RETURNING, "Изъят из постамата курьером"),
    "POSTOMAT_RECEIVED": (Kind.DELIVERED, "Изъят из постамата клиентом"),
}
_KNOWN = STATUSES | LATER
#: The same statuses under the names that newer events carry.
SYNONYMS = {
    "RECEIVED_AT_SHIPMENT_WAREHOUSE": "RECEIVED_AT_SENDER_WAREHOUSE",
    "READY_TO_SHIP_AT_SENDING_OFFICE": "READY_FOR_SHIPMENT_IN_SENDER_CITY",
    "RETURNED_TO_SENDER_WAREHOUSE": "RETURNED_TO_SENDER_CITY_WAREHOUSE",
    "PASSED_TO_CARRIER_AT_SENDING_OFFICE": "TAKEN_BY_TRANSPORTER_FROM_SENDER_CITY",
    "SEND_TO_TRANSIT_OFFICE": "SENT_TO_TRANSIT_CITY",
    "MET_AT_TRANSIT_OFFICE": "ACCEPTED_IN_TRANSIT_CITY",
    "ACCEPTED_TO_OFFICE_TRANSIT_WAREHOUSE": "ACCEPTED_AT_TRANSIT_WAREHOUSE",
    "READY_TO_SHIP_IN_TRANSIT_OFFICE": "READY_FOR_SHIPMENT_IN_TRANSIT_CITY",
    "PASSED_TO_CARRIER_AT_TRANSIT_OFFICE": "TAKEN_BY_TRANSPORTER_FROM_TRANSIT_CITY",
    "SEND_TO_RECIPIENT_OFFICE": "SENT_TO_RECIPIENT_CITY",
    "MET_AT_RECIPIENT_OFFICE": "ARRIVED_AT_RECIPIENT_CITY",
    "ACCEPTED_IN_RECIPIENT_CITY": "ARRIVED_AT_RECIPIENT_CITY",
    "ACCEPTED_AT_DELIVERY_WAREHOUSE": "ACCEPTED_AT_RECIPIENT_CITY_WAREHOUSE",
    "ACCEPTED_AT_WAREHOUSE_ON_DEMAND": "ACCEPTED_AT_PICK_UP_POINT",
    "ISSUED_FOR_DELIVERY": "TAKEN_BY_COURIER",
    "RETURNED_TO_DELIVERY_WAREHOUSE": "RETURNED_TO_RECIPIENT_CITY_WAREHOUSE",
}
_WHO = "СДЭК"


def parse(answer: bytes) -> list[Update]:
    """The statuses of an asked order, or the one of a pushed event. Raises BadAnswer."""
    said = object_of(answer, _WHO)
    attributes, entity = said.get("attributes"), said.get("entity")
    if isinstance(attributes, dict) and words(said.get("type")):
        found = _pushed(said, attributes)
    elif isinstance(entity, dict):
        found = _asked(entity)
    else:
        raise refusal(said)
    updates = [update for update in found if update is not None]
    # Told latest first, as CDEK does: so are those of one instant.
    is_latest_first = bool(updates) and updates[0].occurred_at > updates[-1].occurred_at
    return updates[::-1] if is_latest_first else updates


def refusal(said: dict[str, Any]) -> BadAnswer:
    """Why there is no order: CDEK's own words, where it has any."""
    requests = [request for request in _list(said.get("requests")) if isinstance(request, dict)]
    errors = [error for owner in (said, *requests) for error in _list(owner.get("errors")) if isinstance(error, dict)]
    texts = [words(error.get("message")) or words(error.get("code")) for error in errors] + [
        words(said.get("error_description"))
    ]
    reason = "; ".join(filter(None, texts))
    return refused(_WHO, reason) if reason else BadAnswer(f"В ответе {_WHO} нет ни заказа, ни события.")


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _pushed(said: dict[str, Any], attributes: dict[str, Any]) -> Iterator[Update | None]:
    """An event about a status; events about printed forms, photos and calls have nothing of the way."""
    if said["type"] == "ORDER_STATUS" and attributes.get("deleted") is not True:
        when = (attributes.get("status_date_time"), said.get("date_time"))
        yield _update(attributes, attributes, when)


def _asked(entity: dict[str, Any]) -> Iterator[Update | None]:
    statuses = entity.get("statuses")
    if not isinstance(statuses, list) or not all(isinstance(status, dict) for status in statuses):
        raise BadAnswer(f"В заказе {_WHO} нет списка статусов.")
    # A status that somebody at CDEK set by mistake stays in the list, crossed out.
    real = (status for status in statuses if status.get("deleted") is not True)
    return (_update(entity, status, (status.get("date_time"),)) for status in real)


def _update(order: dict[str, Any], status: dict[str, Any], when: Iterable[object]) -> Update | None:
    """What a status tells; None when it is not about the way, or lacks a date or a parcel."""
    number = words(order.get("cdek_number")) or words(order.get("number"))
    code = words(status.get("code")) or words(status.get("status_code"))
    kind, name = _KNOWN.get(SYNONYMS.get(code, code), (Kind.UNKNOWN, code))
    # Without an offset nobody knows which city's clock it was.
    since = next(filter(None, (moment(said, None) for said in when)), None)
    text = words(status.get("name")) or name
    if not number or kind is None or since is None or not text:
        return None
    return Update(
        carrier="cdek",
        number=number,
        kind=_back(kind) if order.get("is_return") is True else kind,
        occurred_at=since,
        place=words(status.get("city")) or words(status.get("city_name")),
        code=code,
        text=text,
        cash_due=_cash(order),
        weight_g=_weight(order),
        money=_paid_out(order, kind),
    )


def _paid_out(order: dict[str, Any], kind: Kind) -> Kind | None:
    """Of an order that was handed over CDEK says whether the money has been transferred to the shop, but not when."""
    is_told = kind is Kind.DELIVERED and order.get("is_return") is not True
    return Kind.CASH_BACK if is_told and order.get("transacted_payment") is True else None


def _back(kind: Kind) -> Kind:
    """What the same status means for the order that takes a refused parcel to its sender."""
    if kind is Kind.UNKNOWN:
        return kind
    return Kind.RETURNED if kind is Kind.DELIVERED else Kind.RETURNING


def _packages(order: dict[str, Any]) -> list[dict[str, Any]]:
    return [package for package in _list(order.get("packages")) if isinstance(package, dict)]


def _weight(order: dict[str, Any]) -> int | None:
    """All packages together, in grams; None as soon as one of them has no weight."""
    weights = [minor(package.get("weight")) for package in _packages(order)]
    known = [weight for weight in weights if weight]
    return sum(known) if known and len(known) == len(weights) else None


def _cash(order: dict[str, Any]) -> int | None:
    """In kopecks: what is paid at hand-over for each of the things, and for bringing them."""
    things = [thing for package in _packages(order) for thing in _list(package.get("items")) if isinstance(thing, dict)]
    counts = [(thing.get("payment"), minor(thing.get("amount", 1))) for thing in things]
    sums = [(_money(payment), count) for payment, count in [*counts, (order.get("delivery_recipient_cost"), 1)]]
    said = [money * count for money, count in sums if money is not None and count is not None]
    return sum(said) if said else None


def _money(sum_of_money: object) -> int | None:
    return minor(sum_of_money.get("value"), per_unit=100) if isinstance(sum_of_money, dict) else None


def fetch(line: Line, keys: Keys, numbers: Sequence[str]) -> Answer:
    """Ask for one order."""
    query = urlencode({"cdek_number": numbers[0]})
    return ask_signed(line, keys, Request(f"{keys.get('URL', URL)}/orders?{query}", method="GET"))


def ask_signed(line: Line, keys: Keys, question: Request) -> Answer:
    """Ask with a token. It is kept until it is over; one that is refused earlier is fetched anew, once."""
    known = line.token(_token_name(keys))
    answer = line.ask(_signed(question, known)) if known else None
    if answer is not None and answer.status != 401:
        return answer
    signed_in = line.ask(_sign_in(keys))
    if signed_in.status != 200:
        return signed_in
    said = object_of(signed_in.body, _WHO)
    token = words(said.get("access_token"))
    if not token:
        raise refusal(said)
    line.keep_token(_token_name(keys), token, minor(said.get("expires_in")) or 0)
    return line.ask(_signed(question, token))


def _token_name(keys: Keys) -> str:
    return f"cdek {keys.get('URL', URL)} {keys['CLIENT_ID']}"


def _sign_in(keys: Keys) -> Request:
    form = {"grant_type": "client_credentials", "client_id": keys["CLIENT_ID"], "client_secret": keys["CLIENT_SECRET"]}
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return Request(f"{keys.get('URL', URL)}/oauth/token", urlencode(form).encode(), headers)


def _signed(question: Request, token: str) -> Request:
    return replace(question, headers={**question.headers, "Authorization": f"Bearer {token}"})


CARRIER = Carrier("cdek", "СДЭК", parse, fetch, keys=("CLIENT_ID", "CLIENT_SECRET"), pushed=parse, tells_money=True)
