"""FOLLOWER: writes down who holds a parcel and its cash, and by when it must be passed on; the sweep over what is late.

What is written is what `custody.passes` and `deadlines.deadline` decide; `flask verify` folds the facts anew (I13).
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.orm import Session

from parcels import incidents, journal
from parcels.clocks import moment
from parcels.custody import HAND_OVERS, Holder, Role, What, began_at, passes
from parcels.custody_models import Holding
from parcels.deadlines import MOVABLE, Deadline, Step, View, deadline, no_weekend
from parcels.journal import NewFact
from parcels.models import Fact, Parcel
from parcels.stages import Kind, Stage

BATCH = 500
RETRY_AFTER = timedelta(minutes=15)
#: Facts after which the holder or what he owes may be another.
_HEARS = HAND_OVERS | {
    *(Kind.PROMISED, Kind.SLOT_BOOKED, Kind.POSTPONED, Kind.CHOICE_WITHDRAWN),
    *(Kind.NOT_DELIVERED, Kind.REFUSED, Kind.RECALLED, Kind.DEADLINE_MISSED, Kind.HANDING_IN),
}
_COLUMNS = (Holding.seq, Holding.role, Holding.name, Holding.holder_id, Holding.since, Holding.step)
_OPEN = (Holding.what, *_COLUMNS, Holding.due_at, Holding.missed_at)
Held = Row[What, int, Role, str, int | None, datetime, str | None, datetime | None, datetime | None]


Calendar = Callable[[Session, str, date], date]
_calendar: list[Calendar] = [lambda _session, _country, day: no_weekend(day)]


def work_by(calendar: Calendar) -> None:
    """Say who knows the working days of a country (ISO 3166): called once, where the product is assembled."""
    _calendar[:] = [calendar]


def follow(session: Session, parcel: Parcel, fact: Fact, now: datetime) -> None:
    """Follower of the journal; the first one, because what others record comes after this fact."""
    if fact.seq > 1 and fact.kind not in _HEARS:
        return
    held = open_rows(session, parcel.id) if fact.seq > 1 else {}
    parcel_row, cash_row = held.get(What.PARCEL), held.get(What.CASH)
    changes = passes(parcel.state, fact, _holder(parcel_row), _holder(cash_row), parcel.cod_minor)
    if What.CASH in changes:
        _hand_over(session, fact, What.CASH, changes[What.CASH], cash_row, {})
    if What.PARCEL in changes:
        holder = changes[What.PARCEL]
        owes = deadline(view(session, parcel, holder, _since(fact, parcel_row), fact))
        _hand_over(session, fact, What.PARCEL, holder, parcel_row, _columns(owes))
        _end_incidents(session, parcel, owes, now)
    elif parcel_row is not None:
        _plan(session, parcel, parcel_row, fact, now)


def open_rows(session: Session, parcel_id: int) -> dict[What, Held]:
    """What is held now, by what it is."""
    rows = session.execute(select(*_OPEN).where(Holding.parcel_id == parcel_id, Holding.until.is_(None)))
    return {row.what: row for row in rows}


def holder_of(session: Session, parcel_id: int, what: What = What.PARCEL) -> Holder | None:
    """Who holds a parcel or its cash now."""
    return _holder(open_rows(session, parcel_id).get(what))


def _holder(row: Held | None) -> Holder | None:
    return Holder(row.role, row.name, row.holder_id) if row is not None else None


def _since(fact: Fact, before: Held | None) -> datetime:
    return began_at(fact, before.since if before is not None else None)


def _columns(owes: Deadline | None) -> dict[str, Any]:
    return {"step": owes.step.value, "due_at": owes.at} if owes is not None else {"step": None, "due_at": None}


def _hand_over(
    session: Session, fact: Fact, what: What, holder: Holder, before: Held | None, owes: dict[str, Any]
) -> None:
    """End one time of holding where the next begins."""
    since = _since(fact, before)
    if before is not None:
        mine = Holding.parcel_id == fact.parcel_id, Holding.what == what, Holding.until.is_(None)
        session.execute(update(Holding).where(*mine).values(until=since))
    who = {"role": holder.role, "name": holder.name, "holder_id": holder.id, "place": fact.place}
    row = {"parcel_id": fact.parcel_id, "what": what, "seq": fact.seq, "since": since, **who, **owes}
    session.execute(insert(Holding).values(row))


def _plan(session: Session, parcel: Parcel, held: Held, fact: Fact | None, now: datetime) -> None:
    """Decide anew what the holder owes. A moment that has gone by stays until the sweep has seen it."""
    owes = deadline(view(session, parcel, Holder(held.role, held.name, held.holder_id), held.since, fact))
    if owes is not None and held.step == owes.step:
        is_kept = held.due_at is not None and (held.due_at <= now or owes.step not in MOVABLE)
        is_over = held.missed_at is not None and (owes.at is None or owes.at <= held.missed_at)
        if is_kept:
            return
        if is_over or (held.missed_at is not None and owes.step not in MOVABLE):
            owes = Deadline(owes.step, None)
    else:
        _end_incidents(session, parcel, owes, now)
    if (columns := _columns(owes)) != {"step": held.step, "due_at": held.due_at}:
        session.execute(update(Holding).where(*_this(parcel.id, held)).values(columns))


def _this(parcel_id: int, held: Held) -> tuple[Any, ...]:
    return Holding.parcel_id == parcel_id, Holding.what == What.PARCEL, Holding.seq == held.seq


def _end_incidents(session: Session, parcel: Parcel, owes: Deadline | None, now: datetime) -> None:
    """What was waited for and is not any more is over. A courier's word that he hands in ends nothing of his own."""
    kept = {owes.step} if owes is not None else set[Step]()
    if Step.HAND_IN in kept:
        kept |= {Step.BACK, Step.MARK}
    over = [step.value for step in Step if step not in kept]
    incidents.end_by_scan(session, [parcel.id], over, now)


