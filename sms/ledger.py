"""The only writer of the outbox: rows go in once, statuses never go back, a failure becomes a fact.

Whoever needs both locks the parcel before the message, as the followers do; the other way round would deadlock.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from parcels import journal
from parcels.journal import NewFact
from parcels.stages import Kind
from sms.models import Message, Status, may_become


def put(session: Session, row: Any, values: dict[str, Any]) -> int | None:
    """Insert a row, of a table with an `id`, unless its unique key is there already, also put there this very moment.

    Returns: its id; None when it was there.
    """
    dialect = postgresql if session.connection().dialect.name == "postgresql" else sqlite
    once = dialect.insert(row).values(**values).on_conflict_do_nothing()
    found: int | None = session.scalar(once.returning(row.id))
    return found


def advance(session: Session, message_id: int, to: Status, *only_if: ColumnElement[bool], **columns: Any) -> bool:
    """Move a message to a status if it may go there from where it is now and `only_if` holds.

    Returns: whether it moved, decided by the database in one statement.
    """
    allowed = Message.id == message_id, Message.status.in_(may_become(to)), *only_if
    moved = update(Message).where(*allowed).values(status=to, **columns).returning(Message.id)
    return session.scalar(moved) is not None


def accept(session: Session, message_id: int, provider_id: str, now: datetime, *, is_delivered: bool = False) -> bool:
    """The provider has the message, or even the phone has it. Returns False when this, or more, was known before."""
    columns = {
        "provider_id": func.coalesce(Message.provider_id, provider_id),
        "accepted_at": func.coalesce(Message.accepted_at, now),
        "settled_at": now if is_delivered else None,
    }
    to = Status.DELIVERED if is_delivered else Status.ACCEPTED
    return advance(session, message_id, to, lease_until=None, error=None, **columns)


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
    details = {"message": message_id, "status": to.value, "reason": reason}
    fact = NewFact(Kind.MESSAGE_FAILED, "sms", details=details, dedup_key=f"sms:{message_id}")
    journal.record(session, parcel, fact, now)
    return True
