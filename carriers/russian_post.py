"""Russian Post and its EMS: the SOAP answers about the history of one parcel's operations, about those of many parcels
at once (by ticket), and about the money order of a cash on delivery.

The table of operations is so long that it has a file of its own: `russian_post_codes.py`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from carriers.base import Answer, BadAnswer, Carrier, Keys, Line, Request, Update
from carriers.russian_post_codes import KINDS
from carriers.wire import (
    Element,
    anywhere,
    attribute,
    check_fault,
    minor,
    moment,
    name_of,
    refused,
    text_at,
    words,
    xml_of,
)
from parcels.stages import Kind

URL = "https://tracking.russianpost.ru/rtm34"
POST, EMS = "russian_post", "ems"
#: What happens to the money order of a cash on delivery, as far as the post's description shows: taken in, paid out.
MONEY = {"1": Kind.CASH_SENT, "3": Kind.CASH_BACK}
_WHO = "Почты России"
#: Where an operation comes without an offset, the post's own clock is meant.
_POST_TIME = ZoneInfo("Europe/Moscow")
_S10 = re.compile(r"[A-Z]{2}\d{9}[A-Z]{2}", re.ASCII)


def parse(answer: bytes) -> list[Update]:
    """The operations on a parcel as Russian Post has them. Raises BadAnswer."""
    return _updates(answer, POST)


def parse_ems(answer: bytes) -> list[Update]:
    """The same answer about a parcel that went by EMS. Raises BadAnswer."""
    return _updates(answer, EMS)


def _updates(answer: bytes, carrier: str) -> list[Update]:
    root = xml_of(answer, _WHO)
    check_fault(root, _WHO)
    if anywhere(root, "answerbyticketresponse") is not None:
        return list(_of_many(root, carrier))
    events = [element for element in root.iter() if name_of(element) == "postalorderevent"]
    is_about_money = anywhere(root, "postalordereventsformaioutput") is not None
    if is_about_money and anywhere(root, "operationhistorydata") is None:
        return list(_of_money(events, carrier, ""))
    found = _of_history(root, carrier)
    return found + list(_of_money(events, carrier, found[0].number if found else ""))


def _of_history(root: Element, carrier: str) -> list[Update]:
    operations = [_Operation(record) for record in _records(root)]
    numbers = {operation.number for operation in operations} - {""}
    # The answer is about one parcel: an operation without the group that holds its number is that parcel's.
    only = numbers.pop() if len(numbers) == 1 else ""
    found = (operation.update(carrier, only) for operation in operations)
    return [update for update in found if update is not None]


def _records(root: Element) -> Iterator[Element]:
    """The operations of one parcel. Raises BadAnswer."""
    history = anywhere(root, "operationhistorydata")
    if history is None:
        raise BadAnswer(f"В ответе {_WHO} нет истории операций.")
    return (record for record in history if name_of(record) == "historyrecord")


@dataclass(frozen=True, slots=True)
class _Operation:
    """One `historyRecord`; any of its groups may be missing."""

    record: Element

    def said(self, *path: str) -> str:
        return text_at(self.record, *path)

    @property
    def number(self) -> str:
        return self.said("itemparameters", "barcode").upper()

    @property
    def code(self) -> str:
        """Type and attribute; an operation that has no attributes may leave the zero out."""
        operation = self.said("operationparameters", "opertype", "id")
        return f"{operation}.{self.said('operationparameters', 'operattr', 'id') or '0'}" if operation else ""

    @property
    def text(self) -> str:
        names = (self.said("operationparameters", group, "name") for group in ("opertype", "operattr"))
        return ": ".join(filter(None, names))

    @property
    def place(self) -> str:
        address = ("addressparameters", "operationaddress")
        return self.said(*address, "description") or self.said(*address, "index")

    @property
    def since(self) -> datetime | None:
        return moment(self.said("operationparameters", "operdate"), _POST_TIME)

    def update(self, carrier: str, only: str) -> Update | None:
        """What it tells us; None when it is not about the way, or it lacks a date or a parcel."""
        number, since, kind = self.number or only, self.since, KINDS.get(self.code, Kind.UNKNOWN)
        if not number or since is None or kind is None or not (self.code or self.text):
            return None
        return Update(
            carrier=carrier,
            number=number,
            kind=kind,
            occurred_at=since,
            place=self.place,
            code=self.code,
            text=self.text,
            cash_due=minor(self.said("financeparameters", "payment")),
            # Nothing weighs nothing: a zero is a scale that was not used.
            weight_g=minor(self.said("itemparameters", "mass")) or None,
        )


def _of_many(root: Element, carrier: str) -> Iterator[Update]:
    """The operations on the parcels of a ticket. Raises Refused when it has errors and nothing else."""
    items = [item for item in root.iter() if name_of(item) == "item"]
    operations = [(item, one) for item in items for one in item if name_of(one) == "operation"]
    errors = [attribute(one, "errorname") for one in root.iter() if name_of(one) == "error"]
    if errors and not operations:
        raise refused(_WHO, errors[0])
    if not items:
        raise BadAnswer(f"В ответе {_WHO} по билету нет ни одного отправления.")
    for item, one in operations:
        code = f"{attribute(one, 'opertypeid')}.{attribute(one, 'operctgid') or '0'}"
        kind, since = KINDS.get(code, Kind.UNKNOWN), moment(attribute(one, "dateoper"), _POST_TIME)
        number = attribute(item, "barcode").upper()
        if kind is not None and since is not None and number:
            yield Update(
                carrier=carrier,
                number=number,
                kind=kind,
                occurred_at=since,
                place=attribute(one, "indexoper"),
                code=code,
                text=attribute(one, "opername"),
            )


def _of_money(events: list[Element], carrier: str, number: str) -> Iterator[Update]:
    """What has become of a cash on delivery: taken in as a money order to the shop, or paid out to it."""
    for event in events:
        code, name = attribute(event, "eventtype"), attribute(event, "eventname")
        kind = MONEY.get(code, Kind.UNKNOWN)
        since = moment(attribute(event, "eventdatetime"), _POST_TIME)
        if since is not None and (code or name):
            yield Update(
                carrier=carrier,
                number=number,
                kind=kind,
                occurred_at=since,
                place=attribute(event, "indexevent"),
                code=f"money {code}".strip(),
                text=words(f"Наложенный платёж: {name}"),
                cash_due=minor(attribute(event, "sumpaymentforward")),
                money=None if kind is Kind.UNKNOWN else kind,
            )


def fetch(line: Line, keys: Keys, numbers: Sequence[str]) -> Answer:
    """Ask for the operations on one parcel and, once it was handed out against money, for those on the money."""
    history = line.ask(_asked(keys, _QUESTION, numbers[0]))
    if history.status != 200 or not _is_paid_for(history.body):
        return history
    money = line.ask(_asked(keys, _QUESTION_OF_MONEY, numbers[0]))
    if money.status != 200:
        return history
    bodies = (_DECLARED.sub(b"", answer.body, count=1) for answer in (history, money))
    return replace(history, body=b"<answers>" + b"".join(bodies) + b"</answers>")


def _asked(keys: Keys, question: str, number: str) -> Request:
    body = question.format(*map(escape, (number, keys["LOGIN"], keys["PASSWORD"]))).encode()
    return Request(keys.get("URL", URL), body, {"Content-Type": "application/soap+xml; charset=utf-8"})


def _is_paid_for(history: bytes) -> bool:
    """Was something handed out against money? What is no history is for the parser to refuse."""
    try:
        told = parse(history)
    except BadAnswer:
        return False
    return any(update.kind is Kind.DELIVERED for update in told) and any(update.cash_due for update in told)


_DECLARED = re.compile(rb"^\s*(?:\xef\xbb\xbf)?<\?xml.*?\?>", re.DOTALL)
_QUESTION_OF_MONEY = """<?xml version="1.0" encoding="UTF-8"?>
<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope" xmlns:oper="http://russianpost.org/operationhistory"
 xmlns:data="http://russianpost.org/operationhistory/data" xmlns:old="http://schemas.xmlsoap.org/soap/envelope/"
 xmlns:money="http://www.russianpost.org/RTM/DataExchangeESPP/Data">
