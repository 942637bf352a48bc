"""Every word that is sent by SMS. Each text fits one part and ends with its link, whole, whatever the names are."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sms.segments import measure

#: So much of an order number still tells one order from another.
_LAST_OF_ORDER = 4
#: A shop's name shorter than this is not recognised any more, and is left out.
_LEAST_OF_SHOP = 4


@dataclass(frozen=True, slots=True)
class _Words:
    """Words of one language; the first of each is the full phrase, the next ones replace it where room is short."""

    promised: tuple[str, ...]
    no_promise: tuple[str, ...]
    fresh: tuple[str, ...]
    delayed: tuple[str, ...]
    later: tuple[str, ...]
    dash: str
    cut: str


_WORDS = {
    "ru": _Words(
        promised=("привезём {dates}. Время: ", "{dates}. Время: ", "{dates}. "),
        no_promise=("где заказ и когда привезём: ", "где заказ: "),
        fresh=("новая ссылка на ваш заказ: ", "новая ссылка: "),
        delayed=("привезём позже, {dates}. Выберите время: ", "привезём позже, {dates}: ", "{dates}: "),
        later=("привезём позже. Выберите время: ", "привезём позже: "),
        dash="–",
        cut="…",
    ),
    # Plain ASCII: one typographic dash would cost 90 of the 160 units.
    "en": _Words(
        promised=("we deliver {dates}. Pick a time: ", "{dates}. Pick a time: ", "{dates}. "),
        no_promise=("where it is and when we deliver: ", "where it is: "),
        fresh=("a fresh link to your order: ", "fresh link: "),
        delayed=("we deliver later, {dates}. Pick a time: ", "later, {dates}. Pick a time: ", "{dates}: "),
        later=("we deliver later. Pick a time: ", "later. Pick a time: "),
        dash="-",
        cut="...",
    ),
}
LANGUAGES = frozenset(_WORDS)


def first_link(
    shop_name: str, order_number: str, promised_from: date | None, promised_to: date | None, link: str, language: str
) -> str:
    """The first message: whose order it is, when it comes, and where to choose the time.

    Args: both dates or none, local to the recipient; `link` without scheme, at most 45 ASCII characters;
    `language` one of LANGUAGES, otherwise KeyError.
    Returns: a text of exactly one part. What gives way, in this order: the verb, the head of the order number,
    the number, the tail of the shop's name, the name, the rest. The link never does.
    """
    words = _WORDS[language]
    if promised_from is None or promised_to is None:
        return _fit(shop_name, order_number, words.no_promise, link, words.cut)
    dates = _dates(promised_from, promised_to, words.dash)
    phrases = tuple(phrase.format(dates=dates) for phrase in words.promised)
    return _fit(shop_name, order_number, phrases, link, words.cut)


def fresh_link(shop_name: str, order_number: str, link: str, language: str) -> str:
    """The answer to "send me a fresh link"; arguments, result and errors as in `first_link`."""
    words = _WORDS[language]
    return _fit(shop_name, order_number, words.fresh, link, words.cut)


def delay(shop_name: str, order_number: str, first: date | None, last: date | None, link: str, language: str) -> str:
    """The agreed time cannot be kept: when it can be instead, and where to choose; else as `first_link`."""
    words = _WORDS[language]
    if first is None or last is None:
        return _fit(shop_name, order_number, words.later, link, words.cut)
    dates = _dates(first, last, words.dash)
    return _fit(shop_name, order_number, tuple(p.format(dates=dates) for p in words.delayed), link, words.cut)


def _dates(first: date, last: date, dash: str) -> str:
    """26.11, 26–27.11 or 30.11–01.12."""
    if first == last:
        return f"{first:%d.%m}"
    is_same_month = (first.year, first.month) == (last.year, last.month)
    return f"{first:%d}{dash}{last:%d.%m}" if is_same_month else f"{first:%d.%m}{dash}{last:%d.%m}"


def _fit(shop_name: str, order_number: str, phrases: tuple[str, ...], link: str, cut: str) -> str:
    candidates = _candidates(_line(shop_name), _line(order_number), phrases, cut)
    texts = (words + link for words in candidates)
    return next((text for text in texts if measure(text).parts == 1), link)


def _candidates(shop: str, order: str, phrases: tuple[str, ...], cut: str) -> Iterator[str]:
    """What may stand before the link, from the best to the barest."""
    full, brief, bare = phrases[0], phrases[1], phrases[-1]
    last = cut + order[-_LAST_OF_ORDER:] if len(order) > _LAST_OF_ORDER + len(cut) else order
    yield f"{_head(shop, order)}{full}"
    yield f"{_head(shop, order)}{brief}"
    yield f"{_head(shop, last)}{brief}"
    yield f"{_head(shop, '')}{full}"
    yield f"{_head(shop, '')}{brief}"
    for length in range(len(shop) - 1, _LEAST_OF_SHOP - 1, -1):
        yield f"{_head(shop[:length].rstrip() + cut, '')}{brief}"
    yield brief
    yield bare


def _head(shop: str, order: str) -> str:
    named = ", ".join(part for part in (shop, order) if part)
    return f"{named}: " if named else ""


def _line(name: str) -> str:
    """A name as one line of visible letters: it comes from a shop's file and may hold anything."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in name).split())
