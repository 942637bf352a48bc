"""The sender against a real server: what is sent, and that nothing a shop's server does holds or misleads us."""

import socket
import ssl
from collections.abc import Iterator
from time import monotonic

import pytest
import time_machine
from standardwebhooks import Webhook

from sms.hook_secrets import keys, rotated
from sms.public_address import Gate
from sms.webhook import Answer, OutgoingHook, Sender
from tests.factories import NOW
from tests.shop_server import IDENTITY, ShopServer, shop_server

SECRETS = rotated(rotated([], b"a" * 32, NOW), b"b" * 32, NOW)


@pytest.fixture(scope="module")
def running() -> Iterator[ShopServer]:
    with shop_server() as shop:
        yield shop


@pytest.fixture
def shop(running: ShopServer) -> ShopServer:
    running.seen.clear()
    running.retry_after = "90"
    return running


def hook(url: str) -> OutgoingHook:
    body = '{"type":"parcel.arrived","data":{"order_number":"Ж-1"}}'
    return OutgoingHook(1, 1, "msg_VH000000012_7", url, body, keys(SECRETS, NOW), NOW, 1, False)


def send(shop: ShopServer, path: str, seconds: float = 15.0) -> Answer:
    return shop.sender(seconds).send(hook(shop.url(path)))


def test_what_arrives_is_what_the_standard_describes(shop: ShopServer) -> None:
    answer = send(shop, "/ok/там?shop=1")
    assert (answer.status, answer.error, answer.text, answer.is_delivered) == (200, None, "thank you", True)
    request = shop.seen[0]
    assert request.path == "/ok/%D1%82%D0%B0%D0%BC?shop=1"
    assert request.headers["host"] == f"shop.test:{shop.port}"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["webhook-id"] == "msg_VH000000012_7"
    assert request.headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    with time_machine.travel(NOW, tick=False):
        for key in keys(SECRETS, NOW):
            assert Webhook(key).verify(request.body, request.headers)["type"] == "parcel.arrived"


@pytest.mark.parametrize(("path", "status"), [("/fail", 500), ("/gone", 410), ("/busy", 429), ("/moved", 302)])
def test_any_other_status_is_no_delivery(shop: ShopServer, path: str, status: int) -> None:
    answer = send(shop, path)
    assert (answer.status, answer.is_delivered) == (status, False)
    assert answer.is_gone == (status == 410)


def test_a_redirect_is_not_followed(shop: ShopServer) -> None:
    send(shop, "/moved")
    assert shop.paths() == ["/moved"]


def test_the_answer_is_kept_without_what_a_database_cannot_hold(shop: ShopServer) -> None:
    assert send(shop, "/fail").text == "no \ufffd luck"


def test_retry_after_is_read(shop: ShopServer) -> None:
    assert send(shop, "/busy").retry_after == 90


@pytest.mark.parametrize(("path", "word"), [("/garbage", "not_http"), ("/hangup", "connection")])
def test_what_is_no_answer_is_named_in_one_word(shop: ShopServer, path: str, word: str) -> None:
    answer = send(shop, path)
    assert (answer.status, answer.error) == (None, word)


@pytest.mark.parametrize("path", ["/hang", "/drip"])
def test_a_server_that_does_not_end_is_left(shop: ShopServer, path: str) -> None:
    begun = monotonic()
    answer = send(shop, path, seconds=1.0)
    assert (answer.status, answer.error) == (None, "timeout")
    assert monotonic() - begun < 5


def test_of_an_endless_body_only_the_beginning_is_read(shop: ShopServer) -> None:
    answer = send(shop, "/huge")
    assert (answer.status, answer.text) == (200, "x" * 500)


def test_a_certificate_of_nobody_we_know_is_refused(shop: ShopServer) -> None:
    answer = Sender(shop.gate()).send(hook(shop.url("/ok")))
    assert (answer.status, answer.error) == (None, "tls")


def test_a_certificate_of_somebody_else_is_refused(shop: ShopServer) -> None:
    gate = Gate((shop.port,), lambda _: True, lambda _host, _port: ["127.0.0.1"])
    answer = Sender(gate, ssl.create_default_context(cafile=IDENTITY)).send(hook(shop.url("/ok", "third.test")))
    assert (answer.status, answer.error) == (None, "tls")


def test_where_nobody_listens_is_refused(shop: ShopServer) -> None:
    with socket.socket() as closed:  # bound, so that nobody else takes it, but not listening
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        gate = Gate((port,), lambda _: True, lambda _host, _port: ["127.0.0.1"])
        assert Sender(gate).send(hook(f"https://shop.test:{port}/")).error == "refused"


def test_a_second_address_is_tried_when_nobody_listens_at_the_first(shop: ShopServer) -> None:
    gate = Gate((shop.port,), lambda _: True, lambda _host, _port: ["::1", "127.0.0.1"])
    assert Sender(gate, ssl.create_default_context(cafile=IDENTITY)).send(hook(shop.url("/ok"))).status == 200


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("https://127.0.0.1/hook", "not_public"),
        ("https://169.254.169.254/latest/meta-data/", "not_public"),
        ("https://[::1]/hook", "not_public"),
        ("https://localhost/hook", "not_public"),
        ("http://shop.test/hook", "not_https"),
        ("https://shop.test:22/hook", "bad_port"),
    ],
)
def test_the_gate_of_production_is_asked_at_each_send(url: str, word: str) -> None:
    answer = Sender(Gate()).send(hook(url))
    assert (answer.status, answer.error) == (None, word)


def test_a_name_that_changes_its_mind_gains_nothing(shop: ShopServer) -> None:
    """DNS rebinding: public when it is looked at, inside when it is connected to. It is asked once, and that counts."""
    answers = iter([["127.0.0.1"], ["10.0.0.7"]])
    gate = Gate((shop.port,), lambda address: address == "127.0.0.1", lambda _host, _port: next(answers))
    sender = Sender(gate, ssl.create_default_context(cafile=IDENTITY))
    assert sender.send(hook(shop.url("/ok"))).status == 200
    assert sender.send(hook(shop.url("/ok"))).error == "not_public"
    assert shop.paths() == ["/ok"]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("120", 120), (" 7 ", 7), ("Mon, 16 Nov 2026 07:10:00 GMT", 600), ("soon", None), ("-1", None)],
)
def test_retry_after_may_be_a_date(header: str, seconds: int | None, shop: ShopServer) -> None:
    shop.retry_after = header
    assert send(shop, "/busy").retry_after == seconds
