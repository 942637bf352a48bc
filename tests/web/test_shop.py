"""The shop's page: two fields begin the tracking of an order."""

import pytest
from flask import Flask
from sqlalchemy import func, select

from parcels.models import Parcel
from portal.transaction import reading, transaction
from sms.models import Message
from tests.factories import make_parcel, make_staff, make_world
from tests.web.test_account import Browser


@pytest.fixture
def shop_id(app: Flask) -> int:
    with transaction() as session:
        shop = make_world(session)
        make_staff(session, "shop", shop_id=shop.id)
        make_parcel(session, shop, order_number="48117")
        return shop.id


@pytest.fixture
def shop(app: Flask, shop_id: int) -> Browser:
    shop = Browser(app, "shop")
    shop.get("/shop")
    return shop


def test_the_form_has_exactly_two_fields(shop: Browser) -> None:
    page = shop.get("/shop").text
    form = page[page.index('action="/shop/track"') :]
    fields = form[: form.index("</form>")].split("<input")[1:]
    assert [field.split('name="')[1].split('"')[0] for field in fields if "hidden" not in field] == ["number", "phone"]


def test_an_order_begins_with_a_number_and_a_phone(shop: Browser, shop_id: int) -> None:
    answer = shop.post("/shop/track", number=" A-1 ", phone="8 (913) 111-22-33")
    assert (answer.status_code, answer.location) == (303, "/shop")
    page = shop.get("/shop").text
    assert "SMS уходит на +7\u00a0913\u00a0111-22-33" in page
    assert "A-1" in page
    assert "SMS уходит" not in shop.get("/shop").text
    with reading() as session:
        parcel = session.scalars(select(Parcel).where(Parcel.order_number == "A-1")).one()
        assert (parcel.shop_id, parcel.phone) == (shop_id, "+79131112233")
        assert session.scalar(select(func.count()).where(Message.parcel_id == parcel.id)) == 1


def test_the_same_again_promises_no_message(shop: Browser) -> None:
    shop.post("/shop/track", number="48117", phone="+7 913 000-12-42")
    page = shop.get("/shop").text
    assert "уже отслеживается с этим телефоном" in page
    assert "SMS уходит" not in page


@pytest.mark.parametrize(
    ("number", "phone", "words"),
    [
        ("A-1", "123", "Такого телефона не бывает"),
        ("A-1", "", "Телефона нет"),
        ("A-1", "+7 383 210-00-00", "Это не мобильный"),
        (" ", "+7 913 000-12-42", "Номера заказа нет"),
        ("9" * 41, "+7 913 000-12-42", "Номер длиннее 40 знаков"),
    ],
)
def test_what_cannot_be_taken_is_explained_beside_its_field(shop: Browser, number: str, phone: str, words: str) -> None:
    page = shop.post("/shop/track", number=number, phone=phone)
    assert page.status_code == 422
    assert words in page.text
    assert f'value="{phone}"' in page.text
    assert page.text.count('aria-invalid="true"') == 1
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(Parcel)) == 1


def test_a_shop_sees_its_own_parcels_and_no_link(app: Flask, shop: Browser, shop_id: int) -> None:
    with transaction() as session:
        other = make_staff(session, "shop", "stranger", shop_id=None)
        assert other.shop_id is None
    page = shop.get("/shop").text
    assert "48117" in page
    assert "Принят магазином" in page
    assert "Томск" in page
    assert "/t/" not in page
    assert Browser(app, "stranger").get("/shop").status_code == 403
