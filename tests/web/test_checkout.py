"""The choice at checkout: every carrier with dates, cost and pick-up points, the cheapest and the fastest marked."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select

from carriers import points, tariffs
from carriers.offer_models import WantedWay
from carriers.offers import Point, Term
from carriers.tariffs import Way
from portal.extensions import db
from portal.transaction import reading, transaction
from scheduling import matrix
from scheduling.matrix import LaneRow
from tests.factories import CHELYABINSK, NOW, TOMSK, VILLAGE, make_world

OFFICES = [
    Point("cdek", "TMS12", "Томск", "Томская область", "ул. Нахимова, 8", "пн–пт 9–20", "", 56.4616, 84.9502),
    Point("cdek", "TMS7", "Томск", "Томская область", "пр. Ленина, 80", "10–21", "", 56.4846, 84.9482),
    Point("boxberry", "70011", "Томск", "Томская", "ул. Пушкина, 27е"),
]


def tell(carrier: str, to_door: bool, term: Term) -> None:
    with transaction() as session:
        tariffs.keep(session, carrier, Way(CHELYABINSK, TOMSK, term.weight_g, to_door), term, NOW)


@pytest.fixture
def checkout(app: Flask) -> Any:
    """A shop's site: CDEK goes everywhere, Boxberry to points of Tomsk, later and for less."""
    with transaction() as session:
        make_world(session)
        matrix.store(session, [LaneRow(TOMSK, 6, 8, False)], "boxberry", CHELYABINSK, date(2026, 1, 1), NOW)
        points.keep(session, OFFICES, lambda _point: TOMSK, NOW)
    tell("cdek", True, Term(1_000, 4, 5, 50_000, "RUB"))
    tell("cdek", False, Term(1_000, 4, 5, 35_050, "RUB"))
    tell("boxberry", False, Term(1_000, 6, 8, 20_000, "RUB"))
    with time_machine.travel(NOW, tick=False):
        yield app.test_client()


def test_carriers_are_sorted_by_cost_and_the_best_are_marked(checkout: FlaskClient) -> None:
    answer = checkout.get("/api/v1/offers?settlement=Томск&weight_g=900")
    assert (answer.status_code, answer.cache_control.public) == (200, True)
    body = answer.get_json()
    assert (body["weight_g"], body["timezone"]) == (900, "Asia/Tomsk")
    told = [(one["carrier"], one["variant"], one["cost"]["minor"], one["points"]) for one in body["offers"]]
    assert told == [
        ("boxberry", "pickup", 20_000, 1),
        ("cdek", "pickup", 35_050, 2),
        ("cdek", "courier", 50_000, 2),
    ]
    assert [one["cheapest"] for one in body["offers"]] == [True, False, False]
    fastest = min(body["offers"], key=lambda one: (one["latest"], one["earliest"]))
    assert [one["fastest"] for one in body["offers"]].count(True) >= 1
    assert fastest["fastest"]
    assert not body["offers"][0]["fastest"]


def test_a_cost_that_nobody_has_told_is_none(checkout: FlaskClient) -> None:
    heavy = checkout.get("/api/v1/offers?settlement=Томск&weight_g=4000").get_json()["offers"]
    assert {one["cost"] for one in heavy} == {None}
    assert {one["cheapest"] for one in heavy} == {False}
    village = checkout.get(f"/api/v1/offers?settlement={VILLAGE}").get_json()["offers"]
    assert [(one["carrier"], one["cost"], one["points"]) for one in village] == [("cdek", None, 0)]


def test_the_estimate_tells_cost_and_points(checkout: FlaskClient) -> None:
    body = checkout.get("/api/v1/estimate?settlement=314").get_json()
    cost = {"currency": "RUB", "up_to_g": 1000, "since": "2026-11-16T07:00:00+00:00"}
    assert body["variants"]["courier"]["cost"] == {"minor": 50_000, **cost}
    assert body["variants"]["pickup"]["cost"] == {"minor": 35_050, **cost}
    assert [point["code"] for point in body["pickup_points"]] == ["TMS7", "TMS12"]
    assert body["pickup_points"][1] == {"code": "TMS12", "address": "ул. Нахимова, 8", "hours": "пн–пт 9–20"}


def test_pickup_points_of_a_place_the_nearest_first(checkout: FlaskClient) -> None:
    body = checkout.get("/api/v1/pickup-points?settlement=Томск").get_json()
    assert (body["count"], body["settlement"]["code"]) == (3, TOMSK)
    near = checkout.get("/api/v1/pickup-points?settlement=Томск&near=56.4617,84.9500").get_json()
    assert [point["code"] for point in near["pickup_points"]] == ["TMS12", "TMS7", "70011"]
    only = checkout.get("/api/v1/pickup-points?settlement=Томск&carrier=boxberry").get_json()
    assert [point["code"] for point in only["pickup_points"]] == ["70011"]


def test_a_question_without_an_answer(checkout: FlaskClient) -> None:
    expected = {
        "offers": (422, "missing"),
        "offers?settlement=Нигде": (404, "unknown_settlement"),
        "offers?settlement=314&weight_g=0": (422, "bad_weight"),
        "offers?settlement=314&weight_g=тонна": (422, "bad_weight"),
        "estimate?settlement=314&weight_g=-1": (422, "bad_weight"),
        "offers?settlement=314&origin=314": (404, "no_lane"),
        "pickup-points": (422, "missing"),
        "pickup-points?settlement=314&near=nan,0": (422, "bad_place"),
        "pickup-points?settlement=314&near=56": (422, "bad_place"),
    }
    found = {path: checkout.get(f"/api/v1/{path}") for path in expected}
    assert {path: (answer.status_code, answer.get_json()["code"]) for path, answer in found.items()} == expected


def test_answers_come_from_memory_and_what_is_new_shows_within_seconds(checkout: FlaskClient) -> None:
    said: list[str] = []

    def listen(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        said.append(statement)

    checkout.get("/api/v1/offers?settlement=314")
    event.listen(db.engine, "before_cursor_execute", listen)
    for path in ("offers?settlement=314", "pickup-points?settlement=314", "estimate?settlement=314"):
        assert checkout.get(f"/api/v1/{path}").status_code == 200
    assert said == []
    tell("boxberry", False, Term(1_000, 6, 8, 90_000, "RUB"))
    with transaction() as session:
        points.keep(session, [Point("cdek", "NEW", "Томск", "", "ул. Новая")], lambda _point: TOMSK, NOW + timedelta(1))
    with time_machine.travel(NOW + timedelta(seconds=6), tick=False):
        body = checkout.get("/api/v1/offers?settlement=314").get_json()
    assert [(one["carrier"], one["points"]) for one in body["offers"]] == [("cdek", 3), ("cdek", 3), ("boxberry", 1)]


def test_what_a_checkout_asks_for_is_asked_of_the_carriers(checkout: FlaskClient) -> None:
    checkout.get("/api/v1/estimate?settlement=9001&weight_g=2500")
    checkout.get("/api/v1/offers?settlement=Нигде")
    with time_machine.travel(NOW + timedelta(seconds=6), tick=False):
        checkout.get("/api/v1/estimate?settlement=9001")
    with reading() as session:
        wanted = session.execute(select(WantedWay.origin_id, WantedWay.settlement_id, WantedWay.weight_g)).all()
    assert [tuple(way) for way in wanted] == [(CHELYABINSK, VILLAGE, 3_000)]
