"""The shop's page for numbers given out at hand-over: a list is taken whole, or each bad line is named."""

from __future__ import annotations

import io

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import select

from carriers.models import Tracking
from parcels.models import Parcel, Shop
from portal.transaction import reading, transaction
from tests.factories import CHELYABINSK, make_parcel, make_staff, make_world
from tests.web.test_account import Browser


@pytest.fixture
def shop(app: Flask) -> Browser:
    with transaction() as session:
        shop = make_world(session)
        shop.carrier = "intime"
        make_staff(session, "shop", shop_id=shop.id)
        for number in ("48117", "48118"):
            make_parcel(session, shop, order_number=number)
        other = Shop(code="other", name="Другой", phone=shop.phone, origin_id=CHELYABINSK)
        session.add(other)
        session.flush()
        make_parcel(session, other, order_number="777")
    browser = Browser(app, "shop")
    browser.get("/shop/numbers")
    return browser


def followed() -> dict[str, str]:
    rows = select(Parcel.order_number, Tracking.number).join(Parcel, Parcel.id == Tracking.parcel_id)
    with reading() as session:
        return {row.order_number: row.number for row in session.execute(rows)}


def test_typed_numbers_are_followed_and_seen_among_the_orders(shop: Browser) -> None:
    page = shop.get("/shop/numbers").text
    assert '<option value="intime" selected>' in page
    answer = shop.post("/shop/numbers", carrier="intime", pairs="48117 → 3012345678\r\nvh000000002; 3012345679\r\n")
    assert (answer.status_code, answer.location) == (303, "/shop/numbers")
    assert "Номера приняты: 2" in shop.get("/shop/numbers").text
    assert followed() == {"48117": "3012345678", "48118": "3012345679"}
    assert "3012345678" in shop.get("/shop").text


def test_one_bad_line_and_nothing_is_taken(shop: Browser) -> None:
    shop.post("/shop/numbers", carrier="intime", pairs="48118 A1")
    bad = "48117 B1\n48118\n777 B2\n48118 B1\n48118 A1"
    answer = shop.post("/shop/numbers", carrier="intime", pairs=bad)
    assert answer.status_code == 422
    assert "Строк с ошибками: 3" in answer.text
    for words in ("в строке не два номера", "такого заказа у вас нет", "такой номер уже был выше"):
        assert words in answer.text
    assert "777 B2" in answer.text
    assert followed() == {"48118": "A1"}
    twice = shop.post("/shop/numbers", carrier="intime", pairs="48117 D1\nVH000000001 D2\0")
    assert "такой номер уже был выше" in twice.text
    taken = shop.post("/shop/numbers", carrier="intime", pairs="48117 A1").text
    assert "этот номер уже у другого заказа" in taken
    assert shop.post("/shop/numbers", carrier="intime", pairs=" ").status_code == 422
    assert shop.post("/shop/numbers", carrier="nobody", pairs="48117 A2").status_code == 422


def test_a_file_of_old_windows_is_read(shop: Browser) -> None:
    file = (io.BytesIO("заказ;номер\n48117;C1\n".encode("cp1251")), "numbers.csv")
    answer = shop.post("/shop/numbers", carrier="intime", pairs="", file=file)
    assert answer.status_code == 303
    assert followed() == {"48117": "C1"}


def workbook(*rows: tuple[str, object]) -> bytes:
    book, content = openpyxl.Workbook(), io.BytesIO()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    book.save(content)
    return content.getvalue()


def test_a_file_of_excel_is_read_by_its_lines(shop: Browser) -> None:
    def sent(*rows: tuple[str, object]) -> tuple[int, str]:
        answer = shop.post("/shop/numbers", carrier="intime", pairs="", file=(io.BytesIO(workbook(*rows)), "n.xlsx"))
        return answer.status_code, answer.text

    status, told = sent(("заказ", "номер"), ("48117", 3012345678), ("777", 3012345679))
    assert (status, "<td>3</td>" in told or ">3<" in told, "777" in told) == (422, True, True)
    assert sent(("заказ", "номер"), ("48117", 3012345678))[0] == 303
    assert followed() == {"48117": "3012345678"}
    torn = (io.BytesIO(workbook(("48118", 1))[:200]), "n.xlsx")
    answer = shop.post("/shop/numbers", carrier="intime", pairs="", file=torn)
    assert (answer.status_code, "Файл не похож на CSV или XLSX" in answer.text) == (422, True)


def test_what_a_spreadsheet_has_in_place_of_a_number_is_no_number(shop: Browser) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in (["Заказ", "Номер"], ["48117", "#N/A"], ["48118", "=A1"], ["777", 12345678901234567890]):
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    answer = shop.post("/shop/numbers", carrier="intime", file=(io.BytesIO(content.getvalue()), "numbers.xlsx"))
    assert (answer.status_code, followed()) == (422, {})
    assert "Строк с ошибками: 3" in answer.text


def test_a_text_as_excel_saves_it_in_unicode(shop: Browser) -> None:
    content = "Заказ\tНомер\r\n48117\tA1\r\n".encode("utf-16")
    answer = shop.post("/shop/numbers", carrier="intime", file=(io.BytesIO(content), "numbers.txt"))
    assert (answer.status_code, followed()) == (303, {"48117": "A1"})
