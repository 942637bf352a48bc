"""The shop's page of one parcel: recalled and redirected from there, seen through the station and by its recipient."""

from __future__ import annotations

import pytest
import time_machine
from flask import Flask

from parcels import journal
from parcels.custody import Role
from parcels.journal import NewFact
from parcels.models import Shop
from parcels.stages import Kind, Stage
from portal import links
from portal.transaction import transaction
from tests.factories import CHELYABINSK, NOW, make_staff, travel
from tests.web.test_account import Browser
from tests.web.test_station import count_of, holder, in_tomsk, parcel, printed, scan
from tests.web.test_station import world as world  # a fixture

pytestmark = pytest.mark.usefixtures("world")


@pytest.fixture
def shop(world: Flask) -> Browser:
    """Somebody of the parcel's shop."""
    with transaction() as session:
        make_staff(session, "shop", shop_id=parcel().shop_id)
    return Browser(world, "shop")


def page() -> str:
    return f"/shop/parcels/{parcel().number}"


def test_a_recalled_parcel_is_put_aside_and_sent_back_by_scans(world: Flask, shop: Browser) -> None:
    morning, noon = in_tomsk(world)
    token = links.token_for(parcel())
    with time_machine.travel(morning, tick=False):
        assert "Отменить отзыв нельзя" in shop.get(page()).text
        version = parcel().version
        assert shop.post(f"{page()}/recall", version=version).status_code == 422
        assert shop.post(f"{page()}/recall", version=2, sure="yes").status_code == 409
        assert shop.post(f"{page()}/recall", version=version, sure="yes", note="Брак").status_code == 303
        assert shop.post(f"{page()}/recall", version=version, sure="yes").status_code == 409
        story = shop.get(page()).text
        assert ("Отозван магазином" in story, "Отозвать</button>" in story) == (True, False)
        told = Browser(world).get(f"/t/{token}").text
        assert ("Магазин отозвал заказ" in told, "Доставки не будет" in told) == (True, True)
        assert 'name="slot"' not in told
    with time_machine.travel(noon, tick=False):
        keeper = Browser(world, "keeper3")
        assert "Отозвана магазином. Положите" in scan(keeper, "receive", "48117", "a")
        assert holder() == (Role.WAREHOUSE, "Томск, склад")
        assert "Этот шаг уже отсканирован" in scan(keeper, "back", "48117", "b")
        courier = make_courier()
        assert "отложите на возврат" in scan(keeper, "issue", "48117", "c", courier=courier)
        assert "Отправлена обратно" in scan(keeper, "send", "48117", "d")
        assert "Едет обратно" in shop.get("/shop/parcels").text or "Возврат" in shop.get("/shop/parcels").text
        assert "Принята обратно" in scan(Browser(world, "keeper1"), "back", "48117", "e")
        assert (parcel().stage, count_of(Kind.RECALLED)) == (Stage.RETURNED, 1)
        assert "Вернуть в магазин" in shop.get("/shop/parcels").text


def make_courier() -> int:
    with transaction() as session:
        return make_staff(session, "courier", "another", zone_id=1).id


def test_a_redirect_asks_for_a_new_label(world: Flask, shop: Browser) -> None:
    with time_machine.travel(NOW, tick=False):
        token, keeper = links.token_for(parcel()), Browser(world, "keeper1")
        assert "Упакована" in scan(keeper, "pack", "48117", "a", weight="1700")
        printed(keeper, f"/station/label/{parcel().id}")
    with time_machine.travel(NOW.replace(hour=9), tick=False):
        shop = Browser(world, "shop")
        wanted = {"version": parcel().version, "region": "", "address": "ул. Мира, 1"}
        assert shop.post(f"{page()}/redirect", **wanted, settlement="Мюнхен").status_code == 422
        assert shop.post(f"{page()}/redirect", **wanted, settlement="Калининград").status_code == 303
        assert "Магазин изменил адрес доставки" in Browser(world).get(f"/t/{token}").text
        line = shop.get("/shop/parcels").text
        assert ("Другой адрес" in line, "Калининград" in line) == (True, True)
        keeper = Browser(world, "keeper1")
        assert "Напечатайте этикетку заново" in scan(keeper, "send", "48117", "b")
        printed(keeper, f"/station/label/{parcel().id}")
        assert "Передана перевозчику" in scan(keeper, "send", "48117", "c")


def test_another_shops_parcel_is_none(world: Flask) -> None:
    with transaction() as session:
        session.add(Shop(id=77, code="b", name="Чужой", phone="+78000000417", origin_id=CHELYABINSK))
        session.flush()
        make_staff(session, "shop", shop_id=77)
    stranger = Browser(world, "shop")
    assert stranger.get(page()).status_code == 404
    assert stranger.post(f"{page()}/recall", version=1, sure="yes").status_code == 404


def test_a_recall_with_the_courier_is_refused_in_plain_words(world: Flask, shop: Browser) -> None:
    with transaction() as session:
        travel(session, journal.lock(session, parcel().id), [Kind.HANDED_OVER, Kind.ARRIVED, Kind.TO_COURIER])
    answer = shop.post(f"{page()}/recall", version=parcel().version, sure="yes")
    assert (answer.status_code, "Позвоните диспетчеру" in answer.text) == (409, True)


def test_the_story_names_who_has_received_it_and_until_when_it_was_put_off(world: Flask, shop: Browser) -> None:
    with transaction() as session:
        held = journal.lock(session, parcel().id)
        for kind, to in ((Kind.POSTPONED, "2026-12-03"), (Kind.DELIVERED, "Юлия Ковалёва")):
            journal.record(session, held, NewFact(kind, "courier", details={"to": to}), NOW)
    story = shop.get(page()).text
    assert ("до чт, 3\xa0декабря" in story, "Получил: Юлия Ковалёва" in story) == (True, True)
