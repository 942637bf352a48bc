"""Statuses that nobody understands: the manager hears of each once, with the carrier's words."""

import logging
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from carriers.base import Update
from carriers.models import UnknownCode
from parcels.models import Parcel

log = logging.getLogger(__name__)
_LENGTH = 200


def note(session: Session, said: Update, parcel_id: int, now: datetime) -> bool:
    """Write down a status that has no meaning for us. Returns whether it is the first of its code."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    code = (said.code or said.text)[:_LENGTH]
    values = {"carrier": said.carrier, "code": code, "text": said.text, "parcel_id": parcel_id, "first_at": now}
    insert = dialect.insert(UnknownCode).values(**values, settled_by="").on_conflict_do_nothing()
    is_new = session.connection().execute(insert).rowcount == 1
    if is_new:
        log.error("%s: a status nobody understands: %s", said.carrier, code)
    return is_new


def open_codes(session: Session) -> list[tuple[UnknownCode, Parcel]]:
    """The codes that nobody has seen to, oldest first, each with the parcel that had it first."""
    query = select(UnknownCode, Parcel).join(Parcel, Parcel.id == UnknownCode.parcel_id)
    rows = session.execute(query.where(UnknownCode.settled_at.is_(None)).order_by(UnknownCode.first_at))
    return [(row.UnknownCode, row.Parcel) for row in rows]


def count_open(session: Session) -> int:
    """How many nobody has seen to."""
    query = select(func.count()).select_from(UnknownCode).where(UnknownCode.settled_at.is_(None))
    return session.scalar(query) or 0


def settle(session: Session, carrier: str, code: str, by: str, now: datetime) -> bool:
    """Somebody has seen to a code. Returns False when somebody else was faster."""
    which = UnknownCode.carrier == carrier, UnknownCode.code == code, UnknownCode.settled_at.is_(None)
    done = update(UnknownCode).where(*which).values(settled_at=now, settled_by=by[:80])
    return session.connection().execute(done).rowcount == 1
