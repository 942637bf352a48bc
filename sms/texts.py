"""Every text that is sent: an SMS fits one part and ends with its link, whole, whatever the names are; or a letter."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from string import Formatter

from sms.letter_words import FRAME, LABELS, OF_PAYMENT, ORDER
from sms.marks import foreign_address, marked_word, without_addresses
from sms.phrases import CUT, PHRASES
from sms.segments import measure

LANGUAGES = frozenset(PHRASES)
#: So much of an order number still tells one order from another.
_LAST_OF_ORDER = 4
#: A shop's name shorter than this is not recognised any more, and is left out.
_LEAST_OF_SHOP = 4
#: What a shop's own first message may name, and must.
PLACEHOLDERS, MUST = frozenset({"shop", "order", "dates", "link"}), "link"
LONGEST_OWN = 201  # three parts of a joined Cyrillic message

Known = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Names:
    """Whose order it is: the shop and its number, either may be empty, as the shop's file has them."""

    shop: str
    order: str


@dataclass(frozen=True, slots=True)
class Letter:
    """An e-mail: its subject and its text."""

    subject: str
    text: str


class BadText(ValueError):
    """A shop's own text that cannot be sent: `reason` is one of too_long, broken, unknown, no_link, links,
    joined, foreign, marked.
    """

    def __init__(self, reason: str, value: object = "") -> None:
        super().__init__(f"{reason}: {value}")
        self.reason, self.value = reason, value


def sms(key: str, names: Names, known: Known, link: str, language: str) -> str:
    """The SMS for a row of `phrases`.

    Args: `known` what may be named, by placeholder; `link` without scheme, at most 45 ASCII characters.
    Returns: a text of exactly one part. What gives way, in this order: the fullest phrase, the head of the order
    number, the number, the tail of the shop's name, the name, the rest. The link never does.
    Raises: KeyError for an unknown row or language.
    """
    possible = possible_phrases(key, harmless(known), language)
    candidates = _candidates(_shop_name(names.shop), _order_number(names.order), possible, CUT[language])
    texts = (words + link for words in candidates)
    return next((text for text in texts if measure(text).parts == 1), link)


def own(template: str, names: Names, known: Known, link: str, language: str) -> str:
    """The first SMS in the shop's own words; as long as it wrote it, or shorter by its name to keep to one part.

    Args: `template` as `check_own` lets it pass.
    """
    shop, order, dates = _shop_name(names.shop), _order_number(names.order), known.get("dates", "")
    full = template.format(shop=shop, order=order, dates=dates, link=link)
    shorter = (shop[:length].rstrip() + CUT[language] for length in range(len(shop) - 1, _LEAST_OF_SHOP - 1, -1))
    for name in (shop, *shorter):
        text = template.format(shop=name, order=order, dates=dates, link=link)
        if measure(text).parts == 1:
            return text
    return full


def is_sendable(template: str) -> bool:
    """Does `check_own` let a shop's own text pass? One that was kept by older rules may not."""
    try:
        check_own(template)
    except BadText:
        return False
    return True


def check_own(template: str) -> None:
    """Is this a first message that can be sent? Raises BadText. Its length is looked at first: it may be anything."""
    if len(template) > LONGEST_OWN:
        raise BadText("too_long", len(template))
    _check_placeholders(template)
    if foreign := foreign_address(template):
        raise BadText("foreign", foreign)
    if f" {{{MUST}}} " not in f" {template} ":
        raise BadText("joined")
    if word := marked_word(template):
        raise BadText("marked", word)


def _check_placeholders(template: str) -> None:
    try:
        fields = [(name, spec, form) for _, name, spec, form in Formatter().parse(template) if name is not None]
    except ValueError as error:
        raise BadText("broken", template) from error
    named = [name for name, _spec, _form in fields]
    if unknown := sorted(set(named) - PLACEHOLDERS):
        raise BadText("unknown", unknown[0])
    if any(spec or form for _name, spec, form in fields):
        raise BadText("broken", template)
    if named.count(MUST) != 1:
        raise BadText("links" if named.count(MUST) else "no_link")


