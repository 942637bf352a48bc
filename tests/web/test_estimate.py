"""The shop's question at checkout: dates before there is an order, the same as the order is then promised."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select

from parcels import journal
from parcels.journal import NewFact
from parcels.models import Shop
from parcels.stages import Kind
from portal.extensions import db
from portal.transaction import transaction
from scheduling import days, matrix
from scheduling.matrix import LaneRow
from tests.factories import ANADYR, CHELYABINSK, KALININGRAD, NOW, TOMSK, SettlementFactory, make_parcel, make_world

AT = "2026-11-17T12:00:00+05:00"


@pytest.fixture
def shop_site(both: Flask) -> FlaskClient:
    """Whatever asks on behalf of a shop."""
    with transaction() as session:
        make_world(session)
        for region, code in (("Московская область", "50"), ("Алтайский край", "22")):
            session.add(SettlementFactory(name="Троицк", region=region, region_code=code))
    return both.test_client()


@pytest.fixture(autouse=True)
def _now() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def test_both_variants_with_legs_that_add_up(shop_site: FlaskClient) -> None:
    found = shop_site.get("/api/v1/estimate", query_string={"settlement": "Томск", "handed_over_at": AT})
    assert found.status_code == 200
    body = found.get_json()
    assert body["settlement"] == {"code": TOMSK, "name": "Томск", "region": "Томская область"}
    assert (body["timezone"], body["zone"]) == ("Asia/Tomsk", "Томск, Томская область")
    assert body["matrix_version"] > 0
    courier, pickup = body["variants"]["courier"], body["variants"]["pickup"]
    assert (courier["earliest"], courier["latest"]) == ("2026-11-21", "2026-11-24")
    assert (pickup["earliest"], pickup["latest"]) == ("2026-11-23", "2026-11-24")
    assert [leg["kind"] for leg in courier["legs"]] == ["origin", "road", "city"]
    for n, promised in enumerate(("earliest", "latest")):
        total = sum(leg["days"][n] for leg in courier["legs"])
        assert date(2026, 11, 17) + timedelta(days=total) == date.fromisoformat(courier[promised])


def test_where_no_courier_goes_there_is_a_pickup_point(shop_site: FlaskClient) -> None:
    body = shop_site.get("/api/v1/estimate?settlement=9001").get_json()
    assert list(body["variants"]) == ["pickup"]
    assert body["zone"] is None


def test_the_order_is_then_promised_the_same(shop_site: FlaskClient) -> None:
    asked = shop_site.get("/api/v1/estimate?settlement=314").get_json()["variants"]["courier"]
    with transaction() as session:
        parcel = make_parcel(session, session.scalars(select(Shop)).one())
        journal.record(session, parcel, NewFact(Kind.HANDED_OVER, "shop"), NOW)
        assert (asked["earliest"], asked["latest"]) == (str(parcel.promised_from), str(parcel.promised_to))


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("", 422, "missing"),
        ("settlement=Нигде", 404, "unknown_settlement"),
        ("settlement=Троицк", 422, "ambiguous_settlement"),
        ("settlement=Троицк&region=Алтайский край", 404, "no_lane"),
        ("settlement=314&origin=Нигде", 404, "unknown_settlement"),
        ("settlement=314&origin=314", 404, "no_lane"),
        ("settlement=314&carrier=nobody", 404, "unknown_carrier"),
        ("settlement=314&handed_over_at=soon", 422, "bad_time"),
        ("settlement=314&handed_over_at=2026-11-17T12:00", 422, "bad_time"),
        ("settlement=314&handed_over_at=2026-11-01T12:00Z", 422, "bad_time"),
        ("settlement=314&handed_over_at=2062-11-01T12:00Z", 422, "bad_time"),
        ("settlement=314&handed_over_at=0001-01-01T00:00%2B14:00", 422, "bad_time"),
    ],
)
def test_a_question_without_an_answer(shop_site: FlaskClient, query: str, status: int, code: str) -> None:
    found = shop_site.get(f"/api/v1/estimate?{query}")
    assert (found.status_code, found.mimetype) == (status, "application/problem+json")
    body = found.get_json()
    assert (body["code"], body["status"]) == (code, status)
    assert body["title"]
    assert found.headers["Cache-Control"] == "no-store"
    if code == "ambiguous_settlement":
        assert {place["region"] for place in body["candidates"]} == {"Московская область", "Алтайский край"}


def test_a_plus_in_the_address_is_a_plus(shop_site: FlaskClient) -> None:
    plain = shop_site.get(f"/api/v1/estimate?settlement=314&handed_over_at={AT}")
    assert plain.get_json()["handed_over_at"] == "2026-11-17T07:00:00+00:00"


def test_answers_may_be_kept_and_asked_for_again(shop_site: FlaskClient) -> None:
    path = f"/api/v1/estimate?settlement=314&handed_over_at={AT}"
    first = shop_site.get(path)
    assert (first.cache_control.public, first.cache_control.max_age) == (True, 300)
    assert "Set-Cookie" not in first.headers
    again = shop_site.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_a_warm_answer_asks_the_database_nothing(shop_site: FlaskClient) -> None:
    shop_site.get("/api/v1/estimate?settlement=314")
    said: list[str] = []

    def listen(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        said.append(statement)

    event.listen(db.engine, "before_cursor_execute", listen)
    assert shop_site.get("/api/v1/estimate?settlement=Анадырь").status_code == 200
    assert said == []


def test_a_new_version_is_seen_within_seconds(shop_site: FlaskClient) -> None:
    path = f"/api/v1/estimate?settlement=314&handed_over_at={AT}"
    shop_site.get(path)
    with transaction() as session:
        matrix.store(session, [LaneRow(TOMSK, 9, 9, False)], "cdek", CHELYABINSK, date(2026, 11, 16), NOW)
    with time_machine.travel(NOW + timedelta(seconds=6), tick=False):
        body = shop_site.get(path).get_json()
    assert list(body["variants"]) == ["pickup"]


def test_several_origins_have_to_be_told_apart(shop_site: FlaskClient) -> None:
    with transaction() as session:
        matrix.store(session, [LaneRow(TOMSK, 9, 9, True)], "cdek", KALININGRAD, date(2026, 11, 1), NOW)
    found = shop_site.get("/api/v1/estimate?settlement=314").get_json()
    assert found["code"] == "origin_needed"
    assert {place["code"] for place in found["candidates"]} == {CHELYABINSK, KALININGRAD}
    assert shop_site.get("/api/v1/estimate?settlement=314&origin=Калининград").status_code == 200


def test_days_beyond_the_calendar_are_not_promised(shop_site: FlaskClient) -> None:
    with time_machine.travel(NOW + timedelta(days=400), tick=False):
        found = shop_site.get("/api/v1/estimate?settlement=314&handed_over_at=2028-01-15T12:00Z")
    assert (found.status_code, found.get_json()["code"]) == (422, "not_bookable")


def test_a_page_that_is_not_there_is_a_problem_too(shop_site: FlaskClient) -> None:
    found = shop_site.get("/api/v1/nothing")
    assert (found.status_code, found.mimetype) == (404, "application/problem+json")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    path=st.sampled_from(["estimate", "offers", "pickup-points"]),
    text=st.text(max_size=40),
    region=st.text(max_size=20),
    at=st.text(max_size=30),
)
def test_nothing_that_is_asked_breaks_it(client: FlaskClient, path: str, text: str, region: str, at: str) -> None:
    query = {"settlement": text, "region": region, "handed_over_at": at, "origin": text, "carrier": region}
    query |= {"weight_g": at, "near": f"{region},{at}"}
    assert client.get(f"/api/v1/{path}", query_string=query).status_code in (200, 404, 422)


def test_a_closed_day_is_known_at_checkout(shop_site: FlaskClient) -> None:
    with transaction() as session:
        days.close(session, ANADYR, date(2026, 12, 1), "Пурга", "x", NOW)
    body = shop_site.get(f"/api/v1/estimate?settlement={ANADYR}&handed_over_at={AT}").get_json()
    assert "2026-12-01" not in (body["variants"]["courier"]["earliest"], body["variants"]["courier"]["latest"])
