"""Units and parts, as the network counts them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms.segments import Encoding, Size, measure


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("", Size(Encoding.GSM7, 0, 1)),
        ("a" * 160, Size(Encoding.GSM7, 160, 1)),
        ("a" * 161, Size(Encoding.GSM7, 161, 2)),
        ("a" * 306, Size(Encoding.GSM7, 306, 2)),
        ("a" * 307, Size(Encoding.GSM7, 307, 3)),
        ("€" * 80, Size(Encoding.GSM7, 160, 1)),
        ("€" * 81, Size(Encoding.GSM7, 162, 2)),
        ("я" * 70, Size(Encoding.UCS2, 70, 1)),
        ("я" * 71, Size(Encoding.UCS2, 71, 2)),
        ("я" * 134, Size(Encoding.UCS2, 134, 2)),
        ("я" * 135, Size(Encoding.UCS2, 135, 3)),
        ("🚚" * 35, Size(Encoding.UCS2, 70, 1)),
        ("🚚" * 36, Size(Encoding.UCS2, 72, 2)),
        ("Ça va è €", Size(Encoding.GSM7, 10, 1)),
        ("ça", Size(Encoding.UCS2, 2, 1)),
        ("[]{}\\^~|\f", Size(Encoding.GSM7, 18, 1)),
    ],
)
def test_size(text: str, size: Size) -> None:
    assert measure(text) == size


def test_an_escape_is_not_torn_from_its_letter() -> None:
    assert measure("a" * 152 + "€" + "a" * 152).parts == 3


def test_a_surrogate_pair_is_not_torn_apart() -> None:
    assert measure("я" * 66 + "🚚" + "я" * 66).parts == 3


@given(st.text(max_size=400))
def test_ucs2_counts_utf16_units(text: str) -> None:
    size = measure(text)
    if size.encoding is Encoding.UCS2:
        assert size.characters == len(text.encode("utf-16-be")) // 2
    assert size.parts >= 1
