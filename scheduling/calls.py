"""The call centre's queue: fill it, lease the next call to one operator, keep every attempt, close it in the end."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from parcels import journal
from parcels.journal import NewFact
from parcels.models import Parcel, Staff
from parcels.stages import Kind
from scheduling.calendars import calling_window, local, moment
from scheduling.models import Call
from scheduling.policy import Reason, Refusal

LEASE = timedelta(minutes=15)
#: After this many tries on one day the next one is tomorrow.
TRIES_A_DAY = 3
LONGEST_WAIT = timedelta(days=14)


class Outcome(StrEnum):
    """How an attempt to call ended."""

    AGREED = "agreed"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    LATER = "later"
    REFUSED = "refused"


_AGAIN_AFTER = {
    Outcome.NO_ANSWER: timedelta(hours=2),
    Outcome.BUSY: timedelta(minutes=20),
    Outcome.LATER: timedelta(hours=3),
}


def open_call(session: Session, parcel_id: int) -> Call | None:
    """The call of a parcel that is still to be made."""
    return session.scalar(select(Call).where(Call.parcel_id == parcel_id, Call.closed_at.is_(None)))


def queue(session: Session, parcel: Parcel, reason: str, zone: str, now: datetime) -> Call:
    """Put a parcel held by `journal.lock` into the queue, to be called within calling hours of `zone`.

    Returns: its call; the one that is already open when there is one.
    """
    call = open_call(session, parcel.id)
    if call is not None:
        return call
    due, closes = calling_window(now, zone)
    call = Call(parcel_id=parcel.id, reason=reason, queued_at=now, due_at=due, closes_at=closes, attempts=0)
    session.add(call)
    session.flush()
    details = {"call": call.id, "reason": reason, "due": due.isoformat()}
    journal.record(session, parcel, NewFact(Kind.CALL_QUEUED, "agenda", details=details), now)
    return call


def take(session: Session, operator_id: int, now: datetime) -> Call | None:
    """Lease the call that has waited longest to an operator; one that he already holds comes first.

    Two operators asking at once get two different calls: the row is locked, and what is locked is skipped.
    One who asks twice at once gets the same call twice: his second asking waits for the first.
    """
    session.execute(select(Staff.id).where(Staff.id == operator_id).with_for_update(key_share=True))
    held = session.scalar(
        select(Call).where(*_due(now), Call.leased_by == operator_id, Call.leased_until > now).limit(1)
    )
    if held is not None:
        return held
    query = select(Call).where(*_callable(now)).order_by(Call.due_at, Call.id).limit(1)
    call = session.scalar(query.with_for_update(skip_locked=True).execution_options(populate_existing=True))
    if call is None:
        return None
    call.leased_by, call.leased_until = operator_id, now + LEASE
    session.flush()
    return call


def held_by(session: Session, call_id: int, operator_id: int, now: datetime) -> Call:
    """The call an operator holds, locked. Raises Refusal when it is closed or somebody else's."""
    query = select(Call).where(Call.id == call_id).with_for_update().execution_options(populate_existing=True)
    call = session.scalar(query)
    if call is None or call.closed_at is not None or call.leased_by != operator_id:
        raise Refusal(Reason.CALL_LOST)
    call.leased_until = now + LEASE
    return call


def let_go(session: Session, call: Call) -> None:
    """Give a leased call back to the queue without an attempt."""
    call.leased_by = call.leased_until = None
    session.flush()


def attempt(
    session: Session,
    parcel: Parcel,
    call: Call,
    outcome: Outcome,
    operator: str,
    zone: str,
    now: datetime,
    note: str = "",
    wanted: datetime | None = None,
) -> None:
    """Keep an attempt as a fact; when nothing was agreed, say when to try again.

    Args: `parcel` held by `journal.lock`, `call` by `held_by`; `operator` as the recipient will read it;
    `wanted` is when he asked to be called. Raises: Refusal when that is over, or further away than anybody waits.
    """
    if wanted is not None and not now < wanted <= now + LONGEST_WAIT:
        raise Refusal(Reason.NOT_TO_CALL_AT)
    call.attempts += 1
    call.leased_by = call.leased_until = None
    if outcome in _AGAIN_AFTER:
        call.due_at, call.closes_at = next_try(outcome, call.attempts, zone, now, wanted)
    session.flush()
    details: dict[str, object] = {"call": call.id, "outcome": outcome.value, "attempt": call.attempts, "by": operator}
    if outcome in _AGAIN_AFTER:
        details["next"] = call.due_at.isoformat()
    if note:
        details["note"] = note
    journal.record(session, parcel, NewFact(Kind.CALL_ATTEMPTED, "operator", details=details), now)


def next_try(
    outcome: Outcome, attempts: int, zone: str, now: datetime, wanted: datetime | None = None
) -> tuple[datetime, datetime]:
    """When to call again, within calling hours: when he asked for it, else later; after three tries tomorrow."""
    if wanted is not None:
        return calling_window(wanted, zone)
    again = now + _AGAIN_AFTER[outcome]
    if attempts % TRIES_A_DAY == 0:
        tomorrow = local(now, zone).date() + timedelta(days=1)
        again = max(again, moment(tomorrow, time(9), zone))
    return calling_window(again, zone)


def put_off(session: Session, call: Call, zone: str, now: datetime) -> None:
    """Calling hours are over: the call waits for the next ones."""
    call.due_at, call.closes_at = calling_window(now, zone)
    call.leased_by = call.leased_until = None
    session.flush()


def close(session: Session, parcel: Parcel, outcome: str, now: datetime, *, unless: Sequence[str] = ()) -> None:
    """Take a parcel out of the queue, because what the call was for has been settled.

    Args: `unless` are reasons for which its call stays open all the same.
    """
    session.execute(
        update(Call)
        .where(Call.parcel_id == parcel.id, Call.closed_at.is_(None), Call.reason.not_in(unless))
        .values(closed_at=now, outcome=outcome, leased_by=None, leased_until=None)
    )


def waiting(session: Session, now: datetime) -> tuple[int, int]:
    """How many calls may be made now, and how many wait for their hour."""
    ready = session.scalar(select(func.count()).select_from(Call).where(*_callable(now))) or 0
    all_open = session.scalar(select(func.count()).select_from(Call).where(Call.closed_at.is_(None))) or 0
    return ready, all_open - ready


def next_in_line(session: Session, now: datetime, limit: int = 50) -> list[tuple[Call, Parcel]]:
    """The head of the queue with its parcels, in the order in which it will be called."""
    query = select(Call, Parcel).join(Parcel, Parcel.id == Call.parcel_id).where(*_due(now))
    return [(call, parcel) for call, parcel in session.execute(query.order_by(Call.due_at, Call.id).limit(limit))]


def _due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return Call.closed_at.is_(None), Call.due_at <= now, Call.closes_at > now


def _callable(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return *_due(now), (Call.leased_until.is_(None)) | (Call.leased_until <= now)
