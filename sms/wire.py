"""HTTP with an end, for every provider of messages: a total time, a size, no redirects, and what a failure proves."""

from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import MaxRetryError, NewConnectionError

from sms.gateway import Refused, Unknown

#: All of it stays below a third of the lease of a message.
CONNECT_SECONDS, READ_SECONDS, TOTAL_SECONDS = 3.0, 5.0, 8.0
ANSWER_BYTES = 1_000_000
#: Connections kept open to one provider: as many as there may be messages in flight.
KEPT = 64
LONGEST_WAIT = 86_400.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said: all of it, in time."""

    status: int
    text: str
    headers: Any


def new_session() -> requests.Session:
    """A session for many threads. It knows nothing of the environment's proxies and passwords."""
    session = requests.Session()
    session.trust_env = False
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(pool_connections=KEPT, pool_maxsize=KEPT))
    return session


def ask(session: requests.Session, method: str, url: str, **request: Any) -> Answer:
    """One request, once. Raises: requests' own errors, also for an answer that is too long or never ends."""
    deadline = monotonic() + TOTAL_SECONDS
    seconds = CONNECT_SECONDS, READ_SECONDS
    asked = session.request(method, url, timeout=seconds, allow_redirects=False, stream=True, **request)
    with asked as answer:
        return Answer(answer.status_code, _body(answer, deadline), answer.headers)


def went_wrong(error: Exception) -> Refused | Unknown:
    """What an error proves: nobody listened, so nothing was sent; any other one says nothing about the message."""
    if isinstance(error, requests.ConnectionError) and _never_connected(error):
        return Refused("connection", type(error).__name__, is_final=False)
    return Unknown(type(error).__name__)


def retry_after(headers: Any) -> float:
    """The seconds that a `Retry-After` asks for, a day at most; a date is counted from the answer's own."""
    wanted = str(headers.get("Retry-After", "")).strip()
    if wanted.isascii() and wanted.isdigit():
        return min(float(wanted), LONGEST_WAIT)
    try:
        span = parsedate_to_datetime(wanted) - parsedate_to_datetime(str(headers.get("Date", "")))
    except (TypeError, ValueError):
        return 0.0
    return min(max(span.total_seconds(), 0.0), LONGEST_WAIT)


def _body(answer: requests.Response, deadline: float) -> str:
    """The body, as long as it comes in time: the library's own timeout starts anew with every byte."""
    body = b""
    # `read1` gives what has come so far; `iter_content` would wait until its chunk is full, however slowly it fills.
    while chunk := answer.raw.read1(8192, decode_content=True):
        body += chunk
        if monotonic() > deadline or len(body) > ANSWER_BYTES:
            raise requests.Timeout("the answer does not end")
    return body.decode("utf-8", "replace")


def _never_connected(error: requests.ConnectionError) -> bool:
    cause = error.args[0] if error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)
