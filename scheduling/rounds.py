"""A courier's day: the stops of a zone by slot, taking the load, and marking each stop."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
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
#: Minutes: how long a recipient waits for his courier, and the steps his hour is rounded to.
_HOUR, _GRID = 60, 30


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


@dataclass(frozen=True, slots=True)
class Courier:
    """Who drives: the name as the journal has it, and the phone that recipients are given (E.164, may be empty)."""

    name: str
    phone: str = ""


def load(session: Session, zone_id: int, day: date, courier: Courier, now: datetime) -> int:
    """The courier takes everything of his day that lies in the depot. Returns how many parcels changed hands."""
    stops = stops_of(session, zone_id, day)
    ready = {s.parcel.id: _said_of(s, stops, courier) for s in stops if s.standing is Standing.IN_DEPOT}
    count = 0
    for parcel_id in sorted(ready):
        parcel = journal.lock(session, parcel_id)
        if parcel.stage is Stage.SCHEDULED and parcel.road is Stage.IN_CITY:
            journal.record(session, parcel, NewFact(Kind.TO_COURIER, "courier", details=ready[parcel_id]), now)
            count += 1
    return count


def _said_of(stop: Stop, stops: Sequence[Stop], courier: Courier) -> dict[str, str]:
    """What the recipient may know of his courier: who, by which phone, and in which hour."""
    same = [one.number for one in stops if one.slot.id == stop.slot.id]
    begins, ends = visiting_hour(stop.slot.starts, stop.slot.ends, same.index(stop.number), len(same))
    first_name, *_others = courier.name.split() or [""]
    said = {"by": courier.name, "name": first_name, "phone": courier.phone}
    hour = {"day": stop.slot.day.isoformat(), "from": f"{begins:%H:%M}", "until": f"{ends:%H:%M}"}
    return {name: value for name, value in {**said, **hour}.items() if value}


def visiting_hour(starts: time, ends: time, place: int, count: int) -> tuple[time, time]:
    """The hour of a slot in which a stop is likely to be reached, when the stops of the slot are spread over it evenly.

    Args: `place` of the stop among `count`, from 0. Returns: an hour on a half-hour's grid, never outside the slot;
    the slot itself when it is no longer than that.
    """
    first, last = (hour.hour * 60 + hour.minute for hour in (starts, ends))
    if last - first <= _HOUR:
        return starts, ends
    middle = first + (last - first) * (2 * place + 1) // (2 * count)
    begins = min(max((middle - _HOUR // 2) // _GRID * _GRID, first), last - _HOUR)
    return time(*divmod(begins, 60)), time(*divmod(begins + _HOUR, 60))


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
