"""The stories of the door: a day was chosen, a courier took the parcel along, and how that ended."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time

from sqlalchemy import select
from sqlalchemy.orm import Session

from parcels import journal
from parcels.models import Fact
from parcels.stages import Kind
from portal.demo_people import Route
from portal.demo_road import arrived
from portal.demo_story import DAY, HOUR, Scene, Story
from scheduling import booking, round_building, rounds
from scheduling.calendars import local, local_date, moment
from scheduling.models import Booking, Slot, Zone
from scheduling.promise import first_delivery_day
from scheduling.round_marks import NOT_MET, WhyNot
from scheduling.round_models import Round, RoundStop
from scheduling.slots import Offer, closes_at
from scheduling.zones import SUNDAY

COURIERS = ("Сергей Ким", "Виктор Панов", "Руслан Идрисов", "Нина Жукова", "Степан Родин")
#: From the block of numbers that nobody has.
COURIER_PHONE = "+78000000418"
_LATEST_ON_ROAD = time(23, 30)


def on_todays_round(scene: Scene, route: Route) -> Story | None:
    """A stop of today, or of the next day with a round: delivered, loaded or in the depot, as the hour has it."""
    day = first_delivery_day(scene.today(route), lambda one: scene.delivers(route, one))
    hours = (10, 14) if day.weekday() == SUNDAY else (10, 14, 18)
    hour = hours[scene.count % len(hours)]
    story, slot = _booked_for(scene, route, day, lambda o: o.row.starts.hour == hour)
    if story is not None and slot is not None and (_is_over(story, slot) or scene.count % 5):
        _load(story, slot)
        if _within(story, slot) + HOUR <= scene.now and scene.count % 4:
            _end(story, slot, None)
    return story


def _is_over(story: Story, slot: Offer) -> bool:
    """Have the hours of a slot passed? What was in nobody's car then would be an incident by now."""
    return moment(slot.row.day, slot.row.ends, story.route.place.zone) <= story.scene.now


def round_of_today(session: Session, zone: Zone, now: datetime) -> None:
    """The round of the courier who can sign in, for the day that the stories were told of: loaded, left and marked."""
    days = select(Slot.day).join(Booking, Booking.slot_id == Slot.id).where(Slot.zone_id == zone.id, Booking.is_active)
    day = session.scalar(days.where(Slot.day >= local_date(now, zone.timezone)).order_by(Slot.day).limit(1))
    for number in round_building.build(session, zone.id, day, now) if day is not None else ():
        one, stops = session.get_one(Round, number), round_building.stops_in_order(session, number)
        for stop in stops:
            _as_told(stop, {fact.kind: fact for fact in journal.facts_of(session, stop.parcel)})
        for place, stop in enumerate(sorted(stops, key=lambda stop: (stop.arrives_from, stop.place)), start=1):
            stop.place = place
        begun = [stop.done_at for stop in stops if stop.done_at]
        one.started_at = min(begun) - HOUR / 2 if begun else None


def _as_told(stop: RoundStop, facts: Mapping[Kind, Fact]) -> None:
    """What the stories have already told of a stop: loaded, in which hour, delivered."""
    given, done = facts.get(Kind.TO_COURIER), facts.get(Kind.DELIVERED)
    if given is not None:
        stop.loaded_at = given.occurred_at
        stop.arrives_from, stop.arrives_until = (time.fromisoformat(given.details[end]) for end in ("from", "until"))
    if done is not None:
        stop.done_at, stop.outcome, stop.cash_minor = done.occurred_at, rounds.DELIVERED, done.details["cod_minor"]


def with_courier(scene: Scene, route: Route) -> Story | None:
    """Out for delivery at this hour."""
    clock, day = local(scene.now, route.place.zone), scene.today(route)
    if not time(8) <= clock.time() < _LATEST_ON_ROAD or not scene.delivers(route, day):
        return None
    story, slot = _booked_for(scene, route, day, lambda o: o.row.ends > clock.time() or o.row.ends >= time(18))
    if story is not None and slot is not None:
        _load(story, slot)
    return story


def with_courier_unasked(scene: Scene, route: Route) -> Story | None:
    """Out for delivery without a day agreed: on days when no round goes, somebody still may have taken one along."""
    story = arrived(scene, route)
    if story is not None:
        story.record(
            max(story.clock, scene.now - HOUR / 2), Kind.TO_COURIER, "courier", details={"by": _courier(route)}
        )
    return story


def delivered(scene: Scene, route: Route) -> Story | None:
    """Handed over in the last three weeks."""
    return _ended(scene, route, scene.random.randint(1, 21), None)


def missed(scene: Scene, route: Route) -> Story | None:
    """Nobody opened on the last day a courier came."""
    return _ended(scene, route, 1, WhyNot.ABSENT)


