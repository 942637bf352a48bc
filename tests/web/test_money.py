"""The pages of cash on delivery: tills are paid out with a payment's number, and a shop sees its own money alone."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from parcels import journal
from parcels.journal import NewFact
from parcels.models import Shop
from parcels.stages import Kind
from portal.transaction import transaction
from portal.verify import breaches
from tests.factories import CHELYABINSK, NOW, make_staff
from tests.integration.test_money import letters, paid_in, tills
from tests.web.test_account import Browser


@pytest.fixture
def keys(app: Flask) -> list[str]:
    parcels = paid_in(2)
    with transaction() as session:
        make_staff(session, "shop", shop_id=parcels[0].shop_id)
        make_staff(session, "manager")
        make_staff(session, "operator")
        for login in ("cashier", "second"):
            make_staff(session, "operator", login, is_cashier=True)
        session.add(Shop(id=77, code="b", name="Чужой", phone="+78000000417", origin_id=CHELYABINSK))
        session.flush()
        make_staff(session, "shop", "stranger", shop_id=77)
    return [cash.key for cash in tills()]


PAID = {"number": "П-117", "day": "2026-11-20"}


def test_only_who_has_the_right_of_a_cashier_moves_money(app: Flask, keys: list[str]) -> None:
    for login, sees in (("operator", 403), ("manager", 200), ("cashier", 200)):
        assert Browser(app, login).get("/money").status_code == sees
    for login in ("operator", "manager", "shop"):
        browser = Browser(app, login)
        for path in (
            "/money",
            "/money/count",
            "/money/1/confirm",
            "/money/1/drop",
            "/money/1/reverse",
            "/money/made-up",
        ):
            assert browser.post(path, cash=keys, total="8990", **PAID).status_code == 403
    assert "Передано магазину" not in Browser(app, "manager").get("/money").text
    assert tills() != []


def test_nothing_is_ticked_beforehand_and_the_sum_is_typed(app: Flask, keys: list[str]) -> None:
    desk = Browser(app, "cashier")
    assert "checked" not in desk.get("/money").text
    for wrong in ("", "8989", "много"):
        answer = desk.post("/money", cash=keys, total=wrong, **PAID)
        assert (answer.status_code, "Сумма не та" in answer.text) == (422, True)
    assert len(tills()) == len(keys)


def test_a_large_payment_waits_for_somebody_else(app: Flask, keys: list[str]) -> None:
    app.config["PAYOUT_LIMIT"] = 500_000
    desk, other, shop = Browser(app, "cashier"), Browser(app, "second"), Browser(app, "shop")
    assert desk.post("/money", cash=keys, total="8990", **PAID).status_code == 303
    page = desk.get("/money").text
    assert "Ждут второго кассира" in page
    assert "Подтвердить выплату" not in page
    assert "П-117" not in shop.get("/shop/money").text
    mine = desk.post("/money/1/confirm")
    assert (mine.status_code, "Свою выплату подтвердить нельзя" in mine.text) == (409, True)
    assert "Подтвердить выплату" in other.get("/money").text
    assert [other.post("/money/1/confirm").status_code for _ in range(2)] == [303, 409]
    assert "П-117" in shop.get("/shop/money").text
    assert other.post("/money/9/confirm").status_code == 404


def test_many_small_payments_are_a_large_one(app: Flask, keys: list[str]) -> None:
    app.config["PAYOUT_LIMIT"] = 500_000
    desk = Browser(app, "cashier")
    desk.post("/money", cash=keys[:1], total="4990", **PAID)
    desk.post("/money", cash=keys[1:], total="4000", number="П-118", day="2026-11-20")
    assert len(tills()) == 1
    assert desk.post("/money/2/drop").status_code == 303
    assert "Ждут второго кассира" not in desk.get("/money").text
    assert desk.post("/money/2/confirm").status_code == 409


def test_what_was_missing_can_be_put_into_the_till(app: Flask, keys: list[str]) -> None:
    with transaction() as session:
        parcel = journal.lock(session, int(keys[0].split(":")[0]))
        details = {"cod_minor": 300_000, "short_minor": 199_000, "currency": "RUB", "warehouse": 7}
        fact = NewFact(Kind.CASH_HANDED_IN, "cashier:1", NOW, "Томск, склад", details)
        journal.record(session, parcel, fact, NOW)
    desk = Browser(app, "cashier")
    assert "\u22121\u00a0990\u00a0₽" in desk.get("/money").text
    assert [desk.post("/money/made-up", cash=keys[0]).status_code for _ in range(2)] == [303, 409]
    assert "Недостачи" not in desk.get("/money").text
    assert [cash.minor for cash in tills()] == [499_000, 400_000]


def test_a_payment_is_reversed_by_an_entry_and_can_be_made_anew(app: Flask, keys: list[str]) -> None:
    desk, shop = Browser(app, "cashier"), Browser(app, "shop")
    desk.post("/money", cash=keys, total="8990", **PAID)
    assert desk.post("/money/1/reverse", reason=" ").status_code == 422
    assert desk.post("/money/1/reverse", reason="чужой счёт").status_code == 303
    assert desk.post("/money/1/reverse", reason="ещё раз").status_code == 409
    page = desk.get("/money").text
    assert "сторно" in page
    assert "чужой счёт" in page
    assert "П-117" not in shop.get("/shop/money").text
    again = [cash.key for cash in tills()]
    assert len(again) == len(keys)
    assert desk.post("/money", cash=again, total="8990", number="П-119", day="2026-11-20").status_code == 303
    assert "П-119" in shop.get("/shop/money").text
    with transaction() as session:
        assert [one.words for one in breaches(session)] == []


def test_what_was_typed_comes_back_into_its_own_form_only(app: Flask, keys: list[str]) -> None:
    desk = Browser(app, "cashier")
    key = re.findall(r'name="till" value="([^"]+)"', desk.get("/money").text)[0]
    typed = {"cash": keys[:1], "total": "4990", "number": "П-117", "day": "когда-то"}
    page = desk.post("/money", till=key, **typed).text
    assert ("П-117" in page, page.count("checked")) == (True, 1)
    page = desk.post("/money", till="Чужой RUB", **typed).text
    assert ("П-117" in page, page.count("checked")) == (False, 0)


def test_a_till_is_paid_out_once_and_the_shop_sees_it(app: Flask, keys: list[str]) -> None:
    desk, shop = Browser(app, "cashier"), Browser(app, "shop")
    page = desk.get("/money").text
    assert all(f'value="{key}"' in page for key in keys)
    assert "Получатели заплатили" in shop.get("/shop/money").text
    assert desk.post("/money", cash=keys, total="8990", number=" ", day="2026-11-20").status_code == 422
    assert desk.post("/money", cash=keys, total="8990", number="П-117", day="когда-то").status_code == 422
    assert desk.post("/money", cash=keys, total="8990", number="П-117", day="9999-01-01").status_code == 422
    assert desk.post("/money", number="П-117", day="2026-11-20").status_code == 422
    assert desk.post("/money", cash=keys, total="8990", number="П-117", day="2026-11-20").status_code == 303
    assert "2\u00a0заказа" in desk.get("/money").text
    again = desk.post("/money", cash=keys, total="8990", number="П-117", day="2026-11-20")
    assert (again.status_code, "уже передана" in again.text) == (409, True)
    for odd in ("x:y", "999:1", "9" * 30 + ":1", "1"):
        assert desk.post("/money", cash=[odd], total="1", number="1", day="2026-11-20").status_code == 409
    mine = shop.get("/shop/money").text
    assert re.findall(r"П-117", mine) == ["П-117"] * 2
    assert "8\u00a0990\u00a0₽" in mine
    assert "П-117" not in Browser(app, "stranger").get("/shop/money").text
    assert letters() == []  # nobody has left an address
