"""What answers are read with: JSON and XML that keep no surprises, the words in them, and their dates."""

import json
import math
from datetime import datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn
from xml.etree import ElementTree

from carriers.base import BadAnswer

Element = ElementTree.Element
#: Dates outside these years are how programs write "not said": 0001-01-01, 1970-01-01, 9999-12-31.
SAID_YEARS = range(1990, 2101)
MOST_LETTERS = 500
_RUSSIAN_DATES = ("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y")


def json_of(answer: bytes, carrier: str) -> Any:
    """The JSON of an answer; NaN and infinities are not JSON. Raises BadAnswer."""
    try:
        return json.loads(answer, parse_constant=_refuse_number, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise BadAnswer(f"Ответ {carrier} не разобран: это не JSON.") from error


def _refuse_number(name: str) -> NoReturn:
    raise ValueError(name)


class _PlainTree(ElementTree.TreeBuilder):
    """A tree without DOCTYPE, and so without entities of its own: no answer of a carrier needs one."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> NoReturn:
        """Refuse the document before anything in its DOCTYPE is read."""
        raise ValueError(name)


def xml_of(answer: bytes, carrier: str) -> Element:
    """The root of an XML answer. Raises BadAnswer."""
    try:
        parser = ElementTree.XMLParser(target=_PlainTree())  # noqa: S314 - entities need a DOCTYPE, which is refused
        return ElementTree.XML(answer, parser=parser)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise BadAnswer(f"Ответ {carrier} не разобран: это не XML.") from error


def name_of(element: Element) -> str:
    """The name of an element without its namespace, in small letters: carriers change both."""
    return element.tag.rpartition("}")[2].lower()


def child(element: Element | None, *names: str) -> Element | None:
    """The first child under any of these names, None where there is none."""
    for one in () if element is None else element:
        if name_of(one) in names:
            return one
    return None


def text_at(element: Element | None, *path: str) -> str:
    """The words at the end of a path of children, "" where any of it is missing."""
    for step in path:
        element = child(element, step)
    return "" if element is None else words(element.text)


def words(value: object) -> str:
    """A text or a number as one clean line of at most MOST_LETTERS; None is "". Raises BadAnswer for anything else."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise BadAnswer("В ответе перевозчика на месте текста стоит что-то другое.")
    line = "".join(letter if letter.isprintable() else " " for letter in str(value)[: 2 * MOST_LETTERS])
    return " ".join(line.split())[:MOST_LETTERS]


def moment(said: str, zone: tzinfo) -> datetime | None:
    """When it happened, with the offset as said, else of `zone`; None where a carrier says nothing by a date.

    Raises: BadAnswer for what is no date.
    """
    if not said or said.startswith("0000"):
        return None
    found = _date_of(said)
    if found.year not in SAID_YEARS:
        return None
    return found if found.tzinfo else found.replace(tzinfo=zone)


def _date_of(said: str) -> datetime:
    for form in _RUSSIAN_DATES:
        try:
            return datetime.strptime(said, form)  # noqa: DTZ007 - the caller knows the zone
        except ValueError:
            continue
    try:
        return datetime.fromisoformat(said)
    except ValueError as error:
        raise BadAnswer(f"В ответе перевозчика вместо даты стоит «{said[:40]}».") from error


def minor(said: str, per_unit: int) -> int | None:
    """Kilograms as grams (1000) or roubles as kopecks (100); None for nothing, less than nothing, or no number."""
    try:
        amount = Decimal(said.replace(",", "."))
    except InvalidOperation:
        return None
    if not amount.is_finite() or not 0 <= amount < 10**9:
        return None
    return math.floor(amount * per_unit + Decimal("0.5"))


def refused(carrier: str, sentence: str) -> BadAnswer:
    """The error that hands on what the carrier itself says is wrong."""
    return BadAnswer(f"{carrier} отвечает ошибкой: {sentence.rstrip('.') or 'без объяснения'}.")
