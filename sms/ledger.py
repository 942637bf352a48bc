"""The only writer of the outbox: rows go in once, statuses never go back, a failure becomes a fact.

Whoever needs both locks the parcel before the message, as the followers do; the other way round would deadlock.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningUpdate

from parcels import journal
from parcels.journal import NewFact
from parcels.models import UtcDateTime
from parcels.stages import Kind
from sms.models import Message, Status, may_become


def _acceptance(to: Status) -> ReturningUpdate[int]:
    columns = {
        "provider_id": func.coalesce(Message.provider_id, bindparam("name")),
        "accepted_at": func.coalesce(Message.accepted_at, bindparam("now", type_=UtcDateTime())),
        "settled_at": bindparam("settled", type_=UtcDateTime()),
    }
    mine = Message.id == bindparam("message"), Message.status.in_(may_become(to))
    accepted = update(Message).where(*mine).values(status=to, lease_until=None, error=None, **columns)
    return accepted.returning(Message.id).execution_options(synchronize_session=False)


#: Built once: of the time that one message costs us, a third went into building this statement.
_ACCEPT = {to: _acceptance(to) for to in (Status.ACCEPTED, Status.DELIVERED)}


def put(session: Session, row: Any, values: dict[str, Any]) -> int | None:
    """Insert a row, of a table with an `id`, unless its unique key is there already, also put there this very moment.

    Returns: its id; None when it was there.
    """
    dialect = postgresql if session.connection().dialect.name == "postgresql" else sqlite
    once = dialect.insert(row).values(**values).on_conflict_do_nothing()
    found: int | None = session.scalar(once.returning(row.id))
    return found


def put_all(session: Session, rows: list[dict[str, Any]]) -> int:
    """Insert messages in one statement, those that are there already left out. Returns how many are new."""
    insert = postgresql.insert if session.connection().dialect.name == "postgresql" else sqlite.insert
    new = insert(Message).values(rows).on_conflict_do_nothing().returning(Message.id)
    return len(session.scalars(new).all())


def advance(session: Session, message_id: int, to: Status, *only_if: ColumnElement[bool], **columns: Any) -> bool:
    """Move a message to a status if it may go there from where it is now and `only_if` holds.

    Returns: whether it moved, decided by the database in one statement.
    """
    allowed = Message.id == message_id, Message.status.in_(may_become(to)), *only_if
    moved = update(Message).where(*allowed).values(status=to, **columns).returning(Message.id)
    return session.scalar(moved) is not None


def accept(session: Session, message_id: int, provider_id: str, now: datetime, *, is_delivered: bool = False) -> bool:
    """The provider has the message, or even the phone has it. Returns False when this, or more, was known before."""
    to = Status.DELIVERED if is_delivered else Status.ACCEPTED
    values = {"message": message_id, "name": provider_id, "now": now, "settled": now if is_delivered else None}
    return session.scalar(_ACCEPT[to], values) is not None


def name(session: Session, message_id: int, provider_id: str) -> None:
    """Keep the provider's id of a message that has none yet."""
    nameless = Message.id == message_id, Message.provider_id.is_(None)
    session.execute(update(Message).where(*nameless).values(provider_id=provider_id))


def fail(
    session: Session, message_id: int, to: Status, reason: str, now: datetime, *only_if: ColumnElement[bool]
) -> bool:
    """End a message that did not reach its recipient, and record that once in the journal of its parcel.

    Returns: whether it ended here; False when it had ended before or there is no such message.
    """
    parcel_id = session.scalar(select(Message.parcel_id).where(Message.id == message_id))
    if parcel_id is None:
        return False
    parcel = journal.lock(session, parcel_id)
    if not advance(session, message_id, to, *only_if, settled_at=now, lease_until=None, error=reason):
        return False
    channel, audience = session.execute(select(Message.channel, Message.audience).where(Message.id == message_id)).one()
    details = {"message": message_id, "status": to.value, "reason": reason, "channel": channel, "audience": audience}
    fact = NewFact(Kind.MESSAGE_FAILED, "sms", details=details, dedup_key=f"sms:{message_id}")
    journal.record(session, parcel, fact, now)
    return True
