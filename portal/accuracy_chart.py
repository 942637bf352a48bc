"""The share of kept promises by week as two lines: numbers of the drawing, none of its words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import floor
from typing import Any, Final

from babel.numbers import format_decimal

from portal.formats import tight_date

LEFT, RIGHT, TOP, BOTTOM = 50.0, 688.0, 25.0, 265.0
#: So many lines stand between the lowest share and 100 %.
STEPS: Final = 4


@dataclass(frozen=True, slots=True)
class Chart:
    """Paths of both lines, marks of both axes as (place, words), and where the wanted share lies."""

    last: str
    first: str
    rows: list[tuple[float, str]]
    columns: list[tuple[float, str]]
    aim: float
    aim_word: str
    last_word: tuple[float, str]
    first_word: tuple[float, str]


def chart(weeks: Sequence[dict[str, Any]], target: float, language: str) -> Chart | None:
    """The drawing of at least two weeks; None for fewer."""
    if len(weeks) < 2:
        return None
    lines = {name: [week[name]["kept"] for week in weeks] for name in ("last", "first")}
    low = max(floor(min(*lines["last"], *lines["first"], target) * 50 - 0.5) / 50, 0.0)

    def height(share: float) -> float:
        return float(round(BOTTOM - (share - low) / (1 - low) * (BOTTOM - TOP), 1))

    step = (RIGHT - LEFT) / (len(weeks) - 1)
    places = [round(LEFT + n * step, 1) for n in range(len(weeks))]
    paths = {
        name: "M" + "L".join(f"{x} {height(y)}" for x, y in zip(places, line, strict=True))
        for name, line in lines.items()
    }
    ends = {name: (height(line[-1]), _number(line[-1], language)) for name, line in lines.items()}
    if abs(ends["last"][0] - ends["first"][0]) < 16:  # words on top of each other
        ends["first"] = (ends["last"][0] + (16 if ends["first"][0] >= ends["last"][0] else -16), ends["first"][1])
    shares = [low + (1 - low) * n / STEPS for n in range(STEPS + 1)]
    every = max(1, -(-len(weeks) // 6))
    columns = [
        (x, tight_date(date.fromisoformat(week["monday"]), language))
        for n, (x, week) in enumerate(zip(places, weeks, strict=True))
        if n % every == 0
    ]
    rows = [(height(share), _number(share, language)) for share in shares]
    return Chart(
        paths["last"],
        paths["first"],
        rows,
        columns,
        height(target),
        _number(target, language),
        ends["last"],
        ends["first"],
    )


def _number(share: float, language: str) -> str:
    return format_decimal(round(share * 100, 1), "#,##0.#", locale=language)
