"""A name as it is compared: case, ё, hyphens, dots and look-alike letters do not matter; and the same in Latin."""

import re
import unicodedata
from functools import lru_cache

_APOSTROPHE = re.compile("['’‘`ʹʺ]")
_NO_LETTERS = re.compile(r"[\s\-‐-―_.,;:/\\|\"«»“”„()\[\]№#*+]+")
_LATIN_LETTER, _RUSSIAN_LETTER = re.compile(r"[a-z]"), re.compile(r"[а-я]")
_ALIKE = str.maketrans("aceopxykmthb", "асеорхукмтнв")
_RUSSIAN = "а б в г д е ё ж з и й к л м н о п р с т у ф х ц ч ш щ ъ ы ь э ю я"
_ENGLISH = "a b v g d e yo zh z i y k l m n o p r s t u f kh ts ch sh shch - y - e yu ya"
_LATIN = {ord(a): b.strip("-") for a, b in zip(_RUSSIAN.split(" "), _ENGLISH.split(" "), strict=True)}
#: Habits of those who write Russian in Latin letters, in this order: what each becomes.
_HABITS = tuple(
    (re.compile(habit), same)
    for habit, same in (
        ("shch|sch|šč", "sh"),
        ("tch|č", "ch"),
        ("š", "sh"),
        ("ž", "zh"),
        ("kh|ch(?=r)", "h"),
        ("tz|ts|c(?!h)", "c"),
        ("x", "ks"),
        ("w", "v"),
        ("(?<![iyj])[iyj]+o", "e"),
        ("(?<![iyj])[iyj]+e", "e"),
        ("[iyj]+", "i"),
        (r"(.)\1", r"\1"),
    )
)


@lru_cache(maxsize=50_000)
def name_key(name: str) -> str:
    """The words of a name in lower case with one space between them: «ст-ца Орёл-2» is «ст ца орел 2»."""
    plain = _APOSTROPHE.sub("", unicodedata.normalize("NFKC", name).lower().replace("ё", "е"))
    key = _NO_LETTERS.sub(" ", plain).strip()
    if _LATIN_LETTER.search(key) and _RUSSIAN_LETTER.search(key):
        return " ".join(map(_in_russian_letters, key.split()))
    return key


def _in_russian_letters(word: str) -> str:
    """«томcк» with a Latin c is «томск»; a word that is not all look-alikes stays."""
    return word.translate(_ALIKE) if _RUSSIAN_LETTER.search(word) else word


def is_latin(key: str) -> bool:
    """Is a key written in Latin letters only?"""
    return bool(_LATIN_LETTER.search(key)) and not _RUSSIAN_LETTER.search(key)


@lru_cache(maxsize=50_000)
def latin_key(key: str) -> str:
    """What Russian and the usual Latin spellings of one key have in common: «иошкар ола», joshkar ola, yoshkar ola."""
    marked = unicodedata.normalize("NFC", key.replace("č", "ch").replace("š", "sh").replace("ž", "zh"))
    plain = unicodedata.normalize("NFD", marked.translate(_LATIN))
    text = "".join(mark for mark in plain if not unicodedata.combining(mark))
    for habit, same in _HABITS:
        text = habit.sub(same, text)
    return text
