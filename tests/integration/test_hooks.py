"""What is owed to the addresses of a shop, and what the shop does with them."""

import json
from contextlib import suppress
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from parcels import journal
from parcels.journal import NewFact
from parcels.models import Fact, Shop
from parcels.stages import Kind
from portal.extensions import db
from portal.transaction import reading, transaction
from sms import hook_queue, hooks
from sms.hook_events import EVENTS
from sms.hook_models import HookDelivery, HookEndpoint, HookStatus, Why
from tests.factories import CHELYABINSK, NOW, make_parcel, make_world, travel

LATER = NOW + timedelta(hours=1)


def endpoint_of(session: Session, shop: Shop, events: list[str] | None = None) -> HookEndpoint:
    return hooks.add(session, shop.id, "https://shop.test/hook", "учёт", events, b"k" * 32, NOW)


def owed() -> list[HookDelivery]:
    with reading() as session:
        return list(session.scalars(select(HookDelivery).order_by(HookDelivery.id)))


def test_each_fact_worth_telling_is_owed_once_to_each_address(both: Flask) -> None:
    with transaction() as session:
        shop = make_world(session)
        first, second = endpoint_of(session, shop), endpoint_of(session, shop)
        parcel = make_parcel(session, shop)
        travel(session, parcel, [Kind.HANDED_OVER, Kind.DEPARTED, Kind.ARRIVED])
        told = select(Fact.seq).where(Fact.kind.in_(EVENTS)).order_by(Fact.seq)
        facts = [f"msg_{parcel.number}_{seq}" for seq in session.scalars(told)]
    for endpoint in (first, second):
        assert sorted(d.message_id for d in owed() if d.endpoint_id == endpoint.id) == sorted(facts)
    assert {d.event for d in owed()} >= {"parcel.accepted", "parcel.promised", "parcel.arrived"}


def test_what_is_told_is_thin_and_names_nobody(both: Flask) -> None:
    with transaction() as session:
        shop = make_world(session)
        endpoint_of(session, shop, ["parcel.arrived"])
        parcel = make_parcel(session, shop, order_number="48117")
        at = travel(session, parcel, [Kind.HANDED_OVER, Kind.ARRIVED])
        version = session.scalars(select(Fact.seq).where(Fact.kind == Kind.ARRIVED)).one()
    (delivery,) = owed()
    assert json.loads(delivery.body) == {
        "type": "parcel.arrived",
        "timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "data": {
            "order_number": "48117",
            "parcel": parcel.number,
            "stage": "in_city",
            "version": version,
            "href": "/api/v1/parcels/48117",
        },
    }


def test_a_fact_that_comes_twice_is_owed_once(both: Flask) -> None:
    with transaction() as session:
        shop = make_world(session)
        endpoint_of(session, shop, ["parcel.arrived"])
        parcel = make_parcel(session, shop)
        for _ in range(2):
            journal.record(session, parcel, NewFact(Kind.ARRIVED, "carrier:test", dedup_key="x"), NOW)
    assert len(owed()) == 1


def test_a_fact_that_is_taken_back_owes_nothing(both: Flask) -> None:
    with transaction() as session:
        shop = make_world(session)
        endpoint_of(session, shop)
    with suppress(ArithmeticError), transaction() as session:
        make_parcel(session, session.get_one(Shop, shop.id))
        raise ArithmeticError
    assert owed() == []


def test_another_shop_and_an_address_that_is_off_are_told_nothing(both: Flask) -> None:
    with transaction() as session:
        shop = make_world(session)
        other = Shop(code="svet", name="Свет", phone="+78000000000", origin_id=CHELYABINSK)
        session.add(other)
        session.flush()
        endpoint_of(session, other)
        hooks.disable(session, endpoint_of(session, shop), Why.BY_HAND, NOW)
        make_parcel(session, shop)
    assert owed() == []


def test_the_database_refuses_a_second_delivery_of_the_same(both: Flask) -> None:
    with transaction() as session:
        shop = make_world(session)
        endpoint_of(session, shop, ["parcel.accepted"])
        make_parcel(session, shop)
    (delivery,) = owed()
    columns = {c.name: getattr(delivery, c.name) for c in HookDelivery.__table__.columns if c.name != "id"}
    with pytest.raises(IntegrityError), transaction() as session:
        session.add(HookDelivery(**columns))


