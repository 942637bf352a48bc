"""Keys of a shop's programs: shown once, kept as a hash, revoked by one press, and nobody else's business."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import select

from parcels.models import Shop
from portal import api_keys
from portal.api_models import ApiKey
from portal.transaction import reading, transaction
from tests.factories import CHELYABINSK, NOW, make_staff, make_world
from tests.web.test_account import Browser

KEY = re.compile(r"vekha_[\w-]{43}")


@pytest.fixture
def shop(app: Flask) -> Browser:
    with transaction() as session:
        make_staff(session, "shop", shop_id=make_world(session).id)
    browser = Browser(app, "shop")
    browser.get("/shop/keys")
    return browser


def keys() -> list[ApiKey]:
    with reading() as session:
        return list(session.scalars(select(ApiKey)))


def asks(app: Flask, key: str) -> int:
    return app.test_client().get("/api/v1/parcels/1", headers={"Authorization": f"Bearer {key}"}).status_code


def test_a_key_is_shown_once_and_opens_the_api_until_it_is_revoked(app: Flask, shop: Browser) -> None:
    page = shop.post("/shop/keys", name="Сайт")
    assert page.status_code == 201
    (made,) = KEY.findall(page.text)
    assert KEY.findall(shop.get("/shop/keys").text) == []
    (kept,) = keys()
    assert made not in (kept.digest, kept.begins)
    assert made.startswith(kept.begins)
    assert asks(app, made) == 404  # no such order, but the door is open
    for _ in range(2):
        assert shop.post(f"/shop/keys/{kept.id}/revoke").status_code == 303
    assert asks(app, made) == 401
    assert "Ключей пока нет" in shop.get("/shop/keys").text


@pytest.mark.parametrize(
    "given", ["", "Bearer", "Bearer vekha_", "Bearer x" + "y" * 5000, "Basic dmVraGE6", "Bearer ключ"]
)
def test_without_a_key_the_api_stays_shut(shop: Browser, app: Flask, given: str) -> None:
    answer = app.test_client().get("/api/v1/parcels/1", headers={"Authorization": given} if given else {})
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert answer.headers["WWW-Authenticate"].lower().startswith("bearer")
    assert answer.get_json()["title"] == "Ключ не подошёл"


def test_a_key_without_a_name_is_not_made(shop: Browser) -> None:
    page = shop.post("/shop/keys", name="  ")
    assert (page.status_code, "Названия нет" in page.text) == (422, True)
    assert keys() == []


def test_a_shop_cannot_revoke_the_key_of_another(app: Flask, shop: Browser) -> None:
    with transaction() as session:
        other = Shop(code="other", name="Другой", phone="+78000000417", origin_id=CHELYABINSK)
        session.add(other)
        session.flush()
        made = api_keys.make(session, other.id, "1С", "Ольга", NOW)
    shop.post(f"/shop/keys/{keys()[0].id}/revoke")
    assert asks(app, made) == 404


def test_there_are_at_most_twenty_keys(app: Flask, shop: Browser) -> None:
    with transaction() as session:
        shop_id = session.scalars(select(Shop.id)).one()
        for _ in range(api_keys.MOST):
            api_keys.make(session, shop_id, "x", "Ольга", NOW)
    page = shop.post("/shop/keys", name="Сайт")
    assert (page.status_code, len(keys())) == (409, api_keys.MOST)
    assert "сначала отзовите ненужный" in page.text
