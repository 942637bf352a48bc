"""Two days of two couriers of one zone whose phones have no network for hours: what they do, what is sent, and when.

Some parcels both claim, and the dispatcher gives stops from one to the other meanwhile. A phone keeps to the rules of
`courier.js`: marks in order, sent until each has its answer, called sent only then. The network loses answers, doubles
requests, cuts them short and delivers copies late. What the database must say in the end follows from what has come to
our ears and in which order: `offline_truth.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from sqlalchemy import select, update

from parcels import journal
from parcels.custody_models import Holding
from parcels.journal import NewFact
from parcels.models import Base, Fact, Parcel
from parcels.stages import Kind, Stage
from portal import phone_marks
from portal.access import User
from portal.ticking import sweep, watch
from portal.transaction import transaction
from scheduling import booking, round_changes, round_closing, rounds
from scheduling.booking import Asker
from scheduling.calendars import moment
from scheduling.capacity import Impossible
from scheduling.models import Booking, Slot
from scheduling.round_models import Round, RoundStop
from sms.models import Message
from tests.factories import TOMSK, make_parcel, make_staff, make_world, travel, zone_of
from tests.integration.offline_truth import NOT_MET, REFUSAL, Heard

ZONE = "Asia/Tomsk"
DAYS = (date(2026, 11, 24), date(2026, 11, 25))
ARRIVED = (Kind.HANDED_OVER, Kind.DEPARTED, Kind.ARRIVED)
COD = 50_000
#: A parcel that is in no round.
NOBODYS = 999_999_999


@dataclass
class Phone:
    """A phone with a wrong clock and a queue; `shown` is what it tells its courier of each mark.

    `heard` is what has reached us of both phones and otherwise, each once, in that order.
    """

    id: str
    user: User
    skew: timedelta
    heard: list[Heard]
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
            handle(self, asked, now, only=random.randint(0, len(asked["marks"])))
            return
        results = handle(self, asked, now)
        if luck < 0.55:  # the answer was lost
            return
        if luck < 0.65:
            handle(self, asked, now)
        if luck < 0.75:
            self.stray.append(asked)
        if self.stray and luck > 0.9:
            handle(self, self.stray.pop(), now)
        self.answered(results)


def handle(phone: Phone, asked: dict[str, Any], now: datetime, only: int | None = None) -> list[dict[str, str]]:
    """What the server does with a request, as its route does; `only` so many marks before it dies."""
    _by, marks = phone_marks.read(asked, now)
    answers = []
    for one, mark in zip(asked["marks"][:only], marks, strict=False):
        answers.append(phone_marks.take(phone.user, ZONE, mark, now))
        number = one["parcel"] or one["fields"].get("code", "").removeprefix("VH")
        waited = datetime.fromisoformat(asked["sent_at"]) - datetime.fromisoformat(one["at"])
        at = now - max(waited, timedelta())
        new = Heard(one["kind"], int(number or 0), phone.user.id, one["id"], one["fields"].get("why", ""), at)
        if new not in phone.heard:
            phone.heard.append(new)
    return answers


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
        self.count = self.couriers = 0

    def _pattern(self, day: date) -> Pattern:
        with transaction() as session:
            parcel = make_parcel(session, self.shop, cod_minor=COD)
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
            self.couriers += 1
            return User(make_staff(session, "courier", f"courier-{self.couriers}", zone_id=self.zone_id))

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
    """What came of two days: the phones, the parcels by day, and everything that was heard."""

    phones: list[Phone]
    heard: list[Heard]
    parcels: dict[date, list[int]] = field(default_factory=dict)


@dataclass
class Road:
    """The hours of a courier's day as they pass."""

    phone: Phone
    day: date
    random: Random
    now: datetime

    def mark(self, kind: str, parcel: int | None = None, **fields: str) -> None:
        """Something is marked, and some minutes pass."""
        self.phone.mark(kind, self.now, parcel, **fields, day=self.day.isoformat())
        self.passes(5)

    def passes(self, minutes: int) -> None:
        """Time goes by; now and then the phone's clock jumps, or it tries to send."""
        self.now += timedelta(minutes=self.random.randint(1, minutes))
        if self.random.random() < 0.15:
            self.phone.skew = timedelta(minutes=self.random.randint(-180, 180))
        elif self.random.random() < 0.4:
            self.phone.send(self.random, self.now)

    def drive(self, parcels: list[int], strange: list[int], failed: list[int]) -> Iterator[None]:
        """Take the load, leave, mark each stop. Yields after each step.

        Args: `strange` is what he was never given and may scan by mistake; into `failed` goes what is to come back.
        """
        for parcel_id in parcels:
            self.mark("scan", code=f"VH{parcel_id:09d}")
            yield
        if self.random.random() < 0.2:
            self.mark("scan", code=f"VH{self.random.choice([NOBODYS, *strange]):09d}")
        self.mark("start")
        for parcel_id in self.random.sample(parcels, len(parcels)):
            self.passes(100)
            if self.random.random() < 0.6:
                self.mark("delivered", parcel_id, to="Марина", cash=str(COD // 100))
            else:
                self.mark("failed", parcel_id, why=self.random.choice((*NOT_MET, *REFUSAL)))
                failed.append(parcel_id)
            yield


def live(town: Town, seed: int) -> Lived:
    """Two days by chance, until everything has been sent; then both close their rounds with the money they took."""
    random, heard = Random(seed), list[Heard]()
    skews = (timedelta(minutes=random.randint(-180, 180)) for _ in range(2))
    users = (town.courier(), town.courier())
    phones = [Phone(f"phone-{user.id}", user, skew, heard) for user, skew in zip(users, skews, strict=True)]
    lived = Lived(phones, heard)
    for day, pattern in zip(DAYS, town.patterns, strict=True):
        _day(lived, day, [_load(town, pattern, day, user, random) for user in users], random)
    now = moment(DAYS[-1], time(23, 30), ZONE)
    while unsent := [phone for phone in phones if "waiting" in phone.shown.values()]:
        now += timedelta(minutes=5)
        random.choice(unsent).send(random, now)
    for phone in phones:
        for asked in phone.stray:
            handle(phone, asked, now)
    return lived


def _load(town: Town, pattern: Pattern, day: date, user: User, random: Random) -> list[int]:
    """What stands in the round of a courier in the morning."""
    stops = [town.parcel(pattern) for _ in range(random.randint(1, 2))]
    town.round(user, day, stops)
    return [parcel_id for parcel_id, _booking in stops]


def _day(lived: Lived, day: date, loads: list[list[int]], random: Random) -> None:
    """A day with its roads, step by step in the order of the clock, and what others do meanwhile."""
    parcels = lived.parcels[day] = [parcel_id for load in loads for parcel_id in load]
    for phone, load in zip(lived.phones, loads, strict=True):
        lived.heard += [Heard("morning", parcel_id, phone.user.id) for parcel_id in load]
    roads = [Road(phone, day, random, moment(day, time(8, 30), ZONE)) for phone in lived.phones]
    failed = [list[int]() for _ in roads]
    shared = [one for one in parcels if random.random() < 0.6]
    for parcel_id in shared:
        _give(lived, parcel_id, roads[0])
    left = {}
    for number, (road, load) in enumerate(zip(roads, loads, strict=True)):
        strange = [one for one in parcels if one not in (*load, *shared)]
        left[number] = road.drive([*load, *(one for one in shared if one not in load)], strange, failed[number])
    while left:
        number = min(left, key=lambda one: roads[one].now)
        if next(left[number], left) is left:
            del left[number]
        _meanwhile(lived, random.choice(parcels), roads[number], random)
    _evening(lived, parcels, moment(day, time(20), ZONE), random)
    for road, to_return in zip(roads, failed, strict=True):
        road.now = max(road.now, moment(day, time(21), ZONE))
        for parcel_id in to_return:
            road.mark("back", code=f"VH{parcel_id:09d}")


def _meanwhile(lived: Lived, parcel_id: int, road: Road, random: Random) -> None:
    """The dispatcher gives a stop to the other courier, or a carrier says that it was delivered."""
    luck = random.random()
    if luck < 0.2:
        _give(lived, parcel_id, road)
    elif luck < 0.23:
        with transaction() as session:
            parcel = journal.lock(session, parcel_id)
            journal.record(session, parcel, NewFact(Kind.DELIVERED, "carrier:test"), road.now)
        lived.heard.append(Heard("carrier", parcel_id))


def _give(lived: Lived, parcel_id: int, road: Road) -> None:
    """A stop goes to the other courier's round, if the dispatcher may do that as far as we know."""
    with suppress(Impossible, LookupError), transaction() as session:
        stop = session.scalars(select(RoundStop).where(RoundStop.parcel_id == parcel_id)).one()
        to = next(phone.user.id for phone in lived.phones if phone.user.id != stop.round.courier_id)
        other = rounds.round_of(session, to, road.day)
        assert other is not None
        round_changes.give(session, stop.round_id, stop.round.version, stop.booking_id, other.id, road.now)
        lived.heard.append(Heard("given", parcel_id, to))


def _evening(lived: Lived, parcels: list[int], at: datetime, random: Random) -> None:
    """Nothing was heard of some stops: their time is given back, and an operator agrees another day with some."""
    sweep(at)
    watch(at)
    for parcel_id in parcels:
        with transaction() as session:
            parcel = journal.lock(session, parcel_id)
            if parcel.stage in (Stage.INCIDENT, Stage.MISSED) and parcel.plan is None and random.random() < 0.3:
                days = booking.offered(session, parcel, at, to_staff=True)
                row = next(offer.row for one in days for offer in one.offers if offer.is_free)
                booking.book(session, parcel, row.day, row.starts, Asker("operator:1", parcel.version), at)
                lived.heard.append(Heard("anew", parcel_id))


def close(lived: Lived, cash: Callable[[int, date], int]) -> None:
    """Both couriers close their rounds. Args: `cash` is what a courier gives back of a day, in minor units."""
    for day in DAYS:
        for phone in lived.phones:
            with transaction() as session:
                one = rounds.round_of(session, phone.user.id, day, lock=True)
                assert one is not None
                entered = {"RUB": cash(phone.user.id, day)}
                round_closing.close(session, one, entered, moment(DAYS[-1], time(23, 59), ZONE))
