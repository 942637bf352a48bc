"""The five-minute story in a phone-sized browser, with JavaScript and without, through server, worker and gateway."""

import csv
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.conftest import Product

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("product")]
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 800}
_orders = count(900_001)


@pytest.fixture(params=[True, False], ids=["with-javascript", "without-javascript"])
def phone(request: pytest.FixtureRequest, chromium: Browser) -> Iterator[Page]:
    """A phone, its browser with JavaScript or without."""
    context = chromium.new_context(viewport=PHONE, java_script_enabled=request.param, has_touch=True, locale="ru-RU")
    yield context.new_page()
    context.close()


def order_comes_in(product: Product, folder: Path, city: str = "Томск") -> tuple[str, str]:
    """A shop's file with one order is imported. Returns the order's number and its phone."""
    number = str(next(_orders))
    phone = f"+7914{number[-3:]}{number[-4:]}"
    file = folder / "orders.csv"
    with file.open("w", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["order_number", "phone", "recipient", "settlement", "address", "cod"])
        rows.writerow([number, phone, "Марина Кузнецова", city, "ул. Нахимова, 12", "4990"])
    product.flask("import-orders", str(file), "--shop", "teply-dom")
    return number, phone


def first_sms(product: Product, page: Page, phone: str) -> None:
    """The phone gets the first SMS from the worker; its link is pressed."""
    for _ in range(60):
        page.goto(f"{product.url}/phone?to={phone.replace('+', '%2B')}")
        link = page.locator("a[href*='/t/']")
        if link.count():
            link.first.click()
            return
        page.wait_for_timeout(500)
    raise AssertionError("no SMS came")


def signed_in(product: Product, chromium: Browser, who: str, size: dict[str, int]) -> tuple[BrowserContext, Page]:
    context = chromium.new_context(viewport=size, locale="ru-RU")
    page = context.new_page()
    page.goto(f"{product.url}/login")
    page.get_by_label("Имя для входа").fill(who)
    page.get_by_label("Пароль").fill(who)
    page.get_by_role("button", name="Войти").click()
    page.wait_for_url(lambda url: not url.partition("?")[0].endswith("/login"))  # else it may still be the form
    return context, page


def test_from_the_order_to_the_courier(product: Product, chromium: Browser, phone: Page, tmp_path: Path) -> None:
    number, to = order_comes_in(product, tmp_path)
    first_sms(product, phone, to)
    expect(phone.locator("h1")).to_contain_text("Привезём")
    slot = phone.locator("label.time").nth(1)
    day = date.fromisoformat(str(slot.locator("input").get_attribute("value")).partition("T")[0])
    slot.click()
    phone.get_by_role("button", name="Привезти в это время").click()
    expect(phone.get_by_role("heading", name="Записали. Звонить не будем")).to_be_visible()
    expect(phone.locator("h1")).to_contain_text(f"{day.day}")
    expect(phone.locator(".stage").first).to_have_text("Дата назначена")

    context, manager = signed_in(product, chromium, "manager", DESK)
    manager.goto(f"{product.url}/rounds?day={day.isoformat()}")
    manager.get_by_role("button", name="Собрать сейчас: Томск").click()
    expect(manager.get_by_role("link", name="Т-1")).to_be_visible()
    context.close()

    context, courier = signed_in(product, chromium, "courier", PHONE)
    courier.goto(f"{product.url}/round?day={day.isoformat()}")
    expect(courier.get_by_text("ул. Нахимова, 12").first).to_be_visible()
    expect(courier.get_by_text("4 990 ₽").first).to_be_visible()
    context.close()
    assert number in phone.content()


def test_postponing_and_changing_ones_mind(product: Product, phone: Page, tmp_path: Path) -> None:
    _, to = order_comes_in(product, tmp_path)
    first_sms(product, phone, to)
    before = phone.locator("h1").inner_text()
    phone.locator("summary", has_text="Отложить").click()
    phone.get_by_label("На неделю").check()
    phone.get_by_role("button", name="Отложить", exact=True).click()
    expect(phone.locator("h1")).to_contain_text("Привезём не раньше")
    phone.get_by_role("button", name="Вернуть как было").click()
    expect(phone.locator("h1")).to_have_text(before)


def test_who_chose_nothing_is_called(product: Product, chromium: Browser, phone: Page, tmp_path: Path) -> None:
    number, to = order_comes_in(product, tmp_path, "Якутск")
    first_sms(product, phone, to)
    link = phone.url
    product.flask("fact", number, "handed_over", "--shop", "teply-dom")
    product.flask("fact", number, "departed", "--shop", "teply-dom")
    product.flask("fact", number, "arrived", "--shop", "teply-dom")
    tomorrow = (datetime.now().astimezone() + timedelta(days=1)).replace(hour=2, minute=0)
    product.flask("tick", "--now", tomorrow.isoformat())
    phone.goto(link)
    expect(phone.locator(".due")).to_contain_text("звоним")

    context, desk = signed_in(product, chromium, "operator", DESK)
    expect(desk.get_by_role("button", name="Взять следующий звонок")).to_be_visible()
    context.close()


def test_a_page_fits_its_phone_even_a_narrow_one(product: Product, chromium: Browser) -> None:
    for stage in ("В пути в ваш город", "Дата назначена", "Не застали", "Отложен", "Вручён"):
        for width in (320, 390):
            context = chromium.new_context(viewport={"width": width, "height": 844})
            page = context.new_page()
            page.goto(product.page_of(stage))
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (stage, width)
            context.close()
