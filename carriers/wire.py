"""What answers are read with and not believed: JSON and XML that keep no surprises, their words, dates, figures."""

import json
import math
import re
from datetime import datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn
from xml.etree.ElementTree import Element as Element
from xml.etree.ElementTree import ParseError, fromstring

from carriers.base import BadAnswer, Refused

#: Carriers write years such as 0001, 1970 and 9999 where they have nothing to say.
YEARS = range(2000, 2100)
MOST_LETTERS = 500
#: A hundred parcels take half a megabyte; what an attacker nests in more takes a gigabyte of memory.
MOST_BYTES = 3_000_000
#: All pick-up points of a country come in one answer.
MOST_BYTES_OF_POINTS = 12_000_000
#: A history of a hundred operations has some ten thousand; a tree of a million takes 300 MB of memory.
MOST_TAGS = 200_000
#: No parcel weighs or costs so much, in whichever unit.
MOST_AMOUNT = 10**9
_OF_WINDOWS = re.compile(rb"""\s{0,99}<\?xml\s[^>]{0,200}encoding=["'](?:windows-|cp)1251["']""", re.IGNORECASE)
#: Beside ISO: how carriers write a date. With slashes nobody knows which one is the month, unless the year goes first.
_DAYS = ("%d.%m.%Y", "%d-%m-%Y", "%Y.%m.%d", "%Y/%m/%d", "%d.%m.%y")
_DATES = tuple(
    form for day in _DAYS for form in (f"{day} %H:%M:%S", f"{day} %H:%M", day, f"%H:%M {day}", f"%H:%M:%S {day}")
)
#: An offset that stands apart, or behind a day without hours.
_APART = re.compile(r" (?=(?:[+-]\d\d:?\d\d|Z)$)")
_WITHOUT_HOURS = re.compile(r"^(\d{4}-\d\d-\d\d)([+-]\d\d:?\d\d|Z)$")


def text_of(answer: bytes, carrier: str, most_bytes: int = MOST_BYTES) -> str:
    """The answer as text. Raises BadAnswer when there is none, too much of it, or it is no text."""
    if len(answer) > most_bytes:
        raise BadAnswer(f"Ответ {carrier} длиннее {most_bytes // 1_000_000} МБ, таких не бывает.")
    try:
        text = _decoded(answer).strip()
    except UnicodeDecodeError as error:
        raise BadAnswer(f"Ответ {carrier} не читается как текст UTF-8.") from error
    if not text:
        raise BadAnswer(f"Ответ {carrier} пуст.")
    return text


def _decoded(answer: bytes) -> str:
    """UTF-8 whatever is declared; an XML that is none and declares the letters of old Windows is read by them."""
    try:
        return answer.decode("utf-8-sig")
    except UnicodeDecodeError:
        if _OF_WINDOWS.match(answer) is None:
            raise
        return answer.decode("cp1251")


