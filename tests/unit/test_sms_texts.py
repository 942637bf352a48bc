"""Texts that always fit one part and always hold their whole link."""

from __future__ import annotations

import string
from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sms import texts
from sms.phrases import DASH, PHRASES
from sms.segments import measure
from sms.story import dates_between
from sms.texts import BadText, Names

LINK = "veha.ru/t/7Kq2mX9sPq2mX9s01"
FROM, TO = date(2026, 11, 26), date(2026, 11, 27)
LETTERS = string.ascii_letters + string.digits + "-_./:"


def told(
    key: str, shop: str, order: str, first: date | None, last: date | None, link: str = LINK, language: str = "ru"
) -> str:
    dates = dates_between(first, last, DASH[language])
    return texts.sms(key, Names(shop, order), {"dates": dates} if dates else {}, link, language)


def said(shop: str = "Тёплый дом", order: str = "117", link: str = LINK) -> str:
    return told("first_link", shop, order, FROM, TO, link)


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
    assert told("first_link", "Дом", "117001170", date(2026, 11, 30), date(2026, 12, 1), "x" * 45, "ru") == (
        f"Дом: 30.11–01.12. Время: {'x' * 45}"
    )


def test_a_delay_names_the_new_days_and_fits_one_part() -> None:
    full = told("delay", "Тёплый дом", "117", date(2026, 11, 29), date(2026, 11, 30), LINK, "ru")
    assert full == f"Тёплый дом, 117: привезём позже, 29–30.11: {LINK}"
    short = told("delay", "Дом", "", date(2026, 11, 29), date(2026, 11, 30), "veha.ru/t/1", "ru")
    assert short == "Дом: привезём позже, 29–30.11. Выберите время: veha.ru/t/1"
    assert told("delay", "Дом", "7", None, None, LINK, "ru") == f"Дом, 7: привезём позже. Выберите время: {LINK}"
    for language in texts.LANGUAGES:
        long = told("delay", "Тёплый дом и сад", "ТД-2026/001170", FROM, TO, "x" * 45, language)
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
    assert told("first_link", "Дом", "1", first, last, "v.ru/t/1", "ru") == f"Дом, 1: привезём {words}. Время: v.ru/t/1"


def test_without_a_promise() -> None:
    text = told("first_link", "Тёплый дом", "117", None, None, "veha.ru/t/7Kq2mX9", "ru")
    assert text == "Тёплый дом, 117: где заказ и когда привезём: veha.ru/t/7Kq2mX9"
    assert told("first_link", "Тёплый дом", "117", FROM, None, LINK, "ru") == f"Тёплый дом, 117: где заказ: {LINK}"


def test_a_fresh_link() -> None:
    assert told("fresh_link", "Дом", "117", None, None) == f"Дом, 117: новая ссылка на ваш заказ: {LINK}"


def test_english_stays_in_the_cheap_alphabet() -> None:
    text = told("first_link", "Warm home", "117", FROM, TO, LINK, "en")
    assert text == f"Warm home, 117: we deliver 26-27.11. Pick a time: {LINK}"
    long = told("first_link", "Warm home " * 20, "1" * 40, FROM, TO, LINK, "en")
    assert text.isascii()
    assert long.isascii()
    assert measure(long).characters > 150


def test_an_unknown_language_is_an_error() -> None:
    with pytest.raises(KeyError):
        texts.sms("fresh_link", Names("Дом", "117"), {}, LINK, "xx")


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
    sent = (
        told("first_link", shop, order, first, last, link, language),
        told("fresh_link", shop, order, None, None, link, language),
    )
    for text in sent:
        assert measure(text).parts == 1
        assert text == link or text.endswith(f" {link}")
        assert "\n" not in text


#: What is usually known, at its usual length.
USUAL = {
    "dates": "26–27.11",
    "day": "26.11",
    "hours": "14–18",
    "window": "14:30–15:30",
    "city": "Томск",
    "status": "в пути",
    "place": "Екатеринбург",
    "sum": "4990 ₽",
    "weight": "3,4 кг",
    "until": "10.12",
    "address": "пр. Ленина, 54",
    "open": "9–20",
    "name": "Олег",
    "phone": "+79130001242",
}


