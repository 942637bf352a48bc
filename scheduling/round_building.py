"""Use case: build the rounds of a zone's day out of its bookings, and add to them what was booked later.

Three steps, since the search takes a second: read what is to be driven, plan it with no transaction open, write it.
Built once, an order stays: what is booked later is put in behind what is already in the car.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased, joinedload

from parcels.models import Parcel, Staff
from parcels.stages import Stage
from scheduling import capacity
from scheduling.calendars import local_date, moment
from scheduling.models import Booking, Slot, Zone
from scheduling.round_models import Round, RoundStop
from scheduling.round_plan import AHEAD, Arrival, Visit, clock, minute_of, put_in, share, timed
from scheduling.slots import closes_at
from scheduling.travel import Door

#: What is agreed and in no round yet.
_LOOSE = Booking.is_active, ~select(RoundStop.booking_id).where(RoundStop.booking_id == Booking.id).exists()


@dataclass(frozen=True, slots=True)
class Draft:
    """A zone's day as it was read: bookings in no round yet, open rounds with their orders, and free couriers.

    `fixed` says how many stops at the head of each open round stay where they are.
    """

    zone_id: int
    day: date
    loose: list[Visit]
    rounds: list[int] = field(default_factory=list)
    versions: list[int] = field(default_factory=list)
    orders: list[list[Visit]] = field(default_factory=list)
    fixed: list[int] = field(default_factory=list)
    couriers: list[int] = field(default_factory=list)


def due(session: Session, now: datetime) -> list[tuple[int, date]]:
    """Zones and days whose choice is closed, that have couriers, and bookings that are in no round."""
    served = select(Staff.zone_id).where(Staff.role == "courier", Staff.is_active, Staff.zone_id.is_not(None))
    zones = {zone.id: zone for zone in session.scalars(select(Zone).where(Zone.id.in_(served)))}
    near = Slot.day.between(now.date() - timedelta(days=1), now.date() + timedelta(days=2))
    query = select(Slot.zone_id, Slot.day).join(Booking, Booking.slot_id == Slot.id)
    rows = session.execute(
        query.where(Slot.zone_id.in_(zones), near, *_LOOSE).distinct().order_by(Slot.zone_id, Slot.day)
    )
    return [(zone_id, day) for zone_id, day in rows if _is_time(zones[zone_id], day, now)]


def _is_time(zone: Zone, day: date, now: datetime) -> bool:
    return local_date(now, zone.timezone) <= day and now >= closes_at(day, zone.closing, zone.timezone)


def read(session: Session, zone_id: int, day: date) -> Draft:
    """What there is to drive on a day of a zone."""
    query = (
        select(Booking.id, Slot, Parcel)
        .join(Slot, Slot.id == Booking.slot_id)
        .join(Parcel, Parcel.id == Booking.parcel_id)
        .where(Slot.zone_id == zone_id, Slot.day == day, *_LOOSE)
        .order_by(Booking.id)
    )
    draft = Draft(zone_id, day, [_visit(*row) for row in session.execute(query)])
    there = rounds_of(session, zone_id, day)
    for one in there:
        if one.closed_at is None and one.handed_at is None:
            stops = stops_in_order(session, one.id)
            draft.rounds.append(one.id)
            draft.versions.append(one.version)
            draft.orders.append([visit_of(stop) for stop in stops])
            draft.fixed.append(_fixed(stops))
    if not there:
        elsewhere = select(Round.courier_id).where(Round.day == day)
        drives = Staff.role == "courier", Staff.is_active, Staff.zone_id == zone_id, Staff.id.not_in(elsewhere)
        draft.couriers.extend(session.scalars(select(Staff.id).where(*drives).order_by(Staff.id)))
    return draft


def rounds_of(session: Session, zone_id: int, day: date, lock: bool = False) -> list[Round]:
    """The rounds of a zone's day; `lock` holds them against couriers and dispatchers until the transaction ends."""
    query = select(Round).where(Round.zone_id == zone_id, Round.day == day).order_by(Round.id)
    if lock:
        return list(session.scalars(query.with_for_update().execution_options(populate_existing=True)))
    return list(session.scalars(query.options(joinedload(Round.courier))))


def _fixed(stops: Sequence[RoundStop]) -> int:
    """How many stops at the head of an order stay where they are: those up to the last that is in the car."""
    return max((n for n, stop in enumerate(stops, start=1) if stop.loaded_at), default=0)


def plan(draft: Draft) -> list[list[Visit]]:
    """An order for each open round, or for as many new ones as couriers are needed. Takes about a second."""
    if not draft.rounds:
        return share(draft.loose, len(draft.couriers))
    orders = draft.orders
    for visit in draft.loose:
        orders = put_in(orders, visit, draft.fixed)
    return orders


