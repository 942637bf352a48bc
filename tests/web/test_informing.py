"""The shop's page of telling: who tells what, when, in which words; and what it has cost."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from parcels import journal
from parcels.journal import NewFact
from parcels.models import Shop
from parcels.stages import Kind
from portal.ticking import tick
from portal.transaction import reading, transaction
from sms import preferences
from sms.models import Message, Status
from sms.occasions import Channel, Occasion
from sms.preferences import Informing, Preferences, Teller
from tests.factories import NOW, TOMSK, approve_sender, make_parcel, make_staff, make_world
from tests.web.test_account import Browser

PAGE = "/shop/informing"
USUAL = {
    "seen": "0",
    "sender": "TeplyDom",
    "first_text": "",
    "with_order": "1",
    "starts": "9",
    "ends": "21",
    "remind_every": "5",
    "budget": "12",
    "daily_parts": "20000",
    "owner_phone": "",
    "owner_email": "",
    "manager_email": "",
    **{f"weekday_{day}": "1" for day in range(7)},
}


@pytest.fixture
def shop_id(both: Flask) -> int:
    with transaction() as session:
        shop = make_world(session)
        make_staff(session, "shop", shop_id=shop.id)
        return shop.id


@pytest.fixture
def shop(both: Flask, shop_id: int) -> Browser:
    shop = Browser(both, "shop")
    shop.get(PAGE)
    return shop


def chosen(shop_id: int) -> Preferences:
    with reading() as session:
        return preferences.of_shop(session, shop_id)


def test_what_the_shop_chooses_counts_from_now_on(shop: Browser, shop_id: int) -> None:
    wanted = USUAL | {"starts": "10", "remind_every": "10", "owner_phone": "8 913 000-12-42", "in_city:sms": "shop"}
    assert shop.post(PAGE, **wanted).status_code == 303
    assert "Записали" in shop.get(PAGE).text
    found = chosen(shop_id)
    assert (found.sender, found.starts, found.remind_every, found.owner_phone) == ("TeplyDom", 10, 10, "+79130001242")
    assert found.teller(Occasion.IN_CITY, Channel.SMS) is Teller.SHOP
    assert found.teller(Occasion.BOOKED, Channel.SMS) is Teller.WE


def test_the_same_again_is_no_news(shop: Browser, shop_id: int) -> None:
    shop.post(PAGE, **USUAL)
    shop.post(PAGE, **USUAL | {"seen": "1"})
    assert "Ничего не изменилось" in shop.get(PAGE).text
    with reading() as session:
        assert len(session.scalars(select(Informing)).all()) == 1


def test_who_chooses_from_an_old_page_is_told_so_and_changes_nothing(shop: Browser, shop_id: int) -> None:
    shop.post(PAGE, **USUAL | {"starts": "10"})
    late = shop.post(PAGE, **USUAL | {"starts": "11"})
    assert late.status_code == 409
    assert "изменил кто-то другой" in late.text
    assert 'name="seen" value="1"' in late.text
    assert chosen(shop_id).starts == 10


def test_the_table_says_which_events_go_to_programs(shop: Browser, shop_id: int) -> None:
    shop.post(PAGE, **USUAL | {"moved:webhook": "nobody", "parcel.promised:webhook": "nobody"})
    silent = {"parcel.handed_over", "parcel.at_warehouse", "parcel.departed", "parcel.passed", "parcel.promised"}
    assert set(chosen(shop_id).silent_events) == silent
    page = shop.get(PAGE).text
    assert (
        len(re.findall(r'value="nobody"\s+selected', page.split('name="moved:webhook"')[1].split("</select>")[0])) == 1
    )
    assert "selected" not in page.split('name="in_city:webhook"')[1].split("</select>")[0]


@pytest.mark.parametrize("plan", ["all_moves", "arrival"])
def test_a_plan_is_a_preset_of_the_table(shop: Browser, shop_id: int, plan: str) -> None:
    shop.post(PAGE, **USUAL | {"plan": plan})
    assert chosen(shop_id).plan == plan


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("sender", "p", "от 2 до 11 латинских"),
        ("sender", "abcdefghijkl", "от 2 до 11 латинских"),
        ("sender", "почта", "от 2 до 11 латинских"),
        ("sender", "79130001242", "первая буква"),
        ("first_text", "Ваш заказ едет", "нет ссылки"),
        ("first_text", "{link} {unknown}", "Подстановки «unknown» нет"),
        ("first_text", "{link}" + "я" * 2000, "Сократите его"),
        ("first_text", "{link} {", "скобки"),
        ("first_text", "{link} или http://bit.ly/x", "чужой адрес «http://bit.ly/x»"),
        ("first_text", "{link}, скидки на sale.ru", "чужой адрес «sale.ru»"),
        ("starts", "21", "Конец раньше начала"),
        ("ends", "25", "целое число"),
        ("remind_every", "7", "через 5, 10, 15 или 20"),
        ("budget", "0", "целое число"),
        ("daily_parts", "0", "целое число от 50"),
        ("owner_phone", "+7 383 210-00-00", "не мобильный"),
        ("manager_email", "marina", "не похоже на почту"),
        ("owner_email", "a@b.c\r\nBcc: x@y.zz", "не похоже на почту"),
    ],
)
def test_a_field_that_cannot_be_used_changes_nothing(
    shop: Browser, shop_id: int, field: str, value: str, words: str
) -> None:
    answer = shop.post(PAGE, **USUAL | {field: value})
    assert answer.status_code == 422
    assert words in answer.text
    assert chosen(shop_id) == Preferences()


def test_without_a_day_of_the_week_nobody_would_be_written_to(shop: Browser, shop_id: int) -> None:
    without = {name: value for name, value in USUAL.items() if not name.startswith("weekday")}
    assert "ни один день недели" in shop.post(PAGE, **without).text
    assert chosen(shop_id) == Preferences()


def test_the_parts_are_shown_while_typing(shop: Browser) -> None:
    one = shop.post(f"{PAGE}/text", first_text="{shop}: {order} {link}").text
    assert "частей SMS: 1" in one
    long = shop.post(f"{PAGE}/text", first_text="Здравствуйте! Ваш заказ {order} уже едет к вам, ждите. 🚚 {link}").text
    assert "частей SMS: 2" in long
    assert "Каждая часть оплачивается отдельно" in long
    assert "нет ссылки" in shop.post(f"{PAGE}/text", first_text="Ваш заказ едет").text


def test_the_chosen_text_is_the_one_that_is_sent(shop: Browser, shop_id: int) -> None:
    shop.post(PAGE, **USUAL | {"first_text": "{shop}, {order}: {link}"})
    with transaction() as session:
        approve_sender(session, shop_id, "TeplyDom")
        parcel = make_parcel(session, session.get_one(Shop, shop_id), order_number="117")
    tick(NOW)
    with reading() as session:
        sent = session.scalars(select(Message).where(Message.parcel_id == parcel.id)).one()
    assert sent.text.startswith("Тёплый дом, 117: ")
    assert (sent.sender, sent.status) == ("TeplyDom", Status.ACCEPTED)


def test_the_shop_sees_what_it_cost_and_what_was_left_out(shop: Browser, shop_id: int) -> None:
    with transaction() as session:
        parcel = make_parcel(session, session.get_one(Shop, shop_id), order_number="A-117")
    tick(NOW)
    with transaction() as session:
        held = journal.lock(session, parcel.id)
        journal.record(session, held, NewFact(Kind.ARRIVED, "test"), NOW + timedelta(minutes=1))
        journal.record(session, held, NewFact(Kind.DELIVERED, "test"), NOW + timedelta(minutes=2))
    page = shop.get(f"{PAGE}/costs").text
    assert "3,50" in page
    assert "устарело: есть новость свежее" in page
    assert "A-117" in shop.get(f"{PAGE}/costs?order=A-117").text
    assert "Такого заказа нет" in shop.get(f"{PAGE}/costs?order=nothing").text


def test_another_shop_sees_nothing_of_it(both: Flask, shop: Browser, shop_id: int) -> None:
    with transaction() as session:
        session.add(stranger := Shop(code="other", name="Чужой", phone="+78000000000", origin_id=TOMSK))
        session.flush()
        make_parcel(session, stranger, order_number="SECRET-1")
    tick(NOW)
    assert "SECRET-1" not in shop.get(f"{PAGE}/costs").text
    assert "SECRET-1" not in shop.get(f"{PAGE}/costs?order=SECRET-1").text.replace('value="SECRET-1"', "")


def test_a_visitor_has_to_sign_in(both: Flask, shop_id: int) -> None:
    assert both.test_client().get(PAGE).status_code == 303
