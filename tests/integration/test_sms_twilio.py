"""The gateway to Twilio against a server of our own that answers as Twilio does, and as it should not."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from sms import twilio, wire
from sms.gateway import Accepted, Gateway, LookupFailed, Outgoing, Refused, Unknown

ACCOUNT, TOKEN, SENDER, PHONE = "AC" + "0" * 32, "secret-token", "+15005550006", "+79130001242"
MESSAGE = Outgoing(7, PHONE, "Дом, 117: 26–27.11. Время: veha.ru/t/7Kq2mX9s", "https://veha.ru/webhooks/twilio")


@dataclass
class Stand:
    """What the server answers next, and what it was asked."""

    status: int = 201
    body: Any = field(default_factory=lambda: {"sid": "SM1", "status": "queued"})
    trouble: str = ""
    encoding: str = "identity"
    port: int = 0
    asked: list[tuple[str, str, dict[str, list[str]]]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def raw(self) -> bytes:
        plain = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        return gzip.compress(plain) if self.encoding == "gzip" else plain


def handler_of(stand: Stand) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self.answer(parse_qs(form))

        def do_GET(self) -> None:
            self.answer(parse_qs(urlsplit(self.path).query))

        def answer(self, form: dict[str, list[str]]) -> None:
            stand.asked.append((self.command, urlsplit(self.path).path, form))
            if stand.trouble == "hang":
                stand.over.wait(10)
            if stand.trouble in ("hang", "cut"):
                self.close_connection = True
                return
            body = stand.raw()
            self.send_response(stand.status)
            self.send_header("Content-Encoding", stand.encoding)
            self.send_header("Content-Length", str(len(body) + (1000 if stand.trouble == "drip" else 0)))
            self.end_headers()
            self.wfile.write(body)
            while stand.trouble == "drip" and not stand.over.wait(0.05):
                self.wfile.write(b" ")

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the test's own output is enough."""

    return Handler


@pytest.fixture
def stand(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stand]:
    monkeypatch.setattr(wire, "READ_SECONDS", 0.3)
    monkeypatch.setattr(wire, "TOTAL_SECONDS", 0.5)
    stand = Stand()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(stand))
    server.handle_error = lambda *_: None  # type: ignore[method-assign] # a client that hangs up is what we test
    stand.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield stand
    stand.over.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def gateway(stand: Stand) -> Gateway:
    return gateway_at(stand.port)


def gateway_at(port: int) -> Gateway:
    config = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_FROM": SENDER}
    return twilio.gateway(config | {"TWILIO_BASE_URL": f"http://127.0.0.1:{port}"})


