"""Which parcels are asked about: a carrier's number is tied to a parcel, and taken up when it is due."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, func, or_, select, update
from sqlalchemy.orm import Session

from carriers import wishes
from carriers.models import NUMBER_LENGTH, Tracking
from parcels import journal
from parcels.custody import Role, What
from parcels.custody_models import Holding
from parcels.models import Parcel

#: Whoever dies over a question leaves its parcels to the next round after so long.
LEASE = timedelta(minutes=5)

#: Signs of no number, but of what a spreadsheet has in its place: `#N/A`, `=A1`, `1.2E+19`.
_OF_TABLES = frozenset("#=+")


class TakenNumber(ValueError):
    """The number belongs to another parcel already; the message is that parcel's own number."""


class BadNumber(ValueError):
    """No number, or one that no carrier gives out."""


@dataclass(frozen=True, slots=True)
class Followed:
    """A row of `Tracking` that is being asked about."""

    id: int
    parcel_id: int
    number: str


def clean(number: str) -> str:
    """A number as carriers print it: capitals, and no spaces. Raises BadNumber."""
    found = "".join(number.split()).upper()
    is_of_a_table = not _OF_TABLES.isdisjoint(found)
    if not found or len(found) > NUMBER_LENGTH or is_of_a_table or not (found.isascii() and found.isprintable()):
        raise BadNumber(number)
    return found


def follow(session: Session, parcel: Parcel, carrier: str, number: str, now: datetime) -> bool:
    """Tie a carrier's number to a parcel, to be asked about at once; another number takes the place of the old.

    Returns: did that change anything? Raises: BadNumber, TakenNumber.
    """
    number = clean(number)
    holder = session.scalar(select(Tracking).where(Tracking.carrier == carrier, Tracking.number == number))
    if holder is not None and holder.parcel_id != parcel.id:
        raise TakenNumber(session.get_one(Parcel, holder.parcel_id).number)
    if holder is not None:
        return False
    # Before any row of it is written: whoever records an answer or a choice comes by the parcel as well.
    parcel = journal.lock(session, parcel.id)
    row = session.scalar(select(Tracking).where(Tracking.carrier == carrier, Tracking.parcel_id == parcel.id))
    if row is None:
        row = Tracking(parcel_id=parcel.id, carrier=carrier)
        session.add(row)
    row.number, row.followed_at, row.next_poll_at = number, now, now
    row.last_asked_at, row.last_changed_at, row.failures = None, None, 0
    session.flush()
    wishes.tie(session, parcel, row, now)
    return True


def claim(
    session: Session, carrier: str, shops: Collection[int], is_theirs: bool, limit: int, now: datetime
) -> list[Followed]:
    """Take up to `limit` parcels that are due at a carrier; nobody else gets them within the lease.

    Who waits longest goes first. A number that was refused the last time is asked about alone: it might have spoilt the
    question for the others. Args: `shops` are those whose parcels are wanted, or, if it is not `is_theirs`, are not.
    """
    which = *_due(carrier, now), of_shops(shops, is_theirs)
    waiting = select(Tracking).join(Parcel, Parcel.id == Tracking.parcel_id).where(*which)
    first = session.scalar(waiting.with_only_columns(Tracking.failures).order_by(Tracking.next_poll_at).limit(1))
    if first is None:
        return []
    alike, most = (Tracking.failures > 0, 1) if first else (Tracking.failures == 0, limit)
    oldest = waiting.with_only_columns(Tracking.id).where(alike).order_by(Tracking.next_poll_at).limit(most)
    # The rows are locked first and changed then: as one statement PostgreSQL may take more of them than the limit.
    ids = session.scalars(oldest.with_for_update(skip_locked=True, of=Tracking)).all()
    taken = update(Tracking).where(Tracking.id.in_(ids))
    columns = Tracking.id, Tracking.parcel_id, Tracking.number
    changed = taken.values(next_poll_at=now + LEASE, last_asked_at=now).returning(*columns)
    rows = session.execute(changed, execution_options={"synchronize_session": False})
    return [Followed(*row) for row in rows]


def of_shops(shops: Collection[int], is_theirs: bool) -> ColumnElement[bool]:
    """The parcels of some shops, or, if it is not `is_theirs`, of all others."""
    return Parcel.shop_id.in_(shops) if is_theirs else Parcel.shop_id.not_in(shops)


def counts(session: Session, carrier: str, now: datetime) -> tuple[int, int]:
    """How many open parcels are followed at a carrier, and how many of them are due."""
    followed = select(func.count(Tracking.id)).join(Parcel, Parcel.id == Tracking.parcel_id)
    is_open = Tracking.carrier == carrier, Parcel.closed_at.is_(None)
    due = followed.where(*_due(carrier, now))
    return session.scalar(followed.where(*is_open)) or 0, session.scalar(due) or 0


def hurry(session: Session, carrier: str, now: datetime) -> int:
    """Make all that is followed at a carrier due at once. Returns how many."""
    wanted = Tracking.carrier == carrier, Tracking.next_poll_at > now
    return session.connection().execute(update(Tracking).where(*wanted).values(next_poll_at=now)).rowcount


def _due(carrier: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """What is to be asked about: parcels that are not at their end, or whose money the carrier still has."""
    money = Holding.parcel_id == Parcel.id, Holding.what == What.CASH, Holding.until.is_(None)
    is_out = exists().where(*money, Holding.role == Role.CARRIER, Holding.name == carrier)
    return Tracking.carrier == carrier, Tracking.next_poll_at <= now, or_(Parcel.closed_at.is_(None), is_out)
