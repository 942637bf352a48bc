"""A courier's day without a network: the page comes out of the phone, marks wait in it, nothing is said falsely."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import pytest
import time_machine
from flask import Flask
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import select

from parcels.models import Fact
from parcels.stages import Kind
from portal.transaction import reading
from scheduling.photo_models import DoorPhoto
from tests.e2e.network import Network, serving
from tests.e2e.test_story import PHONE
from tests.web.test_rounds import NOON, parcels

__all__ = ["parcels"]
#: The round and a page for each of its three stops.
PAGES = 4


def picture() -> bytes:
    """As large as a phone's camera makes it, or larger."""
    body = BytesIO()
    Image.new("RGB", (3200, 1600), "teal").save(body, "JPEG")
    return body.getvalue()


#: What is chosen as photos: one that is none, and one that is.
PHOTOS = {"none.jpg": b"MZ" * 50, "door.jpg": picture()}
pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("product")]


@pytest.fixture
def street(app: Flask, parcels: list[int]) -> Iterator[tuple[str, Network]]:
    """The product at Thursday noon in Tomsk, behind a network."""
    with time_machine.travel(NOON, tick=True), serving(app) as (url, network):
        yield url, network


@pytest.fixture
def phone(street: tuple[str, Network], chromium: Browser) -> Iterator[Page]:
    """The courier's phone, signed in, with his pages kept for the way."""
    url, _network = street
    context = chromium.new_context(viewport=PHONE, locale="ru-RU", base_url=url)
    page = context.new_page()
    sign_in(page)
    for _ in range(100):
        if page.evaluate("caches.open('round-pages-1').then(c => c.keys()).then(k => k.length)") >= PAGES:
            break
        page.wait_for_timeout(100)
    yield page
    context.close()


def sign_in(page: Page) -> None:
    page.goto("/login?next=/round")
    page.get_by_label("Имя для входа").fill("courier")
    page.get_by_label("Пароль").fill("secret")
    page.get_by_role("button", name="Войти").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Рейс Т-1")


def unsent(page: Page, count: int) -> None:
    if count:
        expect(page.locator("[data-unsent]")).to_have_text(str(count))
    expect(page.locator("#offline")).to_be_visible(visible=count > 0)


def scan(page: Page, parcel_id: int) -> None:
    page.get_by_label("Код посылки", exact=True).fill(f"VH{parcel_id:09d}")
    with page.expect_navigation():
        page.get_by_role("button", name="Взял", exact=True).click()


def stop(page: Page, address: str) -> Locator:
    return page.locator("a[data-keep]").filter(has_text=address)


def kinds_of(parcel_id: int) -> list[Kind]:
    wanted = (Kind.TO_COURIER, Kind.DELIVERED, Kind.NOT_DELIVERED)
    with reading() as session:
        query = select(Fact.kind).where(Fact.parcel_id == parcel_id, Fact.kind.in_(wanted)).order_by(Fact.seq)
        return list(session.scalars(query))


def network_is_back(page: Page) -> None:
    page.evaluate("window.dispatchEvent(new Event('online'))")


