"""How a worded message leaves: claim, send, settle. Three commits of the caller's, and no network inside any of them.

for message in claim(session, now, limit): commit, gateway.send(message), settle(...), commit
for message in overdue(session, now, limit): commit, gateway.find(message), looked_up(...), commit
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from sms import ledger, receipts, texts
from sms.gateway import Accepted, Outcome, Outgoing, Refused, Unknown
from sms.models import Message, Status
from sms.occasions import Channel

#: A send takes 8 seconds at most, and a whole batch must be sent within the lease.
BATCH = 7
LEASE = timedelta(seconds=60)
LOOK_AFTER = timedelta(seconds=60)
LOOKS = 2
BACKOFF = (timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10), timedelta(minutes=30))
#: Who goes first, as the index has it.
_URGENT = (Message.priority, Message.due_at, Message.id)
_COLUMNS = (
    *(Message.id, Message.priority, Message.created_at, Message.recipient, Message.text, Message.attempts),
    *(Message.sender, Message.subject, Message.channel, Message.unsubscribe),
)
#: Two looks have been waiting enough.
_AT_ONCE = (timedelta(0),)
MAX_ATTEMPTS = len(BACKOFF) + 1


def claim(session: Session, now: datetime, limit: int = BATCH, callback_url: str | None = None) -> list[Outgoing]:
    """Take queued messages that are due, the most urgent first, to send them within the lease of 60 s.

    The attempt is counted here, before the work: one that kills its worker must not come back for ever. One
    statement, and columns instead of entities: beside rows loaded, changed and flushed it claims four times as many.
    """
    due = Message.status == Status.QUEUED, Message.due_at <= now
    first = select(Message.id).where(*due).order_by(*_URGENT).limit(limit).with_for_update(skip_locked=True)
    lease = {"status": Status.SENDING, "lease_until": now + LEASE, "due_at": now + LEASE}
    taking = update(Message).where(Message.id.in_(first.scalar_subquery()))
    taken = taking.values(attempts=Message.attempts + 1, looks=0, **lease).returning(*_COLUMNS)
    rows = session.execute(taken.execution_options(synchronize_session=False)).all()
    return [
        _outgoing(row, callback_url) for row in sorted(rows, key=lambda row: (row.priority, row.created_at, row.id))
    ]


def _outgoing(row: Any, callback_url: str | None = None, taken: frozenset[str] = frozenset()) -> Outgoing:
    return Outgoing(
        row.id,
        row.recipient,
        row.text,
        callback_url,
        row.attempts,
        taken,
        sender=row.sender,
        subject=row.subject,
        html=texts.html_of(row.text) if row.channel == Channel.EMAIL else "",
        unsubscribe=row.unsubscribe,
    )


def settle(session: Session, message_id: int, outcome: Outcome, now: datetime, attempt: int | None = None) -> bool:
    """Write down what came of sending a message.

    Args: `attempt` as it was claimed; a worker that wakes up after its lease then changes nothing of a later
    attempt, except that "accepted" always counts.
    Returns: whether this was news; a receipt that came before says more, and stays.
    """
    mine = [Message.status == Status.SENDING]
    if attempt is not None:
        mine.append(Message.attempts == attempt)
    match outcome:
        case Accepted(provider_id):
            is_news = ledger.accept(session, message_id, provider_id, now)
            if not is_news:
                receipts.witness(session, message_id, provider_id, now)
            return is_news
        case Unknown(reason):
            columns = {"due_at": now + LOOK_AFTER, "lease_until": None, "error": reason}
            return ledger.advance(session, message_id, Status.UNKNOWN, *mine, **columns)
        case Refused(code, reason, is_final, wait):
            why = f"{code}: {reason}"
            if is_final:
                return ledger.fail(session, message_id, Status.REFUSED, why, now, *mine)
            return _again(session, message_id, why, now, mine, BACKOFF, timedelta(seconds=wait))


def overdue(session: Session, now: datetime, limit: int = BATCH) -> list[Outgoing]:
    """Messages of which nobody knows whether they left, to be looked up at the provider.

    Their outcome was unknown for a minute, or the lease ended without one. They are put off by a minute here,
    so that a look-up that fails is simply made again.
    """
    rows = _locked(session, now, limit, Message.status.in_((Status.UNKNOWN, Status.SENDING)))
    for row in rows:
        row.status, row.lease_until, row.due_at = Status.UNKNOWN, None, now + LOOK_AFTER
    session.flush()
    return [_outgoing(row, taken=_taken(session, row)) for row in rows]


def looked_up(session: Session, message_id: int, found: str | None, now: datetime) -> Status:
    """Write down what the provider said: found is accepted, not found twice is queued again, or dead.

    Returns: the status that the message has now; one that a receipt has moved meanwhile stays.
    Raises: NoResultFound when there is no such message.
    """
    if found is not None and not _is_anothers(session, message_id, found):
        ledger.accept(session, message_id, found, now)
    else:
        looks = session.scalars(select(Message.looks).where(Message.id == message_id)).one() + 1
        mine = [Message.status == Status.UNKNOWN, Message.looks == looks - 1]
        if looks < LOOKS:
            columns = {"looks": looks, "due_at": now + LOOK_AFTER}
            ledger.advance(session, message_id, Status.UNKNOWN, *mine, **columns)
        else:
            _again(session, message_id, "not found", now, mine, _AT_ONCE)
    return session.scalars(select(Message.status).where(Message.id == message_id)).one()


def _is_anothers(session: Session, message_id: int, provider_id: str) -> bool:
    """Was this the answer to another message, of the same batch perhaps, with the same words?"""
    others = Message.provider_id == provider_id, Message.id != message_id
    return session.scalar(select(Message.id).where(*others).limit(1)) is not None


def _again(
    session: Session,
    message_id: int,
    reason: str,
    now: datetime,
    only_if: list[ColumnElement[bool]],
    waits: tuple[timedelta, ...],
    least: timedelta = timedelta(0),
) -> bool:
    """Back into the queue for at least `least`; after the last attempt the message is dead and a person is told."""
    attempts = session.scalar(select(Message.attempts).where(Message.id == message_id)) or 0
    if attempts >= MAX_ATTEMPTS:
        return ledger.fail(session, message_id, Status.DEAD, reason, now, *only_if)
    wait = max(least, waits[min(attempts, len(waits)) - 1])
    columns = {"due_at": now + wait, "lease_until": None, "error": reason, "looks": 0}
    # After a long pause it may be night, or untrue: then it is worded again.
    to = Status.OWED if wait > BACKOFF[-1] else Status.QUEUED
    return ledger.advance(session, message_id, to, *only_if, **columns)


def _locked(session: Session, now: datetime, limit: int, *wanted: ColumnElement[bool]) -> list[Message]:
    query = select(Message).where(*wanted, Message.due_at <= now).order_by(Message.due_at, Message.id).limit(limit)
    locking = query.with_for_update(skip_locked=True).execution_options(populate_existing=True)
    return list(session.scalars(locking))


def _taken(session: Session, row: Message) -> frozenset[str]:
    """Ids that the provider gave to other messages to the same number."""
    others = Message.recipient == row.recipient, Message.id != row.id, Message.provider_id.is_not(None)
    return frozenset(sid for sid in session.scalars(select(Message.provider_id).where(*others)) if sid)
