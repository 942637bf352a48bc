"""What a figure is: one number, its target, and how ratios are taken so that a noisy machine does not decide them."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

ROUNDS = 5
Measure = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. `rounds` are the single measurements whose median `value` is."""

    name: str
    what: str
    value: float
    target: float
    is_ceiling: bool = False
    rounds: tuple[float, ...] = ()
    note: str = ""

    @property
    def is_reached(self) -> bool:
        """Does the value keep to its target, floor or ceiling?"""
        return self.value <= self.target if self.is_ceiling else self.value >= self.target


def side_by_side(first: Measure, second: Measure, rounds: int = ROUNDS) -> tuple[float, ...]:
    """`first` divided by `second` in each round; who begins changes from round to round."""
    ratios = []
    for number in range(rounds):
        if number % 2:
            divisor = second()
            ratios.append(first() / divisor)
        else:
            dividend = first()
            ratios.append(dividend / second())
    return tuple(ratios)


def floor(name: str, what: str, ratios: tuple[float, ...], target: float, note: str = "") -> Figure:
    """A figure that should reach its target, from the ratios of its rounds."""
    return Figure(name, what, median(ratios), target, rounds=ratios, note=note)


def ceiling(name: str, what: str, value: float, target: float, note: str = "") -> Figure:
    """A figure without a clock that may not pass its target."""
    return Figure(name, what, value, target, is_ceiling=True, note=note)
