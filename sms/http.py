"""The gateway to any provider with an HTTP interface: what to send and how to read the answer stands in a TOML file."""

import hmac
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from sms import wire
from sms.gateway import Accepted, Gateway, LookupFailed, Outcome, Outgoing, Refused, Unknown

#: As in `twilio`: refusals that are about us or about the moment.
_PASSING = frozenset({401, 403, 404, 408, 429})
#: The tables and keys that a file may have; anything else is a slip of the pen and is said at the start.
_KNOWN: Mapping[str, frozenset[str]] = {
    "": frozenset({"url", "method", "format", "headers", "body", "answer", "lookup", "receipt", "inbound"}),
    "answer": frozenset({"id", "code", "accepted", "passing", "final"}),
    "lookup": frozenset({"url", "method", "headers", "body", "format", "id", "code", "absent"}),
    "receipt": frozenset({"key", "id", "status", "delivered", "failed"}),
    "inbound": frozenset({"key", "from", "text"}),
}
_NEEDED: Mapping[str, frozenset[str]] = {
    "": frozenset({"url", "answer"}),
    "answer": frozenset({"id"}),
    "lookup": frozenset({"url", "id", "code", "absent"}),
    "receipt": frozenset({"key", "id", "status"}),
    "inbound": frozenset({"key", "from", "text"}),
}
#: Digits of a Russian or Kazakh number behind the 8 that is dialled there; nobody whom we write to has +87 or +89.
_WITH_EIGHT = 11
#: The key stands in an address that the provider calls: it must not be guessed.
KEY_LENGTH = 16


@dataclass(frozen=True, slots=True)
class Report:
    """A receipt, in Twilio's words as far as they are known."""

    provider_id: str
    status: str


@dataclass(frozen=True, slots=True)
class Heard:
    """What somebody has answered to a message of ours; `phone` in E.164."""

    phone: str
    words: str


class Http:
    """Messages by the rules of one file; see docs/sms-gateway.md."""

    name = "http"

    def __init__(self, rules: Mapping[str, Any]) -> None:
        self._rules, self._session = rules, wire.new_session()

    def send(self, message: Outgoing) -> Outcome:
        try:
            answer = self._ask(self._rules, _values(message))
        except Exception as error:  # the request may be out already
            return wire.went_wrong(error)
        return _outcome(answer, self._rules.get("answer", {}), _values(message))

    def find(self, message: Outgoing) -> str | None:
        """Without a `[lookup]` nobody can say: the message stays unknown until a receipt or an operator decides."""
        rules, values = self._rules.get("lookup"), _values(message)
        if rules is None:
            raise LookupFailed("no look-up is configured")
        try:
            answer = self._ask(rules, values)
            said = json.loads(answer.text)
        except Exception as error:  # none of them is an answer
            raise LookupFailed(type(error).__name__) from error
        if answer.status != 200:
            raise LookupFailed(f"HTTP {answer.status}")
        if found := _at(said, rules["id"], values):
            return found
        if _at(said, rules["code"], values) in _words(rules["absent"]):
            return None
        raise LookupFailed("neither found nor absent")

    def report(self, key: str, given: Any) -> Report | None:
        """A receipt from what was posted. Returns None for one that is not the provider's: its key is wrong."""
        rules = self._opened("receipt", key)
        if rules is None:
            return None
        word = _at(given, rules["status"], {})
        known = {said: ours for ours in ("delivered", "failed") for said in _words(rules.get(ours, ()))}
        return Report(_at(given, rules["id"], {}), known.get(word, word))

    def heard(self, key: str, given: Any) -> Heard | None:
        """An answer from what was posted. Returns None for one that is not the provider's: its key is wrong."""
        rules = self._opened("inbound", key)
        if rules is None:
            return None
        return Heard(_international(_at(given, rules["from"], {})), _at(given, rules["text"], {}))

    def _opened(self, table: str, key: str) -> Mapping[str, Any] | None:
        """The rules of what the provider calls, when it knows their key."""
        rules: Mapping[str, Any] | None = self._rules.get(table)
        is_its = rules is not None and hmac.compare_digest(key.encode(), str(rules["key"]).encode())
        return rules if is_its else None

    def _ask(self, rules: Mapping[str, Any], values: Mapping[str, str]) -> wire.Answer:
        body, form = _filled(rules.get("body", {}), values), rules.get("format", "form")
        url = _with_values(rules["url"], values)
        method = rules.get("method", "POST")
        request: dict[str, Any] = {"headers": {**rules.get("headers", {})}}
        if form == "json":
            request["headers"]["Content-Type"] = "application/json; charset=utf-8"
            request["data"] = json.dumps(body, ensure_ascii=False).encode()
        else:
            request["params" if form == "query" else "data"] = body
        return wire.ask(self._session, method, url, **request)


def gateway(config: Mapping[str, str]) -> Gateway:
    """The gateway from the file HTTP_SMS_CONFIG. Raises: ValueError that says what is wrong with it."""
    file = config.get("HTTP_SMS_CONFIG", "")
    try:
        rules = tomllib.loads(Path(file).read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"HTTP_SMS_CONFIG {file!r} cannot be read: {error}") from error
    return Http(checked(rules))


