"""A courier's day: the stops of a zone by slot, taking the load, and marking each stop."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from parcels import journal
from parcels.journal import NewFact
from parcels.models import Fact, Parcel
from parcels.stages import Kind, Stage
from scheduling.models import Booking, Slot
from scheduling.policy import Reason, Refusal

#: Why a booking ended that the courier himself ended, by marking its stop.
_ENDED_AT_DOOR = ("missed", "refused")


class Standing(StrEnum):
    """How it stands with one stop."""

    ON_THE_WAY = "on_the_way"
    IN_DEPOT = "in_depot"
    LOADED = "loaded"
    DELIVERED = "delivered"
    NOT_DELIVERED = "not_delivered"


class WhyNot(StrEnum):
    """Why a parcel was not handed over at the door."""

    ABSENT = "absent"
    LATER = "later"
    REFUSED = "refused"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class Stop:
    """One address of the day with its slot; `done_at` once it is marked, `why` when it was not delivered."""

    number: int
    parcel: Parcel
    slot: Slot
    standing: Standing
    done_at: datetime | None = None
    why: str | None = None

    @property
    def is_done(self) -> bool:
        return self.standing in (Standing.DELIVERED, Standing.NOT_DELIVERED)


def stops_of(session: Session, zone_id: int, day: date) -> list[Stop]:
    """The stops of a zone on a day, in the order of their hours and then of their addresses."""
    query = (
        select(Booking, Slot, Parcel)
        .join(Slot, Slot.id == Booking.slot_id)
        .join(Parcel, Parcel.id == Booking.parcel_id)
        .options(joinedload(Parcel.settlement), joinedload(Parcel.shop))
        .where(Slot.zone_id == zone_id, Slot.day == day, Booking.is_active | Booking.ended_because.in_(_ENDED_AT_DOOR))
        .order_by(Slot.starts, Parcel.settlement_id, Parcel.address, Parcel.id, Booking.id)
    )
    found = session.execute(query).all()
    done = _done(session, [booking.id for booking, _, _ in found])
    rows = [row for row in found if row.Booking.is_active or row.Booking.id in done]
    return [
        _stop(number, slot, parcel, done.get(booking.id))
        for number, (booking, slot, parcel) in enumerate(rows, start=1)
    ]


def _done(session: Session, bookings: Sequence[int]) -> dict[int, Fact]:
    """The last mark of each booking of the day."""
    if not bookings:
        return {}
    query = (
        select(Fact)
        .join(Booking, Booking.parcel_id == Fact.parcel_id)
        .where(Booking.id.in_(bookings), Fact.kind.in_((Kind.DELIVERED, Kind.NOT_DELIVERED, Kind.REFUSED)))
        .order_by(Fact.seq)
    )
    return {fact.details["booking"]: fact for fact in session.scalars(query) if "booking" in fact.details}


def _stop(number: int, slot: Slot, parcel: Parcel, mark: Fact | None) -> Stop:
    if mark is not None:
        standing = Standing.DELIVERED if mark.kind is Kind.DELIVERED else Standing.NOT_DELIVERED
        return Stop(number, parcel, slot, standing, mark.occurred_at, mark.details.get("why"))
    if parcel.stage is Stage.DELIVERED:
        return Stop(number, parcel, slot, Standing.DELIVERED, parcel.closed_at)
    if parcel.road is Stage.WITH_COURIER:
        return Stop(number, parcel, slot, Standing.LOADED)
    if parcel.road is Stage.IN_CITY:
        return Stop(number, parcel, slot, Standing.IN_DEPOT)
    return Stop(number, parcel, slot, Standing.ON_THE_WAY)


def load(session: Session, zone_id: int, day: date, courier: str, now: datetime) -> int:
    """The courier takes everything of his day that lies in the depot. Returns how many parcels changed hands."""
    ready = [s.parcel.id for s in stops_of(session, zone_id, day) if s.standing is Standing.IN_DEPOT]
    count = 0
    for parcel_id in sorted(ready):
        parcel = journal.lock(session, parcel_id)
        if parcel.stage is Stage.SCHEDULED and parcel.road is Stage.IN_CITY:
            journal.record(session, parcel, NewFact(Kind.TO_COURIER, "courier", details={"by": courier}), now)
            count += 1
    return count


def deliver(session: Session, parcel: Parcel, zone_id: int, day: date, courier: str, now: datetime) -> None:
    """Mark a stop as handed over, with the money that was due. A second mark changes nothing.

    Args: `parcel` held by `journal.lock`. Raises Refusal when it is not with the couriers of this zone today.
    """
    if parcel.stage is Stage.DELIVERED:
        return
    booking = _on_round(session, parcel, zone_id, day)
    details = {"by": courier, "booking": booking.id, "cod_minor": parcel.cod_minor, "currency": parcel.currency}
    journal.record(session, parcel, NewFact(Kind.DELIVERED, "courier", details=details), now)


def fail(session: Session, parcel: Parcel, zone_id: int, day: date, courier: str, why: WhyNot, now: datetime) -> None:
    """Mark a stop as not handed over, with the reason; a refusal sends the parcel back. A second mark changes nothing.

    Args: `parcel` held by `journal.lock`. Raises Refusal when it is not with the couriers of this zone today.
    """
    if parcel.stage in (Stage.MISSED, Stage.REFUSED):
        return
    booking = _on_round(session, parcel, zone_id, day)
    kind = Kind.REFUSED if why is WhyNot.REFUSED else Kind.NOT_DELIVERED
    details = {"by": courier, "booking": booking.id, "why": why.value}
    journal.record(session, parcel, NewFact(kind, "courier", details=details), now)


def _on_round(session: Session, parcel: Parcel, zone_id: int, day: date) -> Booking:
    query = (
        select(Booking)
        .join(Slot, Slot.id == Booking.slot_id)
        .where(Booking.parcel_id == parcel.id, Booking.is_active, Slot.zone_id == zone_id, Slot.day == day)
    )
    booking = session.scalar(query)
    if booking is None or parcel.road is not Stage.WITH_COURIER:
        raise Refusal(Reason.NOT_ON_ROUND)
    return booking
