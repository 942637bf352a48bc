"""What the cells of a shop's row say: phone, money, weight, place and date, understood exactly or refused in words."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType
from sqlalchemy.orm import Session

from parcels.models import Shop
from portal import cells as table_cells
from portal import order_moments, order_numbers, places
from portal.cells import Unreadable
from portal.order_reasons import BadOrder as BadOrder
from portal.order_reasons import BadPhone as BadPhone
from portal.order_reasons import together
from portal.places import UnknownPlace
from sms.preferences import COUNTRIES
from sms.texts import LANGUAGES

COUNTRY = "RU"
#: Without these nothing can be taken; the others may be there.
REQUIRED = ("order_number", "phone")
KNOWN = (
    *REQUIRED,
    *("recipient", "settlement", "region", "address", "cod", "pieces", "weight_kg"),
    *("accepted_at", "email", "language", "track", "carrier"),
)
_LENGTHS = {"order_number": 40, "recipient": 120, "address": 250, "email": 254}
#: What can be an address at all, in the letters that every mail server knows; whether somebody reads it, only a letter
#: finds out.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_NAME = re.compile(rf"(?=.{{1,64}}\Z){_ATOM}(?:\.{_ATOM})*")
_HOST = re.compile(r"(?:[^\W_](?:(?:[^\W_]|-){0,61}[^\W_])?\.){1,10}[^\W\d_](?:[^\W_]|-){1,61}")
#: A name of a host in two alphabets at once is a slip of the keyboard or a trap.
_LATIN, _CYRILLIC = re.compile(r"[a-z]", re.IGNORECASE), re.compile(r"[а-яё]", re.IGNORECASE)
#: Russia with Kazakhstan, and the neighbours: elsewhere a message costs what nobody has agreed to.
_COUNTRIES = frozenset(COUNTRIES)
_MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
#: Russian mobile numbers as nearly everybody writes them. 930 is left to the library: it is not all in use.
_RUSSIAN_MOBILE = re.compile(r"(?:(?:\+7|[78])[ -]?)?\(?(9(?!30)\d\d)\)?[ -]?(\d{3})[ -]?(\d\d)[ -]?(\d\d)", re.ASCII)
#: A phone that a program has taken for a number with decimals.
_AS_DECIMAL = re.compile(r"(\+?\d{10,15})[.,]0{1,2}", re.ASCII)
#: The last word of an address of the API: an order's number that ends with it could never be asked for.
_ACTS = frozenset({"slots", "delivery", "recall", "redirect"})
_UNASKABLE = frozenset({"", ".", ".."})
Meaning = TypeVar("Meaning")


class Faults:
    """Gathers what is wrong with a row, so that all of it is named at once."""

    def __init__(self) -> None:
        self._found: list[BadOrder] = []

    def unless(self, read: Callable[[], Meaning]) -> Meaning | None:
        """What was read; None when it cannot be, which is kept in mind."""
        try:
            return read()
        except BadOrder as error:
            self._found.append(error)
            return None

    def raise_them(self) -> None:
        """Raises: BadOrder with all that was found."""
        if self._found:
            raise together(self._found)


def filled(cells: Mapping[str, str], name: str) -> str:
    """The text of a cell, empty when it says nothing. Raises BadOrder when what it holds cannot be read."""
    try:
        text = table_cells.readable(cells.get(name, ""))
    except Unreadable as error:
        raise BadOrder(error.reason, error.shown, column=name) from error
    return "" if table_cells.says_nothing(text) else text


def as_written(cells: Mapping[str, str], name: str) -> str:
    """The text of a cell to the letter, as one line. Raises BadOrder also where Excel has made it over."""
    text = filled(cells, name)
    try:
        return _line(table_cells.as_written(text))
    except Unreadable as error:
        raise BadOrder(error.reason, error.shown, column=name) from error


def order_number(text: str) -> str:
    """The number of an order as one line, by which it can be asked for later. Raises BadOrder."""
    number = _text({"order_number": text}, "order_number")
    if not number:
        raise BadOrder("no_order_number")
    parts = number.split("/")
    is_act = len(parts) > 1 and parts[-1] in _ACTS
    if is_act or not _UNASKABLE.isdisjoint(parts):
        raise BadOrder("bad_order_number", number)
    return number


def normal_phone(text: str) -> str:
    """A mobile number as E.164, from what people write; one without a country is Russian. Raises BadPhone."""
    return russian_mobile(text) or _by_the_library(text)


def russian_mobile(text: str) -> str | None:
    """What the library makes of a Russian mobile number in its usual spellings; else None.

    None says nothing about the number: the library decides about all others. With 4 % of them a column of phones
    is read 18 times as fast as by the library alone (benchmark I2).
    """
    found = _RUSSIAN_MOBILE.fullmatch(text)
    return f"+7{''.join(found.groups())}" if found else None


def _by_the_library(text: str) -> str:
    text = _line(text)
    if not text:
        raise BadPhone("no_phone")
    if decimal := _AS_DECIMAL.fullmatch(text):
        text = decimal[1]
    try:
        number = phonenumbers.parse(text, COUNTRY)
    except NumberParseException as error:
        raise BadPhone("bad_phone", text) from error
    if not phonenumbers.is_valid_number(number) or number.extension:
        raise BadPhone("bad_phone", text)
    if number.country_code not in _COUNTRIES:
        raise BadPhone("bad_country", text)
    if phonenumbers.number_type(number) not in _MOBILE:
        raise BadPhone("not_mobile", text)
    return str(phonenumbers.format_number(number, PhoneNumberFormat.E164))


def columns(session: Session, shop: Shop, cells: Mapping[str, str], now: datetime) -> dict[str, Any]:
    """What a row says about a parcel, by the parcel's own columns; an empty cell says nothing.

    Returns: `phone` always; of `recipient`, `settlement`, `address`, `email`, `language`, `cod_minor`, `pieces`,
    `weight_g` and `accepted_at` those that are filled in. Raises: BadOrder that names every cell not understood.
    """
    faults = Faults()
    said: dict[str, Any] = {"phone": faults.unless(lambda: _phone(cells))}
    for name, (column, understand) in _CELLS.items():
        said[column] = faults.unless(lambda n=name, u=understand: u(cells, n))  # type: ignore[misc]
    said["settlement"] = faults.unless(lambda: _settlement(session, cells))
    said["accepted_at"] = faults.unless(lambda: _accepted(cells, shop, now))
    faults.raise_them()
    return {column: value for column, value in said.items() if value is not None}


def meaning(cells: Mapping[str, str]) -> dict[str, str]:
    """Cells by what they mean, so that two ways to write the same thing are equal; empty ones are left out."""
    return {name: _meant(cells, name) for name, text in cells.items() if not table_cells.says_nothing(text)}


def _meant(cells: Mapping[str, str], name: str) -> str:
    try:
        if name == "phone":
            return _phone(cells)
        return str(_CELLS[name][1](cells, name)) if name in _CELLS else str(cells[name])
    except BadOrder:
        return str(cells[name])


def mailbox(text: str) -> str:
    """An e-mail address that our mailer can write to, as it is written, without spaces around it. Raises BadOrder."""
    address = _line(text)
    name, at, host = address.rpartition("@")
    if at and not name.isascii() and name.isalnum():
        raise BadOrder("bad_email", address, says="email_letters")
    is_good = len(address) <= _LENGTHS["email"] and _NAME.fullmatch(name) and _HOST.fullmatch(host)
    if not is_good or any(_LATIN.search(part) and _CYRILLIC.search(part) for part in host.split(".")):
        raise BadOrder("bad_email", address)
    try:
        host.encode("idna")
    except UnicodeError:
        raise BadOrder("bad_email", address) from None
    return address


def _phone(cells: Mapping[str, str]) -> str:
    text = cells.get("phone", "")
    return russian_mobile(text) or _by_the_library(as_written(cells, "phone"))


def _settlement(session: Session, cells: Mapping[str, str]) -> Any:
    """The place that a row names; None when it names none."""
    place, region = as_written(cells, "settlement"), as_written(cells, "region")
    if not place:
        return None
    try:
        return places.find_settlement(session, place, region)
    except UnknownPlace as error:
        raise BadOrder(error.reason, error.words) from error


def _accepted(cells: Mapping[str, str], shop: Shop, now: datetime) -> datetime | None:
    text = filled(cells, "accepted_at")
    return order_moments.accepted(text, shop.origin.zone, now) if text else None


def _email(cells: Mapping[str, str], name: str) -> str | None:
    text = filled(cells, name)
    return mailbox(text) if text else None


def _language(cells: Mapping[str, str], name: str) -> str | None:
    code = _line(filled(cells, name)).lower()
    if code and code not in LANGUAGES:
        raise BadOrder("bad_language", code)
    return code or None


def _number(understand: Callable[[str], int]) -> Callable[[Mapping[str, str], str], int | None]:
    def read(cells: Mapping[str, str], name: str) -> int | None:
        text = filled(cells, name)
        return understand(text) if text else None

    return read


def _text(cells: Mapping[str, str], name: str) -> str:
    line = as_written(cells, name)
    if len(line) > _LENGTHS[name]:
        raise BadOrder("too_long", name)
    return line


def _optional_text(cells: Mapping[str, str], name: str) -> str | None:
    return _text(cells, name) or None


def _line(text: str) -> str:
    """One line of visible letters: a file may hold anything."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


#: Columns of a row that need nothing but themselves: the parcel's column, and how the cell is understood.
_CELLS: dict[str, tuple[str, Callable[[Mapping[str, str], str], object]]] = {
    "recipient": ("recipient", _optional_text),
    "address": ("address", _optional_text),
    "email": ("email", _email),
    "language": ("language", _language),
    "cod": ("cod_minor", _number(order_numbers.kopecks)),
    "pieces": ("pieces", _number(order_numbers.pieces)),
    "weight_kg": ("weight_g", _number(order_numbers.grams)),
}