def keep(session: Session, draft: Draft, orders: Sequence[list[Visit]], now: datetime) -> list[int]:
    """Write the orders down, unless something has changed since the draft was read; then the next time will do.

    Returns: the ids of the rounds that were made or changed.
    """
    zone = capacity.hold(session, draft.zone_id)
    wanted = {visit.booking for visit in draft.loose}
    loose = set(session.scalars(select(Booking.id).where(Booking.id.in_(wanted), *_LOOSE)))
    there = {one.id: one for one in rounds_of(session, zone.id, draft.day, lock=True)}
    if not wanted or not wanted <= loose or not _is_as_read(session, draft, there):
        return []
    if draft.rounds:
        rounds = [there[n] for n in draft.rounds]
    else:
        rounds = [
            _new(session, zone, draft.day, courier, number, now)
            for number, (courier, _order) in enumerate(zip(draft.couriers, orders, strict=False), start=1)
        ]
    changed = [
        (one, order) for one, order in zip(rounds, orders, strict=True) if wanted & {visit.booking for visit in order}
    ]
    for one, order in changed:
        write(session, one, timed(order))
    return [one.id for one, _order in changed]


def _is_as_read(session: Session, draft: Draft, there: dict[int, Round]) -> bool:
    """Has nobody changed a round, or put more into a car, while the order was sought?"""
    if not draft.rounds:
        return not there
    known = [(there[n].version, there[n].closed_at) if n in there else None for n in draft.rounds]
    fixed = [_fixed(stops_in_order(session, n)) for n in draft.rounds]
    return known == [(version, None) for version in draft.versions] and fixed == draft.fixed


def build(session: Session, zone_id: int, day: date, now: datetime) -> list[int]:
    """All three steps at once, for the command line and the demo. Returns the ids of the rounds made or changed."""
    draft = read(session, zone_id, day)
    return keep(session, draft, plan(draft), now)


def stops_in_order(session: Session, round_id: int) -> list[RoundStop]:
    """The stops of a round that still are to be made or have been, in their order."""
    anew = aliased(RoundStop)
    is_the_last = ~exists().where(anew.parcel_id == RoundStop.parcel_id, anew.booking_id > RoundStop.booking_id)
    # Until he says what has become of it he answers for what he took: also when a carrier says that it was delivered.
    was_in_the_car = RoundStop.loaded_at.is_not(None) & Parcel.road.in_((Stage.WITH_COURIER, Stage.DELIVERED))
    query = (
        select(RoundStop)
        .join(Booking, Booking.id == RoundStop.booking_id)
        .join(Parcel, Parcel.id == RoundStop.parcel_id)
        .options(
            joinedload(RoundStop.booking).joinedload(Booking.slot),
            joinedload(RoundStop.parcel).joinedload(Parcel.settlement),
            joinedload(RoundStop.parcel).joinedload(Parcel.shop),
        )
        .where(
            RoundStop.round_id == round_id,
            Booking.is_active | RoundStop.done_at.is_not(None) | (was_in_the_car & is_the_last),
        )
        .order_by(RoundStop.place, RoundStop.booking_id)
    )
    return list(session.scalars(query))


def visit_of(stop: RoundStop) -> Visit:
    """A stop as the plan sees it."""
    if stop.booking.slot is None:
        raise ValueError(f"booking {stop.booking_id} has no slot")
    return _visit(stop.booking_id, stop.booking.slot, stop.parcel)


def write(session: Session, one: Round, arrivals: Sequence[Arrival]) -> None:
    """Put the stops of a round into an order with its hours; the round gets a new version and its hour to start by."""
    there = {stop.booking_id: stop for stop in session.scalars(select(RoundStop).where(RoundStop.round_id == one.id))}
    parcels = dict(
        session.execute(
            select(Booking.id, Booking.parcel_id).where(Booking.id.in_([a.visit.booking for a in arrivals]))
        ).all()
    )
    for place, arrival in enumerate(arrivals, start=1):
        stop = there.get(arrival.visit.booking)
        if stop is None:
            stop = RoundStop(booking_id=arrival.visit.booking, parcel_id=parcels[arrival.visit.booking])
            session.add(stop)
        stop.round_id, stop.place, stop.leg, stop.is_late = one.id, place, arrival.leg, arrival.is_late
        stop.arrives_from, stop.arrives_until = clock(arrival.begins), clock(arrival.ends)
    one.version += 1
    if one.started_at is None and one.late_at is None and arrivals:
        zone = session.get_one(Zone, one.zone_id)
        first = min(arrival.begins for arrival in arrivals) - AHEAD
        one.start_by = moment(one.day, clock(max(first, 0)), zone.timezone)
    session.flush()


def _new(session: Session, zone: Zone, day: date, courier_id: int, number: int, now: datetime) -> Round:
    one = Round(zone_id=zone.id, day=day, courier_id=courier_id, name=f"{zone.name[:1]}-{number}", built_at=now)
    one.start_by = moment(day, clock(minute_of(zone.closing)), zone.timezone)
    session.add(one)
    session.flush()
    return one


def _visit(booking_id: int, slot: Slot, parcel: Parcel) -> Visit:
    door = Door(parcel.settlement_id, parcel.address)
    return Visit(booking_id, door, minute_of(slot.starts), minute_of(slot.ends))
