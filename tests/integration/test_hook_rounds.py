"""Whole rounds against a shop's real server: what it got, what became of each delivery, and who waits for whom."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, update
from standardwebhooks import Webhook

from parcels.models import Shop
from portal import hooking, ticking
from portal.extensions import now
from portal.transaction import reading, transaction
from sms import hook_queue, hooks
from sms.hook_models import HookAttempt, HookDelivery, HookEndpoint, HookStatus
from sms.public_address import Gate
from sms.webhook import Sender
from tests.factories import NOW, make_parcel, make_world
from tests.shop_server import ShopServer, shop_server

ACCEPTED = ["parcel.accepted"]


@pytest.fixture
def server(both: Flask) -> Iterator[ShopServer]:
    """A shop's server, to which the product under test may send."""
    with shop_server() as shop:
        both.extensions["hooks"] = shop.sender(total_seconds=15.0)
        yield shop


def begin(server: ShopServer, *paths: str, orders: int = 1) -> list[int]:
    """A shop with an address for each path, and orders told to all of them. Returns the ids of the addresses."""
    with transaction() as session:
        shop = make_world(session)
        url = server.url
        made = [hooks.add(session, shop.id, url(path), "", ACCEPTED, b"k" * 32, NOW) for path in paths]
        for _ in range(orders):
            make_parcel(session, shop)
        return [endpoint.id for endpoint in made]


def delivery() -> HookDelivery:
    with reading() as session:
        return session.scalars(select(HookDelivery)).one()


def last_attempt() -> HookAttempt:
    with reading() as session:
        return session.scalars(select(HookAttempt).order_by(HookAttempt.number.desc()).limit(1)).one()


def test_a_round_delivers_what_the_shop_can_verify_with_either_secret(server: ShopServer) -> None:
    (endpoint_id,) = begin(server, "/ok")
    with transaction() as session:
        endpoint = session.get_one(HookEndpoint, endpoint_id)
        old, new = endpoint.secrets[0]["key"], hooks.rotate(endpoint, b"n" * 32, NOW)
    assert ticking.tick(NOW).hooks == {"delivered": 1}
    (request,) = server.seen
    with time_machine.travel(NOW, tick=False):
        told = [Webhook(secret).verify(request.body, request.headers) for secret in (old, new)]
    assert told[0] == told[1]
    assert told[0]["type"] == "parcel.accepted"
    assert request.headers["webhook-id"] == delivery().message_id
    assert ticking.tick(NOW).hooks == {}


def test_each_attempt_has_its_own_time_and_the_same_id_and_body(server: ShopServer) -> None:
    begin(server, "/fail")
    later = NOW + timedelta(seconds=6)
    ticking.tick(NOW), ticking.tick(later)
    first, second = server.seen
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 6


@pytest.mark.parametrize(
    ("path", "status", "http", "error"),
    [
        ("/ok", HookStatus.DELIVERED, 200, None),
        ("/huge", HookStatus.DELIVERED, 200, None),
        ("/fail", HookStatus.PENDING, 500, None),
        ("/busy", HookStatus.PENDING, 429, None),
        ("/moved", HookStatus.PENDING, 302, None),
        ("/gone", HookStatus.DEAD, 410, None),
        ("/garbage", HookStatus.PENDING, None, "not_http"),
        ("/hangup", HookStatus.PENDING, None, "connection"),
        ("/drip", HookStatus.PENDING, None, "timeout"),
        ("/hang", HookStatus.PENDING, None, "timeout"),
    ],
)
def test_what_becomes_of_an_answer(
    both: Flask, server: ShopServer, path: str, status: HookStatus, http: int | None, error: str | None
) -> None:
    both.extensions["hooks"] = server.sender(total_seconds=2.0)
    begin(server, path)
    assert hooking.deliver_hooks(lambda: NOW) == {status.value: 1}
    assert (delivery().status, delivery().attempts) == (status, 1)
    assert (last_attempt().status, last_attempt().error) == (http, error)


