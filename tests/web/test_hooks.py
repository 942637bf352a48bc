"""The shop's pages of webhooks: an address is added, tested, given a new secret, turned off, and its dead replayed."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select, update

from parcels.models import Shop
from portal import hooking
from portal.extensions import now
from portal.transaction import reading, transaction
from sms import hooks
from sms.hook_events import EVENTS
from sms.hook_models import HookDelivery, HookEndpoint, HookStatus, Why
from sms.public_address import Gate
from tests.factories import CHELYABINSK, NOW, make_parcel, make_staff, make_world
from tests.shop_server import ShopServer, shop_server
from tests.web.test_account import Browser

SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]+")


@pytest.fixture
def shop(app: Flask) -> Iterator[Browser]:
    """A shop's person who looks at the webhooks; every name leads to a public address."""
    with transaction() as session:
        shop = make_world(session)
        other = Shop(code="svet", name="Свет", phone="+78000000000", origin_id=CHELYABINSK)
        session.add(other)
        session.flush()
        make_staff(session, "shop", shop_id=shop.id)
        make_staff(session, "shop", "stranger", shop_id=other.id)
    app.extensions["hook_gate"] = Gate(resolve=resolve)
    with time_machine.travel(NOW, tick=False):
        browser = Browser(app, "shop")
        browser.get("/shop/hooks")
        yield browser


@pytest.fixture
def server(app: Flask) -> Iterator[ShopServer]:
    """The shop's server."""
    with shop_server() as server:
        app.extensions["hook_gate"], app.extensions["hooks"] = server.gate(), server.sender(5.0)
        yield server


def resolve(host: str, _port: int) -> list[str]:
    if host.endswith(".invalid"):
        raise OSError(host)
    return ["10.0.0.7"] if host == "inside.shop.ru" else [host if host[0].isdigit() else "93.158.134.3"]


def add(shop: Browser, url: str = "https://shop.ru/hook", **form: object) -> str:
    """Add an address, as the form stands. Returns its page."""
    answer = shop.post("/shop/hooks/add", url=url, **{"event": list(EVENTS.values()), **form})
    assert answer.status_code == 303, answer.text
    return answer.location


def endpoint() -> HookEndpoint:
    with reading() as session:
        return session.scalars(select(HookEndpoint)).one()


def order(count: int = 1) -> None:
    with transaction() as session:
        for _ in range(count):
            make_parcel(session, session.scalars(select(Shop).where(Shop.code == "teply-dom")).one())


def statuses() -> list[HookStatus]:
    with reading() as session:
        return list(session.scalars(select(HookDelivery.status).order_by(HookDelivery.id)))


def test_the_shop_finds_its_webhooks_from_its_orders(shop: Browser) -> None:
    assert 'href="/shop/hooks"' in shop.get("/shop").text
    page = shop.get("/shop/hooks").text
    assert "Адресов пока нет" in page
    assert 'aria-current="page">Вебхуки' in page


def test_a_secret_is_shown_once(shop: Browser) -> None:
    place = add(shop, description="склад")
    first = shop.get(place).text
    assert SECRET.findall(first) == [endpoint().secrets[0]["key"]]
    assert SECRET.findall(shop.get(place).text) == []
    page = shop.get("/shop/hooks").text
    assert "shop.ru/hook" in page
    assert "склад" in page


def test_everything_is_told_unless_something_was_chosen(shop: Browser) -> None:
    ticked = re.findall(r'name="event"\s+value="([^"]+)"\s+checked', shop.get("/shop/hooks").text)
    assert ticked == list(EVENTS.values())
    add(shop, event=ticked)
    assert endpoint().events is None


def test_what_was_chosen_alone_is_told(shop: Browser) -> None:
    add(shop, event=["parcel.delivered", "parcel.arrived", "no.such.thing"])
    assert endpoint().events == ["parcel.arrived", "parcel.delivered"]
    order()
    assert statuses() == []


def test_a_saved_address_can_be_changed(shop: Browser) -> None:
    place = add(shop, event=["parcel.accepted"])
    asked = {"url": "https://shop.ru/new", "description": "склад", "event": ["parcel.arrived"]}
    assert shop.post(f"{place}/edit", **asked, seen="1").status_code == 303
    assert "https://shop.ru/new" in shop.get(place).text
    assert (endpoint().url, endpoint().events, endpoint().version) == ("https://shop.ru/new", ["parcel.arrived"], 2)
    late = shop.post(f"{place}/edit", **asked | {"url": "https://shop.ru/late"}, seen="1")
    assert (late.status_code, endpoint().url) == (409, "https://shop.ru/new")


def test_an_address_is_not_changed_into_one_inside(shop: Browser) -> None:
    place = add(shop)
    page = shop.post(f"{place}/edit", url="https://10.0.0.7/", event=["parcel.arrived"], seen="1")
    assert page.status_code == 422
    assert "внутренней сети" in page.text
    assert endpoint().url == "https://shop.ru/hook"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://127.0.0.1/hook", "внутренней сети"),
        ("https://169.254.169.254/latest/", "внутренней сети"),
        ("https://inside.shop.ru/hook", "внутренней сети"),
        ("http://shop.ru/hook", "не https"),
        ("https://shop.ru:22/hook", "Порт не 443"),
        ("https://vera:secret@shop.ru/hook", "имя или пароль"),
        ("https://shop.invalid/hook", "Такого сервера в интернете нет"),
        ("shop.ru", "не читается"),
        ("", "не читается"),
        ("https://shop.ru/" + "a" * 500, "длиннее 500 знаков"),
    ],
)
def test_an_address_nothing_can_be_sent_to_is_explained_beside_its_field(shop: Browser, url: str, words: str) -> None:
    page = shop.post("/shop/hooks/add", url=url, description="склад", event=["parcel.arrived"])
    assert page.status_code == 422
    assert words in page.text
    assert f'value="{url}"' in page.text
    assert re.findall(r"value=\"([^\"]+)\"\s+checked", page.text) == ["parcel.arrived"]
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(HookEndpoint)) == 0


