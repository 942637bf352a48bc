"""The marks of phishing, in strangers' texts and in our own."""

import pytest

from sms import marks, texts
from sms.marks import Mark
from sms.texts import BadText, Names

OWN = "veha.ru:8000"
LINK = "veha.ru/t/7Kq2mX9s4Lw1"


@pytest.mark.parametrize(
    "text",
    [
        "1.2.3.4/pay",
        "evil.company",
        "evil.москва",
        "evil[.]com",
        "evil (dot) com",
        "evil . com",
        "evil。com",
        "ｅｖｉｌ．com",
        "ev\u200bil.c\u00adom",
        "http://evil/x",
        "https://veha.ru@evil.com/t/1",
        "veha.ru.evil.com/t/1",
        "xn--e1afmkfd.xn--p1ai",
        "t.me/pochta",
        "почта@evil.ru",
    ],
)
def test_an_address_that_is_not_ours_is_seen_however_it_is_written(text: str) -> None:
    assert Mark.LINK in set(marks.marks_of(f"Заказ ждёт: {text} сегодня", OWN))
    assert marks.foreign_address(f"Заказ ждёт: {text} сегодня")
    assert marks.foreign_address(marks.without_addresses(f"Заказ {text} сегодня")) is None


@pytest.mark.parametrize("text", ["г.Томск, ул.Мира, д.5", "Заказ собран.Ждите", "5.12.2026 с 10.30", f"Дом: {LINK}"])
def test_what_is_no_foreign_address_is_left_alone(text: str) -> None:
    assert list(marks.marks_of(text, OWN)) == []


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("Посылка задержана. Код карты и CVV пришлите на +79990001122, {order} {link}", "marked"),
        ("Срочно: {order} {link}", "marked"),
        ("Заказ {order} 1.2.3.4/x {link}", "foreign"),
        ("Заказ {order} на evil.company {link}", "foreign"),
        ("Заказ {order}: x{link}y", "joined"),
        ("Заказ {order}:{link}", "joined"),
        ("{link}", None),
        ("{shop}, {order}: {link} ждём вас", None),
        ("w-" * 9000 + ". {link}", "too_long"),
    ],
)
def test_a_shops_own_text_bears_no_mark(template: str, reason: str | None) -> None:
    if reason is None:
        texts.check_own(template)
        return
    with pytest.raises(BadText) as refused:
        texts.check_own(template)
    assert refused.value.reason == reason


@pytest.mark.parametrize("order", ["evil.com/pay2", "Код карты на 89990001122", "http://1.2.3.4", "пароль 12"])
def test_an_order_number_brings_no_mark_into_a_text(order: str) -> None:
    known = {"dates": "5–10 декабря"}
    sent = [
        texts.sms("first_link", Names("Тёплый дом", order), known, LINK, "ru"),
        texts.own("{shop}, {order}: {link}", Names("Тёплый дом", order), known, LINK, "ru"),
    ]
    assert [text for text in sent if list(marks.marks_of(text, OWN))] == []
    assert all(text.endswith(LINK) for text in sent)