@pytest.mark.parametrize("language", sorted(PHRASES))
@pytest.mark.parametrize("key", sorted(PHRASES["ru"]))
def test_every_standard_text_fits_one_part_and_ends_with_its_link(key: str, language: str) -> None:
    for known in (USUAL, {}):
        text = texts.sms(key, Names("Тёплый дом", "48117"), known, LINK, language)
        assert measure(text).parts == 1
        assert text.endswith(LINK)
        assert len(text) > len(LINK) + 5


@pytest.mark.parametrize("language", sorted(PHRASES))
def test_every_language_says_everything_and_its_last_words_name_nothing(language: str) -> None:
    assert PHRASES[language].keys() == PHRASES["ru"].keys()
    for key in PHRASES[language]:
        assert texts.possible_phrases(key, {}, language)


@pytest.mark.parametrize(
    ("key", "what"),
    [
        ("at_pickup", "пр. Ленина, 54, 9–20"),
        ("cash", "4990 ₽"),
        ("courier", "14:30–15:30"),
        ("courier", "+79130001242"),
        ("booked", "26.11 14–18"),
        ("day_before", "завтра 14–18"),
        ("storage_ends", "10.12"),
        ("moved", "Екатеринбург"),
    ],
)
def test_what_matters_is_not_what_gives_way(key: str, what: str) -> None:
    assert what in texts.sms(key, Names("Тёплый дом", "48117"), USUAL, LINK, "ru")


def test_the_shops_own_words() -> None:
    own = "Ваш заказ {order} в «{shop}» едет к вам: {link}"
    assert texts.own(own, Names("Дом", "117"), {}, "v.ru/t/1", "ru") == "Ваш заказ 117 в «Дом» едет к вам: v.ru/t/1"
    shorter = texts.own(own, Names("Тёплый дом и сад", "117"), {}, LINK, "ru")
    assert shorter == f"Ваш заказ 117 в «Тёплый дом…» едет к вам: {LINK}"
    assert measure(shorter).parts == 1
    long = texts.own("Очень длинное приветствие. " * 3 + "{link}", Names("Дом", "117"), {}, LINK, "ru")
    assert long.endswith(LINK)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Ваш заказ {order} едет", "no_link"),
        ("Ваш заказ: {link} {link}", "links"),
        ("{link} {unknown}", "unknown"),
        ("{link} {}", "unknown"),
        ("{link} {", "broken"),
        ("{link!r}", "broken"),
        ("{link:>900}", "broken"),
        ("{link.__class__}", "unknown"),
        ("{link}" + "я" * 2000, "too_long"),
    ],
)
def test_own_words_that_cannot_be_sent(text: str, reason: str) -> None:
    with pytest.raises(BadText) as found:
        texts.check_own(text)
    assert found.value.reason == reason


def test_emoji_are_the_shops_own_business() -> None:
    assert texts.own("🚚 {link}", Names("Дом", "1"), {}, "v.ru/t/1", "ru") == "🚚 v.ru/t/1"


def test_a_letter_names_what_is_known_and_how_to_end_it() -> None:
    letter = texts.letter("in_city", Names("Дом", "117"), USUAL, "https://v.ru/t/1", "https://v.ru/u/2", "ru")
    assert letter.subject == "Дом, 117: уже в городе Томск"
    assert "К оплате: 4990 ₽" in letter.text
    assert "Где заказ и как изменить время: https://v.ru/t/1" in letter.text
    assert letter.text.endswith("Не писать больше: https://v.ru/u/2")
    html = texts.html_of(letter.text)
    assert '<a href="https://v.ru/t/1">https://v.ru/t/1</a>' in html


def test_a_name_cannot_break_out_of_a_letter() -> None:
    letter = texts.letter("delivered", Names("<b>\r\nBcc: x@y.z", "1"), {}, "https://v.ru/t/1", "", "ru")
    assert "\n" not in letter.subject
    assert "<b>" not in texts.html_of(letter.text)
