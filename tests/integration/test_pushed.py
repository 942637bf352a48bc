"""What carriers push: 2xx only after the commit, repeats change nothing, and nobody gets in without the secret."""

from __future__ import annotations

import json

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from carriers import following
from carriers.models import RawAnswer
from parcels import journal
from parcels.models import Fact
from parcels.stages import Kind, Stage
from portal.pushing import LARGEST
from portal.transaction import reading, transaction
from tests.carriers.hostile import HOSTILE
from tests.factories import NOW, make_parcel, make_world

SECRET = "a-secret-of-more-than-16"
DOOR = f"/webhooks/carriers/cdek/{SECRET}"
NUMBER = "1106153417"


def event(code: str = "ARRIVED_AT_RECIPIENT_CITY", number: str = NUMBER) -> bytes:
    status = {"code": code, "status_date_time": "2026-11-16T09:00:00+0700", "city_name": "Томск"}
    return json.dumps({"type": "ORDER_STATUS", "attributes": {"cdek_number": number, **status}}).encode()


@pytest.fixture
def parcel_id(app: Flask) -> int:
    app.config["CARRIERS"] = {"CARRIER_CDEK_PUSH_SECRET": SECRET}
    with transaction() as session:
        parcel = make_parcel(session, make_world(session))
        following.follow(session, parcel, "cdek", NUMBER, NOW)
        return parcel.id


def push(app: Flask, body: bytes, door: str = DOOR) -> int:
    with time_machine.travel(NOW, tick=False):
        return app.test_client().post(door, data=body, content_type="application/json").status_code


def facts(parcel_id: int) -> list[Kind]:
    with reading() as session:
        query = select(Fact.kind).where(Fact.parcel_id == parcel_id, Fact.source == "cdek").order_by(Fact.seq)
        return list(session.scalars(query))


def raw() -> int:
    with reading() as session:
        return len(session.scalars(select(RawAnswer).where(RawAnswer.status == 0)).all())


def test_an_event_is_recorded_once_however_often_it_comes(app: Flask, parcel_id: int) -> None:
    assert [push(app, event()) for _ in range(3)] == [200] * 3

    assert (facts(parcel_id), raw()) == ([Kind.ARRIVED], 3)
    with reading() as session:
        row = session.get_one(following.Tracking, 1)
        assert (row.number, row.last_changed_at) == (NUMBER, NOW)


def test_after_the_end_nothing_changes_any_more(app: Flask, parcel_id: int) -> None:
    assert [push(app, event("DELIVERED")), push(app, event("RETURNED_TO_RECIPIENT_CITY_WAREHOUSE"))] == [200, 200]
    with reading() as session:
        assert session.get_one(journal.Parcel, parcel_id).stage is Stage.DELIVERED


def test_an_event_about_nobody_we_follow_is_kept_and_thanked_for(app: Flask, parcel_id: int) -> None:
    assert push(app, event(number="999")) == 200
    assert (facts(parcel_id), raw()) == ([], 1)


def test_an_unknown_status_is_recorded_as_unknown(app: Flask, parcel_id: int) -> None:
    assert push(app, event("TELEPORTED")) == 200
    with reading() as session:
        assert journal.facts_of(session, session.get_one(journal.Parcel, parcel_id))[-1].kind is Kind.UNKNOWN
        assert session.get_one(journal.Parcel, parcel_id).stage is Stage.UNKNOWN


@pytest.mark.parametrize(
    "door",
    [
        "/webhooks/carriers/cdek/wrong",
        "/webhooks/carriers/cdek/секрет",
        f"/webhooks/carriers/boxberry/{SECRET}",
        f"/webhooks/carriers/nobody/{SECRET}",
    ],
)
def test_nobody_gets_in_without_the_secret(app: Flask, parcel_id: int, door: str) -> None:
    assert push(app, event(), door) == 403
    assert (facts(parcel_id), raw()) == ([], 0)


@pytest.mark.parametrize("secret", ["", "short"])
def test_where_no_good_secret_is_set_nobody_gets_in(app: Flask, parcel_id: int, secret: str) -> None:
    app.config["CARRIERS"] = {"CARRIER_CDEK_PUSH_SECRET": secret}
    assert push(app, event(), f"/webhooks/carriers/cdek/{secret}") in (403, 404)


def test_a_broken_body_is_refused_and_changes_nothing(app: Flask, parcel_id: int) -> None:
    some = [body for body in HOSTILE.values() if len(body) <= LARGEST][::8]
    statuses = {push(app, body) for body in some}
    assert statuses <= {200, 400}
    assert push(app, b"{") == 400
    assert push(app, b"x" * (LARGEST + 1)) == 413
    assert facts(parcel_id) == []
