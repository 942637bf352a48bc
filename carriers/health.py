"""How each carrier is, as all workers see it: the lease to ask it, and what came of asking."""

import zlib
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from carriers import breaker
from carriers.base import Answer, Busy, Carrier, CarrierError, Refused
from carriers.breaker import Health
from carriers.models import CarrierHealth, RawAnswer

#: Longer than a round and its last question may take together.
LEASE = timedelta(seconds=120)
KEPT = timedelta(days=7)


def enter(session: Session, carrier: str, now: datetime) -> datetime | None:
    """Take the lease to ask a carrier, for one round. Returns until when; None when another worker has it."""
    _introduce(session, carrier)
    is_free = or_(CarrierHealth.lease_until.is_(None), CarrierHealth.lease_until <= now)
    lease = now + LEASE
    taken = update(CarrierHealth).where(CarrierHealth.carrier == carrier, is_free).values(lease_until=lease)
    return lease if session.connection().execute(taken).rowcount == 1 else None


def leave(session: Session, carrier: str, lease: datetime) -> None:
    """Give back the lease, unless it was over meanwhile and another worker has taken it."""
    ours = CarrierHealth.carrier == carrier, CarrierHealth.lease_until == lease
    session.execute(update(CarrierHealth).where(*ours).values(lease_until=None))


def may_ask(session: Session, carrier: Carrier, now: datetime) -> bool:
    """May one more call be made now?"""
    return breaker.may_ask(of(session, carrier.code), carrier.calls_a_minute, now) > 0


def count_call(session: Session, carrier: str, now: datetime) -> None:
    """Count a call, before it is made."""
    _keep(session, carrier, breaker.asked(of(session, carrier), now))


def settle(session: Session, carrier: str, trouble: CarrierError | None, now: datetime) -> None:
    """Write down what came of a call: an answer, or the trouble with it."""
    health = of(session, carrier)
    match trouble:
        case None | Refused():
            health = breaker.answered(health)
        case Busy(wait=wait):
            health = breaker.busy(health, wait, now)
        case _:
            health = breaker.failed(health, now)
    row = _keep(session, carrier, health)
    row.last_trouble = str(trouble)[:200] if trouble else ""
    if trouble is None:
        row.last_answered_at = now


def count_unknown(session: Session, carrier: str, count: int) -> None:
    """Count recorded codes that nobody has told us the meaning of."""
    if count:
        _introduce(session, carrier)
        more = {"unknown_codes": CarrierHealth.unknown_codes + count}
        session.execute(update(CarrierHealth).where(CarrierHealth.carrier == carrier).values(**more))


def keep_raw(session: Session, carrier: str, answer: Answer, now: datetime) -> None:
    """Keep an answer as it came, for a week."""
    packed = zlib.compress(answer.body)
    session.add(RawAnswer(carrier=carrier, came_at=now, status=answer.status, body=packed))


def forget_raw(session: Session, now: datetime) -> int:
    """Drop the answers that are older than a week. Returns how many."""
    return session.connection().execute(delete(RawAnswer).where(RawAnswer.came_at < now - KEPT)).rowcount


def of(session: Session, carrier: str) -> Health:
    """How a carrier is; well, as long as it has never been asked."""
    row = session.get(CarrierHealth, carrier, populate_existing=True)
    if row is None:
        return Health()
    return Health(row.failures, row.open_until, row.rest_until, row.minute, row.calls)


def _introduce(session: Session, carrier: str) -> None:
    """A row for a carrier that has none yet."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    session.execute(dialect.insert(CarrierHealth).values(carrier=carrier).on_conflict_do_nothing())


def _keep(session: Session, carrier: str, health: Health) -> CarrierHealth:
    row = session.get_one(CarrierHealth, carrier)
    for column in Health.__slots__:
        setattr(row, column, getattr(health, column))
    session.flush()
    return row
