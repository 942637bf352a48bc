"""What of an address others may see: street and house, as they were written. Flat, entrance, floor and codes stay out.

An address is one line that somebody typed. It is read by whole words: what leads to a flat is left out with all that
follows it, and what follows the house is kept only if it stands on the wall of the house («корп. 2», «стр. 1»).
Where a number may be the house's or the flat's («5-12», «12/148») it is the flat's; why: `docs/decisions/`.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from portal.street_words import (
    BEFORE_A_NUMBER,
    BUILDINGS,
    COUNTED,
    DISTRICTS,
    FLATS,
    HIGHEST_BLOCK,
    HOUSES,
    NUMBERED,
    ORDINALS,
    SHORT_BUILDINGS,
    SPRING,
    STREETS,
    WAYS,
    YEARS,
)

#: Nobody's address is longer; what is, is cut here before it is read.
LONGEST = 500
#: Digits of the longest house number, and of the longest number that is no phone (a postcode).
LONGEST_HOUSE, LONGEST_CODE = 4, 6
_TOKEN = re.compile(r"\d+|(?<=\d)[^\W\d_](?=(?:кв|оф)\W*\d)|[^\W\d_]+(?:[-'][^\W\d_]+)*|[^\w\s]|_", re.IGNORECASE)
_APOSTROPHES = str.maketrans("’ʼ`‘′", "'''''")
_DASHES = str.maketrans("‐‑‒–—−", "------")
_LOOKALIKES = str.maketrans("aceopxykmtbhi", "асеорхукмтвні")
_BETWEEN_PARTS = frozenset(",;|()[]")
_JOINTS = frozenset(".:№")
#: What only phones and codes are written with.
_SIGNS = frozenset("+#*")
_QUOTES = frozenset('"«»“”„')
_DROPPED_ENDS = " -/:№#("


@dataclass(frozen=True, slots=True)
class _Token:
    """A word, a number or a sign, and where it stands. `word` is how the lists write it."""

    word: str
    start: int
    end: int

    @property
    def is_number(self) -> bool:
        return self.word.isdecimal()

    @property
    def is_word(self) -> bool:
        return self.word[0].isalpha()


_NOTHING = _Token(" ", 0, 0)
Part = list[_Token]


@lru_cache(maxsize=1_000)
def without_flat(address: str) -> str:
    """The part of an address that may be shown to whoever holds the link; empty when nothing of it may."""
    text = unicodedata.normalize("NFC", address[:LONGEST]).translate(_APOSTROPHES).translate(_DASHES)
    parts = list(_parts(text))
    reader = _Reader(flats=_flats_named(parts))
    shown, was_whole, last = "", False, 0
    for number, part in enumerate(parts):
        end = reader.read(part, parts[number + 1 :])
        if not end:
            was_whole = False
            continue
        piece = text[part[0].start : part[end - 1].end].rstrip(_DROPPED_ENDS)
        between = text[last : part[0].start] if was_whole else ", "
        shown = shown + between + piece if shown else piece
        was_whole, last = end == len(part), part[end - 1].end
    return shown


def _parts(text: str) -> Iterator[Part]:
    """The tokens between commas and the like."""
    part: Part = []
    for found in _TOKEN.finditer(text):
        if found[0] in _BETWEEN_PARTS:
            if part:
                yield part
            part = []
        else:
            part.append(_Token(_folded(found[0]), found.start(), found.end()))
    if part:
        yield part


def _folded(word: str) -> str:
    """A word as the lists have it. A Latin letter among Cyrillic ones is a slip of the keyboard."""
    folded = word.casefold().replace("ё", "е")
    is_mixed = re.search("[a-z]", folded) and re.search("[а-яіїє]", folded)
    return folded.translate(_LOOKALIKES) if is_mixed else folded


def _at(part: Part, at: int) -> _Token:
    return part[at] if 0 <= at < len(part) else _NOTHING


def _after(part: Part, at: int) -> int:
    """Where the next token is that is no full stop, colon or «№»."""
    at += 1
    while _at(part, at).word in _JOINTS:
        at += 1
    return at


def _before(part: Part, at: int) -> int:
    """Where the last token before a place is that is no full stop, colon or «№»; -1 when there is none."""
    at -= 1
    while _at(part, at).word in _JOINTS:
        at -= 1
    return at


def _word_before(part: Part, at: int) -> str:
    return _at(part, _before(part, at)).word


def _flats_named(parts: list[Part]) -> frozenset[str]:
    """The numbers that the address itself calls a flat's."""
    values = (
        _at(part, _after(part, at)).word for part in parts for at, token in enumerate(part) if token.word in FLATS
    )
    return frozenset(value for value in values if value.isdecimal())