def test_a_message_is_handed_over(stand: Stand, gateway: Gateway) -> None:
    assert gateway.name == "twilio"
    assert gateway.send(MESSAGE) == Accepted("SM1")
    ((method, path, form),) = stand.asked
    assert (method, path) == ("POST", f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json")
    assert form == {
        "To": [PHONE],
        "From": [SENDER],
        "Body": [MESSAGE.text],
        "StatusCallback": ["https://veha.ru/webhooks/twilio?m=7"],
    }


def test_without_a_callback(stand: Stand, gateway: Gateway) -> None:
    assert gateway.send(Outgoing(7, PHONE, "текст")) == Accepted("SM1")
    assert "StatusCallback" not in stand.asked[0][2]


@pytest.mark.parametrize(
    ("status", "code", "is_final"),
    [
        (400, 21211, True),
        (400, 21610, True),
        (422, 21614, True),
        (401, 20003, False),
        (403, 20005, False),
        (404, 20404, False),
        (429, 20429, False),
    ],
)
def test_what_was_certainly_not_sent(stand: Stand, gateway: Gateway, status: int, code: int, is_final: bool) -> None:
    stand.status, stand.body = status, {"code": code, "message": f"The number {PHONE} is wrong", "status": status}
    assert gateway.send(MESSAGE) == Refused(str(code), f"HTTP {status}", is_final)


def test_a_refusal_without_a_code(stand: Stand, gateway: Gateway) -> None:
    stand.status, stand.body = 400, b"<html>no</html>"
    assert gateway.send(MESSAGE) == Refused("400", "HTTP 400", is_final=True)


def test_a_refusal_in_the_form_of_rfc_9457(stand: Stand, gateway: Gateway) -> None:
    stand.status = 400
    stand.body = {"type": "https://twilio.com/errors/21211", "title": "Invalid To", "status": 400, "code": 21211}
    assert gateway.send(MESSAGE) == Refused("21211", "HTTP 400", is_final=True)


def test_nobody_listens() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert gateway_at(port).send(MESSAGE) == Refused("connection", "ConnectionError", is_final=False)


@pytest.mark.parametrize("status", [302, 500, 502, 503, 504])
def test_what_may_have_been_sent(stand: Stand, gateway: Gateway, status: int) -> None:
    stand.status, stand.body = status, {"code": 20500, "message": "oops", "status": status}
    assert gateway.send(MESSAGE) == Unknown(f"HTTP {status}")
    assert len(stand.asked) == 1


@pytest.mark.parametrize("body", [b"", b"not json", b"[]", b'{"status": "queued"}'])
def test_an_answer_that_says_nothing(stand: Stand, gateway: Gateway, body: bytes) -> None:
    stand.body = body
    assert isinstance(gateway.send(MESSAGE), Unknown)


@pytest.mark.parametrize("trouble", ["hang", "cut", "drip"])
def test_a_connection_that_breaks_or_does_not_end(stand: Stand, gateway: Gateway, trouble: str) -> None:
    stand.trouble = trouble
    begun = time.monotonic()
    assert isinstance(gateway.send(MESSAGE), Unknown)
    assert time.monotonic() - begun < 3
    assert len(stand.asked) == 1


def test_a_compressed_answer(stand: Stand, gateway: Gateway) -> None:
    stand.encoding, stand.body = "gzip", {"sid": "SM1", "body": "я" * 30000}
    assert gateway.send(MESSAGE) == Accepted("SM1")


def test_an_answer_that_is_too_long(stand: Stand, gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "ANSWER_BYTES", 1000)
    stand.body = {"sid": "SM1", "status": "x" * 20000}
    assert gateway.send(MESSAGE) == Unknown("Timeout")


def sent(sid: str, body: str) -> dict[str, str]:
    return {"sid": sid, "body": body}


def test_looking_for_a_message(stand: Stand, gateway: Gateway) -> None:
    others = [sent("SM9", "Дом, 116: veha.ru/t/other"), sent("SM8", "")]
    stand.status, stand.body = 200, {"messages": [*others, sent("SM7", f"Trial account - {MESSAGE.text}")]}
    assert gateway.find(MESSAGE) == "SM7"
    ((method, path, query),) = stand.asked
    assert (method, path, query["To"]) == ("GET", f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json", [PHONE])


def test_looking_in_vain(stand: Stand, gateway: Gateway) -> None:
    stand.status, stand.body = 200, {"messages": [sent("SM9", "Дом, 116: veha.ru/t/other")]}
    assert gateway.find(MESSAGE) is None


def test_looking_passes_over_what_belongs_to_another_message(stand: Stand, gateway: Gateway) -> None:
    stand.status, stand.body = 200, {"messages": [sent("SM9", MESSAGE.text), sent("SM8", MESSAGE.text)]}
    assert gateway.find(MESSAGE) == "SM9"
    assert gateway.find(Outgoing(7, PHONE, MESSAGE.text, taken=frozenset({"SM9"}))) == "SM8"


@pytest.mark.parametrize(("status", "trouble"), [(500, ""), (401, ""), (200, "hang"), (200, "cut")])
def test_a_look_up_without_an_answer_is_not_a_no(stand: Stand, gateway: Gateway, status: int, trouble: str) -> None:
    stand.status, stand.body, stand.trouble = status, {"messages": []}, trouble
    with pytest.raises(LookupFailed):
        gateway.find(MESSAGE)


def test_nothing_personal_is_logged(stand: Stand, gateway: Gateway, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    gateway.send(MESSAGE)
    stand.status, stand.body = 200, {"messages": []}
    gateway.find(MESSAGE)
    assert not [word for word in (PHONE[1:], MESSAGE.link, TOKEN) if word in caplog.text]


@pytest.mark.parametrize("name", ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_FROM"])
def test_what_must_be_configured(name: str) -> None:
    config = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_FROM": SENDER, name: ""}
    with pytest.raises(ValueError, match=name):
        twilio.gateway(config)
