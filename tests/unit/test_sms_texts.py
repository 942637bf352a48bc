"""Texts that always fit one part and always hold their whole link."""

from __future__ import annotations

import string
from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sms import texts
from sms.segments import measure

LINK = "veha.ru/t/7Kq2mX9sPq2mX9s01"
FROM, TO = date(2026, 11, 26), date(2026, 11, 27)
LETTERS = string.ascii_letters + string.digits + "-_./:"


def said(shop: str = "Тёплый дом", order: str = "117", link: str = LINK) -> str:
    return texts.first_link(shop, order, FROM, TO, link, "ru")


def test_the_full_sentence() -> None:
    assert said() == f"Тёплый дом, 117: привезём 26–27.11. Время: {LINK}"
    assert measure(said()).characters == 70


@pytest.mark.parametrize(
    ("shop", "order", "text"),
    [
        ("Тёплый дом", "1170", f"Тёплый дом, 1170: 26–27.11. Время: {LINK}"),
        ("Тёплый дом", "ТД-2026/001170", f"Тёплый дом, …1170: 26–27.11. Время: {LINK}"),
        ("Тёплый дом и сад на Мира", "ТД-2026/001170", f"Тёплый дом и сад на Мира: 26–27.11. Время: {LINK}"),
        ("", "117", f"117: привезём 26–27.11. Время: {LINK}"),
        ("Тёплый\nдом\u200b ", " 1\t17", f"Тёплый дом, 1 17: 26–27.11. Время: {LINK}"),
    ],
)
def test_what_gives_way(shop: str, order: str, text: str) -> None:
    assert said(shop, order) == text


def test_a_long_link_costs_the_shop_its_name() -> None:
    link = "x" * 42
    assert said("Тёплый дом", "ТД-2026/001170", link) == f"Тёплый д…: 26–27.11. Время: {link}"
    assert texts.first_link("Дом", "117001170", date(2026, 11, 30), date(2026, 12, 1), "x" * 45, "ru") == (
        f"Дом: 30.11–01.12. Время: {'x' * 45}"
    )


def test_a_delay_names_the_new_days_and_fits_one_part() -> None:
    told = texts.delay("Тёплый дом", "117", date(2026, 11, 29), date(2026, 11, 30), LINK, "ru")
    assert told == f"Тёплый дом, 117: привезём позже, 29–30.11: {LINK}"
    short = texts.delay("Дом", "", date(2026, 11, 29), date(2026, 11, 30), "veha.ru/t/1", "ru")
    assert short == "Дом: привезём позже, 29–30.11. Выберите время: veha.ru/t/1"
    assert texts.delay("Дом", "7", None, None, LINK, "ru") == f"Дом, 7: привезём позже. Выберите время: {LINK}"
    for language in texts.LANGUAGES:
        long = texts.delay("Тёплый дом и сад", "ТД-2026/001170", FROM, TO, "x" * 45, language)
        assert (measure(long).parts, long.endswith("x" * 45)) == (1, True)


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (FROM, FROM, "26.11"),
        (FROM, TO, "26–27.11"),
        (date(2026, 11, 30), date(2026, 12, 1), "30.11–01.12"),
        (date(2026, 12, 31), date(2027, 12, 1), "31.12–01.12"),
    ],
)
def test_dates(first: date, last: date, words: str) -> None:
    assert texts.first_link("Дом", "1", first, last, "v.ru/t/1", "ru") == f"Дом, 1: привезём {words}. Время: v.ru/t/1"


def test_without_a_promise() -> None:
    text = texts.first_link("Тёплый дом", "117", None, None, "veha.ru/t/7Kq2mX9", "ru")
    assert text == "Тёплый дом, 117: где заказ и когда привезём: veha.ru/t/7Kq2mX9"
    assert texts.first_link("Тёплый дом", "117", FROM, None, LINK, "ru") == f"Тёплый дом, 117: где заказ: {LINK}"


def test_a_fresh_link() -> None:
    assert texts.fresh_link("Дом", "117", LINK, "ru") == f"Дом, 117: новая ссылка на ваш заказ: {LINK}"


def test_english_stays_in_the_cheap_alphabet() -> None:
    text = texts.first_link("Warm home", "117", FROM, TO, LINK, "en")
    assert text == f"Warm home, 117: we deliver 26-27.11. Pick a time: {LINK}"
    long = texts.first_link("Warm home " * 20, "1" * 40, FROM, TO, LINK, "en")
    assert text.isascii()
    assert long.isascii()
    assert measure(long).characters > 150


def test_an_unknown_language_is_an_error() -> None:
    with pytest.raises(KeyError):
        texts.fresh_link("Дом", "117", LINK, "xx")


@given(
    shop=st.text(max_size=80),
    order=st.text(max_size=40),
    link=st.text(alphabet=LETTERS, min_size=1, max_size=45),
    dates=st.none() | st.tuples(st.dates(), st.dates()),
    language=st.sampled_from(sorted(texts.LANGUAGES)),
)
@example(shop="🚚" * 80, order="🚚" * 40, link="x" * 45, dates=(date(2026, 11, 30), date(2026, 12, 1)), language="ru")
@example(shop="", order="", link="x" * 45, dates=None, language="en")
def test_any_names_fit_one_part_with_the_whole_link(
    shop: str, order: str, link: str, dates: tuple[date, date] | None, language: str
) -> None:
    first, last = dates or (None, None)
    sent = texts.first_link(shop, order, first, last, link, language), texts.fresh_link(shop, order, link, language)
    for text in sent:
        assert measure(text).parts == 1
        assert text == link or text.endswith(f" {link}")
        assert "\n" not in text
