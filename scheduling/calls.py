"""The call centre's queue: what is to be spoken about, when; every attempt kept; closed in the end.

A call is a parcel's, but it is a person who is rung: `call_leases` hands out people, and what becomes of an attempt
moves all their calls.
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, String, case, func, select, tuple_, update
from sqlalchemy.orm import Session, aliased

from parcels import journal
from parcels.journal import NewFact
from parcels.models import Parcel
from parcels.stages import Kind
from scheduling.calendars import calling_window, local, moment
from scheduling.models import Call
from scheduling.policy import Reason, Refusal

#: Between two calls to one number lies so much time, whatever they are about.
GAP = timedelta(minutes=20)
#: After this many tries on one day the next one is tomorrow.
TRIES_A_DAY = 3
LONGEST_WAIT = timedelta(days=14)
#: Whom a call is to: everybody with one phone is one person; who has none is one by himself.
PERSON = case((Parcel.phone != "", Parcel.phone), else_=Parcel.id.cast(String))
#: The columns of a lease when nobody holds the call.
UNLEASED = {"leased_by": None, "leased_until": None, "leased_phone": None}


class Outcome(StrEnum):
    """How an attempt to call ended."""

    AGREED = "agreed"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    LATER = "later"
    REFUSED = "refused"
    TOLD = "told"
    COLLECTS = "collects"
    EXTENDED = "extended"


#: Outcomes after which somebody is called again, and how long after.
AGAIN = {
    Outcome.NO_ANSWER: timedelta(hours=2),
    Outcome.BUSY: timedelta(minutes=20),
    Outcome.LATER: timedelta(hours=3),
    Outcome.TOLD: timedelta(days=1),
}
#: Outcomes of which nothing was said about any of his parcels.
NOT_SPOKEN = frozenset({Outcome.NO_ANSWER, Outcome.BUSY, Outcome.LATER})


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
    due, closes = calling_window(max(now, _rests_until(session, parcel.phone) or now), zone)
    call = Call(parcel_id=parcel.id, reason=reason, queued_at=now, due_at=due, closes_at=closes, attempts=0)
    session.add(call)
    session.flush()
    details = {"call": call.id, "reason": reason, "due": due.isoformat()}
    journal.record(session, parcel, NewFact(Kind.CALL_QUEUED, "agenda", details=details), now)
    return call


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
    tries: int = 0,
) -> None:
    """Keep an attempt as a fact; when nothing was agreed, say when to try again.

    Args: `parcel` held by `journal.lock`, `call` held by the operator; `operator` as the recipient will read it;
    `wanted` is when he is to be called again, as `insist_on_hour` let it pass; `tries` how often this person has been
    rung before, if not for this parcel.
    """
    call.attempts += 1
    call.leased_by = call.leased_until = call.leased_phone = None
    call.rests_until = min(now + GAP, wanted or now + GAP)
    if outcome in AGAIN or wanted is not None:
        call.due_at, call.closes_at = next_try(outcome, max(call.attempts, tries + 1), zone, now, wanted)
    session.flush()
    details: dict[str, object] = {"call": call.id, "outcome": outcome.value, "attempt": call.attempts, "by": operator}
    if outcome in AGAIN or wanted is not None:
        details["next"] = call.due_at.isoformat()
    if note:
        details["note"] = note
    journal.record(session, parcel, NewFact(Kind.CALL_ATTEMPTED, "operator", details=details), now)


def insist_on_hour(wanted: datetime, zone: str, now: datetime) -> None:
    """Let a recipient be called when he asked for it: soon enough, and within calling hours of his own clock.

    Nothing is moved in silence to another hour. Raises: Refusal.
    """
    if not now < wanted <= now + LONGEST_WAIT:
        raise Refusal(Reason.NOT_TO_CALL_AT)
    if calling_window(wanted, zone)[0] != wanted:
        raise Refusal(Reason.NOT_CALLING_HOURS)


def next_try(
    outcome: Outcome, attempts: int, zone: str, now: datetime, wanted: datetime | None = None
) -> tuple[datetime, datetime]:
    """When to call again, within calling hours: when he asked for it, else later; after three tries tomorrow."""
    if wanted is not None:
        return calling_window(wanted, zone)
    again = now + AGAIN[outcome]
    if attempts % TRIES_A_DAY == 0:
        tomorrow = local(now, zone).date() + timedelta(days=1)
        again = max(again, moment(tomorrow, time(9), zone))
    return calling_window(again, zone)


def put_off(session: Session, call: Call, zone: str, now: datetime) -> None:
    """Calling hours are over: the call waits for the next ones."""
    call.due_at, call.closes_at = calling_window(now, zone)
    call.leased_by = call.leased_until = call.leased_phone = None
    session.flush()


def close(session: Session, parcel: Parcel, outcome: str, now: datetime, *, unless: Sequence[str] = ()) -> None:
    """Take a parcel out of the queue, because what the call was for has been settled.

    Args: `unless` are reasons for which its call stays open all the same.
    """
    session.execute(
        update(Call)
        .where(Call.parcel_id == parcel.id, Call.closed_at.is_(None), Call.reason.not_in(unless))
        .values(closed_at=now, outcome=outcome, **UNLEASED)
    )


def waiting(session: Session, now: datetime) -> tuple[int, int]:
    """How many people may be called now, and how many more have an open call."""
    people = select(func.count(PERSON.distinct())).select_from(Call).join(Parcel, Parcel.id == Call.parcel_id)
    ready = session.scalar(people.where(*callable_now(now))) or 0
    everybody = session.scalar(people.where(Call.closed_at.is_(None))) or 0
    return ready, everybody - ready


def next_in_line(session: Session, now: datetime, limit: int = 50) -> list[tuple[Call, Parcel, int]]:
    """The head of the queue, in the order in which it will be called: for each person his first call, and how many."""
    return _people(session, due_now(now), limit)


def later(session: Session, now: datetime, limit: int) -> list[tuple[Call, Parcel, int]]:
    """Whose hour is still to come, in the same form."""
    return _people(session, (Call.closed_at.is_(None), Call.due_at > now), limit)


def _people(session: Session, which: Sequence[ColumnElement[bool]], limit: int) -> list[tuple[Call, Parcel, int]]:
    rank = func.row_number().over(partition_by=PERSON, order_by=(Call.due_at, Call.id)).label("rank")
    count = func.count().over(partition_by=PERSON).label("calls")
    calls = select(Call.id, rank, count).join(Parcel, Parcel.id == Call.parcel_id).where(*which).subquery()
    query = (
        select(Call, Parcel, calls.c.calls)
        .join(calls, calls.c.id == Call.id)
        .join(Parcel, Parcel.id == Call.parcel_id)
        .where(calls.c.rank == 1)
        .order_by(Call.due_at, Call.id)
    )
    return [(call, parcel, number) for call, parcel, number in session.execute(query.limit(limit))]


def due_now(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Conditions of the calls whose hour it is."""
    return Call.closed_at.is_(None), Call.due_at <= now, Call.closes_at > now


