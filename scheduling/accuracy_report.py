"""What promises were worth: the share kept, how long they were, the worst month, and how late the others came."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from scheduling.accuracy_history import NEVER

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Month:
    """Promises made in a calendar month of hand-over (`2026-11`)."""

    month: str
    coverage: float
    mean_days: float
    n: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What a set of promises was worth. Days are calendar days from the date of hand-over to the promised one.

    Handed over on the 3rd and promised for the 5th is 2 days; delivered on the promised date is kept. `late_by` are
    the days beyond the promised date of what came late: mean, 95 % point and most; so far, for what is still open.
    """

    n: int
    coverage: float
    mean_days: float
    median_days: float
    late_by: tuple[float, float, int]
    months: tuple[Month, ...]

    @property
    def worst(self) -> Month:
        """The month with the lowest coverage, the smaller one of equals last."""
        return min(self.months, key=lambda month: (month.coverage, -month.n))

    def record(self) -> dict[str, object]:
        """As JSON has it; shares to four digits, days to two."""
        worst, (mean, p95, most) = self.worst, self.late_by
        return {
            "n": self.n,
            "coverage": round(self.coverage, 4),
            "mean_days": round(self.mean_days, 2),
            "median_days": round(self.median_days, 2),
            "worst_month": {"month": worst.month, "coverage": round(worst.coverage, 4), "n": worst.n},
            "late_by": {"mean": round(mean, 2), "p95": round(p95, 2), "max": most},
            "months": [_month(month) for month in self.months],
        }


def _month(month: Month) -> dict[str, object]:
    coverage, mean = round(month.coverage, 4), round(month.mean_days, 2)
    return {"month": month.month, "coverage": coverage, "mean_days": mean, "n": month.n}


def is_settled(delivered: Ints, promised: Ints, last: int) -> NDArray[np.bool_]:
    """Which promises are known to be kept or broken by a date: the others are open and not due yet (ordinals, n)."""
    settled: NDArray[np.bool_] = (delivered < NEVER) | (promised < last)
    return settled


def figures(handed: Ints, delivered: Ints, promised: Ints, last: int) -> Figures | None:
    """The worth of promises that are settled, all given as ordinals (n); None when there are none.

    Args: `last` the date up to which the history is known: what is open then and promised before it is late.
    """
    if not len(handed):
        return None
    days, late = promised - handed, np.minimum(delivered, last) - promised
    kept = late <= 0
    over = late[~kept]
    late_by = (float(over.mean()), float(np.quantile(over, 0.95)), int(over.max())) if len(over) else (0.0, 0.0, 0)
    names = np.array([date.fromordinal(day).isoformat()[:7] for day in handed.tolist()])
    months = tuple(_of_month(name, kept[names == name], days[names == name]) for name in sorted(set(names.tolist())))
    return Figures(len(handed), float(kept.mean()), float(days.mean()), float(np.median(days)), late_by, months)


def _of_month(name: str, kept: NDArray[np.bool_], days: Ints) -> Month:
    return Month(name, float(kept.mean()), float(days.mean()), len(kept))


def lines(rows: Iterable[tuple[str, Figures]]) -> list[str]:
    """A table for people, one line for each set of promises and one for each of its months."""
    said = [f"{'':<12}{'посылок':>9}{'вовремя':>10}{'дней':>8}{'медиана':>9}  худший месяц"]
    for name, one in rows:
        worst = f"{one.worst.month}: {one.worst.coverage:.1%} из {one.worst.n}"
        said.append(f"{name:<12}{one.n:>9}{one.coverage:>10.1%}{one.mean_days:>8.2f}{one.median_days:>9.1f}  {worst}")
        mean, p95, most = one.late_by
        said.append(f"{'':<12}опоздавшие: в среднем на {mean:.1f} дня, 95 % до {p95:.0f}, самое большее {most}")
        said += [f"  {m.month:<10}{m.n:>9}{m.coverage:>10.1%}{m.mean_days:>8.2f}" for m in one.months]
    return said
