"""Terms, costs and pick-up points as carriers tell them; and how they are asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from carriers import boxberry_offers, cdek_offers, nova_poshta_offers, topdelivery_offers
from carriers.base import Answer, BadAnswer, Refused, Request
from carriers.offers import STEPS, Ask, Point, Spot, Term, merged, step_of
from carriers.registry import OFFERS
from tests.carriers.hostile import HOSTILE

DATA = Path(__file__).resolve().parents[1] / "data"
ASK = Ask(Spot(259, "c1", "p1"), Spot(314, "c2", "p2"), 1_000, to_door=True, on=date(2026, 11, 16))


class Notebook:
    """A line that writes down what is asked, and knows a token."""

    def __init__(self) -> None:
        self.asked: list[Request] = []

    def ask(self, request: Request) -> Answer:
        self.asked.append(request)
        return Answer(200, b"{}")

    def token(self, _name: str) -> str | None:
        return "t"

    def keep_token(self, _name: str, _token: str, _seconds: float) -> None:
        raise AssertionError


def test_cdek_tells_days_and_cost() -> None:
    recorded = (DATA / "carriers/cdek_tariff.json").read_bytes()
    assert cdek_offers.term(recorded, ASK) == Term(1_000, 2, 4, 35_050, "RUB")
    with pytest.raises(Refused, match="направления"):
        cdek_offers.term('{"errors": [{"code": "v2", "message": "Нет такого направления"}]}'.encode(), ASK)
    for slip in ({"period_min": 5}, {"period_max": 400}, {"total_sum": "NaN"}, {"total_sum": -1}, {"currency": 643}):
        with pytest.raises(BadAnswer):
            cdek_offers.term(json.dumps(json.loads(recorded) | slip).encode(), ASK)


def test_cdek_tells_its_offices() -> None:
    first, second = cdek_offers.points((DATA / "carriers/cdek_points.json").read_bytes())
    assert first == Point(
        "cdek",
        "TMS12",
        "Томск",
        "Томская область",
        "ул. Нахимова, 8",
        "Пн-Пт 09:00-20:00, Сб-Вс 10:00-18:00",
        "+73822000000",
        56.461622,
        84.950213,
        "314",
    )
    assert (second.code, second.phone) == ("TMS7", "")


def test_boxberry_tells_days_cost_and_points() -> None:
    recorded = DATA / "boxberry"
    found = boxberry_offers.term((recorded / "response_deliveryCosts.json").read_bytes(), replace(ASK, weight_g=500))
    assert found == Term(500, 4, 4, 67_100, "RUB")
    (point,) = boxberry_offers.points((recorded / "response_listPoints.json").read_bytes())
    assert (point.code, point.city, point.region, point.city_code) == ("99451", "Москва", "Москва", "68")
    assert (point.address, point.hours) == ("Булатниковская ул, д.2А", "пн-вс: 10.00-20.30")
    assert (point.latitude, point.longitude) == (55.580676, 37.651708)
    with pytest.raises(Refused):
        boxberry_offers.points((recorded / "error_message.json").read_bytes())


def test_nova_poshta_tells_price_and_day_in_two_answers() -> None:
    price = nova_poshta_offers.price(b'{"success": true, "data": [{"AssessedCost": 300, "Cost": 75}]}', ASK)
    said = b'{"success": true, "data": [{"DeliveryDate": {"date": "2026-11-19 00:00:00.000000"}}]}'
    day = nova_poshta_offers.delivery_day(said, ASK)
    assert merged([price, day]) == Term(1_000, 3, 3, 7_500, "UAH")
    with pytest.raises(BadAnswer):
        nova_poshta_offers.delivery_day(said.replace(b"2026-11-19", b"2026-11-01"), ASK)
    (point,) = nova_poshta_offers.points((DATA / "carriers/nova_poshta_warehouses.json").read_bytes())
    assert point.hours == "пн–пт 08:00-21:00, сб 08:00-20:00, вс 09:00-20:00"
    assert point.city_code == "8d5a980d-391c-11dd-90d9-001a92567626"


def test_topdelivery_lists_its_points() -> None:
    found = topdelivery_offers.points((DATA / "topdelivery/pickup_points.json").read_bytes())
    assert [(point.code, point.city) for point in found][:2] == [("9", "Нижний Новгород"), ("10", "Казань")]


def believed(read: Callable[[bytes], object], junk: bytes) -> object:
    """What is believed of an answer: nothing of a refused one. Anything but BadAnswer comes through and fails."""
    try:
        return read(junk)
    except BadAnswer:
        return None


@pytest.mark.parametrize("code", OFFERS)
def test_nothing_hostile_is_believed(code: str) -> None:
    offers = OFFERS[code]
    assert offers.points is not None
    readers = [offers.points, *(partial(quote.parse, ask=ASK) for quote in offers.quotes)]
    assert [(name, said) for read in readers for name, junk in HOSTILE.items() if (said := believed(read, junk))] == []


def test_how_they_are_asked() -> None:
    line = Notebook()
    cdek = {"CLIENT_ID": "i", "CLIENT_SECRET": "s"}
    cdek_offers.ask_term(line, cdek, ASK)
    cdek_offers.ask_points(line, cdek, 2)
    boxberry_offers.ask_term(line, {"TOKEN": "k"}, ASK)
    nova_poshta_offers.ask_price(line, {"API_KEY": "k"}, ASK)
    nova_poshta_offers.ask_day(line, {"API_KEY": "k"}, replace(ASK, to_door=False))
    tariff, offices, costs, price, day = line.asked

    assert json.loads(tariff.body) == {
        "tariff_code": 137,
        "from_location": {"code": 259},
        "to_location": {"code": 314},
        "packages": [{"weight": 1000}],
    }
    assert (tariff.headers["Authorization"], tariff.headers["Content-Type"]) == ("Bearer t", "application/json")
    assert offices.url == "https://api.cdek.ru/v2/deliverypoints?country_code=RU&size=1000&page=2"
    asked = {name: value for name, (value,) in parse_qs(urlsplit(costs.url).query).items()}
    assert asked == {
        "token": "k",
        "method": "DeliveryCosts",
        "weight": "1000",
        "targetstart": "p1",
        "target": "p2",
    }
    way = json.loads(price.body)["methodProperties"]
    assert (way["CitySender"], way["CityRecipient"], way["ServiceType"]) == ("c1", "c2", "WarehouseDoors")
    assert way["Weight"] == "1"
    later = json.loads(day.body)
    assert (later["calledMethod"], later["methodProperties"]["DateTime"]) == ("getDocumentDeliveryDate", "16.11.2026")


def test_a_weight_is_asked_at_the_next_step() -> None:
    assert [step_of(grams) for grams in (1, 500, 501, 30_000, 30_001)] == [500, 500, 1_000, 30_000, None]
    assert list(STEPS) == sorted(STEPS)
