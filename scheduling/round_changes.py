"""Use cases of the dispatcher: a stop goes up or down, or to another courier; whoever was told an hour hears of it."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from parcels import journal
from parcels.journal import NewFact
from parcels.stages import Kind, Stage
from scheduling.capacity import Changed, Impossible
from scheduling.round_building import stops_in_order, visit_of, write
from scheduling.round_loading import Courier, said_of
from scheduling.round_models import Round, RoundStop
from scheduling.round_plan import put_in, timed


def held_for_update(session: Session, round_id: int) -> Round:
    """A round with its courier, held until the transaction ends. Raises LookupError."""
    query = select(Round).where(Round.id == round_id).options(joinedload(Round.courier)).with_for_update(of=Round)
    one = session.scalar(query.execution_options(populate_existing=True))
    if one is None:
        raise LookupError(f"round {round_id}")
    return one


def hold(session: Session, round_id: int, seen: int | None = None) -> Round:
    """A round, held until the transaction ends. Raises LookupError; Changed when it is not what the dispatcher saw."""
    one = held_for_update(session, round_id)
    if one.handed_at is not None or one.closed_at is not None:
        raise Impossible("round_closed")
    if seen is not None and one.version != seen:
        raise Changed("round")
    return one


def shift(session: Session, round_id: int, seen: int, booking_id: int, by: int, now: datetime) -> None:
    """Put a stop `by` places further down, or up when that is negative, as far as it goes.

    Raises: LookupError; Changed; Impossible when the stop is done.
    """
    one = hold(session, round_id, seen)
    stops = stops_in_order(session, one.id)
    moved = _to_move(stops, booking_id)
    rest = [stop for stop in stops if stop is not moved]
    first = sum(stop.done_at is not None for stop in stops)
    place = min(max(stops.index(moved) + by, first), len(rest))
    moved.is_moved = True
    _rewrite(session, one, [*rest[:place], moved, *rest[place:]], now)


def give(session: Session, round_id: int, seen: int, booking_id: int, to_id: int, now: datetime) -> None:
    """Give a stop to another round of the same day, where it fits best.

    Raises: LookupError; Changed; Impossible when the parcel is in a car, or the rounds are not of one day and zone.
    """
    held = {number: hold(session, number) for number in sorted({round_id, to_id})}
    one, other = held[round_id], held[to_id]
    if one.version != seen:
        raise Changed("round")
    if one is other or (one.zone_id, one.day) != (other.zone_id, other.day):
        raise Impossible("other_day")
    stops, others = stops_in_order(session, one.id), stops_in_order(session, other.id)
    moved = _to_move(stops, booking_id)
    if moved.is_loaded:
        raise Impossible("in_the_car")
    fixed = sum(stop.loaded_at is not None for stop in others)
    (order,) = put_in([[visit_of(stop) for stop in others]], visit_of(moved), [fixed])
    by_booking = {stop.booking_id: stop for stop in (*others, moved)}
    moved.is_moved, moved.round_id = True, other.id
    _rewrite(session, other, [by_booking[visit.booking] for visit in order], now)
    _rewrite(session, one, [stop for stop in stops if stop is not moved], now)


def _to_move(stops: list[RoundStop], booking_id: int) -> RoundStop:
    moved = next((stop for stop in stops if stop.booking_id == booking_id), None)
    if moved is None:
        raise LookupError(f"booking {booking_id}")
    if moved.done_at is not None:
        raise Impossible("stop_done")
    return moved


def _rewrite(session: Session, one: Round, stops: list[RoundStop], now: datetime) -> None:
    """Write the new order; a recipient whose told hour has changed gets a fact of his own."""
    told = {stop.booking_id: (stop.arrives_from, stop.arrives_until) for stop in stops if stop.loaded_at is not None}
    write(session, one, timed([visit_of(stop) for stop in stops]))
    courier = Courier(one.courier.name, one.courier.phone)
    for stop in sorted(stops, key=lambda stop: stop.parcel_id):
        hour = stop.arrives_from, stop.arrives_until
        if stop.done_at is None and told.get(stop.booking_id, hour) != hour:
            parcel = journal.lock(session, stop.parcel_id)
            if parcel.stage is Stage.WITH_COURIER:
                moved = NewFact(Kind.VISIT_MOVED, "dispatcher", details=said_of(stop, one.day, courier))
                journal.record(session, parcel, moved, now)
