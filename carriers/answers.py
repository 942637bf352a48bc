"""Taking a carrier's answer apart without believing any of it: text, numbers, moments; junk gets a sentence."""

import json
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal, DecimalException
from typing import Any
from xml.etree.ElementTree import Element, ParseError, fromstring

from carriers.base import BadAnswer

#: Carriers write years such as 0001, 1970 and 9999 where they have nothing to say.
YEARS = range(2000, 2100)
MOST_TEXT = 300
#: A hundred parcels take half a megabyte; what an attacker nests in more takes a gigabyte of memory.
MOST_BYTES = 3_000_000
#: No parcel weighs 100 tonnes or is paid for with a billion.
MOST_AMOUNT = 100_000_000_000


def decoded(answer: bytes, who: str) -> str:
    """The answer as text. Raises BadAnswer when there is none, too much of it, or it is not UTF-8."""
    if len(answer) > MOST_BYTES:
        raise BadAnswer(f"{who}: ответ длиннее {MOST_BYTES // 1_000_000} МБ, таких не бывает.")
    try:
        text = answer.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise BadAnswer(f"{who}: ответ не читается как текст UTF-8.") from error
    if not text:
        raise BadAnswer(f"{who}: ответ пуст.")
    return text


def json_object(answer: bytes, who: str) -> dict[str, Any]:
    """The answer as a JSON object. Raises BadAnswer for anything else, NaN and endless nesting included."""
    try:
        found = json.loads(decoded(answer, who), parse_constant=_refused)
    except (ValueError, RecursionError) as error:
        raise BadAnswer(f"{who}: ответ оборван или это не JSON.") from error
    if not isinstance(found, dict):
        raise BadAnswer(f"{who}: в ответе не объект JSON.")
    return found


def _refused(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def xml_root(answer: bytes, who: str) -> Element:
    """The root of an XML answer. Raises BadAnswer for what is not XML or defines entities of its own."""
    text = decoded(answer, who)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise BadAnswer(f"{who}: в ответе объявлен тип документа, такие ответы не читаем.")
    try:
        return fromstring(text)  # noqa: S314 - from text, not bytes: nothing hides from the check above in another encoding
    except (ParseError, ValueError, RecursionError) as error:
        raise BadAnswer(f"{who}: ответ оборван или это не XML.") from error


def anywhere(root: Element, name: str) -> Element | None:
    """The first element with this name, however deep it was wrapped."""
    return next((element for element in root.iter() if element.tag.rpartition("}")[2] == name), None)


def named(element: Element | None, name: str) -> Iterator[Element]:
    """The children with this name, in whichever namespace a carrier put them this year."""
    return (child for child in (() if element is None else element) if child.tag.rpartition("}")[2] == name)


def inside(element: Element | None, *path: str) -> Element | None:
    """What lies at the end of the path, None where a step of it is missing."""
    for name in path:
        element = next(named(element, name), None)
    return element


def words(value: object) -> str:
    """One line of text; nothing for what is neither text nor a whole number."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return "".join(mark for mark in " ".join(str(value).split()) if mark.isprintable())[:MOST_TEXT]


def amount(value: object, times: int = 1) -> int | None:
    """A number, or text of one, times so many, whole; None where nothing sensible is said."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        found = Decimal(str(value).strip().replace(",", ".")) * times
        return round(found) if 0 <= found <= MOST_AMOUNT else None
    except (DecimalException, ValueError):
        return None


def believable(moment: datetime | None) -> datetime | None:
    """The moment, unless it stands for «not said»."""
    return moment if moment is not None and moment.year in YEARS else None
