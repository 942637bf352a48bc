"""One parcel's story, told in its own time: each fact is recorded as of its moment, what falls due between is done."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from parcels import journal
from parcels.journal import NewFact
from parcels.models import Parcel, Shop, Warehouse
from parcels.stages import Kind
from portal.demo_people import Route, person
from scheduling import agenda, booking
from scheduling.calendars import calendar_of, local_date, moment
from scheduling.promise import first_delivery_day
from scheduling.promising import CARRIER, COUNTRY
from scheduling.slots import Offer
from scheduling.zones import Service, service_of
from sms import console, delivery, wording
from sms.models import Message, Status
from sms.wording import Desk

LONGEST_DAYS = 80
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
_NOTHING: Mapping[str, object] = {}


@dataclass(frozen=True, slots=True)
class Journey:
    """When a parcel is where, if it was accepted on a certain day and keeps to the matrix."""

    accepted: datetime
    scans: tuple[tuple[datetime, Kind, str], ...]
    first_day: date

    def at(self, kind: Kind) -> datetime:
        """The moment of the first scan of a kind."""
        return next(when for when, scanned, _ in self.scans if scanned is kind)

    @property
    def arrived(self) -> datetime:
        return self.scans[-1][0]


class Scene:
    """What all stories share: the shop, the present moment, chance, and a number for each parcel."""

    def __init__(self, session: Session, shop: Shop, now: datetime, random: Random) -> None:
        self.session, self.shop, self.now, self.random = session, shop, now, random
        self.calendar = calendar_of(COUNTRY)
        #: Our own warehouses by settlement: what happens there is scanned at their stations.
        self.warehouses: dict[int, Warehouse] = {}
        self.count = 0

    def service(self, route: Route) -> Service | None:
        """How the place of a route is served."""
        return service_of(self.session, route.place.id)

    def delivers(self, route: Route, day: date) -> bool:
        """Does somebody come there on a day?"""
        service = self.service(route)
        return service.delivers(day, self.calendar) if service else self.calendar.is_working(day)

    def today(self, route: Route) -> date:
        """The date at the end of a route."""
        return local_date(self.now, route.place.zone)

    def find(self, route: Route, fits: Callable[[Journey], bool]) -> Journey | None:
        """The latest journey along a route that fits the present moment."""
        return next((journey for journey in self._journeys(route) if fits(journey)), None)

    def _journeys(self, route: Route) -> Iterator[Journey]:
        chance = Random(self.random.random())  # noqa: S311
        hours = [chance.uniform(0, 1) for _ in range(6)]
        today = local_date(self.now, self.shop.origin.zone)
        for back in range(LONGEST_DAYS):
            yield self._journey(route, today - timedelta(days=back), hours)

    def _journey(self, route: Route, day: date, chance: list[float]) -> Journey:
        """`chance` are six numbers under 1: the minutes of acceptance, hand-over, scans, departure, road, arrival."""
        origin, here = self.shop.origin.zone, self.shop.origin.name
        handed_on = self.calendar.add(day, self.shop.handling_days)
        handed = moment(handed_on, time(13), origin) + chance[1] * 3 * HOUR
        departed = moment(handed_on, time(20), origin) + chance[3] * HOUR
        road = route.days_min + int(chance[4] * (route.days_max - route.days_min + 1)) - 1
        there = moment(self.calendar.add(handed_on, max(road, 0)), time(5), route.place.zone) + chance[5] * HOUR
        arrived = max(there, departed + 5 * HOUR)
        way = arrived - departed
        passed = [
            (departed + way * (n + 1) / (len(route.hubs) + 1), Kind.PASSED, hub) for n, hub in enumerate(route.hubs)
        ]
        scans = (
            (handed, Kind.HANDED_OVER, here),
            (handed + (1 + chance[2]) * HOUR, Kind.AT_WAREHOUSE, f"{here}, склад"),
            (departed, Kind.DEPARTED, here),
            *(passed if way > timedelta(days=1) else ()),
            (arrived, Kind.ARRIVED, route.place.name),
        )
        after = local_date(arrived, route.place.zone) + timedelta(days=1)
        first = first_delivery_day(after, lambda one: self.delivers(route, one))
        return Journey(moment(day, time(9), origin) + chance[0] * 9 * HOUR, scans, first)


class Story:
    """A parcel with the clock of its own story, which only goes forward."""

    def __init__(self, scene: Scene, route: Route, accepted: datetime, *, leaves_sms: bool = True) -> None:
        self.scene, self.route, self.session, self.clock = scene, route, scene.session, accepted
        self.leaves_sms = leaves_sms
        scene.count += 1
        who, random = person(scene.random, scene.count), scene.random
        day = local_date(accepted, scene.shop.origin.zone)
        self.parcel = Parcel(
            shop=scene.shop,
            order_number=f"TD-{day:%d%m}-{scene.count:03d}",
            recipient=who.name,
            phone=who.phone,
            settlement=route.place,
            address=who.address,
            cod_minor=random.randrange(79_000, 1_290_000, 10_000) if random.random() < 0.5 else 0,
            pieces=1 if random.random() < 0.85 else 2,
            weight_g=random.randrange(300, 9_000, 100),
            accepted_at=accepted,
            owner="shop",
            next_action="hand_over",
            next_action_at=accepted + DAY,
        )
        self.session.add(self.parcel)
        self.session.flush()
        self.record(accepted, Kind.ORDER_ACCEPTED, f"shop:{scene.shop.code}", scene.shop.name)

    def until(self, then: datetime) -> None:
        """Let time pass: what falls due is done, and what is owed is sent, as the worker would have done it."""
        while (due := self._next_due()) is not None and due <= then:
            self.clock = max(self.clock, due)
            if self.parcel.next_action_at is not None and self.parcel.next_action_at <= self.clock:
                agenda.act(self.session, self.parcel.id, self.clock)
            if self.leaves_sms:
                self._send()
        self.clock = max(self.clock, then)

    def _next_due(self) -> datetime | None:
        """When the next thing happens by itself."""
        owed = Message.parcel_id == self.parcel.id, Message.status == Status.OWED
        first = self.session.scalar(select(func.min(Message.due_at)).where(*owed)) if self.leaves_sms else None
        return min((at for at in (first, self.parcel.next_action_at) if at is not None), default=None)

    def _send(self) -> None:
        desk: Desk = current_app.extensions["desk"]
        owed = Message.parcel_id == self.parcel.id, Message.status == Status.OWED, Message.due_at <= self.clock
        due = self.session.scalars(select(Message.id).where(*owed).order_by(Message.id)).all()
        worded = {wording.prepare(self.session, message_id, desk, self.clock) for message_id in due}
        if Status.QUEUED not in worded:
            return
        gateway = console.Console()
        for outgoing in delivery.claim(self.session, self.clock):
            delivery.settle(self.session, outgoing.message_id, gateway.send(outgoing), self.clock)

    def record(
        self,
        when: datetime,
        kind: Kind,
        source: str = CARRIER,
        place: str = "",
        details: Mapping[str, object] = _NOTHING,
    ) -> None:
        """A fact at its moment; one that lies in the future is not told."""
        if when <= self.scene.now:
            self.until(when)
            fact = NewFact(kind, source, when, place, dict(details))
            journal.record(self.session, self.parcel, fact, self.clock)

    def travel(self, journey: Journey, upto: Kind = Kind.ARRIVED) -> None:
        """The scans of a journey that are still to come, up to a kind or to the present."""
        for when, kind, place in journey.scans:
            if when > self.clock:
                self._scan(when, kind, place)
            if kind is upto:
                return

    def _scan(self, when: datetime, kind: Kind, place: str) -> None:
        """A scan of the road: at our own station where there is one, else the carrier's."""
        settlement = {Kind.ARRIVED: self.route.place.id, Kind.AT_WAREHOUSE: self.scene.shop.origin_id}.get(kind)
        here = self.scene.warehouses.get(settlement) if settlement is not None else None
        if here is None:
            self.record(when, kind, place=place)
        else:
            self.record(when, kind, f"station:{here.id}", here.name, {"warehouse": here.id})

    def bring_back(self, kind: Kind) -> None:
        """In the evening the courier brings to the warehouse what he has: a parcel, or the cash for it."""
        here = self.scene.warehouses.get(self.route.place.id)
        evening = max(
            moment(local_date(self.clock, self.route.place.zone), time(21), self.route.place.zone), self.clock
        )
        place = here.name if here else f"{self.route.place.name}, склад"
        self.record(evening, kind, "station", place, {"warehouse": here.id} if here else _NOTHING)

    def book(self, when: datetime, fits: Callable[[Offer], bool]) -> Offer | None:
        """The recipient takes, at a moment, one of the free slots that fit. Returns None when there is none."""
        self.until(when)
        days = booking.offered(self.session, self.parcel, self.clock)
        free = [offer for day in days for offer in day.offers if offer.is_free and fits(offer)]
        if not free:
            return None
        taken = self.scene.random.choice(free)
        asker = booking.Asker("recipient", self.parcel.version)
        booking.book(self.session, self.parcel, taken.row.day, taken.row.starts, asker, self.clock)
        return taken
