"""The gateway to Twilio. Loaded only where it is configured: its library takes 51 MB of memory."""

from collections.abc import Mapping
from time import monotonic
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

import requests
from twilio.base.exceptions import TwilioRestException, TwilioServiceException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client
from urllib3.exceptions import MaxRetryError, NewConnectionError

from sms.gateway import Accepted, Gateway, LookupFailed, Outcome, Outgoing, Refused, Unknown

CONNECT_SECONDS, READ_SECONDS, TOTAL_SECONDS = 3.0, 5.0, 8.0
ANSWER_BYTES = 1_000_000
LOOK_BACK = 20
#: Refusals that are about us or about the moment, not about the message: worth another try.
_PASSING = frozenset({401, 403, 404, 408, 429})


class _Wire(TwilioHttpClient):  # type: ignore[misc] # the library comes without types
    """HTTP with an end: a total time, a size, no redirects, and no log, which would have the numbers in it.

    `base_url` puts another scheme and host in place of Twilio's, for a server that stands in for it.
    """

    def __init__(self, base_url: str | None = None) -> None:
        super().__init__(timeout=TOTAL_SECONDS)
        self._base = urlsplit(base_url) if base_url else None

    def request(
        self,
        method: str,
        url: str,
        params: Any = None,
        data: Any = None,
        headers: Any = None,
        auth: Any = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Any:
        deadline = monotonic() + TOTAL_SECONDS
        if self._base is not None:
            url = urlunsplit(urlsplit(url)._replace(scheme=self._base.scheme, netloc=self._base.netloc))
        asked = self.session.request(
            method,
            url,
            params=params,
            data=data,
            headers=headers,
            auth=auth,
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            allow_redirects=False,
            stream=True,
        )
        with asked as answer:
            return Response(answer.status_code, _body(answer, deadline), answer.headers)


def _body(answer: requests.Response, deadline: float) -> str:
    """The body, as long as it comes in time: the library's own timeout starts anew with every byte."""
    body = b""
    # `read1` gives what has come so far; `iter_content` would wait until its chunk is full, however slowly it fills.
    while chunk := answer.raw.read1(8192, decode_content=True):
        body += chunk
        if monotonic() > deadline or len(body) > ANSWER_BYTES:
            raise requests.Timeout("the answer does not end")
    return body.decode("utf-8", "replace")


class Twilio:
    """Messages through one account, from one sender."""

    name = "twilio"

    def __init__(self, client: Any, sender: str) -> None:
        self._client, self._sender = client, sender

    def send(self, message: Outgoing) -> Outcome:
        extra = {"status_callback": _callback(message)} if message.callback_url else {}
        try:
            sent = self._client.messages.create(to=message.to, from_=self._sender, body=message.text, **extra)
            return Accepted(str(sent.sid)) if sent.sid else Unknown("no sid")
        except (TwilioRestException, TwilioServiceException) as error:
            return _refusal(error)
        except requests.ConnectionError as error:
            if _never_connected(error):
                return Refused("connection", type(error).__name__, is_final=False)
            return Unknown(type(error).__name__)
        except Exception as error:  # the request may be out already: whatever this is, the outcome is not known
            return Unknown(type(error).__name__)

    def find(self, message: Outgoing) -> str | None:
        try:
            newest_first = self._client.messages.list(to=message.to, limit=LOOK_BACK)
        except Exception as error:  # none of them is an answer
            raise LookupFailed(type(error).__name__) from error
        matching = (str(sent.sid) for sent in newest_first if message.link in (sent.body or ""))
        return next((sid for sid in matching if sid not in message.taken), None)


def gateway(config: Mapping[str, str]) -> Gateway:
    """The gateway from TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_FROM and, for tests, TWILIO_BASE_URL.

    Raises: ValueError when one of the first three is missing or empty.
    """
    names = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_FROM")
    missing = [name for name in names if not config.get(name)]
    if missing:
        raise ValueError(f"the SMS backend twilio needs {', '.join(missing)}")
    account, token, sender = (config[name] for name in names)
    # Given an empty mapping the client would read the environment behind our back.
    nothing = {"TWILIO_EDGE": ""}
    client = Client(account, token, http_client=_Wire(config.get("TWILIO_BASE_URL")), environment=nothing)
    return Twilio(client, sender)


def _callback(message: Outgoing) -> str:
    return f"{message.callback_url}?{urlencode({'m': message.message_id})}"


def _refusal(error: Any) -> Outcome:
    """4xx means "not sent". The provider's own sentence is left out: it quotes the number."""
    status, code = int(error.status), str(error.code or "")
    if 400 <= status < 500:
        return Refused(code or str(status), f"HTTP {status}", is_final=status not in _PASSING)
    return Unknown(f"HTTP {status}")


def _never_connected(error: requests.ConnectionError) -> bool:
    cause = error.args[0] if error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)