def test_no_event_at_all_is_no_choice(shop: Browser) -> None:
    page = shop.post("/shop/hooks/add", url="https://shop.ru/hook", event=[])
    assert page.status_code == 422
    assert "Не выбрано ни одного события" in page.text


def test_a_test_event_is_a_real_delivery_that_the_log_shows(shop: Browser, server: ShopServer) -> None:
    place = add(shop, server.url("/ok"))
    assert "Проверка отправлена" in (shop.post(f"{place}/test"), shop.get(place))[1].text
    assert hooking.deliver_hooks(now) == {"delivered": 1}
    page = shop.get(place).text
    assert "Вебхуки доходят" in page
    assert "thank you" in page
    assert server.seen[0].headers["webhook-id"].startswith("msg_test_")


def test_a_failure_is_told_with_its_reason_and_the_next_time(shop: Browser, server: ShopServer) -> None:
    place = add(shop, server.url("/moved"))
    shop.post(f"{place}/test")
    hooking.deliver_hooks(now)
    page = shop.get(place).text
    assert "Сервер не принимает, повторяем" in page
    assert "302: перенаправление" in page
    assert "не раньше" in page


def test_an_answer_is_text_and_never_markup(shop: Browser, server: ShopServer) -> None:
    server.thanks = b"<script>alert(1)</script>"
    place = add(shop, server.url("/ok"))
    shop.post(f"{place}/test")
    hooking.deliver_hooks(now)
    assert "&lt;script&gt;alert(1)" in shop.get(place).text


def test_410_is_explained_and_the_address_can_be_turned_on_again(shop: Browser, server: ShopServer) -> None:
    place = add(shop, server.url("/gone"))
    shop.post(f"{place}/test")
    hooking.deliver_hooks(now)
    page = shop.get(place).text
    assert "Адрес выключен" in page
    assert "ваш сервер ответил 410" in page
    assert shop.post(f"{place}/test").status_code == 409
    shop.post(f"{place}/enable")
    assert endpoint().is_enabled
    assert "Не доставлено: 1" in shop.get(place).text


def test_the_dead_are_replayed_one_by_one_or_all_together(shop: Browser) -> None:
    place = add(shop, event=["parcel.accepted"])
    order(3)
    shop.post(f"{place}/disable")
    assert shop.post(f"{place}/replay").status_code == 409
    shop.post(f"{place}/enable")
    page = shop.get(f"{place}?only=dead").text
    one = re.findall(r'name="delivery" value="(\d+)"', page)[0]
    shop.post(f"{place}/replay", delivery=one)
    assert sorted(statuses()) == [HookStatus.DEAD, HookStatus.DEAD, HookStatus.PENDING]
    shop.post(f"{place}/replay")
    assert statuses() == [HookStatus.PENDING] * 3
    assert "Отправляем снова: 2" in shop.get(place).text
    shop.post(f"{place}/replay")
    assert "Отправлять нечего" in shop.get(place).text


def test_a_new_secret_is_shown_once_and_the_old_one_with_its_end(shop: Browser) -> None:
    place = add(shop)
    (old,) = SECRET.findall(shop.get(place).text)
    shop.post(f"{place}/rotate")
    page = shop.get(place).text
    assert SECRET.findall(page) == [endpoint().secrets[0]["key"]]
    assert endpoint().secrets[1]["key"] == old
    assert page.count("действует до") == 1
    with time_machine.travel(NOW + timedelta(hours=25), tick=False):
        assert "действует до" not in Browser(shop._app, "shop").get(place).text


def test_an_eleventh_address_is_refused(shop: Browser) -> None:
    for _ in range(hooks.MOST):
        place = add(shop)
    page = shop.post("/shop/hooks/add", url="https://shop.ru/hook", event=["parcel.arrived"])
    assert page.status_code == 422
    assert "Включённых адресов уже 10" in page.text
    with transaction() as session:
        session.execute(update(HookEndpoint).where(HookEndpoint.id == 1).values(is_enabled=False))
    add(shop)
    assert shop.post("/shop/hooks/1/enable").status_code == 422
    assert place == "/shop/hooks/10"


@pytest.mark.parametrize("press", ["", "/rotate", "/disable", "/enable", "/test", "/replay"])
def test_another_shop_finds_nothing_there(app: Flask, shop: Browser, press: str) -> None:
    place = add(shop)
    stranger = Browser(app, "stranger")
    page = stranger.get("/shop/hooks")
    assert "shop.ru/hook" not in page.text
    answer = stranger.post(place + press) if press else stranger.get(place)
    assert answer.status_code == 404
    assert (endpoint().is_enabled, len(endpoint().secrets)) == (True, 1)


def test_why_an_address_is_off_has_its_words(shop: Browser) -> None:
    place = add(shop)
    shop.post(f"{place}/disable")
    assert endpoint().disabled_because is Why.BY_HAND
    assert "ответил 410" not in shop.get(place).text
