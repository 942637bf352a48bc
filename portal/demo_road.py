"""The stories of the road: parcels that stand now between the shop and the city, and what has been agreed for them."""

from collections.abc import Callable, Mapping
from datetime import timedelta

from parcels.stages import Kind
from portal.demo_people import Route
from portal.demo_story import DAY, HOUR, Journey, Scene, Story
from scheduling import booking, calls, recalling
from scheduling.calendars import local_date

#: A story along a route; None when it cannot have happened there by now.
Act = Callable[[Scene, Route], Story | None]
OPERATOR = "Марина Орлова"


def brand_new(scene: Scene, route: Route) -> Story | None:
    """Accepted a minute ago; its message has not left yet."""
    return Story(scene, route, scene.now - timedelta(minutes=scene.count + 1), leaves_sms=False)


def accepted(scene: Scene, route: Route) -> Story | None:
    """The shop packs it."""
    journey = scene.find(route, lambda j: j.accepted <= scene.now < j.at(Kind.HANDED_OVER))
    return Story(scene, route, journey.accepted) if journey else None


def late_shop(scene: Scene, route: Route) -> Story | None:
    """The shop should have handed it over long ago."""
    journey = scene.find(route, lambda j: j.at(Kind.HANDED_OVER) <= scene.now - 2 * DAY)
    return Story(scene, route, journey.accepted) if journey else None


def scanned(last: Kind) -> Act:
    """It has come as far as this scan and no further."""

    def act(scene: Scene, route: Route) -> Story | None:
        return travelled(scene, route, lambda j: j.at(last) <= scene.now, last)

    return act


def on_the_way(scene: Scene, route: Route) -> Story | None:
    """In transit, every day still free to choose."""
    return travelled(scene, route, lambda j: _is_free(scene, route, j))


def chosen_on_the_way(scene: Scene, route: Route) -> Story | None:
    """In transit, and the recipient has chosen already."""
    story = on_the_way(scene, route)
    last = story.parcel.promised_to if story else None
    if story is not None and last is not None:
        story.book(max(story.clock, scene.now - 9 * HOUR), lambda o: o.row.day >= last)
    return story


def arrived(scene: Scene, route: Route) -> Story | None:
    """In the city, nothing chosen: from nine o'clock on an operator calls."""
    return travelled(scene, route, lambda j: j.arrived <= scene.now)


def called(scene: Scene, route: Route) -> Story | None:
    """In the city since yesterday, and nobody has picked up the phone."""
    story = travelled(scene, route, lambda j: j.arrived + 27 * HOUR <= scene.now)
    if story is not None:
        story.until(story.clock + 8 * HOUR)
        call = calls.open_call(scene.session, story.parcel.id)
        if call is not None:
            zone = route.place.zone
            calls.attempt(scene.session, story.parcel, call, calls.Outcome.NO_ANSWER, OPERATOR, zone, story.clock)
    return story


def chosen_in_city(scene: Scene, route: Route) -> Story | None:
    """In the city, with a day agreed after today."""
    story = travelled(scene, route, lambda j: j.arrived + HOUR <= scene.now)
    today = scene.today(route)
    if story is not None:
        story.book(story.clock + HOUR, lambda o: o.row.day > today)
    return story


def postponed(scene: Scene, route: Route) -> Story | None:
    """Kept back, because the recipient is away."""
    story = on_the_way(scene, route)
    if story is not None and story.parcel.promised_from is not None:
        story.until(max(story.clock, scene.now - 7 * HOUR))
        wanted = story.parcel.promised_from + DAY * scene.random.randint(4, 12)
        served = [day.day for day in booking.offered(scene.session, story.parcel, story.clock)]
        to = next((day for day in served if day >= wanted), served[-1])
        booking.postpone(scene.session, story.parcel, to, booking.Asker("recipient", story.parcel.version), story.clock)
    return story


def at_pickup(scene: Scene, route: Route) -> Story | None:
    """Waits in a pick-up point where no courier goes."""
    story = travelled(scene, route, lambda j: j.arrived + 6 * HOUR <= scene.now)
    if story is not None:
        where = {"address": f"{route.place.name}, ул. Мира, 7", "open": "пн–сб 9–20"}
        story.record(story.clock + 5 * HOUR, Kind.AT_PICKUP, place=f"{route.place.name}, пункт выдачи", details=where)
    return story


def troubled(kind: Kind, details: Mapping[str, object]) -> Act:
    """Something happened on the road: an incident, or a status that nobody understands."""

    def act(scene: Scene, route: Route) -> Story | None:
        story = travelled(scene, route, lambda j: _is_free(scene, route, j) and j.at(Kind.DEPARTED) + DAY <= scene.now)
        if story is not None:
            story.record(scene.now - 2 * HOUR, kind, place=route.hubs[-1] if route.hubs else "", details=details)
        return story

    return act


def recalled(scene: Scene, route: Route) -> Story | None:
    """On the road, and the shop wants it back."""
    story = on_the_way(scene, route)
    if story is not None:
        story.until(max(story.clock, scene.now - 3 * HOUR))
        asker = booking.Asker(f"shop:{scene.shop.code}", story.parcel.version)
        recalling.recall(scene.session, story.parcel, asker, "", story.clock)
    return story


def travelled(scene: Scene, route: Route, fits: Callable[[Journey], bool], upto: Kind = Kind.ARRIVED) -> Story | None:
    """A story along the latest journey that fits, up to a scan or to the present."""
    journey = scene.find(route, fits)
    if journey is None:
        return None
    story = Story(scene, route, journey.accepted)
    story.travel(journey, upto)
    return story


def _is_free(scene: Scene, route: Route, journey: Journey) -> bool:
    """Is it on the road now, and the day before its first possible day still to come?"""
    handed_on = local_date(journey.at(Kind.HANDED_OVER), scene.shop.origin.zone)
    earliest = scene.calendar.add(handed_on, max(route.days_min - 1, 0)) + DAY
    is_on_road = journey.at(Kind.DEPARTED) <= scene.now < journey.arrived
    return is_on_road and earliest >= scene.today(route) + 2 * DAY
