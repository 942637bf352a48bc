"""Messages that nobody repeats by himself: what an operator sees of them, and the press that sends one again."""

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from parcels.models import Base, BigId, words
from sms import ledger
from sms.models import Message, Status

#: So long a message may be unknown before a person is asked.
ASK_AFTER = timedelta(minutes=30)
SHOWN = 200


class Replay(Base):
    """One press of the button: who sent which message again, and what had become of it before."""

    __tablename__ = "replays"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"), index=True)
    was: Mapped[Status] = mapped_column(words(Status, 16))
    by: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]


def unresolved(session: Session, now: datetime) -> list[tuple[Message, int]]:
    """Messages that are dead, or unknown for half an hour, with the number of their replays; the oldest first."""
    times = select(func.count()).where(Replay.message_id == Message.id).scalar_subquery()
    is_long = (Message.status == Status.UNKNOWN) & (Message.created_at < now - ASK_AFTER)
    query = select(Message, times).where((Message.status == Status.DEAD) | is_long)
    rows = session.execute(query.order_by(Message.created_at, Message.id).limit(SHOWN)).all()
    return [(message, count) for message, count in rows]


def vouch(session: Session, message_id: int, now: datetime) -> bool:
    """An unknown message has left: a person has seen it at the provider. Returns False when it was settled before."""
    columns = {"accepted_at": now, "lease_until": None, "error": None}
    return ledger.advance(session, message_id, Status.ACCEPTED, Message.status == Status.UNKNOWN, **columns)


def replay(session: Session, message_id: int, by: str, now: datetime) -> bool:
    """Put a message back into the queue for one more attempt, because a person has decided so.

    The only way back for a dead message; its attempts go on counting, so another failure shows it here again.
    Returns: False when it is neither dead nor long unknown any more, as after a second press.
    """
    is_long = (Message.status == Status.UNKNOWN) & (Message.created_at < now - ASK_AFTER)
    mine = Message.id == message_id, (Message.status == Status.DEAD) | is_long
    found = session.execute(select(Message.status, Message.text).where(*mine)).first()
    if found is None:
        return False
    was, to = found.status, Status.QUEUED if found.text else Status.OWED
    columns = {"due_at": now, "settled_at": None, "lease_until": None, "looks": 0}
    again = update(Message).where(Message.id == message_id, Message.status == was)
    if session.scalar(again.values(status=to, **columns).returning(Message.id)) is None:
        return False
    session.add(Replay(message_id=message_id, was=was, by=by[:80], at=now))
    session.info["outbox"] = True
    return True
