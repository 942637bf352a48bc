"""The one HTTP client for carriers: an end to time and size, no redirects, and a log that holds no token or number."""

import http.client
import logging
import ssl
import zlib
from contextlib import suppress
from email.utils import parsedate_to_datetime
from functools import cache
from socket import SHUT_RDWR, socket
from threading import Timer
from time import monotonic
from urllib.parse import SplitResult, urlsplit

from carriers.base import Answer, BadAnswer, Request, Unreachable
from carriers.wire import MOST_BYTES

log = logging.getLogger("vekha.carriers")
CONNECT_SECONDS, TOTAL_SECONDS = 5.0, 20.0
LONGEST_WAIT = 86_400.0
AGENT = "Vekha/1"
#: A token is not used in its last minute: a question takes time too.
BEFORE_THE_END = 60.0


class HttpLine:
    """Asks carriers; may be used by many threads at once."""

    def __init__(self, total_seconds: float = TOTAL_SECONDS) -> None:
        self._total = total_seconds
        self._tokens: dict[str, tuple[str, float]] = {}

    def ask(self, request: Request) -> Answer:
        """Ask once. Raises Unreachable when nothing whole came in time, BadAnswer when too much came."""
        begun, target = monotonic(), urlsplit(request.url)
        try:
            answer = _asked(request, target, begun + self._total)
        except (OSError, http.client.HTTPException, ValueError) as problem:
            word = "timeout" if monotonic() - begun >= self._total else type(problem).__name__
            log.warning("%s: %s after %.1f s", target.hostname, word, monotonic() - begun)
            raise Unreachable(f"{target.hostname} не отвечает: {word}.") from None
        log.info("%s: %s, %s bytes, %.1f s", target.hostname, answer.status, len(answer.body), monotonic() - begun)
        return answer

    def token(self, name: str) -> str | None:
        """A token that is kept under this name and not yet over."""
        token, until = self._tokens.get(name, ("", 0.0))
        return token if monotonic() < until else None

    def keep_token(self, name: str, token: str, seconds: float) -> None:
        """Keep a token for so long, less a minute."""
        self._tokens[name] = token, monotonic() + seconds - BEFORE_THE_END


def _asked(request: Request, target: SplitResult, deadline: float) -> Answer:
    most = request.most_bytes or MOST_BYTES
    connection = _connection(target)
    connection.connect()
    line: socket = connection.sock
    line.settimeout(max(deadline - monotonic(), 0.001))
    # The timeout of a socket starts anew with every byte; this one ends a server that drips as well.
    watch = Timer(max(deadline - monotonic(), 0.0), _hang_up, [line])
    watch.daemon = True
    watch.start()
    try:
        path = f"{target.path or '/'}{'?' if target.query else ''}{target.query}"
        connection.request(request.method, path, request.body or None, {**_HEADERS, **request.headers})
        with connection.getresponse() as answer:
            body = answer.read(most + 1)
            is_torn = bool(answer.length) and len(body) <= most
        if monotonic() >= deadline:  # what was cut off by us is not an end
            raise TimeoutError
        if is_torn:
            raise http.client.IncompleteRead(body)
        kind = (answer.getheader("Content-Type") or "").partition(";")[0].strip().lower()
        packed = answer.getheader("Content-Encoding", "").lower() in ("gzip", "deflate")
        return Answer(answer.status, _checked(body, packed, most), kind, _seconds(answer.headers))
    finally:
        watch.cancel()
        connection.close()
        line.close()


_HEADERS = {"User-Agent": AGENT, "Accept-Encoding": "gzip", "Connection": "close"}


def _connection(target: SplitResult) -> http.client.HTTPConnection:
    if target.scheme == "https":
        return http.client.HTTPSConnection(target.netloc, timeout=CONNECT_SECONDS, context=_trust())
    return http.client.HTTPConnection(target.netloc, timeout=CONNECT_SECONDS)


@cache
def _trust() -> ssl.SSLContext:
    """The certificates that everybody trusts, read once."""
    return ssl.create_default_context()


def _hang_up(line: socket) -> None:
    with suppress(OSError):
        line.shutdown(SHUT_RDWR)


def _checked(body: bytes, is_packed: bool, most: int) -> bytes:
    """The body unpacked, no further than anybody would read. Raises BadAnswer."""
    if is_packed and len(body) <= most:
        try:
            body = zlib.decompressobj(wbits=47).decompress(body, most + 1)
        except zlib.error:
            raise BadAnswer("Ответ перевозчика не распаковывается.") from None
    if len(body) > most:
        raise BadAnswer(f"Ответ перевозчика длиннее {most // 1_000_000} МБ, таких не бывает.")
    return body


def _seconds(headers: http.client.HTTPMessage) -> float:
    """What `Retry-After` asks for, a day at most: a number, or a date, counted from the answer's own."""
    wanted = headers.get("Retry-After", "").strip()
    if wanted.isascii() and wanted.isdigit():
        return min(float(wanted), LONGEST_WAIT)
    try:
        span = parsedate_to_datetime(wanted) - parsedate_to_datetime(headers.get("Date", ""))
    except (TypeError, ValueError):
        return 0.0
    return min(max(span.total_seconds(), 0.0), LONGEST_WAIT)
