"""The pages of cash on delivery: tills are paid out with a payment's number, and a shop sees its own money alone."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from parcels.models import Shop
from portal.transaction import transaction
from tests.factories import CHELYABINSK, make_staff
from tests.integration.test_money import letters, paid_in, tills
from tests.web.test_account import Browser


@pytest.fixture
def keys(app: Flask) -> list[str]:
    parcels = paid_in(2)
    with transaction() as session:
        for role, shop_id in (("operator", None), ("shop", parcels[0].shop_id)):
            make_staff(session, role, shop_id=shop_id)
        session.add(Shop(id=77, code="b", name="Чужой", phone="+78000000417", origin_id=CHELYABINSK))
        session.flush()
        make_staff(session, "shop", "stranger", shop_id=77)
    return [cash.key for cash in tills()]


def test_what_was_typed_comes_back_into_its_own_form_only(app: Flask, keys: list[str]) -> None:
    desk = Browser(app, "operator")
    key = re.findall(r'name="till" value="([^"]+)"', desk.get("/money").text)[0]
    typed = {"cash": keys[:1], "number": "П-117", "day": "когда-то"}
    page = desk.post("/money", till=key, **typed).text
    assert ("П-117" in page, page.count("checked")) == (True, 1)
    page = desk.post("/money", till="Чужой RUB", **typed).text
    assert ("П-117" in page, page.count("checked")) == (False, len(keys))


def test_a_till_is_paid_out_once_and_the_shop_sees_it(app: Flask, keys: list[str]) -> None:
    desk, shop = Browser(app, "operator"), Browser(app, "shop")
    page = desk.get("/money").text
    assert all(f'value="{key}"' in page for key in keys)
    assert "Получатели заплатили" in shop.get("/shop/money").text
    assert desk.post("/money", cash=keys, number=" ", day="2026-11-20").status_code == 422
    assert desk.post("/money", cash=keys, number="П-117", day="когда-то").status_code == 422
    assert desk.post("/money", cash=keys, number="П-117", day="9999-01-01").status_code == 422
    assert desk.post("/money", number="П-117", day="2026-11-20").status_code == 422
    assert desk.post("/money", cash=keys, number="П-117", day="2026-11-20").status_code == 303
    assert "2\u00a0заказа" in desk.get("/money").text
    again = desk.post("/money", cash=keys, number="П-117", day="2026-11-20")
    assert (again.status_code, "уже передана" in again.text) == (409, True)
    for odd in ("x:y", "999:1", "9" * 30 + ":1", "1"):
        assert desk.post("/money", cash=[odd], number="1", day="2026-11-20").status_code == 409
    mine = shop.get("/shop/money").text
    assert re.findall(r"П-117", mine) == ["П-117"] * 2
    assert "8\u00a0990\u00a0₽" in mine
    assert "П-117" not in Browser(app, "stranger").get("/shop/money").text
    assert letters() == []  # nobody has left an address
