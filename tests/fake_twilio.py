"""A Twilio that keeps what it accepted and answers as badly as the real one at its worst."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from urllib.parse import parse_qsl, urlsplit

from twilio.request_validator import RequestValidator

ACCOUNT, TOKEN, SENDER = "AC" + "0" * 32, "secret-token", "+15005550006"
#: What may go wrong with a message that was accepted, and with one that was not.
ACCEPTED_BUT = ("reset", "hang", "garbage", "without sid", "500 after all")
NOT_ACCEPTED = ("429", "500", "lost")
NOISE = b'<html>"\xff'


@dataclass(frozen=True, slots=True)
class Kept:
    """A message the fake has accepted, and from when on its listing shows it."""

    sid: str
    to: str
    body: str
    sender: str
    callback: str
    shown_from: datetime

    @property
    def key(self) -> str:
        """Our own id, from the address of the receipts."""
        return dict(parse_qsl(urlsplit(self.callback).query)).get("m", "")


@dataclass(frozen=True, slots=True)
class Call:
    """One receipt on its way to us; a forged one has a signature of somebody else."""

    url: str
    form: dict[str, str]
    signature: str
    is_forged: bool = False


@dataclass
class FakeTwilio:
    """What it does next and what it has done. `fault` is asked once per message and names what goes wrong."""

    fault: Callable[[], str] = lambda: ""
    lag: Callable[[], timedelta] = lambda: timedelta(0)
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    latency: float = 0.0
    retry_after: str = "90"
    port: int = 0
    kept: list[Kept] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)
    queries: list[dict[str, str]] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    asked: int = 0
    busy: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def config(self) -> dict[str, str]:
        """Settings that lead here instead of to Twilio."""
        names = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_FROM": SENDER}
        return names | {"TWILIO_BASE_URL": self.url}

    def doubles(self) -> dict[str, int]:
        """Messages that it was given more than once, and how often."""
        counts = Counter(kept.key or kept.body for kept in self.kept)
        return {key: count for key, count in counts.items() if count > 1}

    def is_idle(self, seconds: float = 5.0) -> bool:
        """Waits until every request that has arrived is dealt with."""
        deadline = time.monotonic() + seconds
        while self.busy and time.monotonic() < deadline:
            time.sleep(0.01)
        return not self.busy

    def take(self, form: dict[str, str]) -> tuple[str, Kept | None]:
        """Accept a message, or not; what goes wrong comes with it."""
        with self.lock:
            self.asked += 1
            self.forms.append(form)
            fault = self.fault()
            self.faults[fault] += 1
            if fault in NOT_ACCEPTED:
                return fault, None
            callback = form.get("StatusCallback", "")
            sid = f"SM{len(self.kept) + 1:032x}"
            kept = Kept(sid, form["To"], form["Body"], form["From"], callback, self.clock() + self.lag())
            self.kept.append(kept)
            return fault, kept

    def listing(self, query: dict[str, str]) -> list[dict[str, str]]:
        """What it says it has for a number, newest first."""
        to = query["To"]
        with self.lock:
            self.queries.append(query)
            shown = [kept for kept in reversed(self.kept) if kept.to == to and kept.shown_from <= self.clock()]
        return [{"sid": kept.sid, "body": kept.body, "to": kept.to, "status": "sent"} for kept in shown]

    def receipts(self, random: Random, words: tuple[str, ...] = ("queued", "sent", "delivered")) -> Iterator[Call]:
        """Receipts for what it has: a fifth of them lost, a fifth doubled, some forged, all of them shuffled."""
        calls = []
        for kept in self.kept:
            for word in words:
                form = {"MessageSid": kept.sid, "MessageStatus": word, "AccountSid": ACCOUNT, "To": kept.to}
                signature = RequestValidator(TOKEN).compute_signature(kept.callback, form)
                calls += [Call(kept.callback, form, signature)] * random.choice((0, 1, 1, 1, 2))
                if random.random() < 0.05:
                    calls.append(Call(kept.callback, form | {"MessageStatus": "failed"}, signature, is_forged=True))
        random.shuffle(calls)
        yield from calls


@contextmanager
def fake_twilio(**options: object) -> Iterator[FakeTwilio]:
    """A fake that listens; gone afterwards."""
    fake = FakeTwilio(**options)  # type: ignore[arg-type]
    server = _Server(("127.0.0.1", 0), _Handler)
    server.fake = fake
    fake.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield fake
    finally:
        fake.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    fake: FakeTwilio

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that die in the middle are what this is for."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"])).decode()
        with self.at_work():
            fault, kept = self.server.fake.take(dict(parse_qsl(raw)))
        if self.server.fake.latency:
            self.server.fake.over.wait(self.server.fake.latency)
        self.react(fault, kept)

    def do_GET(self) -> None:
        with self.at_work():
            found = self.server.fake.listing(dict(parse_qsl(urlsplit(self.path).query)))
        self.answer(200, {"messages": found[:20], "next_page_uri": None, "page": 0, "page_size": 20})

    @contextmanager
    def at_work(self) -> Iterator[None]:
        self.server.fake.busy += 1
        try:
            yield
        finally:
            self.server.fake.busy -= 1

    def react(self, fault: str, kept: Kept | None) -> None:
        if fault == "reset":
            self.close_connection = True
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        elif fault in ("hang", "lost"):
            self.close_connection = True
            self.server.fake.over.wait(2)
        elif fault == "429":
            self.answer(429, {"code": 20429, "message": "slow down", "status": 429}, self.server.fake.retry_after)
        elif fault.startswith("500"):
            self.answer(500, {"code": 20500, "message": "oops", "status": 500})
        elif fault == "garbage":
            self.answer(201, NOISE)
        else:
            self.answer(201, {"sid": kept.sid if kept and not fault else None, "status": "queued"})

    def answer(self, status: int, said: object, retry_after: str = "") -> None:
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        self.send_response(status)
        if retry_after:
            self.send_header("Retry-After", retry_after)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the test's own output is enough."""