def letter(key: str, names: Names, known: Known, url: str, stop: str, language: str) -> Letter:
    """The e-mail for a row of `phrases`. Args: `url` and `stop` whole addresses, either may be empty."""
    known = harmless(known)
    shop, number = _shop_name(names.shop), _order_number(names.order)
    sentence = _first_sentence(key, known, language)
    head = _head(shop, number)
    labels = OF_PAYMENT if "waybills" in known else LABELS
    named = [f"{label}: {known[name]}" for name, label in labels[language].items() if name in known]
    lines = [line.replace(": \n", ":\n", 1) for line in named]
    opens, why, ends = FRAME[language]
    order = ORDER[language].format(order=number) if number else ""
    about = why.format(shop=shop, order=order)
    parts = [head + sentence, *(["\n".join(lines)] if lines else []), *([opens + url] if url else []), about]
    return Letter((head + sentence)[:200], "\n\n".join([*parts, *([ends + stop] if stop else [])]))


def _first_sentence(key: str, known: Known, language: str) -> str:
    """The fullest phrase up to its first full stop; those in an address are not among them."""
    phrase = next(p for p in PHRASES[language][key] if _named(p) <= known.keys())
    return phrase.split(". ")[0].rstrip(": .").format(**known)


def html_of(text: str) -> str:
    """The HTML part of a letter: its paragraphs, with what is an address as a link."""
    paragraphs = "".join(
        f'<p style="margin:0 0 16px">{"<br>".join(map(_linked, part.splitlines()))}</p>' for part in text.split("\n\n")
    )
    style = "font:16px/1.5 system-ui,sans-serif;color:#1a1d21;max-width:34em;margin:0 auto;padding:24px"
    return f'<!doctype html><html><body><div style="{style}">{paragraphs}</div></body></html>'


def _linked(line: str) -> str:
    words = (f'<a href="{escape(w)}">{escape(w)}</a>' if w.startswith("http") else escape(w) for w in line.split(" "))
    return " ".join(words)


def possible_phrases(key: str, known: Known, language: str) -> tuple[str, ...]:
    """The phrases of a row that name only what is known, filled in."""
    return tuple(p.format(**known) for p in PHRASES[language][key] if _named(p) <= known.keys())


def _named(phrase: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(phrase) if name is not None}


def _candidates(shop: str, order: str, phrases: tuple[str, ...], cut: str) -> Iterator[str]:
    """What may stand before the link, from the best to the barest."""
    full, brief = phrases[0], phrases[min(1, len(phrases) - 1)]
    last = cut + order[-_LAST_OF_ORDER:] if len(order) > _LAST_OF_ORDER + len(cut) else order
    yield f"{_head(shop, order)}{full}"
    yield f"{_head(shop, order)}{brief}"
    yield f"{_head(shop, last)}{brief}"
    yield f"{_head(shop, '')}{full}"
    yield f"{_head(shop, '')}{brief}"
    for phrase in (full, brief):
        for length in range(len(shop) - 1, _LEAST_OF_SHOP - 1, -1):
            yield f"{_head(shop[:length].rstrip() + cut, '')}{phrase}"
    yield brief
    for phrase in phrases[2:]:
        yield f"{_head(shop, last)}{phrase}"
        yield f"{_head('', last)}{phrase}"
        yield phrase


def _head(shop: str, order: str) -> str:
    named = ", ".join(part for part in (shop, order) if part)
    return f"{named}: " if named else ""


def harmless(known: Known) -> dict[str, str]:
    """What may be named, with nothing in it that a phone would open: places and names come from others' files."""
    return {name: without_addresses(value) for name, value in known.items()}


def _shop_name(name: str) -> str:
    return without_addresses(_line(name))


def _order_number(number: str) -> str:
    """The shop's own number of an order; left out when it holds what only a fraud would write."""
    line = _line(number)
    return "" if marked_word(line) else without_addresses(line)


def _line(name: str) -> str:
    """A name as one line of visible letters: it comes from a shop's file and may hold anything."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in name).split())
