"""A network between a browser and the product that can be cut, lose answers, and double or delay requests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from flask import Flask
from werkzeug.serving import make_server

_HOP = {"connection", "transfer-encoding", "keep-alive"}
Answer = tuple[int, list[tuple[str, str]], bytes]


@dataclass
class Network:
    """How bad it is just now. `lose` answers to the phone get lost, with `double` what it tells arrives twice."""

    port: int
    is_cut: bool = False
    lose: int = 0
    double: bool = False
    copies: list[tuple[str, HTTPMessage, bytes]] = field(default_factory=list)

    def ask(
        self, method: str, path: str, headers: HTTPMessage, body: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        line = HTTPConnection("127.0.0.1", self.port, timeout=20)
        line.request(method, path, body, dict(headers.items()))
        answer = line.getresponse()
        said = answer.status, answer.getheaders(), answer.read()
        line.close()
        return said

    def late_copies(self) -> list[int]:
        """Deliver once more everything that a phone ever told and that passed. Returns the status of each."""
        return [self.ask("POST", path, headers, body)[0] for path, headers, body in self.copies]


class _Way(BaseHTTPRequestHandler):
    """One request on its way through the network."""

    network: Network
    protocol_version = "HTTP/1.1"

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.network.is_cut:
            self._break_off()
            return
        answer = self.network.ask(self.command, self.path, self.headers, body)
        if self.path in ("/round/marks", "/round/photos") and not self._marks_pass(body):
            return
        self._say(*answer)

    def _marks_pass(self, body: bytes) -> bool:
        """What becomes of marks on their way, and whether their answer arrives."""
        self.network.copies.append((self.path, self.headers, body))
        if self.network.double:
            self.network.ask(self.command, self.path, self.headers, body)
        if not self.network.lose:
            return True
        self.network.lose -= 1
        self._break_off()
        return False

    def _break_off(self) -> None:
        self.close_connection = True
        self.connection.close()

    def _say(self, status: int, headers: list[tuple[str, str]], answer: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in _HOP:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_HEAD = _pass

    def log_message(self, *_args: object) -> None:
        """Nothing."""


@contextmanager
def serving(app: Flask) -> Iterator[tuple[str, Network]]:
    """The product in a thread and the network before it. Yields the address for browsers, and the network."""
    product = make_server("127.0.0.1", 0, app, threaded=True)
    network = Network(product.server_port)
    proxy = ThreadingHTTPServer(("127.0.0.1", 0), type("Way", (_Way,), {"network": network}))
    proxy.daemon_threads = True
    threads = [Thread(target=one.serve_forever, daemon=True) for one in (product, proxy)]
    for thread in threads:
        thread.start()
    try:
        yield f"http://localhost:{proxy.server_port}", network
    finally:
        proxy.shutdown()
        product.shutdown()
        proxy.server_close()
        product.server_close()
