"""The marks of phishing: what a text of ours never holds, looked for in strangers' texts and in our own alike. Pure."""

import re
import unicodedata
from collections.abc import Iterator
from enum import StrEnum


class Mark(StrEnum):
    """What gives a foreign message away."""

    LINK = "link"
    SENDER = "sender"
    MONEY = "money"
    PRIVATE = "private"
    HURRY = "hurry"


#: Ends of addresses in other alphabets. With any Cyrillic word allowed, a space that is missing would be an address.
_CYRILLIC_ENDS = "рф|рус|москва|дети|онлайн|сайт|орг|ком|католик|бел|укр|срб|мкд|мон|бг|ею|қаз"
_HOST = (
    r"(?:\d{1,3}\.){3}\d{1,3}(?![\w.])"
    r"|(?:[\w-]{1,63}\.){1,9}(?:xn--[\w-]{1,59}|[a-z]{2,24}|" + _CYRILLIC_ENDS + r")(?![\w-])"
)
#: An address in any form that a phone or a person follows. Every part is bounded: a stranger's text is searched.
_ADDRESS = re.compile(
    r"(?<![\w-])(?:(?P<scheme>[a-z]{3,6})://\S{1,200}|(?P<host>" + _HOST + r")(?::\d{1,5})?(?:/\S{0,200})?)",
    re.IGNORECASE,
)
_AFTER_SCHEME = re.compile(r"[a-z]{3,6}://(?:[^\s/?#@]{0,100}@)?([^\s/?#:]{1,200})", re.IGNORECASE)
#: Ways to write a dot so that a filter does not see an address and a person does.
_HIDDEN_DOT = re.compile(r"\s?(?:[\[({]\s?(?:\.|dot|точка)\s?[\])}]|(?<=\s)(?:\.|dot|точка)(?=\s))\s?", re.IGNORECASE)
_OTHER_DOTS = str.maketrans("。｡．․﹒", ".....")
_MONEY = re.compile(
    r"\b(?:карт(?:а|ы|е|у|ой|ою|ам|ами|ах)?|карточк\w{0,4}|cvv2?|cvc2?|оплатит\w{0,4}|перевод\w{0,6}|перевед\w{0,4}"
    r"|доплат\w{0,6}|пошлин\w{0,4}|реквизит\w{0,4}|комисси\w{0,4}|card|payment)\b",
    re.IGNORECASE,
)
_PRIVATE = re.compile(
    r"\b(?:код(?:а|у|ом|е|ы|ов|ам|ами|ах)?|парол\w{0,4}|паспорт\w{0,6}|пин-?код\w{0,3}|снилс|логин\w{0,4}"
    r"|code|password|passport|pin|otp)\b",
    re.IGNORECASE,
)
_HURRY = re.compile(
    r"\b(?:срочно|немедленно|заблокир\w{0,10}|последн\w{1,4} предупрежд\w{0,6}|urgent\w{0,4}|immediately)\b",
    re.IGNORECASE,
)
_WORDS = ((Mark.MONEY, _MONEY), (Mark.PRIVATE, _PRIVATE), (Mark.HURRY, _HURRY))


def plain(text: str) -> str:
    """A text as a reader sees it: look-alike signs in their usual form, hidden dots as dots, nothing invisible."""
    seen = "".join(sign for sign in unicodedata.normalize("NFKC", text) if unicodedata.category(sign) != "Cf")
    return _HIDDEN_DOT.sub(".", seen.translate(_OTHER_DOTS))


def addresses(text: str) -> Iterator[str]:
    """The hosts of all addresses in a text, in small letters."""
    for found in _ADDRESS.finditer(plain(text)):
        if found["host"]:
            yield found["host"].lower()
        elif host := _AFTER_SCHEME.match(found.group()):
            yield host.group(1).lower()


def marks_of(text: str, own_host: str) -> Iterator[Mark]:
    """What in a text is never in one of ours. Args: `own_host` is the host of our links, it may carry a port."""
    own = own_host.split(":", maxsplit=1)[0].lower()
    if any(host != own for host in addresses(text)):
        yield Mark.LINK
    yield from (mark for mark, _word in _marked_words(text))


def marked_word(text: str) -> str | None:
    """The first word that is a mark; None where there is none."""
    return next((word for _mark, word in _marked_words(text)), None)


def _marked_words(text: str) -> Iterator[tuple[Mark, str]]:
    """The marks that stand in words, each with the first word that bears it."""
    seen = plain(text)
    for mark, pattern in _WORDS:
        if found := pattern.search(seen):
            yield mark, found.group()


def foreign_address(text: str) -> str | None:
    """The first address in a text that should hold none; None where there is none."""
    found = _ADDRESS.search(plain(text))
    return found.group() if found else None


def without_addresses(value: str) -> str:
    """A name or a number as it may stand in a message: what would be an address in it opens nothing any more."""
    seen = plain(value)
    if _ADDRESS.search(seen) is None:
        return value
    return _ADDRESS.sub(lambda found: " ".join(re.split(r"[./:@]{1,9}", found.group())).strip(), seen)