@dataclass(slots=True)
class _Reader:
    """What has been read of an address so far. `flats` are the numbers that are named as flats somewhere in it."""

    flats: frozenset[str]
    has_name: bool = False
    has_street: bool = False
    has_house: bool = False
    is_done: bool = False
    is_at_the_house: bool = False

    def read(self, part: Part, later: list[Part]) -> int:
        """How many tokens of a part may be shown, given the parts that come after it."""
        if self.is_at_the_house and self._is_more_of_the_house(part):
            return self._end_of_house(part, 0)
        self.is_at_the_house = False
        stop = _private_from(part)
        is_street = any(token.word in STREETS for token in part[:stop])
        if self.is_done and (not is_street or self.has_street):
            return 0
        house = _house_in(part[:stop], later)
        if self.has_house:
            return self._street_after_house(stop, house)
        self.has_street = self.has_street or is_street
        self.has_name = self.has_name or is_street or any(_is_plain(token.word) for token in part[:stop])
        if house is None:
            self.is_done = self.is_done or (stop < len(part) and self.has_name)
            return stop
        self.has_house = self.is_done = True
        if _is_house_first(part, house):
            return stop
        end = self._end_of_house(part[:stop], house)
        self.is_at_the_house = end == len(part)
        return end

    def _street_after_house(self, stop: int, number: int | None) -> int:
        """«12, ул. Мира»: how much of the street's part may be shown, if the house stood before any name."""
        if self.has_name:
            return 0
        self.has_street = self.has_name = True
        return stop if number is None else number

    def _is_more_of_the_house(self, part: Part) -> bool:
        value = _at(part, _after(part, 0))
        return part[0].word in BUILDINGS | HOUSES and self._is_a_building(part[0].word, value)

    def _is_a_building(self, word: str, value: _Token) -> bool:
        if word in SHORT_BUILDINGS and not self.flats:
            return value.is_number and int(value.word) <= HIGHEST_BLOCK
        return value.is_number or (value.is_word and len(value.word) == 1)

    def _end_of_house(self, part: Part, at: int) -> int:
        """Where the house ends that begins at a token: its number, a letter, and the parts that stand on its wall."""
        is_said = _word_before(part, at) in HOUSES
        end = at if part[at].is_word else self._end_of_number(part, at, is_said)
        while (word := _at(part, end).word) in BUILDINGS | HOUSES:
            value = _after(part, end)
            if not self._is_a_building(word, _at(part, value)):
                break
            end = self._end_of_number(part, value, is_said=False)
        self.is_at_the_house = end == len(part)
        return end

    def _end_of_number(self, part: Part, at: int, is_said: bool) -> int:
        """Where «12», «12А», «12-А», «12/2» or «12-14» ends; the last two only if the tail is no flat."""
        end = _end_of_letter(part, at + 1)
        joint, tail = _at(part, end).word, _at(part, end + 1)
        if joint not in ("/", "-"):
            return end
        if _is_letter(part, end + 1):
            return end + 2
        if not tail.is_number or not self._is_of_the_house(joint, tail.word, is_said):
            return end
        return _end_of_letter(part, end + 2)

    def _is_of_the_house(self, joint: str, tail: str, is_said: bool) -> bool:
        """Is the number after a hyphen or a slash certainly no flat?"""
        if self.flats:
            return tail not in self.flats
        return joint == "/" and is_said and len(tail) <= 2


def _end_of_letter(part: Part, at: int) -> int:
    """The place after «А» or «"А"», if a house has one here."""
    if _at(part, at).word in _QUOTES and _at(part, at + 2).word in _QUOTES and _is_letter(part, at + 1):
        return at + 3
    return at + 1 if _is_letter(part, at) else at


def _is_letter(part: Part, at: int) -> bool:
    """Is there the letter of a house, and not an abbreviation before a number?"""
    token = _at(part, at)
    if not (token.is_word and len(token.word) == 1):
        return False
    return token.word not in BUILDINGS | BEFORE_A_NUMBER or not _at(part, _after(part, at)).is_number


