"""A courier's day: his round with its stops, leaving in time, and ringing an hour before."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session, joinedload

from parcels import incidents, journal
from parcels.custody import Role
from parcels.journal import NewFact, UnknownParcel
from parcels.models import Parcel
from parcels.stages import Kind, Stage
from scheduling.models import Booking, Slot
from scheduling.policy import Reason, Refusal
from scheduling.round_building import stops_in_order
from scheduling.round_models import Round, RoundStop

#: The step that a round owes in the morning, as incidents name it.
LEAVE = "leave"
#: What the outcome of a stop says when it was handed over; any other is a reason why not.
DELIVERED = "delivered"


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
    def cash_minor(self) -> int:
        """The money he has for it: what he said, or, where a carrier says that it came to the door, what was due.

        That is so even if he has said that it did not: then he has either the money or still the parcel.
        """
        is_unsaid = self.standing is Standing.DELIVERED and self.at.outcome != DELIVERED and self.at.back_at is None
        return self.parcel.cod_minor if is_unsaid and self.at.loaded_at is not None else self.at.cash_minor

    @property
    def is_to_return(self) -> bool:
        """Is a parcel that was not handed over still with the courier, and not even said to be handed in?"""
        return self.standing is Standing.NOT_DELIVERED and self.at.back_at is None

    @property
    def is_not_received(self) -> bool:
        """Was a parcel not handed over, and has no storekeeper scanned it back?"""
        is_failed = self.at.done_at is not None and self.at.outcome != DELIVERED
        return is_failed and self.at.loaded_at is not None and self.at.received_at is None


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
        return Standing.LOADED if stop.back_at is None else Standing.IN_DEPOT
    return Standing.IN_DEPOT if parcel.road is Stage.IN_CITY else Standing.ON_THE_WAY


def start(session: Session, one: Round, now: datetime, at: datetime | None = None) -> None:
    """The courier is on his way; a second press changes nothing. Raises Refusal when nothing is in the car.

    Args: `at` is when he left if his phone could not tell at once; by then something must still have been agreed.
    """
    if one.started_at is None:
        is_told_late = at is not None and not _was_called_off(session, one, at)
        if not is_told_late and not any(stop.at.is_loaded for stop in stops_of(session, one.id)):
            raise Refusal(Reason.NOTHING_LOADED)
        one.started_at = at or now
        incidents.end_by_scan(session, [stop.parcel.id for stop in stops_of(session, one.id)], [LEAVE], now)


def _was_called_off(session: Session, one: Round, at: datetime) -> bool:
    """Had everything that this round was to drive been agreed anew or withdrawn by a moment?"""
    query = select(Booking.ended_at).join(RoundStop, RoundStop.booking_id == Booking.id)
    ends = session.scalars(query.where(RoundStop.round_id == one.id)).all()
    return bool(ends) and all(ended is not None and ended < at for ended in ends)


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


def warn(session: Session, one: Round, parcel_id: int, now: datetime, at: datetime | None = None) -> None:
    """The courier has rung an hour before. Raises Refusal when the parcel is not on his round."""
    stop = on_round(session, one, parcel_id, at)
    stop.warned_at = stop.warned_at or at or now


def on_round(session: Session, one: Round, parcel_id: int, at: datetime | None = None) -> RoundStop:
    """The stop of a parcel on a round; on any of the day when the phone tells late, `at`, what has happened.

    Raises: UnknownParcel; Refusal when it is not there.
    """
    if session.get(Parcel, parcel_id) is None:
        raise UnknownParcel(parcel_id)
    theirs = Round.id == one.id if at is None else Round.day == one.day
    query = select(RoundStop).join(Round, Round.id == RoundStop.round_id).where(theirs)
    stop = session.scalar(query.where(RoundStop.parcel_id == parcel_id).order_by(RoundStop.booking_id.desc()).limit(1))
    if stop is None:
        raise Refusal(Reason.NOT_ON_ROUND)
    return stop


def bring_over(session: Session, one: Round, stop: RoundStop) -> None:
    """A stop goes to the round of the courier whose mark of it counts: the parcel and the money are with him.

    Args: `one` held by `round_of`; nothing comes to a round that is closed.
    """
    if stop.round_id == one.id or one.closed_at is not None:
        return
    last = session.scalar(select(func.max(RoundStop.place)).where(RoundStop.round_id == one.id)) or 0
    stop.round_id, stop.place = one.id, last + 1
    one.version += 1
