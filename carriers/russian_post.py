"""Russian Post and its EMS: the SOAP 1.2 answer about the history of one parcel's operations.

The table of operations is so long that it has a file of its own: `russian_post_codes.py`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from carriers.base import Answer, BadAnswer, Carrier, Keys, Line, Request, Update
from carriers.russian_post_codes import KINDS
from carriers.wire import Element, anywhere, check_fault, minor, moment, name_of, text_at, xml_of
from parcels.stages import Kind

URL = "https://tracking.russianpost.ru/rtm34"
POST, EMS = "russian_post", "ems"
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
    operations = [_Operation(record) for record in _records(xml_of(answer, _WHO))]
    numbers = {operation.number for operation in operations} - {""}
    # The answer is about one parcel: an operation without the group that holds its number is that parcel's.
    only = numbers.pop() if len(numbers) == 1 else ""
    found = (operation.update(carrier, only) for operation in operations)
    return [update for update in found if update is not None]


def _records(root: Element) -> Iterator[Element]:
    """The operations, or the reason why there are none."""
    check_fault(root, _WHO)
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


def fetch(line: Line, keys: Keys, numbers: Sequence[str]) -> Answer:
    """Ask for the operations on one parcel."""
    values = (numbers[0], keys["LOGIN"], keys["PASSWORD"])
    body = _QUESTION.format(*map(escape, values)).encode()
    return line.ask(Request(keys.get("URL", URL), body, {"Content-Type": "application/soap+xml; charset=utf-8"}))


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


CARRIER = Carrier(POST, "Почта России", parse, fetch, keys=("LOGIN", "PASSWORD"), knows=is_number)
EMS_CARRIER = Carrier(EMS, "EMS", parse_ems, fetch, keys=("LOGIN", "PASSWORD"), account=POST, knows=is_number)
