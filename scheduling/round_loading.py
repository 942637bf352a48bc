"""What a courier takes along and brings back, parcel by parcel, by scan."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from parcels import journal
from parcels.journal import NewFact
from parcels.models import Fact, Parcel, Staff
from parcels.numbers import parcel_id_scanned, written
from parcels.stages import Kind, Stage
from scheduling.models import Booking
from scheduling.policy import Reason, Refusal
from scheduling.round_models import Round, RoundStop
from scheduling.rounds import DELIVERED, bring_over


class WrongParcel(Exception):
    """A parcel was scanned that does not belong here: `elsewhere` names its round and that one's courier, if any."""

    def __init__(self, code: str, elsewhere: tuple[str, str] | None = None):
        super().__init__(code)
        self.code, self.elsewhere = code, elsewhere


@dataclass(frozen=True, slots=True)
class Courier:
    """Who drives: the name as the journal has it, and the phone that recipients are given (E.164, may be empty)."""

    name: str
    phone: str = ""

    @property
    def said(self) -> dict[str, object]:
        """What recipients may know of him, as far as we know it."""
        first_name, *_others = self.name.split() or [""]
        said = {"by": self.name, "name": first_name, "phone": self.phone}
        return {name: value for name, value in said.items() if value}


def load(
    session: Session,
    one: Round,
    code: str,
    courier: Courier,
    now: datetime,
    by_eye: bool = False,
    at: datetime | None = None,
) -> RoundStop:
    """The courier takes the parcel he has scanned; a second scan changes nothing.

    Args: `one` held by `round_of`; `by_eye` when the code cannot be read and he has chosen it from the list; `at` is
    when it happened if his phone could not tell at once: then it has happened, whatever we thought meanwhile. A phone
    that says what he did after the stop was called off is answered like a form that is pressed then.
    Raises: WrongParcel, with the round it belongs to, unless a dispatcher has moved it there; Refusal when something
    lies over the parcel.
    """
    stop = _scanned(session, one, code, at)
    if stop.round_id != one.id and not stop.is_moved:
        raise WrongParcel(written(stop.parcel_id), (stop.round.name, stop.round.courier.name))
    parcel = journal.lock(session, stop.parcel_id)
    session.refresh(stop)  # with its booking: since they were read the parcel may have been moved or issued
    if _is_known(one, stop, parcel, at):
        return stop
    is_told_late = at is not None and not was_called_off(session, stop, at)
    if parcel.stage is Stage.RECALLED and not is_told_late:
        raise Refusal(Reason.SET_ASIDE)
    is_given_back = parcel.stage is Stage.WITH_COURIER and stop.back_at is not None
    is_agreed = (parcel.stage is Stage.SCHEDULED or is_given_back) and stop.booking.is_active
    is_free = is_agreed and stop.done_at is None and one.closed_at is None
    if parcel.closed_at is not None or not (is_free or is_told_late):
        raise Refusal(Reason.NOT_TO_LOAD)
    details = said_of(stop, one.day, courier) | ({"unreadable": True} if by_eye else {})
    journal.record(session, parcel, as_it_was(session, stop, NewFact(Kind.TO_COURIER, "courier", at, "", details)), now)
    stop.loaded_at = at or now
    stop.back_at = stop.received_at = None
    bring_over(session, one, stop)
    return stop


def _is_known(one: Round, stop: RoundStop, parcel: Parcel, at: datetime | None) -> bool:
    """Does a scan tell nothing new? The later one of another courier does: he has taken it over."""
    if at is None:
        return stop.is_loaded and parcel.road is Stage.WITH_COURIER
    if stop.loaded_at is None or stop.done_at is not None:
        return stop.done_at is not None
    if stop.back_at is not None:
        return at <= stop.back_at or parcel.closed_at is not None
    return stop.round_id == one.id or at <= stop.loaded_at or parcel.closed_at is not None


def was_called_off(session: Session, stop: RoundStop, at: datetime) -> bool:
    """Was it already known at a moment that this stop is not to be made: agreed anew, withdrawn, recalled or closed?"""
    ended = stop.booking.ended_at
    if ended is not None and ended < at:
        return True
    ends = Fact.kind.in_((Kind.RECALLED, Kind.DELIVERED, Kind.RETURNED)), Fact.recorded_at < at
    known = select(Fact.seq).where(Fact.parcel_id == stop.parcel_id, *ends)
    return session.scalar(known.limit(1)) is not None


