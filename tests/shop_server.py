"""A shop's server for webhooks over real TLS: it answers by the path it is asked at and keeps what it was sent."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from sms.public_address import Gate
from sms.webhook import Sender

IDENTITY = Path(__file__).parent / "shop.test.pem"
HOSTS = ("shop.test", "other.test")


@dataclass(frozen=True)
class Seen:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: str


@dataclass
class ShopServer:
    """Where it listens, and what came. Whoever waits at `/hang` gets his answer once `released` is set."""

    port: int = 0
    seen: list[Seen] = field(default_factory=list)
    retry_after: str = "90"
    thanks: bytes = b"thank you"
    released: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str, host: str = "shop.test") -> str:
        return f"https://{host}:{self.port}{path}"

    def paths(self) -> list[str]:
        return [request.path for request in self.seen]

    def gate(self) -> Gate:
        """A gate through which this server alone can be reached."""
        return Gate((self.port,), lambda address: address == "127.0.0.1", self._resolve)

    def sender(self, total_seconds: float = 15.0) -> Sender:
        return Sender(self.gate(), ssl.create_default_context(cafile=IDENTITY), total_seconds)

    @staticmethod
    def _resolve(host: str, _port: int) -> list[str]:
        if host not in HOSTS:
            raise OSError(host)
        return ["127.0.0.1"]


class _Handler(BaseHTTPRequestHandler):
    """Answers by the first part of the path."""

    shop: ShopServer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.shop.seen.append(Seen(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        with suppress(OSError):
            getattr(self, "answer_" + self.path.strip("/").split("/")[0].replace("-", "_"), self.answer_ok)()

    def answer_ok(self) -> None:
        self._plain(200, self.shop.thanks)

    def answer_fail(self) -> None:
        self._plain(500, b"no \0 luck")

    def answer_gone(self) -> None:
        self._plain(410)

    def answer_moved(self) -> None:
        self._plain(302, Location=self.shop.url("/ok"))

    def answer_busy(self) -> None:
        self._plain(429, **{"Retry-After": self.shop.retry_after})

    def answer_hang(self) -> None:
        self.shop.released.wait(30)
        self._plain(200)

    def answer_drip(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not self.shop.released.wait(0.05):
            self.wfile.write(b".")

    def answer_huge(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            self.wfile.write(b"x" * 65536)

    def answer_garbage(self) -> None:
        self.wfile.write(b"220 mail.shop.test ESMTP\r\n")
        self.close_connection = True

    def answer_hangup(self) -> None:
        self.close_connection = True

    def _plain(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    """A thread for each connection, none of which keeps the tests waiting."""

    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Whoever hangs up on us is what some tests are about."""


@contextmanager
def shop_server() -> Iterator[ShopServer]:
    """A running server."""
    shop = ShopServer()
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"shop": shop}))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(IDENTITY)
    server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    shop.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield shop
    finally:
        shop.released.set()
        server.shutdown()
        server.server_close()
        thread.join()