def view(session: Session, parcel: Parcel, holder: Holder, since: datetime, fact: Fact | None) -> View:
    """A parcel as its deadline sees it, after a fact."""
    return View(
        state=parcel.state,
        holder=holder,
        since=since,
        last_at=fact.occurred_at if fact is not None else since,
        zone=parcel.zone,
        origin_zone=parcel.shop.origin.zone,
        hand_over_by=parcel.hand_over_by,
        arrival_by=parcel.arrival_by,
        slot_begins=_slot_begins(session, parcel, fact),
        handing_in_at=_handing_in_at(session, parcel, holder, since, fact),
        workday=partial(_calendar[0], session, parcel.shop.origin.country),
    )


def _handing_in_at(
    session: Session, parcel: Parcel, holder: Holder, since: datetime, fact: Fact | None
) -> datetime | None:
    """When the courier who holds a parcel said last that he hands it in; asked only where he brings one back."""
    is_out = parcel.road is Stage.WITH_COURIER and parcel.side is None
    if holder.role is not Role.COURIER or is_out:
        return None
    if fact is not None and fact.kind is Kind.HANDING_IN:
        return min(fact.occurred_at, fact.recorded_at)
    said = Fact.parcel_id == parcel.id, Fact.kind == Kind.HANDING_IN, Fact.occurred_at >= since
    return session.scalar(select(Fact.occurred_at).where(*said).order_by(Fact.seq.desc()).limit(1))


def _slot_begins(session: Session, parcel: Parcel, fact: Fact | None) -> datetime | None:
    """When the agreed slot begins; asked only where somebody waits for the parcel's issue."""
    if parcel.plan is not Stage.SCHEDULED or parcel.road is not Stage.IN_CITY:
        return None
    if fact is None or fact.kind is not Kind.SLOT_BOOKED:
        booked = select(Fact).where(Fact.parcel_id == parcel.id, Fact.kind == Kind.SLOT_BOOKED)
        fact = session.scalar(booked.order_by(Fact.seq.desc()).limit(1))
    if fact is None or "starts" not in fact.details:
        return None
    begins = datetime.fromisoformat(f"{fact.details['day']}T{fact.details['starts']}")
    return moment(begins.date(), begins.time(), parcel.zone)


def due(session: Session, now: datetime, limit: int = BATCH) -> list[int]:
    """Ids of parcels whose deadline has gone by, the oldest first."""
    late = select(Holding.parcel_id).where(Holding.due_at.is_not(None), Holding.due_at <= now, Holding.until.is_(None))
    return list(session.scalars(late.order_by(Holding.due_at).limit(limit)))


def act(session: Session, parcel_id: int, now: datetime) -> str | None:
    """Say that a deadline has been missed, in a transaction of its own; that opens an incident on the holder.

    Returns: the step; None when somebody else is at it, or nothing is late any more.
    """
    parcel = session.scalar(journal.held(skip_locked=True).where(Parcel.id == parcel_id))
    held = open_rows(session, parcel_id).get(What.PARCEL) if parcel is not None else None
    if parcel is None or held is None or held.due_at is None or held.due_at > now:
        return None
    late = {"due_at": None, "missed_at": held.due_at if held.step else None}
    session.execute(update(Holding).where(*_this(parcel.id, held)).values(late))
    if held.step is None:
        _plan(session, parcel, open_rows(session, parcel_id)[What.PARCEL], None, now)
        return "planned"
    details = {"step": held.step, "role": held.role.value, "name": held.name, "due": held.due_at.isoformat()}
    key = f"missed:{held.seq}:{held.step}:{held.due_at:%Y%m%d%H%M}"
    journal.record(session, parcel, NewFact(Kind.DEADLINE_MISSED, "custody", details=details, dedup_key=key), now)
    return str(held.step)


def put_off(session: Session, parcel_id: int, now: datetime) -> None:
    """One that could not be done is tried again in a quarter of an hour; meanwhile it holds up nobody else."""
    late = update(Holding).where(Holding.parcel_id == parcel_id, Holding.due_at <= now, Holding.until.is_(None))
    session.execute(late.values(due_at=now + RETRY_AFTER))