def _private_from(part: Part) -> int:
    """From which token on a part is nobody else's business; its length when all of it may be seen."""
    for at, token in enumerate(part):
        is_phone = token.is_number and len(token.word) > LONGEST_CODE
        if is_phone or token.word in _SIGNS or _is_marker(part, at):
            return at
        if _is_counted(part, at):
            return at
    return len(part)


def _is_marker(part: Part, at: int) -> bool:
    """Does a flat or the way to it begin here? «ул. Парадная» and «Парадная ул.» are names."""
    word, follower = part[at].word, _at(part, _after(part, at))
    if word in FLATS:
        return True
    if _is_named_after_its_kind(part, at) or follower.word in STREETS:
        return False
    return word in WAYS or (word in BEFORE_A_NUMBER and (follower.is_number or follower.word in WAYS))


def _is_named_after_its_kind(part: Part, at: int) -> bool:
    """Does a word stand where a name does: after «ул.», though not in «Мира ул.», or as the spring in «Белый Ключ»?"""
    kind = _before(part, at)
    if part[at].word == SPRING and _is_plain(_at(part, kind).word):
        return not any(token.is_number for token in part[:at])
    return _at(part, kind).word in STREETS and not _at(part, _before(part, kind)).is_word


def _is_counted(part: Part, at: int) -> bool:
    """Does «3 подъезд», «5-й этаж», «148 кв» begin here?"""
    if not part[at].is_number:
        return False
    word = _end_of_ordinal(part, at) or at + 1
    return _at(part, word).word in COUNTED and not _at(part, _after(part, word)).is_number


def _end_of_ordinal(part: Part, at: int) -> int | None:
    """The place after «1-я», «3й», «60-летия»; None when the number is no ordinal but, say, «5Е» or «12-А»."""
    tail = at + 2 if _at(part, at + 1).word == "-" else at + 1
    ending, is_glued = _at(part, tail), _at(part, tail).start == _at(part, tail - 1).end
    if ending.word not in ORDINALS or not is_glued:
        return None
    if len(ending.word) > 1 or ending.word == "й" or _word_before(part, at) in NUMBERED:
        return tail + 1
    follower = _at(part, tail + 1).word
    is_of_a_name = _is_plain(follower) or follower in STREETS or follower in COUNTED
    return tail + 1 if is_of_a_name else None


def _is_plain(word: str) -> bool:
    """Is this a word of a name, and none that the lists know?"""
    known = word in BUILDINGS or word in BEFORE_A_NUMBER or word in HOUSES or word in COUNTED
    return word[0].isalpha() and len(word) > 1 and not known


def _house_in(part: Part, later: list[Part]) -> int | None:
    """Which token of a part is the number of the house."""
    for at, token in enumerate(part):
        if not token.is_number or len(token.word) > LONGEST_HOUSE:
            continue
        if _word_before(part, at) in HOUSES | BUILDINGS:
            return at
        if _end_of_ordinal(part, at) is None and not _is_name(part, at, later):
            return at
    return None


def _is_name(part: Part, at: int, later: list[Part]) -> bool:
    """Does a number belong to the name of a street: «8 Марта», «1905 года», «мкр. 5»?"""
    kind, follower = _before(part, at), _at(part, at + 1)
    if follower.word in YEARS:
        return True
    if _is_plain(follower.word):
        return (at == 0 or _at(part, kind).word in STREETS) and not _is_house_first(part, at)
    if _at(part, kind).word not in NUMBERED or _at(part, _before(part, kind)).is_word:
        return False
    if follower.word == "-":
        return _at(part, kind).word in DISTRICTS and _at(part, at + 2).is_number
    return follower.word in HOUSES or _at(part, _after(part, at)).is_number or _has_a_house(later)


def _has_a_house(later: list[Part]) -> bool:
    """Does a number that may be a house's come next?"""
    return any(token.is_number for part in later[:1] for token in part[: _private_from(part)])


def _is_house_first(part: Part, at: int) -> bool:
    """«12 Lenina Street», «12 ул. Мира»: the number stands before the street, as in Latin letters it often does."""
    follower = _at(part, at + 1).word
    is_latin_name = _is_plain(follower) and follower.isascii()
    return at == 0 and (is_latin_name or follower in STREETS - NUMBERED)