def as_it_was(session: Session, stop: RoundStop, new: NewFact) -> NewFact:
    """A fact as the journal may have it: what is told late of a parcel that was agreed anew since moves nothing."""
    anew = select(Booking.id).where(Booking.parcel_id == stop.parcel_id, Booking.id != stop.booking_id)
    if new.at is None or session.scalar(anew.where(Booking.is_active)) is None:
        return new
    return replace(new, kind=Kind.LATE_NEWS, details={**new.details, "kind": new.kind.value})


def hand_out(session: Session, parcel_id: int, courier: Staff, day: date, now: datetime) -> dict[str, object]:
    """A warehouse hands a parcel to a courier: his stop is loaded by it. Returns what the recipient may know of him.

    Raises: WrongParcel when it stands in another courier's round of the day.
    """
    query = select(RoundStop).join(Round, Round.id == RoundStop.round_id)
    query = query.where(RoundStop.parcel_id == parcel_id, Round.day == day).order_by(RoundStop.booking_id.desc())
    stop = session.scalars(query.options(joinedload(RoundStop.round)).limit(1)).first()
    who = Courier(courier.name, courier.phone)
    if stop is None:
        return who.said
    if stop.round.courier_id != courier.id:
        raise WrongParcel(written(parcel_id), (stop.round.name, stop.round.courier.name))
    stop.loaded_at = stop.loaded_at if stop.is_loaded else now
    stop.back_at = stop.received_at = None
    return said_of(stop, day, who)


def take_back(session: Session, parcel_id: int, now: datetime) -> RoundStop | None:
    """A storekeeper has scanned a parcel out of the car: its stop is not loaded any more, nor is it left to return.

    Returns: the stop of the courier who is free of it now, if one had it.
    """
    stop = _last_loaded(session, parcel_id)
    if stop is None or stop.outcome == DELIVERED:
        return None
    stop.back_at = stop.back_at or now
    stop.received_at = stop.received_at or now
    return stop


def is_awaited(session: Session, parcel_id: int) -> bool:
    """Has a courier, by his own marks, still to give a parcel back, whatever the journal says of it?"""
    stop = _last_loaded(session, parcel_id)
    return stop is not None and stop.outcome != DELIVERED and stop.received_at is None


def _last_loaded(session: Session, parcel_id: int) -> RoundStop | None:
    query = select(RoundStop).where(RoundStop.parcel_id == parcel_id, RoundStop.loaded_at.is_not(None))
    return session.scalar(query.order_by(RoundStop.booking_id.desc()).limit(1))


def said_of(stop: RoundStop, day: date, courier: Courier) -> dict[str, object]:
    """What the recipient may know of his courier: who, by which phone, and in which hour."""
    hour = {"day": day.isoformat(), "from": f"{stop.arrives_from:%H:%M}", "until": f"{stop.arrives_until:%H:%M}"}
    return courier.said | hour


def _scanned(session: Session, one: Round, code: str, at: datetime | None) -> RoundStop:
    """The stop of a scanned parcel on this round; on any of the day when it is told late. Raises WrongParcel."""
    number = parcel_id_scanned(code)
    if number is None:
        raise WrongParcel(code.strip()[:40])
    query = select(RoundStop).join(Round, Round.id == RoundStop.round_id)
    query = query.where(RoundStop.parcel_id == number, Round.day == one.day).order_by(RoundStop.booking_id.desc())
    stops = session.scalars(query.options(joinedload(RoundStop.booking), joinedload(RoundStop.round))).all()
    mine = next((stop for stop in stops if stop.round_id == one.id), stops[0] if at is not None and stops else None)
    if mine is None:
        others = [(stop.round.name, stop.round.courier.name) for stop in stops]
        raise WrongParcel(written(number), others[0] if others else None)
    return mine


def bring_back(
    session: Session, one: Round, code: str, courier: str, now: datetime, at: datetime | None = None
) -> RoundStop:
    """The courier says that he hands in a parcel that nobody took; a second time changes nothing.

    He answers for it until a storekeeper has scanned it. Args: `at` as in `load`. Raises: WrongParcel when it is not
    one that this round has to bring back.
    """
    stop = _scanned(session, one, code, at)
    if stop.done_at is None or stop.outcome == DELIVERED:
        raise WrongParcel(code.strip()[:40])
    if stop.back_at is None:
        details = {"by": courier, "booking": stop.booking_id}
        new = NewFact(Kind.HANDING_IN, "courier", at, details=details)
        journal.record(session, journal.lock(session, stop.parcel_id), new, now)
        stop.back_at = at or now
    return stop
