"""Every place there is, found by what people write: one of those we know, or the reason why one cannot tell."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import parcels
from portal.place_keys import is_latin, latin_key, name_key
from portal.place_names import Names
from portal.place_regions import Regions
from portal.place_words import Kind, Name, Written, take_apart

ELSEWHERE = Path(parcels.__file__).parent / "data" / "elsewhere.csv"
_MOST_DIGITS, _LONGEST, _SHOWN = 10, 300, 3
#: Parts of Москва since 2012 that carriers, and our table, have under Московская область.
_NEW_MOSCOW = {"троицк", "щербинка", "московский", "коммунарка"}
_MOSCOW, _MOSCOW_REGION = "Москва", "Московская область"


class KnownPlace(NamedTuple):
    """A settlement as it is kept in memory."""

    id: int
    name: str
    region_code: str
    region: str
    zone: str
    population: int | None
    country: str
    is_city: bool = False


class UnknownPlace(LookupError):
    """No settlement, or more than one, fits what was written: `reason` is a code, `words` says it in Russian.

    `candidates` are what may have been meant.
    """

    def __init__(self, reason: str, words: str, candidates: Sequence[KnownPlace] = ()) -> None:
        super().__init__(reason)
        self.reason, self.words, self.candidates = reason, words, candidates


class Elsewhere(NamedTuple):
    """A place that exists and that we do not know: nobody has told us days. `near` is the code of the nearest we do."""

    name: str
    region: str
    near: int


@lru_cache(maxsize=1)
def _elsewhere() -> Mapping[str, list[Elsewhere]]:
    """All of them by the Latin key of their names; by the Russian too, where a place that we know has the name."""
    found: dict[str, list[Elsewhere]] = defaultdict(list)
    with ELSEWHERE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            key, one = name_key(row["name"]), Elsewhere(row["name"], row["region"], int(row["near"]))
            found[latin_key(key)].append(one)
            if not is_latin(key):
                found[key].append(one)
    return found


class Gazetteer:
    """Finds places by code or by name; what may be in a name is told in `place_words`."""

    def __init__(self, places: Iterable[KnownPlace]) -> None:
        self.by_id = {place.id: place for place in places}
        self._by_key: dict[str, list[KnownPlace]] = defaultdict(list)
        for place in self.by_id.values():
            self._by_key[name_key(place.name)].append(place)
        self._regions = Regions({(place.region_code, place.region) for place in self.by_id.values()})
        self._names = Names({key: sum(p.population or 0 for p in known) for key, known in self._by_key.items()})
        self._on_rivers: dict[str, list[str]] = defaultdict(list)
        for key in self._by_key:
            before, river, _name = key.partition(" на ")
            if river:
                self._on_rivers[before].append(key)

    def named_like(self, place: KnownPlace) -> list[KnownPlace]:
        """The places of a region with the name of this one, itself included."""
        return [one for one in self._by_key[name_key(place.name)] if one.region_code == place.region_code]

    def find(self, text: str, region: str = "") -> Sequence[KnownPlace]:
        """The codes of the one place that is meant. Raises UnknownPlace."""
        text = text[:_LONGEST]
        key = name_key(text)
        if key.isascii() and key.isdigit() and len(key) < _MOST_DIGITS and int(key) in self.by_id:
            return [self.by_id[int(key)]]
        asked = [self._regions.read(region)] if name_key(region) else []
        if key in self._by_key:
            return self._meant(_Asked(text, region, Name(key, key)), asked)
        written = take_apart(text, self._regions, lambda name: bool(self._named(name)))
        hints = [*asked, *written.regions]
        return self._meant(_Asked(text, region, self._narrowest(text, written, hints)), hints)

    def _narrowest(self, text: str, written: Written, hints: list[frozenset[str]]) -> Name:
        """The name that counts: the only one, or the last of «Московская обл, г Истра, г Дедовск»."""
        names = [name for name in written.names if self._named(name)]
        if len(names) < len(written.names) or not names:
            unknown = [name.key for name in written.names if name not in names]
            raise self._unknown(text, [*unknown, *(name.key for name in names)] or list(written.districts))
        *wide, narrow = names
        if wide and not hints:
            found = [place for name in names for place in self._named(name)]
            words = f"«{text}» — это несколько мест; оставьте одно название и укажите регион."
            raise UnknownPlace("ambiguous_place", words, found)
        hints += [frozenset(place.region for place in self._named(name)) for name in wide]
        return narrow

    def _named(self, name: Name) -> list[KnownPlace]:
        """The places with a name, however it is written."""
        for key in dict.fromkeys((name.key, name.whole)):
            if key in self._by_key:
                return self._by_key[key]
        ways = (self._names.spoken, self._names.in_latin, self._names.shortened)
        for way in ways:
            for key in dict.fromkeys((name.whole, name.key)):
                if found := [place for known in way(key) for place in self._by_key.get(known, [])]:
                    return found
        return []

    def _meant(self, asked: "_Asked", hints: list[frozenset[str]]) -> Sequence[KnownPlace]:
        """Of the places with a name the codes of the one that is meant; judged against all that exist."""
        named = self._named(asked.name)
        rivers = [place for key in self._on_rivers.get(asked.name.key, []) for place in self._by_key[key]]
        found = [place for place in (*named, *rivers) if all(_is_in(place, regions) for regions in hints)]
        if not found:
            raise self._not_here(asked, named)
        if len({place.region for place in found}) == 1:
            found = [place for place in found if place.is_city is (asked.name.kind is not Kind.VILLAGE)] or found
        kinds = {(place.region_code, place.population or place.id) for place in found}
        others = [] if hints else self._elsewhere(asked.name, found)
        if len(kinds) > 1 or others:
            raise UnknownPlace("ambiguous_place", _which(asked.text, found, others), found)
        return found

    def _elsewhere(self, name: Name, found: Sequence[KnownPlace]) -> list[Elsewhere]:
        """Places that we do not know and that may be meant; Latin letters say less, so that more of them fit."""
        key = latin_key(name.key) if is_latin(name.key) else name_key(found[0].name)
        here = {place.region for place in found}
        return [other for other in _elsewhere().get(key, []) if other.region not in here]

    def _not_here(self, asked: "_Asked", named: list[KnownPlace]) -> UnknownPlace:
        where = sorted({f"{place.name} ({place.region})" for place in named})
        text = f"«{asked.text}» в регионе «{asked.region}»" if asked.region else f"«{asked.text}»"
        words = f"Нет населённого пункта {text}; может быть, {' или '.join(where[:_SHOWN])}?"
        return UnknownPlace("unknown_place", words, named)

    def _unknown(self, text: str, keys: list[str]) -> UnknownPlace:
        """Why nothing is found, with what is like the names that were read."""
        beyond = [other for key in keys for other in _elsewhere().get(latin_key(key), [])]
        if len(beyond) == 1 and (near := self.by_id.get(beyond[0].near)) is not None:
            asked = f"«{text}» ({beyond[0].region}): сроков туда нет"
            words = f"{asked}; может быть, подойдёт ближайшее место — {near.name}?"
            return UnknownPlace("unknown_place", words, [near])
        like = [place for key in keys for known in self._suggestions(key) for place in self._by_key[known]]
        where = list(dict.fromkeys(f"{place.name} ({place.region})" for place in like))[:_SHOWN]
        hint = f"может быть, {' или '.join(where)}?" if where else "проверьте название или укажите код."
        return UnknownPlace("unknown_place", f"Нет населённого пункта «{text}»; {hint}", like)

    def _suggestions(self, key: str) -> list[str]:
        return [key] if key in self._by_key else self._names.suggested(key)


def _is_in(place: KnownPlace, regions: frozenset[str]) -> bool:
    """Does a place lie in one of these regions?"""
    is_moved = place.region == _MOSCOW_REGION and _MOSCOW in regions and name_key(place.name) in _NEW_MOSCOW
    return place.region in regions or is_moved


class _Asked(NamedTuple):
    """What is to be found, and how it was written."""

    text: str
    region: str
    name: Name


def _which(text: str, found: Sequence[KnownPlace], others: Sequence[Elsewhere]) -> str:
    """Which places one name may mean, and what to write to tell them apart."""
    if len({place.name for place in found}) > 1:
        where = sorted({f"{place.name} ({place.region})" for place in found})
        return f"«{text}» — это {' или '.join(where)}? Укажите регион."
    regions = sorted({place.region for place in found} | {other.region for other in others})
    if len(regions) > 1:
        return f"«{text}» есть в нескольких регионах: {', '.join(regions)}; укажите регион."
    codes = ", ".join(f"{place.id} (город)" if place.is_city else str(place.id) for place in sorted(found))
    return f"«{text}» встречается в регионе {regions[0]} несколько раз; укажите код: {codes}."
