"""A request that comes twice is carried out once: what was answered is kept in the transaction of what was done."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.api_models import ApiAnswer

#: A program that has not heard our answer asks again within minutes; after three days a key is free again.
KEPT = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request came to: the HTTP status, and the body as JSON has it."""

    status: int
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that may come again: whose, its Idempotency-Key, where it goes, the hash of all it asks."""

    shop_id: int
    key: str
    route: str
    digest: str


class KeyUsedAgain(Exception):
    """The key was used for another request."""


def once(session: Session, asked: Asked, act: Callable[[], Answer], now: datetime) -> Answer:
    """Carry a request out, unless it has been: then what was answered is answered again. Raises KeyUsedAgain.

    Two at once with one key wait for each other at the unique insert. What was refused is not kept.
    """
    if not asked.key:
        return act()
    row_id = _insert(session, asked, now)
    if row_id is None:
        mine = ApiAnswer.shop_id == asked.shop_id, ApiAnswer.key == asked.key, ApiAnswer.route == asked.route
        known = session.scalars(select(ApiAnswer).where(*mine)).one()
        if known.asked != asked.digest:
            raise KeyUsedAgain
        return Answer(known.status, known.body)
    answer = act()
    row = session.get_one(ApiAnswer, row_id)
    row.status, row.body = answer.status, answer.body
    return answer


def forget(session: Session, now: datetime) -> int:
    """Drop answers that nobody will ask for again. Returns how many."""
    return session.connection().execute(delete(ApiAnswer).where(ApiAnswer.made_at < now - KEPT)).rowcount


def _insert(session: Session, asked: Asked, now: datetime) -> int | None:
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    values = {"shop_id": asked.shop_id, "key": asked.key, "route": asked.route, "asked": asked.digest}
    new = dialect.insert(ApiAnswer).values(**values, status=0, body={}, made_at=now)
    row_id: int | None = session.scalar(new.on_conflict_do_nothing().returning(ApiAnswer.id))
    return row_id
