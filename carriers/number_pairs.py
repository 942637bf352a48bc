"""A list of number pairs, ours and the carrier's: some carriers issue their own numbers only at hand-over."""

import re
from dataclasses import dataclass
from enum import StrEnum

#: What people and programs put between two numbers; spaces alone only where none of these stands.
_SEPARATOR = re.compile(r"→|->|=>|—>|[,;\t]")


class Why(StrEnum):
    """What is wrong with a line."""

    COUNT = "count"
    EMPTY = "empty"
    REPEATED = "repeated"


@dataclass(frozen=True, slots=True)
class Pair:
    """Our number and the carrier's, from the line `line` (the first is 1)."""

    line: int
    ours: str
    theirs: str


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that nothing is taken from, as it was written."""

    line: int
    said: str
    why: Why


def read_pairs(text: str) -> tuple[list[Pair], list[BadLine]]:
    """The pairs of a typed, pasted or uploaded text, and the lines that are none; both in the text's order.

    Separators: comma, semicolon, tab, an arrow, or spaces. Blank lines are passed over, and so is a first line without
    a single digit: it is a heading. A number that stands on an earlier line already, on either side, is repeated.
    """
    pairs: list[Pair] = []
    bad: list[BadLine] = []
    ours_seen: set[str] = set()
    theirs_seen: set[str] = set()
    for line, said in _lines(text):
        cells = _cells(said)
        why = _why_not(cells)
        if why is None and (cells[0] in ours_seen or cells[1] in theirs_seen):
            why = Why.REPEATED
        if why is not None:
            bad.append(BadLine(line, said, why))
            continue
        pairs.append(Pair(line, *cells))
        ours_seen.add(cells[0])
        theirs_seen.add(cells[1])
    return pairs, bad


def _lines(text: str) -> list[tuple[int, str]]:
    """Lines that say something, with their numbers, without the heading and the mark that Excel starts files with."""
    lines = text.removeprefix("\ufeff").splitlines()
    said = [(number, line.strip(" \r\n")) for number, line in enumerate(lines, start=1) if line.strip()]
    return said[1:] if said and not re.search(r"\d", said[0][1]) else said


def _cells(said: str) -> list[str]:
    """The numbers of a line, without quotes; empty cells at the end of a sheet's row are not counted."""
    has_separator = _SEPARATOR.search(said) is not None
    cells = [cell.strip().strip("\"'") for cell in (_SEPARATOR.split(said) if has_separator else said.split())]
    while len(cells) > 2 and not cells[-1]:
        cells.pop()
    return cells


def _why_not(cells: list[str]) -> Why | None:
    if len(cells) != 2 or any(len(cell.split()) > 1 for cell in cells):
        return Why.COUNT
    return None if all(cells) else Why.EMPTY
