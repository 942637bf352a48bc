"""The gateway for local providers: a file says what to send and how to read the answer."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from portal.config import BadSettings, from_environment
from sms import http, wire
from sms.gateway import Accepted, LookupFailed, Outgoing, Refused, Unknown
from sms.http import Http, Report

PHONE = "+79130001242"
NASTY = 'Дом "У & К", 50% {id}\\\n+: veha.ru/t/7Kq2'
MESSAGE = Outgoing(7, PHONE, "Дом, 117: veha.ru/t/7Kq2mX9s", sender="TeplyDom")
EXAMPLE = Path(__file__).parents[2] / "docs" / "sms-gateway.md"


@dataclass
class Stand:
    """What the provider answers next, and what it was asked."""

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    trouble: str = ""
    url: str = ""
    asked: list[tuple[str, str, str, str]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def stand(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stand]:
    monkeypatch.setattr(wire, "READ_SECONDS", 0.3)
    monkeypatch.setattr(wire, "TOTAL_SECONDS", 0.5)
    stand = Stand()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(stand))
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    stand.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield stand
    stand.over.set()
    server.shutdown()
    server.server_close()
    thread.join()


def handler_of(stand: Stand) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            stand.asked.append((self.command, self.path, self.headers.get("Content-Type", ""), body))
            if stand.trouble == "hang":
                stand.over.wait(2)
            if stand.trouble:
                self.close_connection = True
                return
            said = stand.body if isinstance(stand.body, bytes) else json.dumps(stand.body).encode()
            self.send_response(stand.status)
            for name, value in (stand.headers | {"Content-Length": str(len(said))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said)

        do_GET = do_POST

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    return Handler


def rules(stand: Stand, **changes: Any) -> Http:
    whole = {"url": f"{stand.url}/send", "body": {"to": "{digits}", "msg": "{text}"}, "answer": {"id": "id"}}
    return Http(http.checked(whole | changes))


def documented() -> dict[str, Any]:
    """The example of the docs, word for word."""
    return tomllib.loads(re.findall(r"```toml\n(.*?)```", EXAMPLE.read_text("utf-8"), re.DOTALL)[0])


def test_the_documented_example_sends_and_fits_twenty_lines(stand: Stand) -> None:
    example = documented()
    whole = re.findall(r"```toml\n(.*?)\[receipt\]", EXAMPLE.read_text("utf-8"), re.DOTALL)[0]
    assert len(whole.strip().splitlines()) <= 20
    gateway = Http(http.checked(example | {"url": f"{stand.url}/sms/send"}))
    stand.body = {"status": "OK", "sms": {"79130001242": {"status_code": 100, "sms_id": "0000-1"}}}
    assert gateway.send(MESSAGE) == Accepted("0000-1")
    ((method, path, kind, body),) = stand.asked
    assert (method, path, kind) == ("POST", "/sms/send", "application/x-www-form-urlencoded")
    assert dict(parse_qsl(body)) == {
        "api_id": example["body"]["api_id"],
        "to": "79130001242",
        "msg": MESSAGE.text,
        "from": "TeplyDom",
        "json": "1",
    }


@pytest.mark.parametrize(("code", "is_final"), [(202, True), (220, False)])
def test_a_code_in_the_answer_is_a_refusal(stand: Stand, code: int, is_final: bool) -> None:
    gateway = Http(http.checked(documented() | {"url": stand.url}))
    stand.body = {"sms": {"79130001242": {"status_code": code}}}
    assert gateway.send(MESSAGE) == Refused(str(code), "HTTP 200", is_final)


def test_a_code_that_nobody_listed_leaves_it_open(stand: Stand) -> None:
    gateway = Http(http.checked(documented() | {"url": stand.url}))
    stand.body = {"sms": {"79130001242": {"status_code": 999, "sms_id": "0000-1"}}}
    assert isinstance(gateway.send(MESSAGE), Unknown)


@pytest.mark.parametrize("form", ["form", "json", "query"])
def test_whatever_a_text_holds_it_stays_one_field(stand: Stand, form: str) -> None:
    stand.body = {"id": 5}
    nasty = Outgoing(7, PHONE, NASTY)
    assert rules(stand, format=form).send(nasty) == Accepted("5")
    ((_, path, _, body),) = stand.asked
    got = json.loads(body) if form == "json" else dict(parse_qsl(urlsplit(path).query if form == "query" else body))
    assert got == {"to": "79130001242", "msg": NASTY}


def test_places_in_an_address_are_encoded(stand: Stand) -> None:
    rules(stand, url=f"{stand.url}/send?k=v&text={{text}}&to={{to}}", body={}).send(Outgoing(7, PHONE, NASTY))
    ((_, path, _, _),) = stand.asked
    assert dict(parse_qsl(urlsplit(path).query)) == {"k": "v", "text": NASTY, "to": PHONE}


def test_json_of_any_shape_with_headers(stand: Stand) -> None:
    body = {"messages": [{"to": "{to}", "content": {"text": "{text}", "priority": 5}, "from": "{sender}"}]}
    gateway = rules(stand, format="json", body=body, headers={"X-Key": "k"}, answer={"id": "messages.0.id"})
    stand.body = {"messages": [{"id": "m-1"}]}
    assert gateway.send(Outgoing(7, PHONE, "т")) == Accepted("m-1")
    assert json.loads(stand.asked[0][3]) == {"messages": [{"to": PHONE, "content": {"text": "т", "priority": 5}}]}
    assert stand.asked[0][2].startswith("application/json")


@pytest.mark.parametrize(("status", "is_final"), [(400, True), (422, True), (401, False), (404, False), (429, False)])
def test_what_was_certainly_not_sent(stand: Stand, status: int, is_final: bool) -> None:
    stand.status, stand.body, stand.headers = status, {"id": "1"}, {"Retry-After": "17"}
    assert rules(stand).send(MESSAGE) == Refused(str(status), "HTTP", is_final, wait=17)


@pytest.mark.parametrize("status", [301, 302, 500, 502, 503])
def test_what_may_have_been_sent(stand: Stand, status: int) -> None:
    stand.status, stand.headers = status, {"Location": f"{stand.url}/elsewhere"}
    assert rules(stand).send(MESSAGE) == Unknown(f"HTTP {status}")
    assert len(stand.asked) == 1


@pytest.mark.parametrize("body", [b"", b"<html>", [], {"id": ""}, {"id": None}, {"id": True}, {"id": {}}, "OK"])
def test_an_answer_that_says_nothing(stand: Stand, body: Any) -> None:
    stand.body = body
    assert isinstance(rules(stand).send(MESSAGE), Unknown)


@pytest.mark.parametrize("trouble", ["hang", "cut"])
def test_a_connection_that_breaks_or_does_not_end(stand: Stand, trouble: str) -> None:
    stand.trouble, began = trouble, time.monotonic()
    assert isinstance(rules(stand).send(MESSAGE), Unknown)
    assert time.monotonic() - began < 2


def test_nobody_listens(stand: Stand) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}/send"
    outcome = rules(stand, url=url).send(MESSAGE)
    assert outcome == Refused("connection", "ConnectionError", is_final=False)


def test_without_a_look_up_nobody_says_no(stand: Stand) -> None:
    with pytest.raises(LookupFailed):
        rules(stand).find(MESSAGE)
    assert stand.asked == []


def looking(stand: Stand) -> Http:
    lookup = {"url": f"{stand.url}/status?id={{id}}", "method": "GET", "id": "message.id", "code": "error"}
    return rules(stand, lookup=lookup | {"absent": ["404"]})


def test_a_look_up_by_our_own_number(stand: Stand) -> None:
    stand.body = {"message": {"id": "m-1"}}
    assert looking(stand).find(MESSAGE) == "m-1"
    assert stand.asked[0][:2] == ("GET", "/status?id=7")
    stand.body = {"error": 404}
    assert looking(stand).find(MESSAGE) is None


@pytest.mark.parametrize(
    ("status", "body"), [(200, {}), (200, {"error": 1}), (200, b"<"), (404, {"error": 404}), (500, {})]
)
def test_a_look_up_without_a_clear_answer_is_not_a_no(stand: Stand, status: int, body: Any) -> None:
    stand.status, stand.body = status, body
    with pytest.raises(LookupFailed):
        looking(stand).find(MESSAGE)


def test_a_receipt_needs_its_key(stand: Stand) -> None:
    gateway = Http(http.checked(documented()))
    key = documented()["receipt"]["key"]
    assert gateway.report(key, {"id": "0000-1", "status": "103"}) == Report("0000-1", "delivered")
    assert gateway.report(key, {"id": "0000-1", "status": "104"}) == Report("0000-1", "failed")
    assert gateway.report(key, {"id": "0000-1", "status": "102"}) == Report("0000-1", "102")
    assert gateway.report(key, {}) == Report("", "")
    assert gateway.report("ключ", {"id": "0000-1"}) is None
    assert rules(stand).report("", {"id": "0000-1"}) is None


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"url": "ftp://x/y"}, "https"),
        ({"url": "https://{to}.example/"}, "https"),
        ({"url": "https://example/{text}"}, "query"),
        ({"format": "xml"}, "format"),
        ({"ansver": {}}, "ansver"),
        ({"answer": {"code": "x"}}, "lacks id"),
        ({"lookup": {"url": "https://x/"}}, "lacks"),
        ({"receipt": {"key": "short", "id": "i", "status": "s"}}, "16"),
    ],
)
def test_rules_that_cannot_work_are_named(stand: Stand, changes: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        rules(stand, **changes)


def test_the_file_is_read_once_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        http.gateway({"HTTP_SMS_CONFIG": str(tmp_path / "none.toml")})
    file = tmp_path / "sms.toml"
    file.write_text("url = ")
    with pytest.raises(ValueError, match="cannot be read"):
        http.gateway({"HTTP_SMS_CONFIG": str(file)})
    file.write_text('url = "https://x/"\nanswer.id = "id"\n')
    assert http.gateway({"HTTP_SMS_CONFIG": str(file)}).name == "http"


def test_the_portal_does_not_start_without_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"INSTANCE_PATH": str(tmp_path), "SMS_BACKEND": "http", "HTTP_SMS_CONFIG": ""}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(BadSettings, match="HTTP_SMS_CONFIG"):
        from_environment()