def test_the_worker_is_woken_after_the_commit(both: Flask) -> None:
    woken: list[str] = []
    both.extensions["nudge"] = {name: lambda name=name: woken.append(name) for name in ("outbox", "hooks")}
    with transaction() as session:
        shop = make_world(session)
        endpoint_of(session, shop)
    assert woken == []
    with transaction() as session:
        make_parcel(session, session.get_one(Shop, shop.id))
        assert woken == []
    assert woken == ["outbox", "hooks"]


def test_an_eleventh_address_is_one_too_many_until_another_is_off(both: Flask) -> None:
    with transaction() as session:
        shop = make_world(session)
        ten = [endpoint_of(session, shop) for _ in range(hooks.MOST)]
        with pytest.raises(hooks.TooMany):
            endpoint_of(session, shop)
        hooks.disable(session, ten[0], Why.BY_HAND, NOW)
        endpoint_of(session, shop)
        with pytest.raises(hooks.TooMany):
            hooks.enable(session, ten[0], LATER)


def test_turning_an_address_off_buries_what_waits_and_on_again_it_can_be_replayed(both: Flask) -> None:
    with transaction() as session:
        shop = make_world(session)
        endpoint = endpoint_of(session, shop, ["parcel.accepted"])
        make_parcel(session, shop)
        hooks.disable(session, endpoint, Why.BY_HAND, NOW)
    assert [(d.status, d.reason, d.settled_at) for d in owed()] == [(HookStatus.DEAD, Why.BY_HAND, NOW)]
    with transaction() as session:
        endpoint = session.get_one(HookEndpoint, endpoint.id)
        with pytest.raises(hooks.IsOff):
            hooks.replay(session, endpoint, LATER)
        hooks.enable(session, endpoint, LATER)
        assert hooks.replay(session, endpoint, LATER) == 1
        assert hooks.replay(session, endpoint, LATER) == 0
    assert [(d.status, d.reason, d.due_at) for d in owed()] == [(HookStatus.PENDING, None, LATER)]


def test_one_dead_delivery_can_be_replayed_alone(both: Flask) -> None:
    with transaction() as session:
        shop = make_world(session)
        endpoint = endpoint_of(session, shop, ["parcel.accepted"])
        make_parcel(session, shop), make_parcel(session, shop)
        hooks.disable(session, endpoint, Why.BY_HAND, NOW)
        hooks.enable(session, endpoint, NOW)
    chosen = owed()[1].id
    with transaction() as session:
        assert hooks.replay(session, session.get_one(HookEndpoint, endpoint.id), LATER, chosen) == 1
    assert [d.status for d in owed()] == [HookStatus.DEAD, HookStatus.PENDING]


def test_a_fact_recorded_while_its_address_is_turned_off_is_buried_by_the_next_round(both: Flask) -> None:
    with transaction() as session:
        shop = make_world(session)
        endpoint = endpoint_of(session, shop, ["parcel.accepted"])
        make_parcel(session, shop)
    with db.engine.begin() as connection:  # what the other transaction did not see
        connection.exec_driver_sql("UPDATE hook_endpoints SET is_enabled = false, disabled_because = 'by_hand'")
    with transaction() as session:
        assert hook_queue.tidy(session, NOW) == 1
    assert [(d.status, d.reason) for d in owed()] == [(HookStatus.DEAD, Why.BY_HAND)]
    assert endpoint.is_enabled


def test_what_has_waited_36_hours_is_buried(both: Flask) -> None:
    with transaction() as session:
        shop = make_world(session)
        endpoint_of(session, shop, ["parcel.accepted"])
        make_parcel(session, shop)
    with transaction() as session:
        assert hook_queue.tidy(session, NOW + timedelta(hours=35)) == 0
        assert hook_queue.tidy(session, NOW + timedelta(hours=36)) == 1
    assert [(d.status, d.reason) for d in owed()] == [(HookStatus.DEAD, Why.EXPIRED)]
