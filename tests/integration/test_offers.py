"""Carriers are asked what they offer: points are kept, terms become lanes; the same again changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from carriers.http import HttpLine
from carriers.offer_models import PickupPoint, Tariff
from parcels.models import Shop
from portal import ticking
from portal.offering import ask_all
from portal.transaction import reading, transaction
from scheduling import matrix
from scheduling.matrix import LaneRow
from scheduling.models import Matrix
from tests.carrier_server import CarrierServer, Reply, carrier_server
from tests.factories import CHELYABINSK, NOW, TOMSK, SettlementFactory, make_parcel, make_world

DATA = Path(__file__).resolve().parents[1] / "data"
POINTS = (DATA / "carriers/cdek_points.json").read_bytes()
TARIFF = (DATA / "carriers/cdek_tariff.json").read_bytes()
DAY = timedelta(days=1)
SIGNED_IN = Reply(b'{"access_token": "t", "expires_in": 3600}')
CDEK_KEYS = {"CARRIER_CDEK_CLIENT_ID": "i", "CARRIER_CDEK_CLIENT_SECRET": "s"}


@contextmanager
def cdek_for(app: Flask) -> Iterator[CarrierServer]:
    """CDEK, as recorded; and a world with a parcel on its way to Tomsk."""
    with transaction() as session:
        make_parcel(session, make_world(session), weight_g=900)
    with carrier_server() as server:
        server.answers("/cdek/oauth/token", SIGNED_IN)
        server.answers("/cdek/deliverypoints", Reply(POINTS), Reply(b"[]"))
        server.answers("/cdek/calculator/tariff", Reply(TARIFF))
        app.extensions["carrier_line"] = HttpLine(5)
        app.config["CARRIERS"] = CDEK_KEYS | {"CARRIER_CDEK_URL": server.url("/cdek")}
        yield server


@pytest.fixture
def carriers(app: Flask) -> Iterator[CarrierServer]:
    with cdek_for(app) as server:
        yield server


def lanes() -> dict[int, LaneRow]:
    with reading() as session:
        version = matrix.current(session, "cdek", CHELYABINSK, (NOW + DAY).date())
        assert version is not None
        return {lane.settlement_id: lane for lane in matrix.lanes_of(session, version.id)}


def versions() -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(Matrix)) or 0


def points() -> dict[str, PickupPoint]:
    with reading() as session:
        return {point.code: point for point in session.scalars(select(PickupPoint))}


def tariffs(carrier: str) -> dict[bool, Tariff]:
    with reading() as session:
        return {row.to_door: row for row in session.scalars(select(Tariff).where(Tariff.carrier == carrier))}


def test_a_used_way_is_asked_about_once_a_day_and_becomes_a_lane(both: Flask) -> None:
    with cdek_for(both) as server:
        _one_way(server)


def _one_way(carriers: CarrierServer) -> None:
    before = lanes()
    door = json.dumps(json.loads(TARIFF) | {"period_min": 3, "total_sum": 500}).encode()
    carriers.answers("/cdek/calculator/tariff", Reply(TARIFF), Reply(door))

    assert ticking.tick(NOW).offers == {"asked": 4, "new": 2, "news": 2, "versions": 1}
    asked = [json.loads(seen.body) for seen in carriers.asked("/cdek/calculator/tariff")]
    assert [(ask["tariff_code"], ask["packages"][0]["weight"]) for ask in asked] == [(136, 1000), (137, 1000)]
    after = lanes()
    assert after.pop(TOMSK) == LaneRow(TOMSK, 3, 4, has_courier=True)
    assert after == {place: lane for place, lane in before.items() if place != TOMSK}
    found = tariffs("cdek")
    assert (found[False].cost_minor, found[True].cost_minor, found[True].currency) == (35_050, 50_000, "RUB")

    assert ask_all(lambda: NOW + timedelta(minutes=10)) == {}
    carriers.answers("/cdek/calculator/tariff", Reply(TARIFF), Reply(door))
    carriers.answers("/cdek/deliverypoints", Reply(POINTS), Reply(b"[]"))
    assert ask_all(lambda: NOW + DAY) == {"asked": 4, "same": 2}
    assert versions() == 2


def test_points_have_their_settlement_change_and_go(carriers: CarrierServer) -> None:
    ask_all(lambda: NOW)
    assert {code: point.settlement_id for code, point in points().items()} == {"TMS12": TOMSK, "TMS7": TOMSK}
    first = json.loads(POINTS)[0]
    first["work_time"], first["location"]["city_code"] = "Пн-Вс 10:00-20:00", 999_999
    carriers.answers("/cdek/deliverypoints", Reply(json.dumps([first]).encode()), Reply(b"[]"))
    assert ask_all(lambda: NOW + DAY)["gone"] == 1
    found = points()
    assert (found["TMS12"].hours, found["TMS12"].settlement_id) == ("Пн-Вс 10:00-20:00", None)
    assert found["TMS7"].gone_at == NOW + DAY

    carriers.answers("/cdek/deliverypoints", Reply(b"[]"))
    assert ask_all(lambda: NOW + 2 * DAY)["failed"] == 1
    assert points()["TMS12"].gone_at is None


def test_a_refusal_and_an_illness_change_no_lane(carriers: CarrierServer) -> None:
    before = lanes()
    carriers.answers(
        "/cdek/calculator/tariff",
        Reply('{"errors": [{"code": "x", "message": "Туда не возим"}]}'.encode(), 400),
        Reply(b"<html>", 502),
    )
    carriers.answers("/cdek/deliverypoints", Reply(b"busy", 503))
    assert ask_all(lambda: NOW) == {"failed": 1}
    later = NOW + timedelta(minutes=2)
    assert ask_all(lambda: later) == {"refused": 1, "asked": 1, "failed": 1}
    found = tariffs("cdek")
    assert (found[False].days_min, found[False].asked_at) == (None, later)
    assert True not in found
    assert lanes() == before


def test_boxberry_is_asked_by_its_own_points_and_adds_a_matrix(app: Flask, carriers: CarrierServer) -> None:
    one = json.loads((DATA / "boxberry/response_listPoints.json").read_bytes())[0]
    places = (("1", "Челябинск", "Челябинская"), ("2", "Томск", "Томская"), ("3", "Томск", "Тверская"))
    listed = [one | {"Code": code, "CityName": city, "Area": area} for code, city, area in places]
    carriers.answers("/boxberry", Reply(json.dumps(listed).encode()), Reply(b'{"price": 671, "delivery_period": "4"}'))
    app.config["CARRIERS"] = {"CARRIER_BOXBERRY_TOKEN": "k", "CARRIER_BOXBERRY_URL": carriers.url("/boxberry")}

    assert ask_all(lambda: NOW) == {"asked": 2, "new": 3, "unplaced": 1, "news": 1, "versions": 1}
    costs = carriers.asked("/boxberry")[1].query
    assert (costs["targetstart"], costs["target"], costs["weight"]) == ("1", "2", "1000")
    with reading() as session:
        version = matrix.current(session, "boxberry", CHELYABINSK, NOW.date())
        assert version is not None
        assert matrix.lanes_of(session, version.id) == [LaneRow(TOMSK, 4, 4, has_courier=False)]


def test_a_half_of_the_budget_is_left_to_parcels_and_the_oldest_goes_first(carriers: CarrierServer) -> None:
    with transaction() as session:
        shop = session.scalars(select(Shop)).one()
        session.add_all(SettlementFactory(id=60_000 + number) for number in range(40))
        session.flush()
        for number in range(40):
            make_parcel(session, shop, settlement_id=60_000 + number)
    done = ask_all(lambda: NOW)
    assert done["asked"] == 30
    assert ask_all(lambda: NOW) == {}
    assert ask_all(lambda: NOW + timedelta(minutes=1))["news"] == 30


def test_a_long_list_goes_on_where_the_budget_ended(carriers: CarrierServer) -> None:
    pages = [Reply(POINTS.replace(b"TMS", f"T{number}S".encode())) for number in range(32)]
    carriers.answers("/cdek/deliverypoints", *pages, Reply(b"[]"))
    assert ask_all(lambda: NOW) == {"asked": 30, "new": 60}
    assert ask_all(lambda: NOW + timedelta(minutes=1)) == {"asked": 5, "new": 4, "news": 2, "versions": 1}
    asked = [seen.query["page"] for seen in carriers.asked("/cdek/deliverypoints")]
    assert asked == [str(page) for page in range(33)]
    assert {point.gone_at for point in points().values()} == {None}


def test_points_of_a_file(app: Flask) -> None:
    with transaction() as session:
        make_world(session)
    said = app.test_cli_runner().invoke(
        args=["carriers", "offers", "topdelivery", str(DATA / "topdelivery/pickup_points.json")]
    )
    assert said.output == "TopDelivery: new 3, unplaced 2.\n"
    bad = app.test_cli_runner().invoke(args=["carriers", "offers", "topdelivery", str(DATA / "README.md")])
    assert (bad.exit_code, bad.output.count("\n")) == (1, 1)


def test_a_city_with_a_code_of_ours_is_asked_about_by_the_code_that_the_carrier_s_offices_have(
    app: Flask, carriers: CarrierServer
) -> None:
    office = {
        "code": "NSK1",
        "location": {
            "city": "Новосибирск",
            "region": "Новосибирская область",
            "city_code": 270,
            "address": "ул. Ленина, 1",
        },
    }
    carriers.answers("/cdek/deliverypoints", Reply(json.dumps([office]).encode()), Reply(b"[]"))
    with transaction() as session:
        there = {"name": "Новосибирск", "region": "Новосибирская область", "region_code": "54"}
        session.add(SettlementFactory(id=954_000_001, zone="Asia/Novosibirsk", **there))
        session.add(SettlementFactory(id=954_000_002, zone="Asia/Novosibirsk", **(there | {"name": "Барабинск"})))
        session.flush()
        for place in (954_000_001, 954_000_002):
            make_parcel(session, session.scalars(select(Shop)).one(), settlement_id=place, weight_g=900)

    ask_all(lambda: NOW)

    asked = {json.loads(seen.body)["to_location"]["code"] for seen in carriers.asked("/cdek/calculator/tariff")}
    assert asked == {TOMSK, 270}
    with reading() as session:
        assert session.scalars(select(PickupPoint.settlement_id)).all() == [954_000_001]
