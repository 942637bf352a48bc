"""The regions of Russia as people write them: which of their official names a phrase may mean."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from portal.place_keys import is_latin, latin_key, name_key

TYPES = frozenset(
    [
        *("область", "обл", "край", "кр", "республика", "респ", "автономный", "автономная", "авт", "округ", "окр"),
        *("ао", "аобл", "г", "город"),
    ]
)
_LATIN_TYPES = frozenset(["oblast", "obl", "region", "krai", "kray", "republic", "respublika", "resp", "okrug"])
#: Short and spoken names by the code of KLADR.
SPOKEN: Mapping[str, tuple[str, ...]] = {
    "02": ("башкирия",),
    "07": ("кбр", "кабардино балкария"),
    "09": ("кчр", "карачаево черкесия"),
    "12": ("мари эл", "рмэ"),
    "14": ("якутия", "рс я", "саха"),
    "15": ("рсо а", "рсо", "осетия", "рсо алания"),
    "16": ("рт", "татария"),
    "17": ("тува",),
    "18": ("удмуртия",),
    "20": ("чечня", "чр"),
    "21": ("чувашия", "чувашская республика чувашия"),
    "23": ("кубань",),
    "25": ("приморье",),
    "26": ("ставрополье",),
    "42": ("кузбасс",),
    "47": ("ло", "ленобласть", "лен обл"),
    "50": ("мо", "мособласть", "подмосковье", "моск обл", "moscow oblast", "moscow region"),
    "75": ("забайкалье", "читинская"),
    "77": ("мск", "moscow"),
    "78": ("спб", "питер", "с петербург", "saint petersburg", "st petersburg"),
    "79": ("еао", "биробиджан"),
    "83": ("нао",),
    "86": ("хмао", "хмао югра", "югра"),
    "87": ("чао", "чукотка"),
    "89": ("янао", "ямал"),
    "91": ("крым",),
}
_LEAST_PREFIX = 3


class Regions:
    """Reads what people call regions, given the code and the official name of each."""

    def __init__(self, regions: Iterable[tuple[str, str]]) -> None:
        codes: dict[str, set[str]] = defaultdict(set)
        for code, name in regions:
            codes[code].add(name)
        self._codes = {code: frozenset(names) for code, names in codes.items()}
        self._words = {name: frozenset(name_key(name).split()) - TYPES for names in codes.values() for name in names}
        self._spoken = {
            phrase: self._codes[code] for code, phrases in SPOKEN.items() if code in codes for phrase in phrases
        }

    def read(self, text: str) -> frozenset[str]:
        """The regions that a column of regions may mean: `70`, `Томская обл.`, `ХМАО`; none when it means nothing.

        What stands beside a region after a comma (country, district) does not matter.
        """
        if text.strip().isdecimal():
            return self._codes.get(text.strip().zfill(2), frozenset())
        for part in (text, *text.split(",")):
            words = name_key(part).split()
            if found := self._named(words) or self._begun(words):
                return found
        return frozenset()

    def phrase(self, words: list[str], *, is_whole: bool) -> frozenset[str]:
        """The regions that some words of a cell mean, a region and nothing else.

        Half words need a type («Моск. обл.»); inside a part between commas, where more words stand, so do names that
        are not whole.
        """
        is_typed = bool(TYPES & set(words) - {"г", "город"}) or bool(_LATIN_TYPES & set(words))
        if is_typed or (is_whole and is_latin(" ".join(words))):
            return self._named(words) or self._begun(words)
        return self._named(words) if is_whole else self._exactly(words)

    def _exactly(self, words: list[str]) -> frozenset[str]:
        """By a whole name, with or without its type, or as people call it."""
        bare = [word for word in words if word not in TYPES]
        spoken = self._spoken.get(" ".join(words)) or self._spoken.get(" ".join(bare))
        if spoken:
            return spoken
        return frozenset(name for name, known in self._words.items() if len(bare) == len(known) and set(bare) == known)

    def _named(self, words: list[str]) -> frozenset[str]:
        """By whole words of a name: «Якутия», «Осетия»; not by its type alone."""
        asked = [word for word in words if word not in TYPES]
        exact = self._exactly(words)
        if exact or not asked or len(asked) > len(set(asked)):
            return exact
        return frozenset(name for name, known in self._words.items() if known.issuperset(asked))

    def _begun(self, words: list[str]) -> frozenset[str]:
        """By the beginnings of words («Новосиб. обл.»), or in Latin; one region or none."""
        asked = [word for word in words if word not in TYPES and word not in _LATIN_TYPES]
        if not asked or min(map(len, asked)) < _LEAST_PREFIX:
            return frozenset()
        if is_latin(" ".join(asked)):
            asked = [re.sub("(ska|sko|skii?|ski|a)$", "s", latin_key(word)) for word in asked]
            known = {name: {latin_key(word) for word in words} for name, words in self._words.items()}
        else:
            known = {name: set(words) for name, words in self._words.items()}
        found = [
            name
            for name, words in known.items()
            if len(asked) <= len(words) and all(any(word.startswith(begun) for word in words) for begun in asked)
        ]
        return frozenset(found) if len(found) == 1 else frozenset()
