"""Carriers' servers, played by one real server: it answers by path as told, badly too, and keeps what it was asked."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Seen:
    """One question as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """What is answered; `how` is one of the ways in which servers misbehave, `before` is called first."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    how: str = "plainly"
    before: Callable[[], object] | None = None


@dataclass
class CarrierServer:
    """Where it listens, what it answers by path (the last of several again and again), and what it was asked."""

    port: int = 0
    replies: dict[str, list[Reply]] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str = "") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def answers(self, path: str, *replies: Reply) -> None:
        self.replies[path] = list(replies)

    def asked(self, path: str) -> list[Seen]:
        return [seen for seen in self.seen if seen.path == path]

    def next_reply(self, path: str) -> Reply:
        waiting = self.replies.get(path, [Reply(b"no such door", 404)])
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]


class _Handler(BaseHTTPRequestHandler):
    """Answers as it was told."""

    carriers: CarrierServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        target = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(target.query).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.carriers.seen.append(Seen(self.command, target.path, query, headers, body))
        reply = self.carriers.next_reply(target.path)
        if reply.before is not None:
            reply.before()
        with suppress(OSError):
            getattr(self, reply.how)(reply)
        self.close_connection = True

    def plainly(self, reply: Reply) -> None:
        # The usual one adds a date of its own, and the first of two counts.
        (self.send_response_only if "Date" in reply.headers else self.send_response)(reply.status)
        for name, value in ({"Content-Length": str(len(reply.body))} | reply.headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)

    def reset(self, _: Reply) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def garbage(self, _: Reply) -> None:
        self.wfile.write(b"220 mail.example.test ESMTP\r\n")

    def hang(self, _: Reply) -> None:
        self.carriers.released.wait(30)

    def drip_head(self, _: Reply) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        self._drip()

    def drip_body(self, _: Reply) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        self._drip()

    def _drip(self) -> None:
        while not self.carriers.released.wait(0.02):
            self.wfile.write(b" ")

    def log_message(self, *_: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    """A thread for each question, none of which keeps the tests waiting."""

    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Whoever hangs up is what some tests are about."""


@contextmanager
def carrier_server() -> Iterator[CarrierServer]:
    """A running server."""
    carriers = CarrierServer()
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"carriers": carriers}))
    carriers.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield carriers
    finally:
        carriers.released.set()
        server.shutdown()
        server.server_close()
        thread.join()
