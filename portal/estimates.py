"""What checkout asks, read from an address; and the answer of `GET /api/v1/estimate`, in JSON, from memory."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from carriers.offer_memory import Where
from carriers.offers import USUAL_STEP, place_on_earth
from portal.languages import _
from portal.place_index import KnownPlace, PlaceIndex, UnknownPlace
from portal.shelf import Book
from scheduling.estimate import AFTER_HAND_OVER, Estimate, Question
from scheduling.promise import Promise
from scheduling.promising import CARRIER

#: A hand-over further back is a mistake of whoever asks, one further ahead nobody's business yet.
EARLIEST, LATEST = timedelta(days=2), timedelta(days=180)
SHOWN = 20


class BadQuestion(ValueError):
    """A question without an answer: its code, its words, the HTTP status, and what may help."""

    def __init__(self, code: str, words: str, status: int = 422, **members: Any) -> None:
        super().__init__(code)
        self.code, self.words, self.status, self.members = code, words, status, members


def question(book: Book, asked: Mapping[str, str], now: datetime) -> Question:
    """What an address asks. Raises BadQuestion."""
    carrier = asked.get("carrier", "").strip().lower() or CARRIER
    origins = sorted(origin for of, origin in book.memory.routes if of == carrier)
    if not origins:
        known = sorted({of for of, _origin in book.memory.routes})
        raise BadQuestion("unknown_carrier", _("Такого перевозчика в матрице нет."), 404, carriers=known)
    place = settlement(book, asked)
    return Question(carrier, _origin(book.places, asked.get("origin", ""), origins), place.id, _moment(asked, now))


def _origin(places: PlaceIndex, text: str, origins: list[int]) -> int:
    if text.strip():
        return _place(places, "origin", text, "").id
    if len(origins) > 1:
        candidates = [shown(places.by_id[origin]) for origin in origins[:SHOWN]]
        raise BadQuestion("origin_needed", _("Городов отправки несколько; укажите origin."), candidates=candidates)
    return origins[0]


def _place(places: PlaceIndex, parameter: str, text: str, region: str) -> KnownPlace:
    if not text.strip():
        raise BadQuestion("missing", _("Не хватает параметра {name}.", name=parameter), parameter=parameter)
    try:
        return places.find(text[:120], region[:80], is_origin=parameter == "origin")
    except UnknownPlace as problem:
        candidates = [shown(places.by_id[place.id]) for place in problem.candidates[:SHOWN]]
        found: dict[str, Any] = {"parameter": parameter, "candidates": candidates}
        if problem.reason == "ambiguous_place":
            words = _("Мест с таким названием несколько; укажите region или код.")
            raise BadQuestion("ambiguous_settlement", words, 422, **found) from problem
        words = _("Такого населённого пункта нет; проверьте название или укажите код.")
        raise BadQuestion("unknown_settlement", words, 404, **found) from problem


def _moment(asked: Mapping[str, str], now: datetime) -> datetime:
    """When the shop hands over; a plus that an address has turned into a space is a plus again."""
    text = asked.get("handed_over_at", "").strip().replace(" ", "+")
    if not text:
        return now
    try:
        handed = datetime.fromisoformat(text)
    except ValueError as problem:
        words = _("Время непонятно; напишите его как 2026-11-21T15:30+05:00.")
        raise BadQuestion("bad_time", words, parameter="handed_over_at") from problem
    if handed.tzinfo is None:
        raise BadQuestion("bad_time", _("У времени нет пояса; допишите, например, +05:00."), parameter="handed_over_at")
    if not now - EARLIEST <= handed <= now + LATEST:
        words = _("Передача в доставку возможна от двух дней назад до 180 дней вперёд.")
        raise BadQuestion("bad_time", words, parameter="handed_over_at")
    return handed.astimezone(UTC)


def offers_question(book: Book, asked: Mapping[str, str], now: datetime) -> Question:
    """What an address asks of all carriers together; the carrier is left empty. Raises BadQuestion."""
    place = settlement(book, asked)
    origins = sorted({origin for _carrier, origin in book.memory.routes})
    if not origins:
        raise BadQuestion("no_lane", _("В матрице нет такого направления."), 404)
    return Question("", _origin(book.places, asked.get("origin", ""), origins), place.id, _moment(asked, now))


def settlement(book: Book, asked: Mapping[str, str]) -> KnownPlace:
    """Where to. Raises BadQuestion."""
    return _place(book.places, "settlement", asked.get("settlement", ""), asked.get("region", ""))


def weight(asked: Mapping[str, str]) -> int:
    """What the parcel weighs, in grams; one kilogram where nothing is said. Raises BadQuestion."""
    text = asked.get("weight_g", "").strip() or str(USUAL_STEP)
    if not (text.isascii() and text.isdigit() and len(text) <= 7 and int(text)):
        words = _("Вес непонятен; напишите граммы целым числом.")
        raise BadQuestion("bad_weight", words, parameter="weight_g")
    return int(text)


def near(asked: Mapping[str, str]) -> Where | None:
    """From where the nearest points are wanted, as `56.46,84.95`. Raises BadQuestion."""
    text = asked.get("near", "").strip()
    found = place_on_earth(*text.split(",")) if text.count(",") == 1 else (None, None)
    if not text:
        return None
    if found[0] is None or found[1] is None:
        words = _("Место непонятно; напишите широту и долготу через запятую, например 56.46,84.95.")
        raise BadQuestion("bad_place", words, parameter="near")
    return found[0], found[1]


def answer(book: Book, asked: Question, found: Estimate, weight_g: int) -> dict[str, Any]:
    """The answer as JSON has it. Dates are those of the settlement's clock."""
    variants = {"courier": found.courier, "pickup": found.pickup}
    points = book.offers.points_in(asked.settlement_id, asked.carrier)[:SHOWN]
    return {
        "settlement": shown(book.places.by_id[asked.settlement_id]),
        "origin": shown(book.places.by_id[asked.origin_id]),
        "carrier": asked.carrier,
        "handed_over_at": asked.handed_over_at.isoformat(timespec="seconds"),
        "timezone": found.timezone,
        "zone": found.zone or None,
        "matrix_version": found.version,
        "variants": {
            name: _variant(promise) | cost_of(book, asked, weight_g, to_door=name == "courier")
            for name, promise in variants.items()
            if promise is not None
        },
        "pickup_points": [{"code": point.code, "address": point.address, "hours": point.hours} for point in points],
    }


def cost_of(book: Book, asked: Question, weight_g: int, *, to_door: bool) -> dict[str, Any]:
    """The member `cost`, where the carrier has told it."""
    cost = book.offers.cost(asked.carrier, asked.origin_id, asked.settlement_id, weight_g, to_door=to_door)
    if cost is None:
        return {}
    since = cost.since.isoformat(timespec="seconds")
    return {"cost": {"minor": cost.minor, "currency": cost.currency, "up_to_g": cost.weight_g, "since": since}}


def _variant(promise: Promise) -> dict[str, Any]:
    legs = [leg for leg in promise.legs if leg.kind in AFTER_HAND_OVER]
    return {
        "earliest": promise.earliest.isoformat(),
        "latest": promise.latest.isoformat(),
        "arrives_in_city": [promise.arrival.early.isoformat(), promise.arrival.late.isoformat()],
        "legs": [
            {
                "kind": leg.kind.value,
                "days": list(leg.days),
                "ends": [leg.ends.early.isoformat(), leg.ends.late.isoformat()],
            }
            for leg in legs
        ],
    }


def shown(place: KnownPlace) -> dict[str, Any]:
    """A place as JSON has it."""
    return {"code": place.id, "name": place.name, "region": place.region}
