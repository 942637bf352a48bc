"""The one HTTP client over a real socket: everything has an end, and the log tells nothing of whom was asked about."""

from __future__ import annotations

import gzip
import logging
from collections.abc import Iterator
from time import monotonic

import pytest

from carriers.base import Answer, BadAnswer, Busy, CarrierError, Refused, Request, Unreachable
from carriers.http import LONGEST_WAIT, HttpLine
from carriers.nova_poshta import CARRIER as NOVA_POSHTA
from carriers.reading import understood
from carriers.russian_post import CARRIER as RUSSIAN_POST
from tests.carrier_server import CarrierServer, Reply, carrier_server


@pytest.fixture(scope="module")
def server() -> Iterator[CarrierServer]:
    with carrier_server() as running:
        yield running


def ask(server: CarrierServer, *replies: Reply, seconds: float = 5.0) -> Answer:
    server.seen.clear()
    server.answers("/door", *replies)
    return HttpLine(seconds).ask(Request(server.url("/door?token=hush"), b"{}"))


def test_an_answer_comes_back_whole_with_its_type(server: CarrierServer) -> None:
    answer = ask(server, Reply(b"<a/>", 500, {"Content-Type": "Application/SOAP+xml; charset=utf-8"}))
    assert answer == Answer(500, b"<a/>", "application/soap+xml")


def test_a_packed_answer_is_unpacked(server: CarrierServer) -> None:
    assert ask(server, Reply(gzip.compress(b"{}"), headers={"Content-Encoding": "gzip"})).body == b"{}"
    assert server.seen[0].headers["accept-encoding"] == "gzip"


@pytest.mark.parametrize(
    "reply",
    [
        Reply(b"x" * 10_000_000),
        Reply(gzip.compress(b"\0" * 50_000_000), headers={"Content-Encoding": "gzip"}),
        Reply(b"no gzip", headers={"Content-Encoding": "gzip"}),
    ],
    ids=["10 MB", "a bomb of gzip", "packed in name only"],
)
def test_too_much_is_no_answer(server: CarrierServer, reply: Reply) -> None:
    with pytest.raises(BadAnswer):
        ask(server, reply)


@pytest.mark.parametrize(
    "reply",
    [Reply(how="reset"), Reply(how="garbage"), Reply(b"{}", headers={"Content-Length": "100"})],
    ids=["reset", "no HTTP", "torn"],
)
def test_half_an_answer_is_none(server: CarrierServer, reply: Reply) -> None:
    with pytest.raises(Unreachable):
        ask(server, reply)


@pytest.mark.parametrize("how", ["hang", "drip_head", "drip_body"])
def test_a_server_that_never_ends_is_left(server: CarrierServer, how: str) -> None:
    begun = monotonic()
    with pytest.raises(Unreachable, match="timeout"):
        ask(server, Reply(how=how), seconds=0.3)
    assert monotonic() - begun < 2


def test_nobody_listens() -> None:
    with pytest.raises(Unreachable, match="ConnectionRefused"):
        HttpLine().ask(Request("http://127.0.0.1:1/"))


def test_a_redirect_is_not_followed(server: CarrierServer) -> None:
    answer = ask(server, Reply(status=302, headers={"Location": server.url("/door")}))
    assert (answer.status, len(server.seen)) == (302, 1)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "90"}, 90),
        ({"Retry-After": "Sun, 22 Nov 2026 02:01:00 GMT", "Date": "Sun, 22 Nov 2026 02:00:00 GMT"}, 60),
        ({"Retry-After": "99999999999"}, LONGEST_WAIT),
        ({"Retry-After": "soon"}, 0),
        ({}, 0),
    ],
)
def test_a_carrier_says_how_long_to_wait(server: CarrierServer, headers: dict[str, str], wait: float) -> None:
    assert ask(server, Reply(b"", 429, headers)).wait == wait


def test_no_token_and_no_number_is_logged(server: CarrierServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    ask(server, Reply(b"{}"))
    with pytest.raises(Unreachable) as trouble:
        ask(server, Reply(how="reset"))
    assert "127.0.0.1" in caplog.text
    assert "hush" not in caplog.text + str(trouble.value)


def test_a_token_is_kept_until_a_minute_before_its_end() -> None:
    line = HttpLine()
    line.keep_token("cdek", "secret", 3600)
    line.keep_token("short", "secret", 59)
    assert (line.token("cdek"), line.token("short"), line.token("other")) == ("secret", None, None)


FAULT = b"<Envelope><Body><Fault><Reason><Text>wrong</Text></Reason></Fault></Body></Envelope>"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(429, b"", wait=90.0), Busy),
        (Answer(503, b""), Busy),
        (Answer(500, b"<html>"), Unreachable),
        (Answer(500, b"<html>", "text/html"), Unreachable),
        (Answer(500, b"<html/>", "text/xml"), Unreachable),
        (Answer(502, FAULT, "text/xml"), Unreachable),
        (Answer(302, b""), Unreachable),
        (Answer(401, b""), Refused),
        (Answer(404, b"<html>"), Refused),
        (Answer(200, b"<html>"), BadAnswer),
    ],
)
def test_what_an_answer_that_is_none_comes_to(answer: Answer, error: type[CarrierError]) -> None:
    with pytest.raises(error) as found:
        understood(NOVA_POSHTA, answer)
    assert type(found.value) is error
    assert getattr(found.value, "wait", 0) == answer.wait


@pytest.mark.parametrize("status", [200, 400, 500])
def test_a_fault_in_the_carrier_s_words_is_no_illness(status: int) -> None:
    with pytest.raises(Refused, match="wrong"):
        understood(RUSSIAN_POST, Answer(status, FAULT, "application/soap+xml"))
