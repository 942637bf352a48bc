"""The gateway to Twilio. Loaded only where it is configured: its library takes 51 MB of memory."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from twilio.base.exceptions import TwilioRestException, TwilioServiceException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from sms import wire
from sms.gateway import Accepted, Gateway, LookupFailed, Outcome, Outgoing, Refused, Unknown
from sms.preferences import DEFAULT_SENDER

LOOK_BACK = 20
#: Refusals that are about us or about the moment, not about the message: worth another try.
_PASSING = frozenset({401, 403, 404, 408, 429})


class _Busy(Exception):
    """Twilio asks for a pause; its library would forget for how long."""

    def __init__(self, answer: wire.Answer) -> None:
        super().__init__(f"HTTP {answer.status}")
        self.code, self.wait = _code(answer), wire.retry_after(answer.headers)


class _Wire(TwilioHttpClient):  # type: ignore[misc] # the library comes without types
    """Our HTTP in place of the library's, which has no total time and would log the numbers.

    `base_url` puts another scheme and host in place of Twilio's, for a server that stands in for it.
    """

    def __init__(self, base_url: str | None = None) -> None:
        super().__init__(timeout=wire.TOTAL_SECONDS)
        self.session = wire.new_session()
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
        if self._base is not None:
            url = urlunsplit(urlsplit(url)._replace(scheme=self._base.scheme, netloc=self._base.netloc))
        answer = wire.ask(self.session, method, url, params=params, data=data, headers=headers, auth=auth)
        if answer.status == 429:
            raise _Busy(answer)
        return Response(answer.status, answer.text, answer.headers)


class Twilio:
    """Messages through one account; the sender is the shop's own name where it has one."""

    name = "twilio"

    def __init__(self, client: Any, sender: str) -> None:
        self._client, self._sender = client, sender

    def send(self, message: Outgoing) -> Outcome:
        extra = {"status_callback": _callback(message)} if message.callback_url else {}
        sender = self._name(message)
        try:
            sent = self._client.messages.create(to=message.to, from_=sender, body=message.text, **extra)
            return Accepted(str(sent.sid)) if sent.sid else Unknown("no sid")
        except (TwilioRestException, TwilioServiceException) as error:
            return _refusal(error)
        except _Busy as busy:
            return Refused(busy.code, str(busy), is_final=False, wait=busy.wait)
        except Exception as error:  # the request may be out already: whatever this is, the outcome is not known
            return wire.went_wrong(error)

    def _name(self, message: Outgoing) -> str:
        """The shop's own name; the default one belongs to nobody at Twilio, and answers to it would reach nobody."""
        return message.sender if message.sender not in ("", DEFAULT_SENDER) else self._sender

    def find(self, message: Outgoing) -> str | None:
        try:
            newest_first = self._client.messages.list(to=message.to, limit=LOOK_BACK)
        except Exception as error:  # none of them is an answer
            raise LookupFailed(type(error).__name__) from error
        matching = (str(sent.sid) for sent in newest_first if message.text in (sent.body or ""))
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


def _code(answer: wire.Answer) -> str:
    """Twilio's own number for what is wrong, else the status."""
    try:
        return str(json.loads(answer.text)["code"])
    except (ValueError, TypeError, KeyError):
        return str(answer.status)
