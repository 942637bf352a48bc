"""Two days of a courier whose phone has no network for hours: what really happens, what the phone sends, and when.

The phone keeps to the rules of `courier.js`: marks in order, sent until each has its answer, called sent only then. The
network loses answers, doubles requests, cuts them short and delivers copies late. What the database must say in the end
follows from what really happened, worked out here without any of the code that is tried.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from sqlalchemy import select, update

from parcels import journal
from parcels.custody_models import Holding
from parcels.models import Base, Fact, Parcel
from parcels.stages import Kind, Stage
from portal import phone_marks
from portal.access import User
from portal.ticking import sweep, watch
from portal.transaction import transaction
from scheduling import booking
from scheduling.booking import Asker
from scheduling.calendars import moment
from scheduling.models import Booking, Slot
from scheduling.round_models import Round, RoundStop
from sms.models import Message
from tests.factories import TOMSK, make_parcel, make_staff, make_world, travel, zone_of

ZONE = "Asia/Tomsk"
DAYS = (date(2026, 11, 24), date(2026, 11, 25))
ARRIVED = (Kind.HANDED_OVER, Kind.DEPARTED, Kind.ARRIVED)
NOT_MET, REFUSAL = ("absent", "later", "no_answer"), ("changed_mind", "wrong_size")


@dataclass
class Phone:
    """A phone with a wrong clock and a queue; `shown` is what it tells its courier of each mark."""

    id: str
    user: User
    skew: timedelta
    queue: list[dict[str, Any]] = field(default_factory=list)
    shown: dict[str, str] = field(default_factory=dict)
    stray: list[dict[str, Any]] = field(default_factory=list)

    def mark(self, kind: str, at: datetime, parcel: int | None = None, **fields: str) -> str:
        name = f"m{len(self.shown)}"
        one = {"id": name, "kind": kind, "parcel": str(parcel or ""), "fields": fields}
        self.queue.append(one | {"at": (at + self.skew).isoformat()})
        self.shown[name] = "waiting"
        return name

    def request(self, now: datetime) -> dict[str, Any]:
        return {
            "device": self.id,
            "by": str(self.user.id),
            "sent_at": (now + self.skew).isoformat(),
            "marks": [one for one in self.queue if self.shown[one["id"]] == "waiting"][:50],
        }

    def answered(self, results: list[dict[str, str]]) -> None:
        for one in results:
            self.shown[one["id"]] = one["state"]

    def send(self, random: Random, now: datetime) -> None:
        """One attempt over a bad network."""
        asked = self.request(now)
        if not asked["marks"]:
            return
        luck = random.random()
        if luck < 0.25:  # no network, or signed out
            return
        if luck < 0.40:  # it broke off in the middle
            handle(self.user, asked, now, only=random.randint(0, len(asked["marks"])))
            return
        results = handle(self.user, asked, now)
        if luck < 0.55:  # the answer was lost
            return
        if luck < 0.65:
            handle(self.user, asked, now)
        if luck < 0.75:
            self.stray.append(asked)
        if self.stray and luck > 0.9:
            handle(self.user, self.stray.pop(), now)
        self.answered(results)


def handle(user: User, asked: dict[str, Any], now: datetime, only: int | None = None) -> list[dict[str, str]]:
    """What the server does with a request, as its route does; `only` so many marks before it dies."""
    _by, marks = phone_marks.read(asked, now)
    return [phone_marks.take(user, ZONE, one, now) for one in marks[:only]]


@dataclass
class Truth:
    """What really became of a parcel."""

    parcel_id: int
    day: date
    outcome: str = ""
    is_back: bool = False


@dataclass(frozen=True)
class Pattern:
    """The rows of a parcel that has arrived and whose day is agreed, to make others from."""

    parcel: dict[str, Any]
    booking: dict[str, Any]
    facts: list[dict[str, Any]]
    holdings: list[dict[str, Any]]
    messages: list[dict[str, Any]]


class Town:
    """One zone with a pattern for each of two days; there is always a place in a slot."""

    def __init__(self) -> None:
        with transaction() as session:
            self.shop = make_world(session)
            self.zone_id = zone_of(session, TOMSK).id
            session.execute(update(Slot).values(capacity=100_000))
        self.patterns = [self._pattern(day) for day in DAYS]
        self.count = 0

    def _pattern(self, day: date) -> Pattern:
        with transaction() as session:
            parcel = make_parcel(session, self.shop, cod_minor=0)
            at = travel(session, parcel, ARRIVED)
            booking.book(session, parcel, day, time(14), Asker("recipient", parcel.version), at)
            booked = session.scalars(select(Booking).where(Booking.parcel_id == parcel.id, Booking.is_active)).one()
            held = session.scalars(select(Holding).where(Holding.parcel_id == parcel.id)).all()
            facts = [_row(fact, "parcel_id") for fact in journal.facts_of(session, parcel)]
            rows = [_row(one, "parcel_id") for one in held]
            owed = session.scalars(select(Message).where(Message.parcel_id == parcel.id)).all()
            messages = [_row(one, "id", "parcel_id") for one in owed]
            return Pattern(_row(parcel, "id"), _row(booked, "parcel_id"), facts, rows, messages)

    def parcel(self, pattern: Pattern) -> tuple[int, int]:
        """A parcel with its facts, holders and booking. Returns its id and that of its booking."""
        self.count += 1
        with transaction() as session:
            parcel = Parcel(**pattern.parcel | {"order_number": f"{self.count}"})
            session.add(parcel)
            session.flush()
            booked = Booking(**pattern.booking | {"id": None, "parcel_id": parcel.id})
            session.add(booked)
            session.flush()
            session.add_all(Holding(**row, parcel_id=parcel.id) for row in pattern.holdings)
            for row in pattern.facts:
                own = {"booking": booked.id} if "booking" in row["details"] else {}
                session.add(Fact(**row | {"parcel_id": parcel.id, "details": row["details"] | own}))
            for row in pattern.messages:
                name = row["dedup_key"].partition(":")[2]
                about = dict(row["about"])
                if "booking" in about:
                    name = name.replace(f":{about['booking']}:", f":{booked.id}:")
                    about["booking"] = booked.id
                session.add(
                    Message(**row | {"parcel_id": parcel.id, "dedup_key": f"{parcel.id}:{name}", "about": about})
                )
            session.execute(update(Slot).where(Slot.id == booked.slot_id).values(taken=Slot.taken + 1))
            return parcel.id, booked.id

    def courier(self) -> User:
        with transaction() as session:
            return User(make_staff(session, "courier", f"courier-{self.count}-{id(self)}", zone_id=self.zone_id))

    def round(self, user: User, day: date, stops: list[tuple[int, int]]) -> None:
        with transaction() as session:
            start = moment(day, time(9), ZONE)
            columns = {"zone_id": self.zone_id, "day": day, "courier_id": user.id, "name": f"Т-{user.id}"}
            one = Round(**columns, start_by=start, built_at=start - timedelta(hours=12))
            session.add(one)
            session.flush()
            for place, (parcel_id, booking_id) in enumerate(stops, start=1):
                hours = {"arrives_from": time(14), "arrives_until": time(15), "leg": 20}
                session.add(
                    RoundStop(booking_id=booking_id, round_id=one.id, parcel_id=parcel_id, place=place, **hours)
                )


def _row(one: Base, *but: str) -> dict[str, Any]:
    return {c.key: getattr(one, c.key) for c in type(one).__table__.columns if c.key not in but}


@dataclass
class Lived:
    """What came of two days: the phone, what really happened, who agreed anew meanwhile, wrong scans."""

    phone: Phone
    truths: list[Truth]
    anew: set[int] = field(default_factory=set)
    wrong: set[str] = field(default_factory=set)


def live(town: Town, seed: int) -> Lived:
    """Two days by chance, until everything has been sent."""
    random = Random(seed)
    user = town.courier()
    phone = Phone(f"phone-{user.id}", user, timedelta(minutes=random.randint(-180, 180)))
    lived = Lived(phone, [])
    for day, pattern in zip(DAYS, town.patterns, strict=True):
        stops = [town.parcel(pattern) for _ in range(random.randint(1, 3))]
        town.round(user, day, stops)
        _day(lived, day, [parcel_id for parcel_id, _ in stops], random)
    now = moment(DAYS[-1], time(23, 30), ZONE)
    while "waiting" in phone.shown.values():
        now += timedelta(minutes=5)
        phone.send(random, now)
    for asked in phone.stray:
        handle(user, asked, now)
    return lived


def _day(lived: Lived, day: date, parcels: list[int], random: Random) -> None:
    """A day with its road; the phone tries to send now and then, the worker looks at what was not marked in time."""
    road = Road(lived.phone, day.isoformat(), random, moment(day, time(8, 30), ZONE))
    truths = [Truth(parcel_id, day) for parcel_id in parcels]
    lived.truths += truths
    for truth in truths:
        road.mark("scan", code=f"VH{truth.parcel_id:09d}")
    if random.random() < 0.2:
        lived.wrong.add(road.mark("scan", code="VH999999999"))
    road.mark("start")
    for truth in random.sample(truths, len(truths)):
        road.passes(150)
        truth.outcome = random.choice(("delivered", "delivered", random.choice((*NOT_MET, *REFUSAL))))
        if truth.outcome == "delivered":
            road.mark("delivered", truth.parcel_id, to="Марина", cash="0")
        else:
            road.mark("failed", truth.parcel_id, why=truth.outcome)
    _evening(lived, truths, moment(day, time(20), ZONE), random)
    road.now = max(road.now, moment(day, time(21), ZONE))
    for truth in truths:
        if truth.outcome != "delivered":
            road.mark("back", code=f"VH{truth.parcel_id:09d}")
            truth.is_back = True


@dataclass
class Road:
    """The hours of a day as they pass."""

    phone: Phone
    day: str
    random: Random
    now: datetime

    def mark(self, kind: str, parcel: int | None = None, **fields: str) -> str:
        """Something is marked, and some minutes pass. Returns the mark's id."""
        name = self.phone.mark(kind, self.now, parcel, **fields, day=self.day)
        self.passes(5)
        return name

    def passes(self, minutes: int) -> None:
        """Time goes by; now and then the phone's clock jumps, or it tries to send."""
        self.now += timedelta(minutes=self.random.randint(1, minutes))
        if self.random.random() < 0.15:
            self.phone.skew = timedelta(minutes=self.random.randint(-180, 180))
        elif self.random.random() < 0.4:
            self.phone.send(self.random, self.now)


def _evening(lived: Lived, truths: list[Truth], at: datetime, random: Random) -> None:
    """Nothing was heard of some stops: the agenda gives their time back, and one recipient agrees another day."""
    sweep(at)
    watch(at)
    for truth in truths:
        with transaction() as session:
            parcel = journal.lock(session, truth.parcel_id)
            if parcel.stage is Stage.INCIDENT and parcel.plan is None and random.random() < 0.3:
                days = booking.offered(session, parcel, at)
                row = next(offer.row for one in days for offer in one.offers if offer.is_free)
                booking.book(session, parcel, row.day, row.starts, Asker("recipient", parcel.version), at)
                lived.anew.add(truth.parcel_id)


def wanted_stage(truth: Truth, lived: Lived) -> Stage:
    """Where a parcel must be in the end. What was told late of a parcel agreed anew takes nothing from that."""
    if truth.outcome == "delivered":
        return Stage.DELIVERED
    if truth.parcel_id in lived.anew:
        return Stage.SCHEDULED
    return Stage.REFUSED if truth.outcome in REFUSAL else Stage.MISSED
