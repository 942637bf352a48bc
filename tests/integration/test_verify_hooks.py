"""I10 by the clock: a webhook that waits is sound, one that has waited too long is named, on both databases."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, text, update

from parcels.models import Shop
from portal.extensions import db
from portal.transaction import transaction
from portal.verify_hooks import PATIENCE, webhooks_are_owed, webhooks_come_to_an_end
from sms import hook_queue, hooks, preferences
from sms.hook_models import HookDelivery, HookEndpoint, HookStatus, Why
from sms.preferences import Preferences
from sms.webhook import Answer
from tests.factories import NOW, make_parcel, make_world

SOON, LONG_AGO = timedelta(minutes=1), NOW - PATIENCE - timedelta(minutes=5)


@pytest.fixture
def lived(both: Flask) -> Iterator[Flask]:
    """An address with one webhook delivered, one that failed and one that waits; it is a minute later."""
    with transaction() as session:
        shop = make_world(session)
        hooks.add(session, shop.id, "https://shop.test/", "", ["parcel.accepted"], b"k" * 32, NOW - timedelta(hours=1))
        for _ in range(3):
            make_parcel(session, shop)
    for status in (200, 500):
        with transaction() as session:
            (hook,) = hook_queue.claim(session, NOW, 16, 8)
            hook_queue.settle(session, hook, Answer(status, None, 5), NOW, 0)
    with time_machine.travel(NOW + SOON, tick=False):
        yield both


def found() -> list[str]:
    with transaction() as session:
        return webhooks_come_to_an_end(session) + webhooks_are_owed(session)


def change(table: type[HookDelivery] | type[HookEndpoint], which: object = True, **columns: object) -> None:
    with transaction() as session:
        session.execute(update(table).where(which).values(**columns))  # type: ignore[arg-type]


def test_a_life_in_order_is_sound(lived: Flask) -> None:
    assert found() == []


@pytest.mark.parametrize(
    "columns",
    [
        {"status": HookStatus.PENDING, "settled_at": NOW},
        {"status": HookStatus.DELIVERED, "settled_at": None},
        {"status": HookStatus.SENDING, "lease_until": None},
        {"status": HookStatus.SENDING, "lease_until": LONG_AGO},
        {"give_up_at": LONG_AGO},
    ],
    ids=["ended and waiting", "ended nobody knows when", "without a lease", "beyond its lease", "beyond its life"],
)
def test_a_webhook_that_contradicts_itself_is_named(lived: Flask, columns: dict[str, object]) -> None:
    change(HookDelivery, HookDelivery.id == 2, **columns)
    assert len(found()) == 1
    assert found()[0].startswith("вебхук 2: ")


def test_dead_without_a_reason_is_refused_by_the_table_and_named_without_it(lived: Flask) -> None:
    if db.engine.dialect.name == "postgresql":
        wall = "ALTER TABLE hook_deliveries DROP CONSTRAINT ck_hook_deliveries_dead_with_a_reason"
    else:
        wall = "PRAGMA ignore_check_constraints = ON"
    with transaction() as session:
        session.execute(text(wall))
        session.execute(update(HookDelivery).where(HookDelivery.id == 2).values(status="dead", settled_at=NOW))
        assert webhooks_come_to_an_end(session) == ["вебхук 2: закончен, а когда или почему, не записано"]


def test_one_that_nobody_takes_is_named_when_its_address_had_no_turn_for_long(lived: Flask) -> None:
    change(HookDelivery, HookDelivery.id == 3, due_at=LONG_AGO)
    assert found() == []
    change(HookEndpoint, tried_at=LONG_AGO, resting_until=None)
    assert found() == ["вебхук 3: пора отправлять, а никто не берётся"]
    change(HookEndpoint, resting_until=NOW)
    assert found() == []


def test_one_that_waits_at_an_address_turned_off_long_ago_is_named(lived: Flask) -> None:
    change(HookEndpoint, is_enabled=False, disabled_because=Why.BY_HAND, disabled_at=LONG_AGO)
    assert {words.split(": ")[1] for words in found()} == {"ждёт, хотя адрес выключен"}


def test_a_fact_that_is_not_owed_is_named(lived: Flask) -> None:
    with transaction() as session:
        session.execute(text("DELETE FROM hook_deliveries WHERE id = 3"))
    assert found() == ["посылка 3, факт 1: нет вебхука для адреса 1"]


def test_what_the_shop_had_silenced_is_not_missed_and_what_came_before_is(lived: Flask) -> None:
    with transaction() as session:
        silent = Preferences(silent_events=("parcel.accepted",))
        shop = session.scalars(select(Shop)).one()
        preferences.choose(session, shop.id, silent, "магазин", NOW + timedelta(hours=1))
        session.execute(text("DELETE FROM hook_deliveries WHERE id = 3"))
    with time_machine.travel(NOW + timedelta(hours=2), tick=False), transaction() as session:
        make_parcel(session, session.scalars(select(Shop)).one(), now=NOW + timedelta(hours=2))
    assert [line for line in found() if "нет вебхука" in line] == ["посылка 3, факт 1: нет вебхука для адреса 1"]


def test_what_an_address_did_not_ask_for_is_not_missed(lived: Flask) -> None:
    change(HookEndpoint, events=["parcel.accepted", "parcel.delivered"])
    assert found() == []
