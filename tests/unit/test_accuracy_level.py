"""The Kaplan-Meier quantile against a reference that counts by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.accuracy_level import survival

#: (where it ended or was last seen, is it over, how long before that it was first seen).
LIVES = st.lists(st.tuples(st.integers(1, 30), st.booleans(), st.integers(1, 30)), min_size=1, max_size=40)
SHARES = (0.1, 0.5, 0.9, 0.98)


def by_hand(lives: list[tuple[int, bool, int]], share: float, enters_late: bool) -> float:
    """Value after value: whoever is watched there, and how many of them end there."""
    alive = 1.0
    for value in sorted({life[0] for life in lives if life[1]}):
        watched = [life for life in lives if life[0] >= value and (not enters_late or life[0] - life[2] < value)]
        alive *= 1 - sum(over for last, over, _ in watched if last == value) / len(watched)
        if 1 - alive >= share - 1e-12:
            return value
    return max(life[0] for life in lives)


@pytest.mark.parametrize("enters_late", [False, True])
@given(lives=LIVES)
def test_it_is_what_counting_by_hand_gives(enters_late: bool, lives: list[tuple[int, bool, int]]) -> None:
    last, over, watched = (np.array(column) for column in zip(*lives, strict=True))
    values = last.astype(np.float64)
    found = survival(values, over.astype(bool), values - watched if enters_late else None)
    expected = [by_hand(lives, share, enters_late) for share in SHARES]
    assert found.quantiles(np.array(SHARES)).tolist() == expected


def test_without_open_ones_it_is_the_plain_quantile() -> None:
    known = survival(np.arange(1.0, 101.0), np.ones(100, dtype=bool))
    assert known.quantiles(np.array([0.5, 0.9, 0.98])).tolist() == [50, 90, 98]


def test_late_entry_undoes_the_bias_towards_the_slow() -> None:
    dice = np.random.default_rng(5)
    born, lives = dice.uniform(0, 500, 20_000), dice.exponential(10, 20_000)
    inside = born + lives > 480  # the window is from 480 to 500
    entered = np.maximum(480 - born, 0)[inside]
    values, over = np.minimum(lives, 500 - born)[inside], (born + lives <= 500)[inside]
    half = np.array([0.5])
    truth = 10 * np.log(2)
    assert survival(values, over, entered).quantiles(half)[0] == pytest.approx(truth, rel=0.1)
    assert survival(values, over).quantiles(half)[0] > 1.2 * truth
