"""No parser believes, breaks over or chokes on anything of the hostile answers."""

from __future__ import annotations

import pytest

from carriers.registry import CARRIERS
from tests.carriers.hostile import HOSTILE, understood


def test_there_are_at_least_a_hundred() -> None:
    assert len(set(HOSTILE.values())) >= 100


@pytest.mark.parametrize("answer", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_parser_believes_anything_of(answer: bytes) -> None:
    assert {code: found for code, carrier in CARRIERS.items() if (found := understood(carrier.parse, answer))} == {}
