"""The quick way to a Russian mobile number says what the library says, or nothing at all."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from portal.order_rows import BadPhone, _by_the_library, normal_phone, russian_mobile

COUNTRY = ("+7", "7", "8", "")
SHAPES = (
    "{c}{a}{b}{d}{e}",
    "{c} {a} {b} {d} {e}",
    "{c} {a} {b}-{d}-{e}",
    "{c} ({a}) {b}-{d}-{e}",
    "{c}({a}){b}{d}{e}",
    "{c}-{a}-{b}-{d}-{e}",
    "{c} {a} {b} {d}{e}",
    "{c} {a}{b}{d}{e}",
    "({a}) {b}-{d}-{e}",
)
WAYS = [shape.replace("{c}", country).strip(" -") for shape, country in product(SHAPES, COUNTRY)]
#: What may stand in such a cell, by the quick way's own alphabet and a little beyond.
LETTERS = st.text("0123456789+-() \u00a0\u2011.,доб;#x٣７", max_size=24)
NEARLY = st.from_regex(r"\A\s?(\+?7|8|)[ -]?\(?9\d\d\)?[ -]{0,2}\d{2,3}[ -]?\d\d[ -]?\d{2,3}\s?\Z")


def outcome(understand: Callable[[str], str], text: str) -> str:
    """The number, or why it is none."""
    try:
        return understand(text)
    except BadPhone as refused:
        return f"{refused.reason}: {refused.words}"


def assert_the_same(text: str) -> None:
    quick = russian_mobile(text)
    assert quick is None or quick == outcome(_by_the_library, text), text


def test_what_the_quick_way_leaves_is_refused_in_the_words_of_the_library() -> None:
    for text in ("", "12", "+7 351 263-12-42", "+7 930 099-99-99"):
        assert outcome(normal_phone, text) == outcome(_by_the_library, text)


def written(way: str, number: str) -> str:
    return way.format(a=number[:3], b=number[3:6], d=number[6:8], e=number[8:])


@pytest.mark.parametrize("way", WAYS)
def test_every_code_in_every_spelling_is_what_the_library_says(way: str) -> None:
    """All codes of three digits, mobile or not."""
    random = Random(way)
    for code in range(1000):
        assert_the_same(written(way, f"{code:03}{random.randrange(10**7):07}"))


def test_every_mobile_exchange_is_what_the_library_says() -> None:
    random = Random(9)
    for exchange in range(90_000, 100_000):
        assert_the_same(f"+7{exchange}{random.randrange(10**5):05}")


@settings(max_examples=400)
@given(LETTERS | NEARLY)
@example("+7 930 005 00 00")
@example("8 (913) 000-12-42\n")
@example("+7(913 0001242")
@example("+7 913) 000 12 42")
@example("8-8-913-000-12-42")
@example("٨٩١٣٠٠٠١٢٤٢")
@example("+7 913 000-12-42 доб. 5")
@example("")
def test_whatever_is_written_is_what_the_library_says(text: str) -> None:
    assert_the_same(text)


@pytest.mark.parametrize("way", WAYS)
def test_the_usual_spellings_take_the_quick_way(way: str) -> None:
    assert russian_mobile(written(way, "9130001242")) == "+79130001242"


@pytest.mark.parametrize("text", ["+7 351 263-12-42", "+375 29 123-45-67", "", "+7 930 123-45-67", "9130001242x5"])
def test_all_else_is_left_to_the_library(text: str) -> None:
    assert russian_mobile(text) is None
