"""I2: a column of phones made E.164 by the import's own function, against the library alone on every one of them."""

import time
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from random import Random

from bench.figures import Figure, ceiling, floor, side_by_side
from portal.order_rows import BadPhone, _by_the_library, normal_phone

COUNT = 120_000
#: How the column is written, in hundredths: nearly all of it mobile numbers of Russia, each spelled in its own way.
USUAL = (
    "+7{a}{b}{c}{d}",
    "8{a}{b}{c}{d}",
    "+7 {a} {b}-{c}-{d}",
    "8 ({a}) {b}-{c}-{d}",
    "{a}{b}{c}{d}",
    "7{a}{b}{c}{d}",
)
OTHERS = ("+37529{b}{c}{d}", "8 (351) 2{c}-{d}-{c}", "нет")
OTHERS_PER_HUNDRED = 3


def figures() -> Iterator[Figure]:
    """Read the same column in both ways, and compare every answer."""
    column = phones(COUNT)
    differing = sum(said(normal_phone, text) != said(_by_the_library, text) for text in column)
    yield ceiling("I2 same", f"of {COUNT} numbers, those understood otherwise than by the library", differing, 0)
    ratios = side_by_side(lambda: _rate(normal_phone, column), lambda: _rate(_by_the_library, column))
    note = f"{OTHERS_PER_HUNDRED} % foreign, landline or no number: the library decides about these in both"
    yield floor("I2", f"phones/s, {COUNT} numbers: the import's own function : phonenumbers", ratios, 15, note)


def phones(count: int) -> list[str]:
    """A column of phones, the same in every run."""
    random = Random(2)
    ways = [*islice(cycle(USUAL), 100 - OTHERS_PER_HUNDRED), *islice(cycle(OTHERS), OTHERS_PER_HUNDRED)]
    column = []
    for number in range(count):
        a, b, c = random.randrange(900, 1000), random.randrange(100, 1000), random.randrange(10, 100)
        column.append(ways[number % 100].format(a=a, b=b, c=c, d=random.randrange(10, 100)))
    random.shuffle(column)
    return column


def said(understand: Callable[[str], str], text: str) -> str:
    """The number, or why it is none."""
    try:
        return understand(text)
    except BadPhone as refused:
        return refused.reason


def _rate(understand: Callable[[str], str], column: list[str]) -> float:
    began = time.perf_counter()
    for text in column:
        said(understand, text)
    return len(column) / (time.perf_counter() - began)