def test_a_day_with_the_network_cut_doubled_and_reordered(
    street: tuple[str, Network], phone: Page, parcels: list[int]
) -> None:
    _url, network = street
    network.is_cut = True
    phone.reload()
    expect(phone.locator("#kept")).to_be_visible()
    for count, parcel_id in enumerate(parcels, start=1):
        scan(phone, parcel_id)
        unsent(phone, count)
    expect(phone.get_by_text("в машине, ещё в телефоне").first).to_be_visible()
    with phone.expect_navigation():
        phone.get_by_role("button", name="Выехал").click()
    unsent(phone, 4)

    stop(phone, "Нахимова, 12").click()
    with phone.expect_navigation():
        phone.get_by_role("button", name="Вручил", exact=True).click()
    unsent(phone, 5)
    expect(phone.get_by_text("вручил, ещё в телефоне")).to_be_visible()
    for number, (name, body) in enumerate(PHOTOS.items(), start=6):
        phone.locator("#photo").set_input_files({"name": name, "mimeType": "image/jpeg", "buffer": body})
        with phone.expect_navigation():
            phone.get_by_role("button", name="Приложить фото").click()
        unsent(phone, number)
    expect(phone.get_by_text("фото ещё в телефоне: 2")).to_be_visible()
    phone.get_by_role("link", name="Дальше").click()
    stop(phone, "Учебная, 20").click()
    phone.get_by_text("Не вручил", exact=True).click()
    phone.get_by_text("Нет дома").click()
    with phone.expect_navigation():
        phone.get_by_role("button", name="Записать").click()
    unsent(phone, 8)
    assert [kinds_of(parcel_id) for parcel_id in parcels] == [[], [], []], "nothing has reached the server yet"

    network.is_cut, network.lose, network.double = False, 1, True
    phone.context.clear_cookies()
    network_is_back(phone)
    phone.get_by_role("link", name="Войдите снова").click()
    unsigned = len(network.copies)
    sign_in(phone)
    expect(phone.locator("#offline")).to_be_hidden(timeout=30_000)
    del network.copies[:unsigned]
    assert network.late_copies() == [200] * len(network.copies)
    expect(phone.locator("[data-refused=photos]")).to_contain_text("Это не фото")
    with reading() as session:
        photo = session.scalars(select(DoorPhoto)).one()
    assert (photo.parcel_id, Image.open(BytesIO(photo.body)).size) == (parcels[1], (1600, 800))
    assert kinds_of(parcels[1]) == [Kind.TO_COURIER, Kind.DELIVERED]
    assert kinds_of(parcels[0]) == [Kind.TO_COURIER, Kind.NOT_DELIVERED]
    assert kinds_of(parcels[2]) == [Kind.TO_COURIER]
    phone.goto("/round")
    expect(phone.get_by_role("heading", level=1)).to_contain_text("2 из 3")


def test_what_the_server_does_not_take_is_said_and_kept(
    street: tuple[str, Network], phone: Page, parcels: list[int]
) -> None:
    scan(phone, 999_999)
    expect(phone.get_by_role("heading", name="Отметки не приняты")).to_be_visible()
    expect(phone.locator("[data-refused=marks]")).to_contain_text("нет ни в одном рейсе")
    unsent(phone, 0)
    expect(phone.get_by_role("link", name="Диспетчер").first).to_be_visible()
    phone.get_by_role("button", name="Прочитал, убрать").click()
    expect(phone.get_by_role("heading", name="Отметки не приняты")).to_be_hidden()
    phone.reload()
    expect(phone.get_by_role("heading", name="Отметки не приняты")).to_be_hidden()


def test_another_sum_is_asked_about_at_the_door_without_a_network(
    street: tuple[str, Network], phone: Page, parcels: list[int]
) -> None:
    _url, network = street
    scan(phone, parcels[1])
    network.is_cut = True
    phone.reload()
    expect(phone.locator("#kept")).to_be_visible()
    for typed, said in (("4750", "Не хватает 240"), ("5 250,50", "Больше на 260,50"), ("много", "Это не сумма")):
        phone.get_by_label("Взяли денег").fill(typed)
        phone.get_by_role("button", name="Вручил", exact=True).click()
        expect(phone.locator("[data-sum-problem]")).to_contain_text(said)
    unsent(phone, 0)
    phone.get_by_label("Взяли денег").fill("4750")
    phone.get_by_label("Почему сумма другая").fill("скидка магазина")
    with phone.expect_navigation():
        phone.get_by_role("button", name="Вручил", exact=True).click()
    unsent(phone, 1)
    network.is_cut = False
    network_is_back(phone)
    expect(phone.locator("#offline")).to_be_hidden(timeout=30_000)
    with reading() as session:
        told = session.scalars(select(Fact).where(Fact.parcel_id == parcels[1], Fact.kind == Kind.DELIVERED)).one()
    assert (told.details["cod_minor"], told.details["note"]) == (475_000, "скидка магазина")
