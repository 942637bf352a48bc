"""PURE signing secrets of an address and the signature itself, by Standard Webhooks (standardwebhooks.com)."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypedDict

PREFIX = "whsec_"
#: The standard asks for 24 to 64 random bytes.
BYTES = 32
OVERLAP = timedelta(hours=24)
#: Whoever rotates in a hurry still gets a header of sane length.
KEPT = 5


class Secret(TypedDict):
    """One signing secret: `until` is when a rotated one ends. Moments are ISO 8601 in UTC."""

    key: str
    made_at: str
    until: str | None


def rotated(secrets: Sequence[Secret], random: bytes, now: datetime) -> list[Secret]:
    """A new secret in front of those still valid, each of which is good for 24 hours after it was replaced."""
    if len(random) != BYTES:
        raise ValueError(f"{len(random)} bytes are no secret of {BYTES}")
    new = Secret(key=PREFIX + base64.b64encode(random).decode(), made_at=now.isoformat(), until=None)
    ends = (now + OVERLAP).isoformat()
    old = [Secret(key=s["key"], made_at=s["made_at"], until=s["until"] or ends) for s in _valid(secrets, now)]
    return [new, *old][:KEPT]


def keys(secrets: Sequence[Secret], now: datetime) -> tuple[str, ...]:
    """The keys to sign with at a moment, the newest first."""
    return tuple(secret["key"] for secret in _valid(secrets, now))


def signature(keys: Sequence[str], message_id: str, timestamp: int, body: str) -> str:
    """The value of `webhook-signature`: one `v1,<base64>` for each key."""
    signed = f"{message_id}.{timestamp}.{body}".encode()
    macs = (hmac.digest(base64.b64decode(key.removeprefix(PREFIX)), signed, hashlib.sha256) for key in keys)
    return " ".join(f"v1,{base64.b64encode(mac).decode()}" for mac in macs)


def _valid(secrets: Sequence[Secret], now: datetime) -> list[Secret]:
    return [s for s in secrets if s["until"] is None or now < datetime.fromisoformat(s["until"])]
