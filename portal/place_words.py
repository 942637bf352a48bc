"""A cell that names a place, taken apart: postcode, country, region, district and street aside, names remain.

1C and ФИАС write «634050, Томская обл, г Томск», «Томск г.», «Киров (Калужская область)»; the order is nobody's law.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from portal.place_keys import name_key
from portal.place_regions import Regions

_BREAK = re.compile(r"[,;()|\n\t]+")
_POSTCODE = re.compile(r"(?<!\d)\d{6}(?!\d)")
_COUNTRIES = ("российская федерация", "россия", "рф", "russian federation", "russia", "rus", "ru")
_DISTRICT = re.compile(
    r"(?:^|[\s.,])(?:р-о?н|район|м\.?\s{0,3}р-н|г\.?\s{0,3}о\.?|м\.?\s{0,3}о\.?|"
    r"муницип\S{0,20}|гор\S{0,20} округ|улус|кожуун|с/п|г/п|с/с|"
    r"у|сельсовет|сельск\S{0,20} пос\S{0,20}|гор\S{0,20} пос\S{0,20}|мкр?н?|микрорайон|"
    r"вн\.?\s{0,3}тер\S{0,20}|тер|снт|днт|"
    r"district|raion)(?=[\s.,]|$)",
    re.IGNORECASE,
)
_STREET = re.compile(
    r"(?:^|[\s.,])(?:ул|улица|пр|пр-?к?т|просп|проспект|пер|переулок|пл|площадь|ш|шоссе|бул|бульвар|б-р|наб|"
    r"набережная|пр-?з?д|проезд|тракт|аллея|туп|тупик|кв|квартира|оф|офис|корп|стр|дом|st|street)(?=[\s.,]|$)",
    re.IGNORECASE,
)
#: A house or a flat: digits with at most a letter.
_NUMBER = re.compile(r"\d+\s?\w?")
_CITY_TYPES = ("город", "гор", "г", "city", "gorod")
#: Types of settlements as keys, longest first.
TYPES = tuple(
    sorted(
        (
            *_CITY_TYPES,
            *("поселок городского типа", "рабочий поселок", "дачный поселок", "курортный поселок", "городской поселок"),
            *("поселок при станции", "железнодорожная станция", "населенный пункт", "поселок", "посёлок", "пос", "п"),
            *("пгт", "п г т", "рп", "р п", "дп", "д п", "кп", "к п", "гп", "пст", "п ст", "нп", "н п", "село", "с"),
            *("деревня", "дер", "д", "хутор", "хут", "х", "станица", "ст ца", "стца", "стан", "ст", "станция", "аул"),
            *("а", "слобода", "сл", "местечко", "м", "рзд", "разъезд", "жд ст", "ж д ст", "ж д", "улус", "арбан"),
        ),
        key=len,
        reverse=True,
    )
)
_TYPE_WORDS = frozenset(TYPES)
_LONGEST = 3


class Kind(StrEnum):
    """What the type words beside a name say."""

    CITY = "city"
    VILLAGE = "village"
    UNSAID = ""


@dataclass(frozen=True, slots=True)
class Name:
    """A part of a cell that may name a settlement: its key without type words, its whole key, and what they said."""

    key: str
    whole: str = field(compare=False)
    kind: Kind = field(default=Kind.UNSAID, compare=False)


@dataclass(frozen=True, slots=True)
class Written:
    """What a cell says: names from the wide to the narrow, and what the region may be (a set for each that is named).

    `districts` are names that only a district bears; they place nothing by themselves.
    """

    names: tuple[Name, ...]
    regions: tuple[frozenset[str], ...]
    districts: tuple[str, ...] = ()


def name_of(words: list[str]) -> Name:
    """Words without the types before or after them."""
    rest, types = list(words), list[str]()
    for _time in range(2):
        for is_before in (True, False):
            size = _size_of_type(rest, is_before)
            types.append(" ".join(rest[:size] if is_before else rest[len(rest) - size :]))
            rest = rest[size:] if is_before else rest[: len(rest) - size]
    said = [word for word in types if word]
    kind = Kind.UNSAID if not said else Kind.CITY if said[-1] in _CITY_TYPES else Kind.VILLAGE
    return Name(" ".join(rest), " ".join(words), kind)


def _size_of_type(words: list[str], is_before: bool) -> int:
    """How many words before or after a name are its type; one word at least is the name."""
    sizes = range(min(_LONGEST, len(words) - 1), 0, -1)
    return next((n for n in sizes if " ".join(words[:n] if is_before else words[-n:]) in _TYPE_WORDS), 0)


def take_apart(text: str, regions: Regions, is_known: Callable[[Name], bool]) -> Written:
    """What a cell says; `is_known` tells whether a name is one of a settlement."""
    found = _Found(regions, is_known)
    for part in _BREAK.split(_POSTCODE.sub(" ", text)):
        words = _without_country(name_key(part).split())
        if words and not _NUMBER.fullmatch(name_of(words).key):
            found.add(part, words)
    return found.written()


class _Found:
    """What the parts of a cell have said so far."""

    def __init__(self, regions: Regions, is_known: Callable[[Name], bool]) -> None:
        self._regions, self._is_known = regions, is_known
        self._names: list[Name] = []
        self._hints: list[frozenset[str]] = []
        self._districts: list[str] = []
        self._is_region_last = False

    def add(self, part: str, words: list[str]) -> None:
        """Take in a part: as written, and as the words of its key. What is also a city («Москва») is the city."""
        name = name_of(words)
        if self._is_known(name):
            self._names.append(name)
        elif _DISTRICT.search(part):
            self._districts.append(name_key(_DISTRICT.sub(" ", part)))
        elif codes := self._regions.phrase(words, is_whole=True):
            self._hints.append(codes)
            self._is_region_last = bool(self._names)
        elif (split := _with_region(words, self._regions, self._is_known)) is not None:
            self._names.append(split[0])
            self._hints.append(split[1])
        elif not _STREET.search(part):
            self._names.append(name)

    def written(self) -> Written:
        """All of it; of several names one that is a region too is the region: «Москва, Зеленоград»."""
        names = list(dict.fromkeys(self._names))
        wide = {name: self._regions.phrase(name.whole.split(), is_whole=True) for name in names if len(names) > 1}
        narrow = [name for name in names if not wide.get(name)]
        if narrow:
            self._hints += [wide[name] for name in names if name not in narrow]
            names = narrow
        return Written(
            tuple(reversed(names) if self._is_region_last else names), tuple(self._hints), tuple(self._districts)
        )


def _without_country(words: list[str]) -> list[str]:
    for country in _COUNTRIES:
        size = len(country.split())
        if " ".join(words[:size]) == country:
            return words[size:]
        if " ".join(words[-size:]) == country:
            return words[:-size]
    return words


def _with_region(
    words: list[str], regions: Regions, is_known: Callable[[Name], bool]
) -> tuple[Name, frozenset[str]] | None:
    """A name with its region before or behind, without a comma: «Томская область г Томск»."""
    for size in range(1, len(words)):
        for region, rest in ((words[:size], words[size:]), (words[-size:], words[:-size])):
            name = name_of(rest)
            codes = regions.phrase(region, is_whole=False)
            if codes and is_known(name):
                return name, codes
    return None