<soap:Header/><soap:Body><oper:PostalOrderEventsForMail>
<money:PostalOrderEventsForMailInput Barcode="{}" Language="RUS"/>
<data:AuthorizationHeader old:mustUnderstand="1"><data:login>{}</data:login><data:password>{}</data:password>
</data:AuthorizationHeader></oper:PostalOrderEventsForMail></soap:Body></soap:Envelope>"""

_QUESTION = """<?xml version="1.0" encoding="UTF-8"?>
<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope" xmlns:oper="http://russianpost.org/operationhistory"
 xmlns:data="http://russianpost.org/operationhistory/data" xmlns:old="http://schemas.xmlsoap.org/soap/envelope/">
<soap:Header/><soap:Body><oper:getOperationHistory><data:OperationHistoryRequest><data:Barcode>{}</data:Barcode>
<data:MessageType>0</data:MessageType><data:Language>RUS</data:Language></data:OperationHistoryRequest>
<data:AuthorizationHeader old:mustUnderstand="1"><data:login>{}</data:login><data:password>{}</data:password>
</data:AuthorizationHeader></oper:getOperationHistory></soap:Body></soap:Envelope>"""


def is_number(number: str) -> bool:
    """Fourteen digits, as within Russia, or an international number (UPU S10) with its check digit."""
    if not _S10.fullmatch(number):
        return len(number) == 14 and number.isascii() and number.isdigit()
    *digits, check = (int(digit) for digit in number[2:11])
    rest = 11 - sum(digit * weight for digit, weight in zip(digits, (8, 6, 4, 2, 3, 5, 9, 7), strict=True)) % 11
    return check == {10: 0, 11: 5}.get(rest, rest)


_KEYS = ("LOGIN", "PASSWORD")
CARRIER = Carrier(POST, "Почта России", parse, fetch, keys=_KEYS, knows=is_number, tells_money=True)
EMS_CARRIER = Carrier(EMS, "EMS", parse_ems, fetch, keys=_KEYS, account=POST, knows=is_number, tells_money=True)
