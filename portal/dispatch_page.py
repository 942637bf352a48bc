"""The dispatcher's pages as objects: the rounds of a day with their load and how they stand, and one of them."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import Integer, func, select
from sqlalchemy.orm import Session, joinedload

from parcels.models import Staff
from portal.languages import _
from scheduling import rounds
from scheduling.calendars import local_date
from scheduling.models import Booking, Slot, Zone
from scheduling.round_models import Round, RoundStop
from scheduling.rounds import Stop

MOSCOW = "Europe/Moscow"


@dataclass(frozen=True, slots=True)
class Line:
    """A round with how many stops it has, in the car, done and late by the plan."""

    round: Round
    stops: int
    loaded: int
    done: int
    late: int
    state: str
    tone: str


@dataclass(slots=True)
class ZoneDay:
    """A zone with its rounds of a day, and how many bookings are in none; `couriers` who could drive them."""

    zone: Zone
    couriers: int
    loose: int
    lines: list[Line] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Page:
    """A day of all zones that have couriers, or something to be driven."""

    day: date
    zones: list[ZoneDay]


@dataclass(frozen=True, slots=True)
class RoundPage:
    """A round with its stops and the other rounds that could take one."""

    round: Round
    stops: list[Stop]
    others: list[Round]
    state: str
    tone: str


def of_day(session: Session, asked: date | None, now: datetime) -> Page:
    """Read a day, today unless another one is asked for."""
    day = asked or local_date(now, MOSCOW)
    couriers = Counter(session.scalars(select(Staff.zone_id).where(Staff.role == "courier", Staff.is_active)))
    loose = _loose(session, day)
    lines = _lines(session, day, now)
    wanted = {*couriers, *loose, *(line.round.zone_id for line in lines)} - {None}
    zones = session.scalars(select(Zone).where(Zone.id.in_(wanted)).order_by(Zone.name))
    found = [ZoneDay(zone, couriers[zone.id], loose.get(zone.id, 0)) for zone in zones]
    for there in found:
        there.lines.extend(line for line in lines if line.round.zone_id == there.zone.id)
    return Page(day, found)


def of_round(session: Session, round_id: int, now: datetime) -> RoundPage | None:
    """Read a round; None when there is none."""
    around = joinedload(Round.courier), joinedload(Round.zone)
    one = session.scalar(select(Round).where(Round.id == round_id).options(*around))
    if one is None:
        return None
    same = Round.zone_id == one.zone_id, Round.day == one.day, Round.id != one.id, Round.closed_at.is_(None)
    others = list(session.scalars(select(Round).where(*same).options(joinedload(Round.courier)).order_by(Round.id)))
    return RoundPage(one, rounds.stops_of(session, one.id), others, *state_of(one, now))


def state_of(one: Round, now: datetime) -> tuple[str, str]:
    """How a round stands, in words and as a tone."""
    if one.closed_at is not None:
        return _("закрыт"), "ok"
    if one.handed_at is not None:
        return _("сдаёт"), "accent"
    if one.started_at is not None:
        return _("в пути"), "accent"
    if one.late_at is not None or one.start_by <= now:
        return _("не выехал вовремя"), "bad"
    return _("собран"), ""


def _loose(session: Session, day: date) -> dict[int, int]:
    """Bookings in no round, by zone."""
    query = (
        select(Slot.zone_id, func.count())
        .join(Booking, Booking.slot_id == Slot.id)
        .outerjoin(RoundStop, RoundStop.booking_id == Booking.id)
        .where(Slot.day == day, Booking.is_active, RoundStop.booking_id.is_(None))
        .group_by(Slot.zone_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def _lines(session: Session, day: date, now: datetime) -> list[Line]:
    counts = (
        func.count(RoundStop.booking_id),
        func.count(RoundStop.loaded_at),
        func.count(RoundStop.done_at),
        func.coalesce(func.sum(RoundStop.is_late.cast(Integer)), 0),
    )
    counted = (
        select(RoundStop.round_id, *counts)
        .join(Booking, Booking.id == RoundStop.booking_id)
        .join(Round, Round.id == RoundStop.round_id)
        .where(Round.day == day, Booking.is_active | RoundStop.done_at.is_not(None))
        .group_by(RoundStop.round_id)
    )
    found = {row[0]: row for row in session.execute(counted)}
    there = session.scalars(select(Round).where(Round.day == day).options(joinedload(Round.courier)).order_by(Round.id))
    lines = []
    for one in there:
        _id, stops, loaded, done, late = found.get(one.id, (0, 0, 0, 0, 0))
        lines.append(Line(one, stops, loaded, done, late, *state_of(one, now)))
    return lines
