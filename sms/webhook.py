"""The sender of webhooks: one signed POST to one public address, with an end to everything."""

import http.client
import io
import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from time import monotonic
from typing import Any

from sms.hook_secrets import signature
from sms.public_address import BadAddress, Gate, Target

CONNECT_SECONDS, TOTAL_SECONDS = 5.0, 15.0
#: The status decides; the body is read for the log only.
BODY_SECONDS, BODY_BYTES = 2.0, 500
ADDRESSES_TRIED = 3
AGENT = "Vekha-Webhooks/1"


@dataclass(frozen=True, slots=True)
class OutgoingHook:
    """One attempt: `attempt` counts from 1, `at` is its moment, `keys` are all current secrets.

    `is_doubtful`: the address failed the last time.
    """

    delivery_id: int
    endpoint_id: int
    message_id: str
    url: str
    body: str
    keys: tuple[str, ...]
    at: datetime
    attempt: int
    is_doubtful: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an attempt: an HTTP `status`, or an `error` in one word; `retry_after` in seconds."""

    status: int | None
    error: str | None
    milliseconds: int
    text: str = ""
    retry_after: int | None = None

    @property
    def is_delivered(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        return self.status == 410


class Sender:
    """Sends webhooks through a gate. Arguments other than the default ones are for tests: no setting reaches them."""

    def __init__(self, gate: Gate, tls: ssl.SSLContext | None = None, total_seconds: float = TOTAL_SECONDS) -> None:
        self._gate, self._total = gate, total_seconds
        self._tls = tls or _trust()

    def send(self, hook: OutgoingHook) -> Answer:
        """Post once. Raises nothing: what went wrong is in the answer."""
        begun = monotonic()
        try:
            status, text, retry_after = self._post(hook, begun + self._total)
        except Exception as problem:  # whatever a stranger's server makes of HTTP, it is an attempt that failed
            return Answer(None, _word(problem), _milliseconds(begun))
        return Answer(status, None, _milliseconds(begun), text, retry_after)

    def _post(self, hook: OutgoingHook, deadline: float) -> tuple[int, str, int | None]:
        target = self._gate.read(hook.url)
        connection = _Connection(target, self._gate.resolve(target), self._tls, deadline)
        try:
            connection.request("POST", target.path, hook.body.encode(), _headers(hook))
            answer = connection.getresponse()
            text = _beginning(answer, connection)
            return answer.status, text, _seconds(answer.getheader("Retry-After"), hook.at)
        finally:
            connection.hang_up()


@cache
def _trust() -> ssl.SSLContext:
    """The certificates that everybody trusts, read once."""
    return ssl.create_default_context()


class _Connection(http.client.HTTPSConnection):
    """To addresses already looked at, under the name they were looked up by, and never past a deadline."""

    def __init__(self, target: Target, addresses: list[str], tls: ssl.SSLContext, deadline: float) -> None:
        super().__init__(target.host, target.port, context=tls)
        self._target, self._addresses, self._tls = target, addresses, tls
        self._line: socket.socket | None = None
        self.deadline = deadline

    def connect(self) -> None:
        self._line = self._reach()
        self._line.settimeout(_left(self.deadline))
        self._line = self._tls.wrap_socket(self._line, server_hostname=self._target.host)
        self.sock: Any = _Wire(self._line, self)

    def hang_up(self) -> None:
        """End it for good; `close` is called by the library already when the head of the answer is read."""
        if self._line is not None:
            self._line.close()

    def _reach(self) -> socket.socket:
        problem: OSError = ConnectionRefusedError()
        for address in self._addresses[:ADDRESSES_TRIED]:
            patience = min(CONNECT_SECONDS, _left(self.deadline))
            try:
                return socket.create_connection((address, self._target.port), patience)
            except OSError as error:
                problem = error
        raise problem


class _Wire(io.RawIOBase):
    """A socket whose every read and write gets only what is left until the deadline of its connection.

    The timeout of a bare socket starts anew with every byte, and a server that drips would hold us for ever.
    """

    def __init__(self, line: socket.socket, connection: _Connection) -> None:
        self._line, self._connection = line, connection

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._line.settimeout(_left(self._connection.deadline))
        return self._line.recv_into(buffer)

    def sendall(self, data: bytes) -> None:
        self._line.settimeout(_left(self._connection.deadline))
        self._line.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def close(self) -> None:
        """Left open for whoever still reads; `hang_up` ends it."""


def _left(deadline: float) -> float:
    seconds = deadline - monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds


def _headers(hook: OutgoingHook) -> dict[str, str]:
    timestamp = int(hook.at.timestamp())
    return {
        "Content-Type": "application/json",
        "User-Agent": AGENT,
        "Accept-Encoding": "identity",
        "webhook-id": hook.message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(hook.keys, hook.message_id, timestamp, hook.body),
    }


def _beginning(answer: http.client.HTTPResponse, connection: _Connection) -> str:
    """How the body begins, as far as it comes soon."""
    connection.deadline = min(connection.deadline, monotonic() + BODY_SECONDS)
    body = b""
    try:
        while len(body) < BODY_BYTES and (chunk := answer.read1(BODY_BYTES - len(body))):
            body += chunk
    except (OSError, http.client.HTTPException, ValueError):
        pass
    return body.decode("utf-8", "replace").replace("\0", "\ufffd")


def _seconds(retry_after: str | None, at: datetime) -> int | None:
    """What `Retry-After` says, in seconds from `at`: a number or a date."""
    if retry_after is None:
        return None
    if retry_after.strip().isdecimal():
        return int(retry_after.strip()[:9])
    try:
        until = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    return int(((until if until.tzinfo else until.replace(tzinfo=UTC)) - at).total_seconds())


def _word(problem: Exception) -> str:
    """A failure in one word, for the log that the shop sees."""
    match problem:
        case BadAddress(fault=fault):
            return fault.value
        case TimeoutError():
            return "timeout"
        case ssl.SSLError():
            return "tls"
        case ConnectionRefusedError():
            return "refused"
        case OSError() | http.client.RemoteDisconnected():
            return "connection"
        case http.client.HTTPException():
            return "not_http"
    return "fault"


def _milliseconds(begun: float) -> int:
    return round((monotonic() - begun) * 1000)