def missed_and_chosen_again(scene: Scene, route: Route) -> Story | None:
    """Nobody opened; the same evening the recipient chose another day."""
    story = missed(scene, route)
    if story is not None and story.clock + HOUR <= scene.now:
        today = scene.today(route)
        story.book(story.clock + HOUR, lambda o: o.row.day > today)
    return story


def refused(scene: Scene, route: Route) -> Story | None:
    """Refused at the door some days ago."""
    return _ended(scene, route, scene.random.randint(1, 4), WhyNot.CHANGED_MIND)


def returning(scene: Scene, route: Route) -> Story | None:
    """On its way back to the shop."""
    story = _ended(scene, route, scene.random.randint(7, 9), WhyNot.CHANGED_MIND)
    if story is not None:
        story.record(story.clock + 2 * DAY, Kind.RETURNING, place=route.place.name)
    return story


def returned(scene: Scene, route: Route) -> Story | None:
    """Back in the shop."""
    story = _ended(scene, route, scene.random.randint(18, 24), WhyNot.CHANGED_MIND)
    if story is not None:
        story.record(story.clock + 2 * DAY, Kind.RETURNING, place=route.place.name)
        story.record(story.clock + 11 * DAY, Kind.RETURNED, place=scene.shop.origin.name)
    return story


def _any(_offer: Offer) -> bool:
    return True


def _booked_for(
    scene: Scene, route: Route, day: date, fits: Callable[[Offer], bool] = _any
) -> tuple[Story | None, Offer | None]:
    """A story whose recipient chose this very day: on the way when the promise is sure, else soon after arrival."""
    service = scene.service(route)
    if service is None or not scene.delivers(route, day):
        return None, None
    closes = min(closes_at(day, service.closing, service.timezone), scene.now)
    journey = scene.find(
        route, lambda j: j.first_day <= day <= j.first_day + 12 * DAY and j.arrived + 2 * HOUR < closes
    )
    if journey is None:
        return None, None
    story = Story(scene, route, journey.accepted)
    story.travel(journey, Kind.DEPARTED)
    last = story.parcel.promised_to
    early = last is not None and last <= day and story.book(story.clock + HOUR, lambda o: o.row.day == day and fits(o))
    story.travel(journey)
    if early and story.parcel.plan is not None:
        return story, early
    return story, story.book(story.clock + HOUR, lambda o: o.row.day == day and fits(o))


def _ended(scene: Scene, route: Route, back: int, why: WhyNot | None) -> Story | None:
    """A story that reached the door `back` days ago, or the last day before that when a courier came."""
    day = scene.today(route) - back * DAY
    while not scene.delivers(route, day):
        day -= DAY
    story, slot = _booked_for(scene, route, day)
    if story is not None and slot is not None:
        _load(story, slot)
        _end(story, slot, why)
    return story


def _load(story: Story, slot: Offer) -> None:
    row, name = slot.row, _courier(story.route)
    taken = moment(row.day, time(7, 20), story.route.place.zone) + story.scene.random.random() * HOUR / 2
    begins = row.starts.hour + story.scene.count % (row.ends.hour - row.starts.hour)
    hour = {"day": row.day.isoformat(), "from": f"{begins:02}:00", "until": f"{begins + 1:02}:00"}
    who = {"by": name, "name": name.split()[0], "phone": COURIER_PHONE}
    story.record(taken, Kind.TO_COURIER, "courier", details={**who, **hour})


def _within(story: Story, slot: Offer) -> datetime:
    """A moment within the hours of a slot; the same for the same parcel."""
    begins, ends = (moment(slot.row.day, clock, story.route.place.zone) for clock in (slot.row.starts, slot.row.ends))
    return begins + (ends - begins) * (story.scene.count * 37 % 100) / 100


def _end(story: Story, slot: Offer, why: WhyNot | None) -> None:
    """The courier marks the stop: handed over, or why not."""
    story.until(_within(story, slot))
    held = booking.active_booking(story.session, story.parcel.id)
    parcel, said = story.parcel, {"by": _courier(story.route), "booking": held.id if held else 0}
    if why is None:
        money = {"cod_minor": parcel.cod_minor, "currency": parcel.currency, "to": parcel.recipient}
        story.record(story.clock, Kind.DELIVERED, "courier", details={**said, **money})
    else:
        kind = Kind.NOT_DELIVERED if why in NOT_MET else Kind.REFUSED
        story.record(story.clock, kind, "courier", details={**said, "why": why.value})
    if why is not None or story.parcel.cod_minor:
        story.bring_back(Kind.CASH_HANDED_IN if why is None else Kind.BACK_AT_DEPOT)


def _courier(route: Route) -> str:
    return COURIERS[0] if route.place.name == "Томск" else COURIERS[1 + route.place.id % (len(COURIERS) - 1)]