def test_a_worker_that_dies_after_the_send_is_followed_by_a_repeat_with_the_same_id(
    both: Flask, server: ShopServer
) -> None:
    begin(server, "/ok")
    with transaction() as session:
        (hook,) = hook_queue.claim(session, NOW, 1, 1)
    assert both.extensions["hooks"].send(hook).is_delivered  # and here it dies
    assert hooking.deliver_hooks(lambda: NOW) == {}
    assert hooking.deliver_hooks(lambda: NOW + hook_queue.LEASE) == {"delivered": 1}
    first, second = server.seen
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)


def test_retry_after_is_kept(server: ShopServer) -> None:
    begin(server, "/busy")
    hooking.deliver_hooks(lambda: NOW)
    assert delivery().due_at == NOW + timedelta(seconds=90)


def test_a_name_that_now_leads_inside_is_not_sent_to(both: Flask, server: ShopServer) -> None:
    """The gate of production, on an address that was public when it was saved."""
    both.extensions["hooks"] = Sender(Gate())
    begin(server, "/ok")
    with transaction() as session:
        session.execute(update(HookEndpoint).values(url="https://localhost/hook"))
    hooking.deliver_hooks(lambda: NOW)
    assert (delivery().status, last_attempt().error) == (HookStatus.PENDING, "not_public")


def test_a_shop_that_hangs_delays_no_other(server: ShopServer) -> None:
    """Five deliveries reach the second address while the first one has not even answered its first."""
    begin(server, "/hang", "/ok", orders=5)

    def release() -> None:
        while server.paths().count("/ok") < 5 and not server.released.wait(0.02):
            pass
        server.released.set()

    watcher = threading.Thread(target=release)
    watcher.start()
    assert hooking.deliver_hooks(lambda: NOW)["delivered"] >= 6
    watcher.join()
    first_five_ok = server.paths()[:6]
    assert sorted(first_five_ok) == ["/hang"] + ["/ok"] * 5


def test_nine_dead_addresses_delay_no_other_either(server: ShopServer) -> None:
    """They have failed before, so only half of the threads are theirs, however many they are."""
    *dead, _alive = begin(server, *([f"/hang/{n}" for n in range(hooks.MOST - 1)]), "/ok", orders=4)
    with transaction() as session:
        session.execute(update(HookEndpoint).where(HookEndpoint.id.in_(dead)).values(failures=1))

    def release() -> None:
        while server.paths().count("/ok") < 4 and not server.released.wait(0.02):
            pass
        server.released.set()

    watcher = threading.Thread(target=release)
    watcher.start()
    hooking.deliver_hooks(lambda: NOW)
    watcher.join()
    before_the_last_ok = server.paths()[: len(server.paths()) - server.paths()[::-1].index("/ok")]
    assert len([path for path in before_the_last_ok if path.startswith("/hang")]) <= hooking.FOR_DOUBTFUL


def test_a_second_round_in_the_same_process_steps_back(server: ShopServer) -> None:
    begin(server, "/ok")
    with hooking._claiming:
        assert hooking.deliver_hooks(now) == {}
    assert server.seen == []


def test_what_happens_while_a_shop_hangs_is_told_to_another_at_once(both: Flask, server: ShopServer) -> None:
    """An order accepted in the middle of a round that waits for a shop reaches the other shop before that wait ends."""
    begin(server, "/hang", "/ok")

    def accept_another_order() -> None:
        while "/ok" not in server.paths() or "/hang" not in server.paths():
            server.released.wait(0.02)
        with both.app_context(), transaction() as session:
            make_parcel(session, session.scalars(select(Shop)).one())
        while server.paths().count("/ok") < 2 and not server.released.wait(0.02):
            pass
        server.released.set()

    watcher = threading.Thread(target=accept_another_order)
    watcher.start()
    hooking.deliver_hooks(lambda: NOW)
    watcher.join()
    assert sorted(server.paths()[:3]) == ["/hang", "/ok", "/ok"]