def checked(rules: Mapping[str, Any]) -> Mapping[str, Any]:
    """The rules, when they can work. Raises: ValueError that names the key that is missing, strange or unsafe."""
    for table, known in _KNOWN.items():
        part = rules.get(table) if table else rules
        if part is None:
            continue
        strange, missing = sorted(set(part) - known), sorted(_NEEDED[table] - set(part))
        if strange or missing:
            what = f"does not know {', '.join(strange)}" if strange else f"lacks {', '.join(missing)}"
            raise ValueError(f"HTTP_SMS_CONFIG: [{table}] {what}")
    for part in (rules, rules.get("lookup", rules)):
        _check_request(part)
    for table in ("receipt", "inbound"):
        if table in rules and len(str(rules[table]["key"])) < KEY_LENGTH:
            raise ValueError(f"HTTP_SMS_CONFIG: the key of [{table}] has at least {KEY_LENGTH} characters")
    return rules


def _check_request(part: Mapping[str, Any]) -> None:
    address = urlsplit(part["url"])
    if address.scheme not in ("http", "https") or "{" in address.netloc + address.path:
        raise ValueError("HTTP_SMS_CONFIG: a url begins with https://, and only its query has places to fill in")
    if part.get("format", "form") not in ("json", "form", "query"):
        raise ValueError("HTTP_SMS_CONFIG: format is json, form or query")


def _values(message: Outgoing) -> dict[str, str]:
    """What a template may name."""
    return {
        "to": message.to,
        "digits": message.to.removeprefix("+"),
        "text": message.text,
        "sender": message.sender,
        "id": str(message.message_id),
    }


def _filled(template: Any, values: Mapping[str, str]) -> Any:
    """A template with its values, leaf by leaf: whatever they hold, they stay leaves. Empty fields are left out."""
    if isinstance(template, Mapping):
        filled = {name: _filled(part, values) for name, part in template.items()}
        return {name: part for name, part in filled.items() if part != ""}
    if isinstance(template, list):
        return [_filled(part, values) for part in template]
    return _put(template, values) if isinstance(template, str) else template


def _put(template: str, values: Mapping[str, str]) -> str:
    """One pass: what a value holds is never read as a template."""
    head, *rest = template.split("{")
    for part in rest:
        name, brace, tail = part.partition("}")
        head += values[name] + tail if brace and name in values else "{" + part
    return head


def _with_values(url: str, values: Mapping[str, str]) -> str:
    """An address whose query is filled in after it was taken apart and is encoded again."""
    parts = urlsplit(url)
    query = [(name, _put(value, values)) for name, value in parse_qsl(parts.query, keep_blank_values=True)]
    return urlunsplit(parts._replace(query=urlencode(query)))


def _outcome(answer: wire.Answer, rules: Mapping[str, Any], values: Mapping[str, str]) -> Outcome:
    """4xx means "not sent", and so does a code that the file calls a refusal; an id means "sent"; nothing else does."""
    if not (200 <= answer.status < 300 or 400 <= answer.status < 500):
        return Unknown(f"HTTP {answer.status}")
    said = _json(answer.text)
    code, wait = _at(said, rules.get("code", ""), values), wire.retry_after(answer.headers)
    for name in ("final", "passing"):
        if code and code in _words(rules.get(name, ())):
            return Refused(code[:16], f"HTTP {answer.status}", is_final=name == "final", wait=wait)
    if answer.status >= 400:
        return Refused(str(answer.status), "HTTP", is_final=answer.status not in _PASSING, wait=wait)
    provider_id = _at(said, rules["id"], values)
    if not provider_id or ("accepted" in rules and code not in _words(rules["accepted"])):
        return Unknown("no id" if not provider_id else "a code that the configuration does not name")
    return Accepted(provider_id[:64])


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _at(said: Any, path: str, values: Mapping[str, str]) -> str:
    """What stands at a path such as `sms.{digits}.sms_id` or `messages.0.id`; empty when nothing does."""
    for step in (_put(step, values) for step in path.split(".")):
        if isinstance(said, list) and step.isdecimal() and int(step) < len(said):
            said = said[int(step)]
        elif isinstance(said, Mapping) and step in said:
            said = said[step]
        else:
            return ""
    return str(said) if isinstance(said, str | int | float) and not isinstance(said, bool) else ""


def _international(phone: str) -> str:
    """A phone as E.164, however a Russian provider writes it: `8913…`, `913…`, `00 7 913…`, `7913….0` as a number."""
    written = phone.strip().removesuffix(".0")
    digits = "".join(sign for sign in written if sign in "0123456789").removeprefix("00")
    is_from_home = len(digits) == _WITH_EIGHT and digits[0] == "8" and digits[1] in "79"
    is_bare = len(digits) == _WITH_EIGHT - 1 and digits[0] == "9" and not written.startswith("+")
    if is_from_home or is_bare:
        return f"+7{digits[-10:]}"
    return f"+{digits}"


def _words(listed: Any) -> frozenset[str]:
    return frozenset(str(word) for word in listed)
