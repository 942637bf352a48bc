"""Somebody types a phone and asks for the links to its orders: kept with the request, answered by the worker.

What the page does is the same for every phone: one row per phone, whoever has an order and however often he asks.
Whose it is, and whether another message may go there, is found out later, where nobody can time it.
"""

from datetime import datetime, timedelta

from sqlalchemy import String, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from parcels import journal
from parcels.journal import NewFact
from parcels.models import Base, Fact, Parcel
from parcels.stages import Kind
from sms.duties import FRESH_A_DAY

#: A parcel's link is sent again so often at most; all of a phone's `FRESH_A_DAY` times within 24 hours.
ONCE_IN = timedelta(hours=1)
#: Orders of a phone whose links are sent, the newest; requests that are answered in one round.
NEWEST, BATCH = 3, 100


class LinkRequest(Base):
    """A phone (E.164) whose links somebody wants to have; gone when it is answered."""

    __tablename__ = "link_requests"
    phone: Mapped[str] = mapped_column(String(20), primary_key=True)
    asked_at: Mapped[datetime]


def ask(session: Session, phone: str, now: datetime) -> None:
    """Keep that a phone (E.164) is asked for, once until it is answered."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    row = dialect.insert(LinkRequest).values(phone=phone, asked_at=now)
    session.execute(row.on_conflict_do_nothing())


def waiting(session: Session) -> list[str]:
    """Phones that are asked for, the oldest first."""
    return list(session.scalars(select(LinkRequest.phone).order_by(LinkRequest.asked_at).limit(BATCH)))


def answer(session: Session, phone: str, now: datetime) -> int:
    """Ask for a message with the link of each open parcel of a phone, as far as the caps allow. Returns how many.

    Over a cap nothing is written at all: no journal grows by what a stranger presses.
    """
    session.execute(delete(LinkRequest).where(LinkRequest.phone == phone))
    opened = select(Parcel.id).where(Parcel.phone == phone, Parcel.closed_at.is_(None)).order_by(Parcel.id.desc())
    count = 0
    for parcel_id in sorted(session.scalars(opened.limit(NEWEST)).all()):
        parcel = journal.lock(session, parcel_id)
        is_first_lately = _asked(session, Fact.parcel_id == parcel_id, now - ONCE_IN) == 0
        if is_first_lately and _asked_of(session, phone, now) < FRESH_A_DAY:
            journal.record(session, parcel, NewFact(Kind.LINK_REQUESTED, "recipient"), now)
            count += 1
    return count


def _asked_of(session: Session, phone: str, now: datetime) -> int:
    of_phone = Fact.parcel_id.in_(select(Parcel.id).where(Parcel.phone == phone))
    return _asked(session, of_phone, now - timedelta(days=1))


def _asked(session: Session, whose: object, since: datetime) -> int:
    """How often links were asked for since a moment."""
    asked = select(func.count()).select_from(Fact).where(Fact.kind == Kind.LINK_REQUESTED, Fact.recorded_at > since)
    return session.scalar(asked.where(whose)) or 0  # type: ignore[arg-type]
