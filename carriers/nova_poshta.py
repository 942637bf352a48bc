"""Nova Poshta: the JSON answer of `getStatusDocuments`, where each parcel has the one status it has now."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from carriers.base import Answer, BadAnswer, Carrier, Keys, Line, Request, Update
from carriers.wire import minor, moment, object_of, refused, words
from parcels.stages import Kind

URL = "https://api.novaposhta.ua/v2.0/json/"
#: Source of the list: tests/data/carriers/README.md. None: known, and says nothing about the way.
KINDS: dict[str, Kind | None] = {
    "1": Kind.ORDER_ACCEPTED,  # the sender has made the waybill, and not handed the parcel over
    "2": None,  # the waybill is deleted
    "3": None,  # no such number: there is no parcel to tell about
    "4": Kind.AT_WAREHOUSE,  # "in the city XXXX", of those that go between regions: the sender's city
    "41": Kind.ARRIVED,  # in the city, of those that stay within it
    "5": Kind.DEPARTED,
    "6": Kind.ARRIVED,
    "7": Kind.AT_PICKUP,
    "8": Kind.AT_PICKUP,
    "9": Kind.DELIVERED,
    "10": Kind.DELIVERED,
    "11": Kind.DELIVERED,
    "12": Kind.AT_WAREHOUSE,
    "101": Kind.TO_COURIER,
    "102": Kind.REFUSED,
    "103": Kind.REFUSED,
    "104": None,  # the address has changed
    "105": Kind.INCIDENT,  # kept no longer
    "106": Kind.DELIVERED,
    "111": Kind.NOT_DELIVERED,
    "112": None,  # the recipient has put the day off
}
#: Statuses that older answers have and today's list has not.
LATER: dict[str, Kind | None] = {
    "14": Kind.AT_PICKUP,  # being looked at by the recipient, at the branch
    "107": None,  # a fee for storage has begun
    "108": Kind.REFUSED,
}
_KNOWN = KINDS | LATER
#: Delivered, and the words of the status say where the money is: about to be at a branch's till, or paid out.
MONEY = {"10": Kind.CASH_SENT, "11": Kind.CASH_BACK}
#: Which of a record's dates say when its status came about, the closest first; plans are no facts.
_DATES: dict[Kind | None, tuple[str, ...]] = {
    Kind.ORDER_ACCEPTED: ("DateCreated",),
    Kind.AT_PICKUP: ("ActualDeliveryDate",),  # when it was brought to the branch
    Kind.DELIVERED: ("RecipientDateTime", "DateReceived"),
}
_MOVED = ("DateLastMovementStatus", "TrackingUpdateDate", "DateScan", "DateMoving")
#: What was handed over had been brought: late by this date, but not lost.
_BROUGHT = "ActualDeliveryDate"
_KYIV = ZoneInfo("Europe/Kyiv")
_BEFORE_THE_CITY = frozenset({"1", "4", "12"})
#: Statuses that have a "where": the sender's city, or the recipient's.
_IN_A_CITY = _BEFORE_THE_CITY | {"41", "6", "7", "8", "9", "10", "11", "14", "101", "106", "111"}
WHO = "Новой Почты"


def parse(answer: bytes) -> list[Update]:
    """The statuses of up to a hundred parcels. Raises BadAnswer, with the carrier's errors where it names them."""
    found = (_update(document) for document in said_in(object_of(answer, WHO), "отправлений"))
    return [update for update in found if update is not None]


def said_in(said: dict[str, Any], what: str) -> list[dict[str, Any]]:
    """The list that every answer has in `data`. Raises BadAnswer, Refused with the carrier's errors."""
    if said.get("success") is False:
        raise refused(WHO, _errors(said.get("errors")))
    listed = said.get("data")
    if said.get("success") is not True or not isinstance(listed, list):
        raise BadAnswer(f"В ответе {WHO} нет списка {what}.")
    if not all(isinstance(one, dict) for one in listed):
        raise BadAnswer(f"В списке {what} {WHO} не только объекты.")
    return listed


def _errors(errors: object) -> str:
    """What the carrier complains of: a list, or texts by the number they are about."""
    listed = list(errors.values()) if isinstance(errors, dict) else errors if isinstance(errors, list) else [errors]
    return "; ".join(filter(None, map(words, listed)))


def _update(document: dict[str, Any]) -> Update | None:
    """The status that the parcel has now; None when it is not about the way, or nothing says since when."""
    number, code = words(document.get("Number")), words(document.get("StatusCode"))
    kind, since = _KNOWN.get(code, Kind.UNKNOWN), _since(document, code)
    text = words(document.get("Status"))
    if not number or kind is None or since is None or not (code or text):
        return None
    return Update(
        carrier="nova_poshta",
        number=number,
        kind=kind,
        occurred_at=since,
        place=_place(document, code),
        code=code,
        text=text,
        cash_due=_cash(document),
        weight_g=_weight(document),
        money=MONEY.get(code),
    )


def _since(document: dict[str, Any], code: str) -> datetime | None:
    """When the status came about, by the date that is nearest to saying so."""
    kind = _KNOWN.get(code)
    names = (*_DATES.get(kind, ()), *_MOVED, *((_BROUGHT,) if kind is Kind.DELIVERED else ()))
    moments = (moment(document.get(name), _KYIV) for name in names)
    return next(filter(None, moments), None)


def _place(document: dict[str, Any], code: str) -> str:
    """The city, where the status is about being in one."""
    if code not in _IN_A_CITY:
        return ""
    return words(document.get("CitySender" if code in _BEFORE_THE_CITY else "CityRecipient"))


def _cash(document: dict[str, Any]) -> int | None:
    """In kopiykas. Paid for the goods at hand-over or sent back as money: two ways of one debt, not two debts."""
    sums = (minor(document.get(name), per_unit=100) for name in ("AfterpaymentOnGoodsCost", "RedeliverySum"))
    return max((found for found in sums if found is not None), default=None)


def _weight(document: dict[str, Any]) -> int | None:
    """In grams, as weighed, else as declared; nothing weighs nothing."""
    weights = (minor(document.get(name), per_unit=1000) for name in ("FactualWeight", "DocumentWeight"))
    return next(filter(None, weights), None)


def fetch(line: Line, keys: Keys, numbers: Sequence[str]) -> Answer:
    """Ask how up to a hundred parcels stand."""
    asked = {"Documents": [{"DocumentNumber": number, "Phone": ""} for number in numbers]}
    return line.ask(question(keys, "TrackingDocument", "getStatusDocuments", asked))


def question(keys: Keys, model: str, method: str, properties: dict[str, Any]) -> Request:
    """A call of a method; all of them go to one address."""
    call = {"apiKey": keys["API_KEY"], "modelName": model, "calledMethod": method, "methodProperties": properties}
    body = json.dumps(call, ensure_ascii=False).encode()
    return Request(keys.get("URL", URL), body, {"Content-Type": "application/json"})


CARRIER = Carrier(
    *("nova_poshta", "Новая Почта", parse, fetch),
    keys=("API_KEY",),
    is_snapshot=True,
    tells_money=True,
    numbers_at_once=100,
)
