"""Signed links and the seals of their forms.

A link is 19 to 22 letters and digits: the parcel's number in 2, 3 or 4 bytes and a 96-bit HMAC over purpose,
parcel and link epoch. Nothing is stored for it: raising the epoch voids every link made before.
"""

import hashlib
import hmac
from base64 import urlsafe_b64decode
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from zlib import crc32

from flask import current_app
from itsdangerous import Signer
from itsdangerous.encoding import base64_encode
from itsdangerous.signer import HMACAlgorithm
from sqlalchemy.orm import Session

from parcels.models import Parcel
from parcels.stages import Stage

#: How long a link stays open after the parcel has reached its end.
OPEN_AFTER_END = timedelta(days=30)
MAC_BYTES = 12
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#: Characters of a token by the bytes it holds: 2, 3 or 4 for the parcel, 12 for the MAC.
_LENGTHS = {19: 14, 21: 15, 22: 16}
_CHARACTERS = {size: length for length, size in _LENGTHS.items()}


class BadLink(Exception):
    """Broken, foreign or revoked: which of these it was, nobody is told."""


class EndedLink(Exception):
    """A genuine link of a parcel that reached its end long ago; `ended_as` is how."""

    def __init__(self, stage: Stage):
        super().__init__("ended")
        self.ended_as = stage


class _ShortHMAC(HMACAlgorithm):
    """HMAC-SHA-256 cut to 96 bits: short enough for a message of 70 characters, too long to guess."""

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        return hmac.digest(key, value, self.digest_method)[:MAC_BYTES]


def _signer(purpose: str) -> Signer:
    fallbacks: Sequence[str] = current_app.config.get("SECRET_KEY_FALLBACKS") or ()
    return _signer_of((*reversed(fallbacks), current_app.config["SECRET_KEY"]), purpose)


@lru_cache(maxsize=8)
def _signer_of(keys: tuple[str, ...], purpose: str) -> Signer:
    """The keys of a purpose, derived once and not for each link."""
    origin = Signer(keys, salt=f"vekha.{purpose}", key_derivation="hmac")
    ready = [origin.derive_key(key) for key in origin.secret_keys]
    return Signer(ready, key_derivation="none", algorithm=_ShortHMAC(digest_method=hashlib.sha256))


def token_for(parcel: Parcel) -> str:
    """The recipient's own token for a parcel, as it is valid now."""
    return _token("recipient", parcel.id, parcel.link_epoch)


def stop_for(parcel: Parcel) -> str:
    """The address that ends letters about a parcel and all others to the same mailbox, and to no later one."""
    return f"{current_app.config['PUBLIC_BASE_URL']}/u/{_token('letters', parcel.id, crc32(parcel.email.encode()))}"


def parcel_of_letters(session: Session, token: str) -> Parcel:
    """The parcel whose letters a token ends. Raises BadLink."""
    parcel = session.get(Parcel, parcel_id_of(token))
    if parcel is None or not _is_signed("letters", token, parcel.id, crc32(parcel.email.encode())):
        raise BadLink
    return parcel


def _token(purpose: str, parcel_id: int, epoch: int) -> str:
    number = _number(parcel_id)
    mac = urlsafe_b64decode(_signer(purpose).get_signature(_signed(number, epoch)))
    return _letters(number + mac)


def link_for(parcel: Parcel) -> str:
    """The link as it stands in a message, without a scheme."""
    return f"{current_app.config['LINK_BASE']}/t/{token_for(parcel)}"


def parcel_id_of(token: str) -> int:
    """The parcel a token says it is for; not yet a proof. Raises BadLink.

    Each parcel has one token: its number written with more bytes than it needs is none.
    """
    number = _bytes(token)[:-MAC_BYTES]
    parcel_id = int.from_bytes(number)
    if _number(parcel_id) != number:
        raise BadLink
    return parcel_id


def open_link(session: Session, token: str, now: datetime) -> Parcel:
    """The parcel a token opens. Raises BadLink; EndedLink 30 days after the parcel's end."""
    parcel = session.get(Parcel, parcel_id_of(token))
    if parcel is None or not is_genuine(token, parcel.id, parcel.link_epoch):
        raise BadLink
    if is_over(parcel.closed_at, now):
        raise EndedLink(parcel.stage)
    return parcel


def is_genuine(token: str, parcel_id: int, epoch: int) -> bool:
    """Was this token made by us for this parcel and this epoch of its link?"""
    return _is_signed("recipient", token, parcel_id, epoch)


def _is_signed(purpose: str, token: str, parcel_id: int, epoch: int) -> bool:
    mac = base64_encode(_bytes(token)[-MAC_BYTES:])
    return _signer(purpose).verify_signature(_signed(_number(parcel_id), epoch), mac)


def is_over(closed_at: datetime | None, now: datetime) -> bool:
    """Has the link of a parcel that ended at `closed_at` come to its own end?"""
    return closed_at is not None and now >= closed_at + OPEN_AFTER_END


def seal(parcel_id: int, version: int) -> str:
    """The hidden field of a form: which version of the parcel its page showed, and that we made the page.

    It stands in for a CSRF token: nobody who does not hold the link can have it, and it needs no cookie.
    """
    return f"{version}.{_signer('form').get_signature(_signed(_number(parcel_id), version)).decode()}"


def version_sealed(parcel_id: int, value: str) -> int | None:
    """The version a form was made from; None when the seal is not ours."""
    version, _, mac = value.partition(".")
    if not (version.isascii() and version.isdigit() and len(version) < 10):
        return None
    signed = _signed(_number(parcel_id), int(version))
    return int(version) if _signer("form").verify_signature(signed, mac.encode()) else None


def _number(parcel_id: int) -> bytes:
    return parcel_id.to_bytes(2 if parcel_id < 1 << 16 else 3 if parcel_id < 1 << 24 else 4)


def _signed(number: bytes, count: int) -> bytes:
    return number + b"." + str(count).encode()


def _letters(raw: bytes) -> str:
    """Base 62 with a fixed length: no character at the end that a phone would cut off a link."""
    value, letters = int.from_bytes(raw), ""
    for _ in range(_CHARACTERS[len(raw)]):
        value, rest = divmod(value, 62)
        letters = ALPHABET[rest] + letters
    return letters


@lru_cache(maxsize=2_000)
def _bytes(token: str) -> bytes:
    size = _LENGTHS.get(len(token))
    if size is None:
        raise BadLink
    value = 0
    for letter in token:
        at = ALPHABET.find(letter)
        if at < 0:
            raise BadLink
        value = value * 62 + at
    if value.bit_length() > size * 8:
        raise BadLink
    return value.to_bytes(size)
