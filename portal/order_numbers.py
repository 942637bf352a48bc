"""Sums, weights and counts as people and spreadsheets write them: read exactly, or refused.

A lone comma or point with three digits after it may part thousands or decimals: nobody can tell, so nobody guesses.
"""

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from portal.cells import Kept, kept
from portal.order_reasons import BadOrder

MAX_RUBLES, MAX_PIECES, MAX_KILOS = 10_000_000, 999, 1_000
#: Spaces and apostrophes part thousands, and only in threes; one comma or point parts the decimals.
_WRITTEN = re.compile(r"(\d{1,3}(?:[ ']\d{3}){1,4}|\d{1,12})(?:[.,](\d{1,20}))?", re.ASCII)
_APOSTROPHES = str.maketrans("’ʼ`", "'''")
_RUBLES = ("рублей", "рубля", "рубль", "руб.", "руб", "р.", "р", "rub.", "rub", "rur", "₽")
_KILOS = ("кг.", "кг", "kg")
_PLACES = ("шт.", "шт", "pcs")
_NO_KOPECKS = (",-", ".-", ",—", ".—", ",–", ".–")
#: What computers lose when they add tenths; a true fraction of a kopeck is never as small.
_NOISE = Decimal("0.000001")
#: Powers of ten beyond which a number of a program is no sum and no weight.
_LARGEST_POWER, _SMALLEST_POWER = 15, -30


class _Unclear(ValueError):
    """No number, or more than one that could be meant."""

    def __init__(self, is_thousands: bool = False) -> None:
        super().__init__()
        self.is_thousands = is_thousands


def kopecks(text: str) -> int:
    """A sum in kopecks, of what is written in rubles. Raises BadOrder."""
    try:
        rubles = _number(_without_kopecks(_without_unit(text, _RUBLES)))
        if rubles > MAX_RUBLES:
            raise BadOrder("bad_cod", text, says="cod_limit")
        return _whole(rubles * 100)
    except _Unclear as unclear:
        raise BadOrder("bad_cod", text, says="cod_thousands" if unclear.is_thousands else "") from None


def pieces(text: str) -> int:
    """How many places a parcel has. Raises BadOrder."""
    try:
        count = _whole(_number(_without_unit(text, _PLACES)))
    except _Unclear:
        raise BadOrder("bad_pieces", text) from None
    if not 1 <= count <= MAX_PIECES:
        raise BadOrder("bad_pieces", text, says="pieces_limit")
    return count


def grams(text: str) -> int:
    """A weight in grams, of what is written in kilograms; rounded, and at least one. Raises BadOrder."""
    try:
        kilos = _number(_without_unit(text, _KILOS), may_begin_with_zero=True)
    except _Unclear as unclear:
        raise BadOrder("bad_weight", text, says="weight_thousands" if unclear.is_thousands else "") from None
    if not 0 < kilos <= MAX_KILOS:
        raise BadOrder("bad_weight", text, says="weight_limit")
    return max(1, int((kilos * 1000).to_integral_value(ROUND_HALF_UP)))


def _number(text: str, *, may_begin_with_zero: bool = False) -> Decimal:
    """A number >= 0. `0,850` can only be decimals, which matters for weights alone. Raises _Unclear."""
    if kept(text) is Kept.NUMBER:
        return _of_a_program(text)
    if kept(text) is not None:
        raise _Unclear
    found = _WRITTEN.fullmatch(" ".join(text.split()).translate(_APOSTROPHES))
    if found is None:
        raise _Unclear
    whole, part = found[1].replace(" ", "").replace("'", ""), found[2] or ""
    is_lone = whole == found[1]
    if len(part) == 3 and is_lone and not (may_begin_with_zero and whole == "0"):
        raise _Unclear(is_thousands=True)
    return Decimal(f"{whole}.{part or 0}")


def _of_a_program(text: str) -> Decimal:
    """A number that a program has kept as one: its point is a decimal point. Raises _Unclear."""
    try:
        number = Decimal(text)
    except ArithmeticError:
        raise _Unclear from None
    is_sane = number.is_finite() and number >= 0 and _SMALLEST_POWER < number.adjusted() < _LARGEST_POWER
    if not is_sane and not number.is_zero():
        raise _Unclear
    return number


def _whole(number: Decimal) -> int:
    """A number that is whole but for the noise of computers. Raises _Unclear."""
    nearest = number.to_integral_value()
    if abs(number - nearest) > _NOISE:
        raise _Unclear
    return int(nearest)


def _without_unit(text: str, names: Sequence[str]) -> str:
    """What is written before the name of its unit; a number of a program has none."""
    if kept(text) is not None:
        return text
    bare = " ".join(text.split()).lower()
    name = next((name for name in names if bare.endswith(name)), "")
    return bare.removesuffix(name).rstrip()


def _without_kopecks(text: str) -> str:
    """A sum without the dash that stands for no kopecks."""
    dash = next((dash for dash in _NO_KOPECKS if kept(text) is None and text.endswith(dash)), "")
    return text.removesuffix(dash) if dash else text
