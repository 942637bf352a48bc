"""Which row of a table names its columns: people put titles, notes and empty rows above it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

#: So many rows that are not empty may stand above the names of the columns, this one included.
DEEPEST = 20


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns that a reader looks for: without `required` nothing can be read; `known` is all it would use."""

    required: tuple[str, ...] = ()
    known: frozenset[str] = frozenset()


#: Whatever stands in the first row.
ANY = Columns()


def names(cells: Sequence[str]) -> list[str]:
    """The names of columns as they are compared: one line of visible small letters; none are left out at the end."""
    found = [_name(cell) for cell in cells]
    while found and not found[-1]:
        found.pop()
    return found


def header_at(rows: Sequence[Sequence[str]], required: Collection[str]) -> int:
    """Which of the first rows names the columns: one with all that are required, else with most of them, else 0."""
    counts = [_matches(row, required) for row in rows[:DEEPEST]]
    return counts.index(max(counts)) if counts else 0


def has_all(rows: Sequence[Sequence[str]], required: Collection[str]) -> bool:
    """Does a row near the top name every column that is required?"""
    return any(_matches(row, required) == len(required) for row in rows[:DEEPEST])


def matches(rows: Sequence[Sequence[str]], required: Collection[str]) -> int:
    """How many of the required columns the best of the first rows names."""
    return max((_matches(row, required) for row in rows[:DEEPEST]), default=0)


def _matches(row: Sequence[str], required: Collection[str]) -> int:
    return len(set(names(row)) & set(required))


def _name(cell: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in cell).split()).lower()
