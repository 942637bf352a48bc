"""How many parts a text is sent in: GSM 03.38 with its extension table, or UCS-2."""

from dataclasses import dataclass
from enum import StrEnum

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
#: Each of these takes an escape before it, hence two units.
_EXTENDED = frozenset("\f^{}\\[~]|€")


class Encoding(StrEnum):
    """The alphabet a text travels in; one letter outside of GSM-7 turns the whole text into UCS-2."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"


#: Units in a text of one part, and in each part of a longer one, which gives up room for the joining header.
_ROOM = {Encoding.GSM7: (160, 153), Encoding.UCS2: (70, 67)}


@dataclass(frozen=True, slots=True)
class Size:
    """A text as the network counts it: `characters` are units of the encoding, not letters."""

    encoding: Encoding
    characters: int
    parts: int


def measure(text: str) -> Size:
    """The encoding, the units and the parts of a text. An empty one is one part of no units.

    Source: 3GPP TS 23.038, 6.2.1 and 6.2.1.1; parts of joined messages: 3GPP TS 23.040, 9.2.3.24.1.
    """
    is_gsm = all(letter in _BASIC or letter in _EXTENDED for letter in text)
    encoding = Encoding.GSM7 if is_gsm else Encoding.UCS2
    widths = [_width(letter, encoding) for letter in text]
    whole, joined = _ROOM[encoding]
    units = sum(widths)
    return Size(encoding, units, 1 if units <= whole else _parts(widths, joined))


def _width(letter: str, encoding: Encoding) -> int:
    if encoding is Encoding.GSM7:
        return 2 if letter in _EXTENDED else 1
    return 2 if ord(letter) > 0xFFFF else 1


def _parts(widths: list[int], room: int) -> int:
    """Neither an escape and its letter nor the halves of a surrogate pair are torn apart by the end of a part."""
    parts, used = 1, 0
    for width in widths:
        if used + width > room:
            parts, used = parts + 1, 0
        used += width
    return parts
