"""Names of places that people use instead of the official ones, and names they shorten or misspell."""

from collections import defaultdict
from collections.abc import Mapping
from difflib import get_close_matches

from portal.place_keys import is_latin, latin_key
from portal.place_words import TYPES

#: Spoken and foreign names, as keys.
SPOKEN: Mapping[str, str] = {
    **dict.fromkeys(
        ("спб", "с пб", "с петербург", "питер", "петербург", "санкт петербур", "ст петербург"), "санкт петербург"
    ),
    **dict.fromkeys(("saint petersburg", "st petersburg", "petersburg", "spb", "st peterburg"), "санкт петербург"),
    **dict.fromkeys(("мск", "москва мск", "moscow", "msk"), "москва"),
    **dict.fromkeys(("екб", "ебург", "екат", "екатеринбур", "ekb"), "екатеринбург"),
    **dict.fromkeys(("нн", "нижний", "н нов", "нижний н"), "нижний новгород"),
    **dict.fromkeys(("нск", "новосиб", "nsk"), "новосибирск"),
    **dict.fromkeys(("ростов н д", "ростов на д", "рнд", "р н д", "ростов дон", "rostov on don"), "ростов на дону"),
    **dict.fromkeys(("комсомольск н а", "комсомольск на а", "комсомольск амур"), "комсомольск на амуре"),
    **dict.fromkeys(("николаевск н а", "николаевск на а"), "николаевск на амуре"),
    **dict.fromkeys(("славянск н к", "славянск на к"), "славянск на кубани"),
    **dict.fromkeys(("калач н д", "калач на д"), "калач на дону"),
    **dict.fromkeys(("камень н о", "камень на о"), "камень на оби"),
    **dict.fromkeys(("петропавловск к", "пк камчатский", "петропавловск на камчатке"), "петропавловск камчатский"),
    "челны": "набережные челны",
    "магнитка": "магнитогорск",
    "тагил": "нижний тагил",
    "минводы": "минеральные воды",
    "ст оскол": "старый оскол",
    "с посад": "сергиев посад",
    "п посад": "павловский посад",
    "йошка": "иошкар ола",
    "хабара": "хабаровск",
    "владик": "владивосток",
    "новокуз": "новокузнецк",
    "ярик": "ярославль",
    "челяба": "челябинск",
    "каз": "казань",
    "нижнекам": "нижнекамск",
    "арх": "архангельск",
}
_LONGEST_SHORT = 4
#: So many answers about names that are none are kept: a file repeats them.
_MOST_KEPT = 1_000
_ALIKE, _SHOWN = 0.78, 3


class Names:
    """All names (with the people there), asked by what others make of them. Every answer is a list of keys."""

    def __init__(self, people: Mapping[str, int]) -> None:
        self._keys, self._people = sorted(people), people
        self._by_size: Mapping[int, list[list[str]]] = defaultdict(list)
        for key in self._keys:
            words = key.split()
            self._by_size[len(words)].append(words)
        self._latin: dict[str, list[str]] = {}
        self._close: dict[str, list[str]] = {}

    def spoken(self, key: str) -> list[str]:
        """«спб», «ростов н д», «moscow»."""
        return [SPOKEN[key]] if key in SPOKEN else []

    def in_latin(self, key: str) -> list[str]:
        """«nizhniy tagil»; nothing for what is not in Latin letters."""
        if not is_latin(key):
            return []
        if not self._latin:
            for known in self._keys:
                self._latin.setdefault(latin_key(known), []).append(known)
        return self._latin.get(latin_key(key), [])

    def shortened(self, key: str) -> list[str]:
        """«н новгород», «наб челны»: words of up to four letters that others begin with; words for types stay."""
        words = key.split()
        if len(words) < 2 or all(len(word) > _LONGEST_SHORT for word in words):
            return []
        return [" ".join(known) for known in self._by_size[len(words)] if all(map(_begins, words, known))]

    def suggested(self, key: str) -> list[str]:
        """What may have been meant by a key that is no name, the likeliest first."""
        if key not in self._close:
            if len(self._close) >= _MOST_KEPT:
                self._close.clear()
            self._close[key] = self._like(key)[:_SHOWN] if key else []
        return self._close[key]

    def _like(self, key: str) -> list[str]:
        if is_latin(key):
            wanted = latin_key(key)
            self.in_latin(key)
            return [
                name for close in get_close_matches(wanted, self._latin, cutoff=_ALIKE) for name in self._latin[close]
            ]
        shaped = [known for known in self._keys if abs(len(known) - len(key)) < _SHOWN]
        close = get_close_matches(key, shaped, cutoff=_ALIKE)
        holding = [known for known in self._keys if key in known.split() or known in key.split()]
        return list(dict.fromkeys([*close, *sorted(holding, key=lambda known: -self._people[known])]))


def _begins(short: str, word: str) -> bool:
    if short == word:
        return True
    return len(short) <= _LONGEST_SHORT and short not in TYPES and word.startswith(short)
