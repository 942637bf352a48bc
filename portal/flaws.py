"""What a workbook holds that its reader leaves empty or takes at its word: errors, unworked formulas, merged cells.

One finder for each kind of file; all give the same `Flaws`, by row and column from 0.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

Place = tuple[int, int]
#: A merged range may cover a column of a million rows; no table that is read has more rows than this.
MOST_ROWS = 200_000


@dataclass(slots=True)
class Flaws:
    """Of one sheet: what stands in cells that cannot be read, and which rows are hidden.

    `texts` holds errors as they are shown and formulas without a value as `=…`; `covered` are the cells that are merged
    into another; `widths` says in how many digits a whole number is shown, with noughts before it.
    """

    texts: dict[Place, str] = field(default_factory=dict)
    covered: set[Place] = field(default_factory=set)
    widths: dict[Place, int] = field(default_factory=dict)
    hidden: set[int] = field(default_factory=set)

    @property
    def rows(self) -> set[int]:
        """The rows that have any."""
        return {row for places in (self.texts, self.covered, self.widths) for row, _column in places}

    def merge(self, ranges: Iterable[tuple[Place, Place]], height: int) -> None:
        """Note merged ranges, given by their first and last places, of a sheet of `height` rows."""
        for (top, left), (bottom, right) in ranges:
            for row in range(top, min(bottom, height - 1, MOST_ROWS) + 1):
                self.covered.update((row, column) for column in range(left, right + 1))
            self.covered.discard((top, left))