def json_of(answer: bytes, carrier: str, most_bytes: int = MOST_BYTES) -> Any:
    """The JSON of an answer; NaN, infinities and endless nesting are not JSON. Raises BadAnswer."""
    try:
        return json.loads(text_of(answer, carrier, most_bytes), parse_constant=_refuse_number, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise BadAnswer(f"Ответ {carrier} не разобран: он оборван или это не JSON.") from error


def _refuse_number(name: str) -> NoReturn:
    raise ValueError(name)


def object_of(answer: bytes, carrier: str) -> dict[str, Any]:
    """The JSON object that an answer is. Raises BadAnswer."""
    found = json_of(answer, carrier)
    if not isinstance(found, dict):
        raise BadAnswer(f"В ответе {carrier} не объект JSON.")
    return found


def xml_of(answer: bytes, carrier: str) -> Element:
    """The root of an XML answer without DOCTYPE, and so without entities of its own. Raises BadAnswer."""
    text = text_of(answer, carrier)
    if text.count("<") > MOST_TAGS:
        raise BadAnswer(f"В ответе {carrier} слишком много элементов, таких не бывает.")
    if "<!DOCTYPE" in text:
        raise BadAnswer(f"В ответе {carrier} объявлен тип документа, такие ответы не читаем.")
    try:
        return fromstring(text)  # noqa: S314 - from text, not bytes: nothing hides from the check above in another encoding
    except (ParseError, ValueError, RecursionError) as error:
        raise BadAnswer(f"Ответ {carrier} не разобран: он оборван или это не XML.") from error


def name_of(element: Element) -> str:
    """The name of an element without its namespace, in small letters: carriers change both."""
    return element.tag.rpartition("}")[2].lower()


def child(element: Element | None, *names: str) -> Element | None:
    """The first child under any of these names, None where there is none."""
    for one in () if element is None else element:
        if name_of(one) in names:
            return one
    return None


def anywhere(root: Element, name: str) -> Element | None:
    """The first element with this name, however deep it was wrapped."""
    return next((element for element in root.iter() if name_of(element) == name), None)


def text_at(element: Element | None, *path: str) -> str:
    """The words at the end of a path of children, "" where any of it is missing."""
    for step in path:
        element = child(element, step)
    return "" if element is None else words(element.text)


def check_fault(root: Element, carrier: str) -> None:
    """Hand on the fault of a SOAP answer, of version 1.1 or 1.2. Raises Refused."""
    fault = anywhere(root, "fault")
    if fault is not None:
        reason = text_at(fault, "reason", "text") or text_at(fault, "faultstring")
        raise refused(carrier, _detail(fault) or reason)


def _detail(fault: Element) -> str:
    """The sentences in the Detail of a fault: what is wrong, where the reason only names the sort of it."""
    detail = child(fault, "detail")
    inside = () if detail is None else (words(element.text) for element in detail.iter())
    return words("; ".join(dict.fromkeys(filter(None, inside))))


def attribute(element: Element, name: str) -> str:
    """The words of an attribute, "" where it is missing; carriers change capitals here too."""
    found = (value for key, value in element.attrib.items() if key.rpartition("}")[2].lower() == name)
    return words(next(found, ""))


def words(value: object) -> str:
    """A text or a number as one clean line of at most MOST_LETTERS; "" for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return ""
    line = "".join(letter if letter.isprintable() else " " for letter in str(value)[: 2 * MOST_LETTERS])
    return " ".join(line.split())[:MOST_LETTERS]


def moment(said: object, zone: tzinfo | None) -> datetime | None:
    """When it happened, with the offset as said, else of `zone`; None where nothing that is a date is said.

    Without a `zone` a date without an offset is no date: nobody knows whose clock it was.
    """
    found = _date_of(words(said))
    if found is None or found.year not in YEARS:
        return None
    if found.tzinfo is None and zone is not None:
        return found.replace(tzinfo=zone)
    return found if found.tzinfo else None


def _date_of(said: str) -> datetime | None:
    try:
        return datetime.fromisoformat(_WITHOUT_HOURS.sub(r"\1T00:00\2", _APART.sub("", said)))
    except ValueError:
        pass
    for form in _DATES:
        try:
            return datetime.strptime(said, form)  # noqa: DTZ007 - the caller knows the zone
        except ValueError:
            continue
    return None


def minor(value: object, per_unit: int = 1) -> int | None:
    """Kilograms as grams (1000) or roubles as kopecks (100); None for nothing, less than nothing, or no number."""
    try:
        amount = Decimal(words(value).replace(",", "."))
    except InvalidOperation:
        return None
    if not amount.is_finite() or not 0 <= amount < MOST_AMOUNT:
        return None
    return math.floor(amount * per_unit + Decimal("0.5"))


def refused(carrier: str, sentence: str) -> Refused:
    """The error that hands on what the carrier itself says is wrong."""
    return Refused(f"Ошибка в ответе {carrier}: {sentence.rstrip('.!') or 'без объяснения'}.")
