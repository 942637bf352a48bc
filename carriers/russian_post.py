"""Russian Post and its EMS: the SOAP 1.2 answer about the history of one parcel's operations.

The table of operations is so long that it has a file of its own: `russian_post_codes.py`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from xml.etree.ElementTree import Element
from zoneinfo import ZoneInfo

from carriers.answers import amount, anywhere, believable, inside, named, words, xml_root
from carriers.base import BadAnswer, Update
from carriers.russian_post_codes import KINDS
from parcels.stages import Kind

POST, EMS = "russian_post", "ems"
_WHO = "Почта России"
#: Where an operation comes without an offset, the post's own clock is meant.
_POST_TIME = ZoneInfo("Europe/Moscow")


def parse(answer: bytes) -> list[Update]:
    """The operations on a parcel as Russian Post has them. Raises BadAnswer."""
    return _updates(answer, POST)


def parse_ems(answer: bytes) -> list[Update]:
    """The same answer about a parcel that went by EMS. Raises BadAnswer."""
    return _updates(answer, EMS)


def _updates(answer: bytes, carrier: str) -> list[Update]:
    operations = [_Operation(record) for record in _records(xml_root(answer, _WHO))]
    numbers = {operation.number for operation in operations} - {""}
    # The answer is about one parcel: an operation without the group that holds its number is that parcel's.
    only = numbers.pop() if len(numbers) == 1 else ""
    found = (operation.update(carrier, only) for operation in operations)
    return [update for update in found if update is not None]


def _records(root: Element) -> Iterator[Element]:
    """The operations, or the reason why there are none."""
    fault = anywhere(root, "Fault")
    if fault is not None:
        raise BadAnswer(f"{_WHO} отказала: {_reason(fault)}.")
    history = anywhere(root, "OperationHistoryData")
    if history is None:
        raise BadAnswer(f"{_WHO}: в ответе нет истории операций.")
    return named(history, "historyRecord")


def _reason(fault: Element) -> str:
    """In the post's own words; SOAP 1.2 and 1.1 keep them in different places."""
    texts = (_said(inside(fault, "Reason", "Text")), _said(inside(fault, "faultstring")))
    return next(filter(None, texts), "причина не названа").rstrip(".!")


def _said(element: Element | None) -> str:
    return "" if element is None else words(element.text)


@dataclass(frozen=True, slots=True)
class _Operation:
    """One `historyRecord`; any of its groups may be missing."""

    record: Element

    def said(self, *path: str) -> str:
        return _said(inside(self.record, *path))

    @property
    def number(self) -> str:
        return self.said("ItemParameters", "Barcode").upper()

    @property
    def code(self) -> str:
        """Type and attribute; an operation that has no attributes may leave the zero out."""
        operation = self.said("OperationParameters", "OperType", "Id")
        return f"{operation}.{self.said('OperationParameters', 'OperAttr', 'Id') or '0'}" if operation else ""

    @property
    def text(self) -> str:
        names = (self.said("OperationParameters", group, "Name") for group in ("OperType", "OperAttr"))
        return ": ".join(filter(None, names))

    @property
    def place(self) -> str:
        address = ("AddressParameters", "OperationAddress")
        return self.said(*address, "Description") or self.said(*address, "Index")

    @property
    def moment(self) -> datetime | None:
        try:
            found = datetime.fromisoformat(self.said("OperationParameters", "OperDate"))
        except ValueError:
            return None
        return believable(found if found.tzinfo else found.replace(tzinfo=_POST_TIME))

    def update(self, carrier: str, only: str) -> Update | None:
        """What it tells us; None when it is not about the way, or it lacks a date or a parcel."""
        number, moment, kind = self.number or only, self.moment, KINDS.get(self.code, Kind.UNKNOWN)
        if not number or moment is None or kind is None or not (self.code or self.text):
            return None
        return Update(
            carrier=carrier,
            number=number,
            kind=kind,
            occurred_at=moment,
            place=self.place,
            code=self.code,
            text=self.text,
            cash_due=amount(self.said("FinanceParameters", "Payment")),
            # Nothing weighs nothing: a zero is a scale that was not used.
            weight_g=amount(self.said("ItemParameters", "Mass")) or None,
        )
