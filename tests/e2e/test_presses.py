"""Whatever becomes of a press, the page says so where it was pressed, gets the focus there, keeps what was chosen."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event, Thread

import pytest
from flask import Flask, abort, request
from playwright.sync_api import Browser, Page, expect
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import TooManyRequests
from werkzeug.serving import make_server

from parcels.stages import Kind, Stage
from portal import links
from portal.links import BadLink, EndedLink
from portal.transaction import transaction
from tests.e2e.test_story import PHONE
from tests.factories import make_parcel, make_staff, make_world, travel

pytestmark = pytest.mark.e2e
PROBLEMS = {
    500: RuntimeError("broken"),
    503: OperationalError("", {}, Exception()),
    429: TooManyRequests(retry_after=60),
    404: BadLink(),
    410: EndedLink(Stage.DELIVERED),
}
WORDS = {
    500: "У нас сбой",
    503: "У нас сбой",
    429: "Слишком много попыток",
    403: "Сюда нельзя",
    404: "Такой ссылки у нас нет",
    410: "Срок этой ссылки закончился",
}


@dataclass
class Site:
    """The product on a port, and what is to become of the next forms: a status, or no answer at all."""

    url: str
    token: str
    status: int = 0
    is_silent: bool = False


@pytest.fixture
def site(app: Flask) -> Iterator[Site]:
    app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)
    with transaction() as session:
        shop = make_world(session, datetime.now(UTC))
        make_staff(session, "shop", shop_id=shop.id)
        parcel = make_parcel(session, shop, datetime.now(UTC))
        travel(session, parcel, (Kind.HANDED_OVER, Kind.AT_WAREHOUSE), datetime.now(UTC))
        token = links.token_for(parcel)
    server, over = make_server("127.0.0.1", 0, app, threaded=True), Event()
    found = Site(f"http://localhost:{server.server_port}", token)
    app.config["PUBLIC_BASE_URL"] = found.url

    @app.before_request
    def fail() -> None:
        if request.method != "POST" or not (found.is_silent or found.status):
            return
        if found.is_silent:
            over.wait(30)
        if found.status in PROBLEMS:
            raise PROBLEMS[found.status]
        abort(found.status)

    Thread(target=server.serve_forever, daemon=True).start()
    yield found
    over.set()
    server.shutdown()


@pytest.fixture
def phone(site: Site, chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport=PHONE, locale="ru-RU")
    page = context.new_page()
    page.goto(f"{site.url}/t/{site.token}")
    yield page
    context.close()


def press(phone: Page) -> str:
    """Choose the second time that is free and press; returns what was chosen."""
    choice = phone.locator("label.time input").nth(1)
    chosen = str(choice.get_attribute("value"))
    phone.locator("label.time").nth(1).click()
    phone.get_by_role("button", name="Привезти в это время").click()
    return chosen


def is_said(phone: Page, words: str, chosen: str) -> None:
    expect(phone.locator("#slot #problem")).to_contain_text(words)
    expect(phone.locator("#problem")).to_be_focused()
    expect(phone.locator("#problem")).to_be_in_viewport()
    assert phone.locator("[name=slot]:checked").get_attribute("value") == chosen


@pytest.mark.parametrize("status", WORDS)
def test_the_server_s_words_stand_beside_the_form(site: Site, phone: Page, status: int) -> None:
    site.status = status
    chosen = press(phone)
    is_said(phone, WORDS[status], chosen)
    site.status = 0
    phone.get_by_role("button", name="Привезти в это время").click()
    expect(phone.get_by_role("heading", name="Записали. Звонить не будем")).to_be_visible()
    expect(phone.locator("#problem")).to_have_count(0)
    expect(phone.locator("[data-focus]")).to_be_focused()


def test_a_server_that_never_answers_has_15_seconds(site: Site, phone: Page) -> None:
    assert phone.evaluate("htmx.config.timeout") == 15_000
    phone.evaluate("htmx.config.timeout = 700")
    site.is_silent = True
    is_said(phone, "Ответ не пришёл", press(phone))


def test_without_a_network_nothing_was_sent(phone: Page) -> None:
    phone.context.set_offline(True)
    is_said(phone, "Нет связи, ничего не отправлено", press(phone))


@pytest.mark.parametrize("status", [200, 404, 502, 504])
def test_what_somebody_else_answers_in_our_place_is_not_shown(phone: Page, status: int) -> None:
    phone.route("**/slot", lambda route: route.fulfill(status=status, body="<h1>Bad gateway</h1>"))
    is_said(phone, "Ответ не пришёл", press(phone))
    assert "Bad gateway" not in phone.content()


def test_a_shop_that_types_keeps_its_words_and_its_cursor(site: Site, phone: Page) -> None:
    phone.goto(f"{site.url}/login")
    phone.fill("[name=login]", "shop")
    phone.fill("[name=password]", "secret")
    phone.click("main [type=submit]")
    phone.goto(f"{site.url}/shop/informing")
    for status in (500, 429):
        site.status = status
        phone.fill("#first_text", f"Посылка {{order}} {{link}} {status}")
        expect(phone.locator("#problem")).to_contain_text(WORDS[status])
        expect(phone.locator("#first_text")).to_be_focused()
    site.status = 0
    other = phone.context.new_page()
    other.goto(f"{site.url}/shop")
    other.get_by_role("button", name="Выйти").click()
    phone.fill("#first_text", "Посылка {order} {link}")
    expect(phone.locator("#problem")).to_contain_text("сеанс закончился")
    assert phone.input_value("#first_text") == "Посылка {order} {link}"
