"""Keys of the shops' programs: made and shown once, kept as a hash, revoked by one press."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from parcels.models import Shop
from portal.api_models import ApiKey

#: What keys begin with, so that whoever finds one in a log or a repository knows what it is.
PREFIX = "vekha_"
SHOWN = len(PREFIX) + 4
#: More keys than a shop has programs are a sign that something goes wrong.
MOST = 20


class TooManyKeys(Exception):
    """The shop has as many keys as it may; one has to be revoked first."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The shop whose key a request brings."""

    shop_id: int
    code: str


def make(session: Session, shop_id: int, name: str, by: str, now: datetime) -> str:
    """Make a shop a key and return it: it is not kept, and nobody can see it again. Raises TooManyKeys."""
    session.execute(select(Shop.id).where(Shop.id == shop_id).with_for_update(key_share=True))
    count = select(func.count()).select_from(ApiKey).where(ApiKey.shop_id == shop_id, ApiKey.revoked_at.is_(None))
    if (session.scalar(count) or 0) >= MOST:
        raise TooManyKeys
    key = f"{PREFIX}{secrets.token_urlsafe(32)}"
    row = ApiKey(shop_id=shop_id, name=name, begins=key[:SHOWN], digest=digest_of(key), made_by=by, made_at=now)
    session.add(row)
    session.flush()
    return key


def revoke(session: Session, shop_id: int, key_id: int, now: datetime) -> bool:
    """Let a key of a shop open nothing any more. Returns False when it is revoked already or not the shop's."""
    which = ApiKey.id == key_id, ApiKey.shop_id == shop_id, ApiKey.revoked_at.is_(None)
    return session.connection().execute(update(ApiKey).where(*which).values(revoked_at=now)).rowcount == 1


def of_shop(session: Session, shop_id: int) -> list[ApiKey]:
    """The keys of a shop that open something, the newest first."""
    query = select(ApiKey).where(ApiKey.shop_id == shop_id, ApiKey.revoked_at.is_(None))
    return list(session.scalars(query.order_by(ApiKey.id.desc())))


def holder(session: Session, key: str) -> Caller | None:
    """Whose key this is; None when it is nobody's, or revoked."""
    if not key.startswith(PREFIX):
        return None
    query = select(ApiKey.shop_id, Shop.code).join(Shop, Shop.id == ApiKey.shop_id)
    found = session.execute(query.where(ApiKey.digest == digest_of(key), ApiKey.revoked_at.is_(None))).first()
    return Caller(*found) if found else None


def digest_of(key: str) -> str:
    """A key as it is kept. It holds 256 random bits, so one fast hash hides it as well as many slow ones."""
    return hashlib.sha256(key.encode()).hexdigest()