def callable_now(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Conditions of the calls, joined to their parcels, that may be taken: nobody rings their person, nor has just."""
    is_free = (Call.leased_until.is_(None)) | (Call.leased_until <= now)
    return *due_now(now), is_free, Parcel.phone.not_in(_being_rung(now)), Parcel.phone.not_in(_just_rung(now))


def first_of_person(now: datetime) -> ColumnElement[bool]:
    """Condition of a call, joined to its parcel, that no other of its person has waited for longer.

    Whoever skips a call that is locked, because its person is just being taken, must not take him by his next one.
    """
    other, its = aliased(Call), aliased(Parcel)
    is_due = other.closed_at.is_(None), other.due_at <= now, other.closes_at > now
    waits_longer = tuple_(other.due_at, other.id) < tuple_(Call.due_at, Call.id)
    earlier = select(other.id).join(its, its.id == other.parcel_id)
    return ~earlier.where(its.phone == Parcel.phone, its.phone != "", *is_due, waits_longer).exists()


def _being_rung(now: datetime) -> Select[str | None]:
    return select(Call.leased_phone).where(Call.leased_phone.is_not(None), Call.leased_until > now)


def _just_rung(now: datetime) -> Select[str]:
    rung = aliased(Parcel)
    query = select(rung.phone).join(Call, Call.parcel_id == rung.id)
    return query.where(Call.rests_until > now, rung.phone != "")


def _rests_until(session: Session, phone: str) -> datetime | None:
    """Until when a number is left in peace; None when nobody has rung it lately, or there is none."""
    if not phone:
        return None
    query = select(func.max(Call.rests_until)).join(Parcel, Parcel.id == Call.parcel_id)
    return session.scalar(query.where(Parcel.phone == phone))
