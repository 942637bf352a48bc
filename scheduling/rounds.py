"""A courier's day: his round with its stops, loading by scan, leaving, and bringing back what nobody took."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session, joinedload

from parcels import incidents, journal
from parcels.custody import Role
from parcels.journal import NewFact, UnknownParcel
from parcels.models import Parcel, Staff
from parcels.stages import Kind, Stage
from scheduling.depots import at_depot
from scheduling.models import Booking, Slot
from scheduling.policy import Reason, Refusal
from scheduling.round_building import stops_in_order
from scheduling.round_models import Round, RoundStop

#: The step that a round owes in the morning, as incidents name it.
LEAVE = "leave"
#: What the outcome of a stop says when it was handed over; any other is a reason why not.
DELIVERED = "delivered"
_NUMBER = re.compile(r"(?:VH|МР)?0*(\d{1,9})", re.IGNORECASE)  # a scanner types МР where the layout is Russian


class Standing(StrEnum):
    """How it stands with one stop."""

    ON_THE_WAY = "on_the_way"
    IN_DEPOT = "in_depot"
    LOADED = "loaded"
    DELIVERED = "delivered"
    NOT_DELIVERED = "not_delivered"


@dataclass(frozen=True, slots=True)
class Stop:
    """One address of the round; `number` counts what is still on it. `at` is its row, with hours and marks."""

    number: int
    at: RoundStop
    slot: Slot
    standing: Standing

    @property
    def parcel(self) -> Parcel:
        return self.at.parcel

    @property
    def is_done(self) -> bool:
        return self.standing in (Standing.DELIVERED, Standing.NOT_DELIVERED)

    @property
    def done_at(self) -> datetime | None:
        return self.at.done_at or self.parcel.closed_at

    @property
    def why(self) -> str | None:
        return self.at.outcome if self.standing is Standing.NOT_DELIVERED else None

    @property
    def is_to_return(self) -> bool:
        """Is a parcel that was not handed over still with the courier?"""
        return self.standing is Standing.NOT_DELIVERED and self.at.back_at is None


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


def round_of(session: Session, courier_id: int, day: date, lock: bool = False) -> Round | None:
    """The round of a courier on a day; `lock` holds it until the transaction ends. None when it is not built yet."""
    query = select(Round).where(Round.courier_id == courier_id, Round.day == day)
    if lock:
        return session.scalar(query.with_for_update(of=Round).execution_options(populate_existing=True))
    return session.scalar(query.options(joinedload(Round.zone), joinedload(Round.courier)))


def stops_of(session: Session, round_id: int) -> list[Stop]:
    """The stops of a round in its order."""
    stops = [(stop, stop.booking.slot) for stop in stops_in_order(session, round_id)]
    return [Stop(n, stop, slot, _standing(stop)) for n, (stop, slot) in enumerate(stops, start=1) if slot is not None]


def _standing(stop: RoundStop) -> Standing:
    parcel = stop.parcel
    if parcel.stage is Stage.DELIVERED or stop.outcome == DELIVERED:
        return Standing.DELIVERED
    if stop.done_at is not None:
        return Standing.NOT_DELIVERED
    if parcel.road is Stage.WITH_COURIER:
        return Standing.LOADED
    return Standing.IN_DEPOT if parcel.road is Stage.IN_CITY else Standing.ON_THE_WAY


def number_in(code: str) -> int | None:
    """The parcel of a code as it was scanned or typed; None when it is none of ours."""
    found = _NUMBER.fullmatch("".join(code.split()))
    return int(found.group(1)) if found else None


def load(session: Session, one: Round, code: str, courier: Courier, now: datetime, by_eye: bool = False) -> RoundStop:
    """The courier takes the parcel he has scanned; a second scan changes nothing.

    Args: `one` held by `round_of`; `by_eye` when the code cannot be read and he has chosen it from the list.
    Raises: WrongParcel, with the round it belongs to; Refusal when something lies over the parcel.
    """
    stop = _scanned(session, one, code)
    parcel = journal.lock(session, stop.parcel_id)
    session.refresh(stop)  # with its booking: since they were read the parcel may have been moved or issued
    if stop.loaded_at is not None and parcel.road is Stage.WITH_COURIER:
        return stop
    if parcel.stage is not Stage.SCHEDULED or not stop.booking.is_active or stop.done_at or one.closed_at:
        raise Refusal(Reason.NOT_TO_LOAD)
    details = said_of(stop, one.day, courier) | ({"unreadable": True} if by_eye else {})
    journal.record(session, parcel, NewFact(Kind.TO_COURIER, "courier", details=details), now)
    stop.loaded_at = now
    return stop


def hand_out(session: Session, parcel_id: int, courier: Staff, day: date, now: datetime) -> dict[str, object]:
    """A warehouse hands a parcel to a courier: his stop is loaded by it. Returns what the recipient may know of him.

    Raises: WrongParcel when it stands in another courier's round of the day.
    """
    query = select(RoundStop).join(Round, Round.id == RoundStop.round_id)
    query = query.where(RoundStop.parcel_id == parcel_id, Round.day == day).order_by(RoundStop.booking_id.desc())
    stop = session.scalars(query.options(joinedload(RoundStop.round)).limit(1)).first()
    if stop is None:
        return {"by": courier.name}
    if stop.round.courier_id != courier.id:
        raise WrongParcel(f"VH{parcel_id:09d}", (stop.round.name, stop.round.courier.name))
    stop.loaded_at = stop.loaded_at or now
    return said_of(stop, day, Courier(courier.name, courier.phone))


def said_of(stop: RoundStop, day: date, courier: Courier) -> dict[str, object]:
    """What the recipient may know of his courier: who, by which phone, and in which hour."""
    first_name, *_others = courier.name.split() or [""]
    said = {"by": courier.name, "name": first_name, "phone": courier.phone}
    hour = {"day": day.isoformat(), "from": f"{stop.arrives_from:%H:%M}", "until": f"{stop.arrives_until:%H:%M}"}
    return {name: value for name, value in {**said, **hour}.items() if value}


def _scanned(session: Session, one: Round, code: str) -> RoundStop:
    """The stop of a scanned parcel on this round. Raises WrongParcel."""
    number = number_in(code)
    if number is None:
        raise WrongParcel(code.strip()[:40])
    query = select(RoundStop).join(Round, Round.id == RoundStop.round_id)
    query = query.where(RoundStop.parcel_id == number, Round.day == one.day).order_by(RoundStop.booking_id.desc())
    stops = session.scalars(query.options(joinedload(RoundStop.booking), joinedload(RoundStop.round))).all()
    mine = next((stop for stop in stops if stop.round_id == one.id), None)
    if mine is None:
        others = [(stop.round.name, stop.round.courier.name) for stop in stops]
        raise WrongParcel(f"VH{number:09d}", others[0] if others else None)
    return mine


def start(session: Session, one: Round, now: datetime) -> None:
    """The courier is on his way; a second press changes nothing. Raises Refusal when nothing is in the car."""
    if one.started_at is None:
        if not any(stop.at.loaded_at for stop in stops_of(session, one.id)):
            raise Refusal(Reason.NOTHING_LOADED)
        one.started_at = now
        incidents.end_by_scan(session, [stop.parcel.id for stop in stops_of(session, one.id)], [LEAVE], now)


def late(session: Session, now: datetime) -> list[int]:
    """Ids of the rounds that are not on their way by their hour, and of which nobody has said so yet."""
    return list(session.scalars(select(Round.id).where(*_late(now)).order_by(Round.id)))


def _late(now: datetime) -> tuple[ColumnElement[bool], ...]:
    waits = Round.started_at.is_(None), Round.closed_at.is_(None), Round.late_at.is_(None)
    agreed = select(RoundStop.round_id).join(Booking, Booking.id == RoundStop.booking_id).where(Booking.is_active)
    return *waits, Round.start_by <= now, Round.id.in_(agreed)


def tell_late(session: Session, round_id: int, now: datetime) -> bool:
    """A round that has not left in time is an incident on its courier, hung on the first parcel it should carry.

    Returns: whether it is late, and nobody has said so before.
    """
    said = update(Round).where(Round.id == round_id, *_late(now)).values(late_at=now)
    if session.connection().execute(said).rowcount != 1:
        return False
    one = session.get_one(Round, round_id, options=[joinedload(Round.courier)])
    waiting = [stop for stop in stops_of(session, round_id) if not stop.is_done]
    if waiting:
        parcel = journal.lock(session, waiting[0].parcel.id)
        answers = {"role": Role.COURIER.value, "name": one.courier.name, "note": f"{one.name}: {len(waiting)}"}
        details = {"step": LEAVE, **answers}
        new = NewFact(Kind.DEADLINE_MISSED, "agenda", details=details, dedup_key=f"round:{round_id}:late")
        journal.record(session, parcel, new, now)
    return True


def warn(session: Session, one: Round, parcel_id: int, now: datetime) -> None:
    """The courier has rung an hour before. Raises Refusal when the parcel is not on his round."""
    stop = on_round(session, one, parcel_id)
    stop.warned_at = stop.warned_at or now


def bring_back(session: Session, one: Round, code: str, courier: str, now: datetime) -> RoundStop:
    """A parcel that was not handed over is back in the depot; a second scan changes nothing.

    Raises: WrongParcel when it is not one that this round has to bring back.
    """
    stop = _scanned(session, one, code)
    if stop.done_at is None or stop.outcome == DELIVERED:
        raise WrongParcel(code.strip()[:40])
    if stop.back_at is None:
        parcel = journal.lock(session, stop.parcel_id)
        details = {"by": courier, "booking": stop.booking_id}
        journal.record(session, parcel, at_depot(session, one.zone_id, Kind.BACK_AT_DEPOT, details), now)
        stop.back_at = now
    return stop


def on_round(session: Session, one: Round, parcel_id: int) -> RoundStop:
    """The stop of a parcel on a round. Raises UnknownParcel; Refusal when it is not there."""
    if session.get(Parcel, parcel_id) is None:
        raise UnknownParcel(parcel_id)
    query = select(RoundStop).where(RoundStop.round_id == one.id, RoundStop.parcel_id == parcel_id)
    stop = session.scalar(query.order_by(RoundStop.booking_id.desc()).limit(1))
    if stop is None:
        raise Refusal(Reason.NOT_ON_ROUND)
    return stop
